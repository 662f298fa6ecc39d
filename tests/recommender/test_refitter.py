"""When a refit is due."""

from dataclasses import replace
from pathlib import Path

from recommender.artefacts import artefact_path, save_model
from recommender.refitter import Refitter
from tests.recommender.models import handmade
from tests.recommender.shop import NOW_MS, HandClock, settings, shop


def refitter(folder: Path) -> Refitter:
    chosen = replace(
        settings(folder), refit_news_minimum=10, refit_interval_ms=1_000, refit_retry_limit_ms=4_000
    )
    return Refitter(chosen, HandClock())


def test_news_another_catalogue_or_an_erasure_make_a_refit_due(tmp_path: Path) -> None:
    refit = refitter(tmp_path)
    model = handmade(shop(6))
    assert refit.due(NOW_MS, model)
    refit.fitted = model
    assert not refit.due(NOW_MS, model)
    assert refit.due(NOW_MS, handmade(shop(5)))
    refit.news = 9
    assert not refit.due(NOW_MS, model)
    refit.news = 10
    assert refit.due(NOW_MS, model)
    refit.news = 0
    refit.person_erased()
    assert refit.due(NOW_MS, model)
    assert not refit.due(NOW_MS, handmade([]))


def test_the_interval_doubles_in_vain_up_to_its_limit(tmp_path: Path) -> None:
    refit = refitter(tmp_path)
    model = handmade(shop(6))
    refit.last_ms = NOW_MS
    for in_vain, wait_ms in ((0, 1_000), (1, 2_000), (2, 4_000), (9, 4_000), (99, 4_000)):
        refit.in_vain = in_vain
        assert not refit.due(NOW_MS + wait_ms - 1, model)
        assert refit.due(NOW_MS + wait_ms, model)


def test_after_a_long_fit_the_next_waits_longer(tmp_path: Path) -> None:
    refit = refitter(tmp_path)
    model = handmade(shop(6))
    refit.last_ms = NOW_MS
    for took_ms, wait_ms in ((100, 1_000), (60_000, 240_000)):
        refit.counts["refit_milliseconds"] = float(took_ms)
        assert not refit.due(NOW_MS + wait_ms - 1, model)
        assert refit.due(NOW_MS + wait_ms, model)


def test_news_right_after_a_fit_wait_some_seconds_only(tmp_path: Path) -> None:
    refit = Refitter(settings(tmp_path), HandClock())
    refit.fitted = model = handmade(shop(6))
    refit.last_ms, refit.news = NOW_MS, 200
    refit.counts["refit_milliseconds"] = 1_500.0
    assert refit.due(NOW_MS + 10_000, model)


def test_a_clock_that_goes_back_does_not_stop_refits(tmp_path: Path) -> None:
    refit = refitter(tmp_path)
    refit.last_ms = NOW_MS
    model = handmade(shop(6))
    assert not refit.due(NOW_MS - 10**9, model)
    assert refit.due(NOW_MS - 10**9 + 1_000, model)


def test_broken_files_are_passed_over(tmp_path: Path) -> None:
    refit = refitter(tmp_path)
    refit.load_newest()
    assert refit.counts["bad_artefacts"] == 0
    folder = tmp_path / "models"
    save_model(handmade(shop(6), version=4), artefact_path(folder, 4))
    content = artefact_path(folder, 4).read_bytes()
    artefact_path(folder, 5).write_bytes(content[: len(content) // 2])
    artefact_path(folder, 6).write_bytes(b"")
    refit.load_newest()
    assert refit.fitted is not None
    assert refit.fitted.version == 4
    assert refit.counts["bad_artefacts"] == 2
