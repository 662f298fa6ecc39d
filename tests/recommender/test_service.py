"""The service whole: consent, storage, refits in another process, erasure, its life."""

import asyncio
import os
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from recommender import (
    ClosedError,
    FitError,
    FitSettings,
    InvalidCatalogueError,
    LiveSettings,
    RecommenderService,
    RecommenderSettings,
    Signal,
    StoreError,
)
from recommender.artefacts import artefact_path, artefact_versions, save_model
from tests.recommender.models import handmade
from tests.recommender.services import PRODUCTS, opened, stored_rows
from tests.recommender.shop import (
    NOW_MS,
    HandClock,
    did,
    paired_rows,
    product,
    settings,
    shop,
)

PAIRS = [(0, 1), (2, 3), (4, 5)]


async def until(happened: Callable[[], bool]) -> None:
    """Let the loop run until something outside of this process has happened."""
    async with asyncio.timeout(20):
        while not happened():  # noqa: ASYNC110 (a file or a process cannot set an event)
            await asyncio.sleep(0)


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[RecommenderService]:
    made = await opened(settings(tmp_path))
    yield made
    await made.close()


def observe_pairs(service: RecommenderService, people: int = 45) -> None:
    for person_id, product_id, signal, at_ms in paired_rows(people, PAIRS):
        assert person_id is not None
        assert service.observe(did(person_id, product_id, signal, at_ms=at_ms))


# --- intake -------------------------------------------------------------------------------------


async def test_unknown_products_floods_and_the_future(tmp_path: Path) -> None:
    live = LiveSettings(events_per_minute_limit=5)
    service = await opened(settings(tmp_path, live))
    assert not service.observe(did("ann", "unheard of"))
    assert service.for_person("nobody", 3, NOW_MS, exclude=["unheard of"])
    taken = sum(service.observe(did("bot", "p0")) for _ in range(20))
    assert taken == 5
    assert service.observe(did("bob", "p0", Signal.TRY_ON, at_ms=NOW_MS + 10**12))
    assert service.for_person("bob", 3, NOW_MS)[0].reason_code == "similar_to"
    numbers = service.numbers()
    assert numbers["refused_unknown_product"] == 1
    assert numbers["refused_rate"] == 15
    await service.close()


async def test_a_full_queue_drops_the_oldest_and_counts(tmp_path: Path) -> None:
    service = await opened(replace(settings(tmp_path), queue_limit=3, flush_batch_limit=2))
    for number in range(5):
        service.observe(did("ann", f"p{number}"))
    assert (service.numbers()["dropped"], service.numbers()["queued"]) == (2, 3)
    await service.flush()
    assert [row[1] for row in stored_rows(tmp_path)] == ["p2", "p3", "p4"]
    assert service.numbers()["stored"] == 3
    await service.close()


async def test_a_locked_database_loses_nothing(tmp_path: Path) -> None:
    service = await opened(replace(settings(tmp_path), database_busy_timeout_ms=1))
    service.observe(did("ann", "p0"))
    service.observe(did("bob", "p1"))
    lock = sqlite3.connect(tmp_path / "recommender.sqlite3", isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError):
        await service.flush()
    with pytest.raises(StoreError):
        await service.erase("ann")
    assert service.for_person("ann", 3, NOW_MS) == service.for_person("nobody", 3, NOW_MS)
    lock.execute("ROLLBACK")
    lock.close()
    await service.flush()
    assert [row[0] for row in stored_rows(tmp_path)] == ["bob"]
    assert service.numbers()["flush_failures"] == 1
    await service.close()


async def test_a_flush_that_is_cancelled_loses_and_doubles_nothing(
    service: RecommenderService, tmp_path: Path
) -> None:
    for number in range(20):
        service.observe(did(f"u{number}", "p0"))
    flush = asyncio.create_task(service.flush())
    await asyncio.sleep(0)
    flush.cancel()
    with pytest.raises(asyncio.CancelledError):
        await flush
    await service.flush()
    assert [row[0] for row in stored_rows(tmp_path)] == [f"u{number}" for number in range(20)]


# --- catalogue ----------------------------------------------------------------------------------


async def test_a_catalogue_is_taken_whole_or_not_at_all(tmp_path: Path) -> None:
    service = await RecommenderService.open(
        replace(settings(tmp_path), catalogue_limit=24), HandClock()
    )
    assert service.for_person("ann", 5, NOW_MS) == []
    await service.set_catalogue(PRODUCTS)
    with pytest.raises(InvalidCatalogueError):
        await service.set_catalogue(shop(25))
    with pytest.raises(InvalidCatalogueError):
        await service.set_catalogue([product("p1"), product("p1")])
    assert len(service.for_person("ann", 100, NOW_MS)) == 24
    for small in ([], [product("only")]):
        await service.set_catalogue(small)
        assert len(service.for_person("ann", 5, NOW_MS)) == len(small)
        assert len(service.for_party("party", ["ann"], 5, NOW_MS)) == len(small)
    await service.close()


