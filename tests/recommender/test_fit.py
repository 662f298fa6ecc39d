"""The fit: it learns, it judges, it refuses what is worse, and answers bad jobs in words."""

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from recommender import fit as fit_module
from recommender.fit import fit_candidate, job_from_json, report_of
from recommender.interactions import Signal
from recommender.refit import fit_report, job_json
from recommender.settings import FitSettings
from tests.recommender.models import handmade
from tests.recommender.shop import (
    NOW_MS,
    Row,
    fit_job,
    log_of,
    paired_rows,
    settings,
    shop,
)

PRODUCTS = shop(24)
PAIRS = [(0, 1), (2, 3), (4, 5)]
TWISTED = [(0, 3), (2, 5), (4, 1)]


def test_it_learns_what_goes_together() -> None:
    rows = paired_rows(45, PAIRS) + paired_rows(45, PAIRS, NOW_MS - 10**8)
    candidate = fit_candidate(log_of(rows, PRODUCTS), PRODUCTS, None, fit_job())
    model, verdict = candidate.model, candidate.verdict
    assert (verdict.accepted, verdict.reason, verdict.judged_against) == (True, "not_worse", "text")
    assert verdict.candidate.ndcg > verdict.rival.ndcg
    for one, other in PAIRS:
        row = model.together[model.head_row[one]]
        assert model.head[row.argmax()] == other
    assert (model.version, model.people, model.data_through_id) == (3, 45, 180)
    assert model.digest
    json.dumps(report_of(candidate))


def test_it_learns_a_second_stage_and_the_report_says_so() -> None:
    fit = FitSettings(second_stage_cases_minimum=60)
    # People know the cheap half of the shop and then come for what is dear, which nobody had
    # touched before the cut: only the price tells.
    before: list[Row] = [
        (f"u{person}", f"p{(person + 5 * step) % 12}", Signal.PICK_UP, NOW_MS - 10**9 + person)
        for person in range(130)
        for step in range(4)
    ]
    after: list[Row] = [
        (f"u{person}", f"p{21 + person % 3}", Signal.ADD, NOW_MS - 10**6 + person)
        for person in range(130)
    ]
    rows = before + after
    candidate = fit_candidate(log_of(rows, PRODUCTS), PRODUCTS, None, fit_job(fit))
    second = candidate.model.second
    assert candidate.verdict.accepted
    assert second is not None
    assert report_of(candidate)["second_stage"] == second.names != ""


def test_with_nothing_to_learn_from_texts_are_enough() -> None:
    for products in ([], PRODUCTS[:1], PRODUCTS):
        candidate = fit_candidate(log_of([], products), products, None, fit_job())
        assert candidate.verdict.reason == "unproven"
        assert candidate.verdict.accepted
        assert candidate.model.size == len(products)
        assert not candidate.model.popularity.any()


def test_a_candidate_worse_than_the_model_in_service_is_refused() -> None:
    good = handmade(PRODUCTS, dict.fromkeys(PAIRS, 1.0))
    # The news begins with a farm that teaches the wrong pairs; then honest people come.
    farm = paired_rows(45, TWISTED, name="bot")
    honest = paired_rows(45, PAIRS, NOW_MS - 10**7)
    log = log_of(farm + honest + honest[45:] + honest[45:], PRODUCTS)
    candidate = fit_candidate(log, PRODUCTS, replace(good, data_through_id=0), fit_job())
    verdict = candidate.verdict
    assert verdict.judged_against == "in_service"
    assert verdict.candidate.ndcg < verdict.rival.ndcg
    assert (verdict.accepted, verdict.reason) == (False, "worse")


def test_as_good_as_the_model_in_service_is_accepted() -> None:
    rows = paired_rows(45, PAIRS)
    first = fit_candidate(log_of(rows, PRODUCTS), PRODUCTS, None, fit_job())
    later = paired_rows(60, PAIRS, NOW_MS - 10**7, name="v")
    again = fit_candidate(log_of(rows + later, PRODUCTS), PRODUCTS, first.model, fit_job())
    assert again.verdict.judged_against == "in_service"
    assert again.verdict.accepted
    assert again.model.people == 105


def test_the_same_data_give_the_same_model() -> None:
    log = log_of(paired_rows(80, PAIRS), PRODUCTS)
    one, other = (fit_candidate(log, PRODUCTS, None, fit_job()) for _ in range(2))
    assert one.model.blend == other.model.blend
    assert (one.model.together == other.model.together).all()


def test_products_beyond_the_head_keep_text_and_popularity() -> None:
    job = fit_job(FitSettings(head_limit=2))
    candidate = fit_candidate(log_of(paired_rows(30, PAIRS), PRODUCTS), PRODUCTS, None, job)
    assert candidate.model.together.shape == (2, 2)
    assert (candidate.model.popularity > 0).sum() == 6


def test_the_job_survives_its_way(tmp_path: Path) -> None:
    text = job_json(settings(tmp_path), None, tmp_path / "c.npz", 4, NOW_MS)
    job = job_from_json(text)
    assert (job.version, job.now_ms, job.in_service) == (4, NOW_MS, "")
    assert job.candidate == str(tmp_path / "c.npz")
    assert job.live == settings(tmp_path).live


def run_main(job: str, monkeypatch: pytest.MonkeyPatch) -> tuple[int, dict[str, object]]:
    output = io.StringIO()
    monkeypatch.setattr("sys.stdin", io.StringIO(job))
    monkeypatch.setattr("sys.stdout", output)
    monkeypatch.setattr("os.nice", lambda increment: increment)
    code = fit_module.main()
    return code, json.loads(output.getvalue())


def test_the_process_answers_bad_jobs_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for job in ("", "[]", "{}", '{"live": {}, "fit": {}}'):
        code, report = run_main(job, monkeypatch)
        assert (code, report["ok"]) == (1, False)
        assert report["message"]
    lost = replace(settings(tmp_path), database_url=f"sqlite+aiosqlite:///{tmp_path}/no/where.db")
    code, report = run_main(job_json(lost, None, tmp_path / "c.npz", 1, NOW_MS), monkeypatch)
    assert (code, report["code"]) == (1, "recommender_store_failed")


def test_the_process_reports_and_writes_its_candidate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "broken.npz"
    broken.write_text("half a mod")
    job = job_json(settings(tmp_path), broken, tmp_path / "c.npz", 1, NOW_MS)
    code, values = run_main(job, monkeypatch)
    assert code == 0
    assert (tmp_path / "c.npz").exists()
    report = fit_report(values, 1, 5)
    assert (report.accepted, report.reason, report.products) == (True, "unproven", 0)