async def test_a_new_product_is_listed_by_its_words_at_once(service: RecommenderService) -> None:
    service.observe(did("ann", "p0", Signal.TRY_ON))
    twin = replace(PRODUCTS[0], product_id="twin")
    await service.set_catalogue([*PRODUCTS, twin])
    first = service.for_person("ann", 1, NOW_MS, exclude=["p0"])[0]
    assert (first.product_id, first.reason_code) == ("twin", "similar_to")
    service.set_available("twin", available=False)
    assert service.for_person("ann", 1, NOW_MS, exclude=["p0"])[0].product_id != "twin"


# --- refit --------------------------------------------------------------------------------------


async def test_a_refit_runs_elsewhere_and_is_used_at_once(tmp_path: Path) -> None:
    clock = HandClock()
    service = await opened(replace(settings(tmp_path), artefacts_kept=1), clock)
    observe_pairs(service)
    service.observe(did("ann", "p0", Signal.TRY_ON))
    assert service.for_person("ann", 1, NOW_MS)[0].reason_code == "similar_to"
    report = await service.refit()
    assert report.accepted
    assert report.process_id != os.getpid()
    assert (report.version, report.interactions, report.people) == (1, 91, 46)
    assert artefact_versions(tmp_path / "models") == [1]
    first = service.for_person("ann", 1, NOW_MS)[0]
    assert (first.product_id, first.reason_code) == ("p1", "goes_with")
    numbers = service.numbers()
    assert (numbers["model_version"], numbers["news"], numbers["refits"]) == (1, 0, 1)
    await service.close()
    # A newer file that is cut in half does not keep the good one out.
    content = artefact_path(tmp_path / "models", 1).read_bytes()
    artefact_path(tmp_path / "models", 2).write_bytes(content[: len(content) // 2])
    again = await RecommenderService.open(settings(tmp_path), clock)
    assert again.numbers()["model_version"] == 1
    assert again.numbers()["bad_artefacts"] == 1
    assert again.for_person("ann", 1, NOW_MS)[0] == first
    await again.close()


async def test_a_worse_model_is_refused_and_a_fit_overtaken_by_an_erasure_too(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "recommender")
    folder = tmp_path / "models"
    save_model(handmade(PRODUCTS, dict.fromkeys(PAIRS, 1.0), version=7), artefact_path(folder, 7))
    twisted = paired_rows(45, [(0, 3), (2, 5), (4, 1)], name="bot")
    honest = paired_rows(45, PAIRS, NOW_MS - 10**7)
    service = await opened(settings(tmp_path))
    for person_id, product_id, signal, at_ms in twisted + honest + honest[45:] * 2:
        service.observe(did(str(person_id), product_id, signal, at_ms=at_ms))
    before = service.for_person("ann", 5, NOW_MS)
    report = await service.refit()
    assert (report.accepted, report.reason, report.judged_against) == (False, "worse", "in_service")
    assert report.ndcg < report.rival_ndcg
    assert any(message.startswith("refit refused") for message in caplog.messages)
    assert service.for_person("ann", 5, NOW_MS) == before
    assert artefact_versions(folder) == [7]
    await service.set_catalogue([*PRODUCTS, product("new")])
    for number in range(45):
        await service.erase(f"bot{number}")
    fit = asyncio.create_task(service.refit())
    await until(lambda: any(folder.glob(".candidate*")))  # so the data was read
    await service.erase("u1")
    overtaken = await fit
    assert (overtaken.accepted, overtaken.reason) == (False, "person_erased")
    assert [entry.name for entry in folder.iterdir()] == [artefact_path(folder, 7).name]
    assert service.numbers()["refused_fits"] == 2
    await service.close()


async def test_a_fit_that_fails_leaves_the_model(tmp_path: Path) -> None:
    service = await opened(replace(settings(tmp_path), refit_timeout_ms=1))
    service.observe(did("ann", "p0", Signal.TRY_ON))
    before = service.for_person("ann", 5, NOW_MS)
    with pytest.raises(FitError):
        await service.refit()
    assert service.for_person("ann", 5, NOW_MS) == before
    assert service.numbers()["failed_fits"] == 1
    await service.close()


async def test_a_swap_is_whole(service: RecommenderService) -> None:
    """Readers between the steps of a swap see one of the two catalogues, never a mixture."""
    other = [replace(each, product_id=f"q{number}") for number, each in enumerate(PRODUCTS)]
    seen: set[str] = set()
    for catalogue in (other, PRODUCTS, other):
        swap = asyncio.create_task(service.set_catalogue(catalogue))
        while not swap.done():
            letters = {each.product_id[0] for each in service.for_person("ann", 24, NOW_MS)}
            assert len(letters) == 1
            seen |= letters
            await asyncio.sleep(0)
        await swap
    assert seen == {"p", "q"}


# --- life ---------------------------------------------------------------------------------------


async def test_load_person_brings_a_history_back(tmp_path: Path) -> None:
    service = await opened(settings(tmp_path))
    service.observe(did("ann", "p0", Signal.TRY_ON))
    service.observe(did("bob", "p1", Signal.TRY_ON))
    await service.close()
    again = await RecommenderService.open(
        replace(settings(tmp_path), warm_interactions_limit=1), HandClock()
    )
    stranger = again.for_person("stranger", 5, NOW_MS)
    assert again.for_person("ann", 5, NOW_MS) == stranger
    await again.load_person("ann")
    await again.load_person("ann")
    assert again.for_person("ann", 5, NOW_MS) != stranger
    await again.load_person("nobody")
    await again.close()


async def test_run_flushes_refits_and_stops_cleanly(tmp_path: Path) -> None:
    quick = replace(settings(tmp_path), flush_interval_ms=1, refit_poll_ms=1, refit_timeout_ms=1)
    clock = HandClock()
    service = await opened(quick, clock)
    running = asyncio.create_task(service.run())
    service.observe(did("ann", "p0"))
    async with asyncio.timeout(20):
        # The catalogue is news, so a fit starts (and is killed for its time: it is counted).
        while service.numbers()["stored"] < 1 or service.numbers()["failed_fits"] < 1:
            clock.now_ms += 10
            await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    service.observe(did("bob", "p1"))
    await service.close()
    assert [row[0] for row in stored_rows(tmp_path)] == ["ann", "bob"]


async def test_closing_stops_a_fit_and_ends_the_service(tmp_path: Path) -> None:
    service = await opened(settings(tmp_path))
    fit = asyncio.create_task(service.refit())
    await until(lambda: service.numbers()["refit_running"] == 1)
    await service.close()
    with pytest.raises(ClosedError):
        await fit
    await service.close()
    assert not service.observe(did("ann", "p0"))
    assert service.for_person("ann", 3, NOW_MS)
    for call in (service.refit(), service.set_catalogue([]), service.erase("ann")):
        with pytest.raises(ClosedError):
            await call
    await service.run()


async def test_numbers_are_finite_and_named(service: RecommenderService) -> None:
    service.for_person("ann", 3, NOW_MS)
    numbers = service.numbers()
    assert numbers["lists"] == 1
    assert numbers["serve_microseconds"] > 0
    assert all(isinstance(value, float) and value >= 0 for value in numbers.values())


async def test_a_database_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    lost = RecommenderSettings(
        f"sqlite+aiosqlite:///{tmp_path}/no/where.sqlite3", tmp_path, fit=FitSettings()
    )
    with pytest.raises(StoreError):
        await RecommenderService.open(lost, HandClock())


def test_importing_the_package_loads_no_heavy_library() -> None:
    script = (
        "import sys, recommender\n"
        "print([name for name in ('sklearn', 'scipy', 'joblib') if name in sys.modules])"
    )
    root = Path(__file__).resolve().parents[2]
    found = subprocess.run(
        [sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "[]"


# --- several processes ----------------------------------------------------------------------------


async def test_others_take_what_one_has_fitted(tmp_path: Path) -> None:
    first = await opened(replace(settings(tmp_path), shared=True))
    other = await opened(replace(settings(tmp_path), shared=True, fits=False))
    assert not await other.take_newest()
    observe_pairs(first)
    assert (await first.refit()).accepted
    before = other.numbers()["model_version"]
    assert await other.take_newest()
    assert other.numbers()["model_version"] == first.numbers()["model_version"] > before
    assert not await other.take_newest()
    await first.close()
    await other.close()


async def test_what_others_store_is_news_too(tmp_path: Path) -> None:
    chosen = replace(settings(tmp_path), shared=True)
    first, other = await opened(chosen), await opened(replace(chosen, fits=False))
    for service in (other, first):
        observe_pairs(service, 20)
        await service.flush()
    assert first.numbers()["news"] == 0
    for _ in range(2):
        await first.count_news()
    both = first.numbers()["stored"] + other.numbers()["stored"]
    assert first.numbers()["news"] == both > 0
    await first.close()
    await other.close()
