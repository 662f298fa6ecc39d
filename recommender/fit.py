"""Fitting a model: `python -m recommender.fit`, a process of its own that the service starts.

It reads one JSON job from standard input (so that no database password shows in a process list),
reads catalogue and interactions from the database, fits, judges the new model against the one in
service, writes the candidate's file and prints one JSON report. It never touches the file of the
model in service; whether the candidate takes its place is up to the service.

How a candidate is judged: fitted only on what lies before a cut in time, it must not list what
people wanted after it worse than the model in service (by more than `tolerance` and chance). The
cut lies in the middle of what is news to the model in service, so that neither knows the answers
and the candidate shows what it makes of the newest behaviour; with too few people after it, at the
beginning of the news. When even those are too few, it lies before the newest `validation_share` of
all interactions, and then the candidate is measured against words alone, as the model in service
already knows the answers there. What goes into service is fitted again on everything.
"""

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from recommender.artefacts import load_model, save_model
from recommender.calibrate import better_blend
from recommender.db.store import Store
from recommender.ease import head_positions, item_item
from recommender.errors import ArtefactError, RecommenderError
from recommender.evaluate import Case, Metrics, cases_after, evaluate, is_worse, time_cut
from recommender.features import TextNeighbours, catalogue_digest, tfidf_neighbours
from recommender.interactions import Product
from recommender.model import Blend, Model, aligned, default_blend
from recommender.settings import FitSettings, LiveSettings, fit_from_json, live_from_json
from recommender.teaching import better_stage, taught_stage
from recommender.training import ANONYMOUS, InteractionLog, limited_rows, popularity, preferences
from recommender.traits import product_traits
from recommender.trust import person_shares

NEWS_SHARES = (0.5, 1.0)
"""Which newest share of the news is set apart to judge on, tried in this order."""

NO_METRICS = Metrics(0, 0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class FitJob:
    """Everything a fit needs to know. Paths are absolute; `in_service` is empty for version 0."""

    database_url: str
    database_busy_timeout_ms: int
    in_service: str
    candidate: str
    version: int
    now_ms: int
    artefact_bytes_limit: int
    live: LiveSettings
    fit: FitSettings


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the candidate may go into service, and on what ground.

    `reason`: `not_worse`, `worse`, or `unproven` (too few people to compare on).
    `judged_against`: `in_service`, `text` or `nothing`.
    """

    accepted: bool
    reason: str
    judged_against: str
    candidate: Metrics
    rival: Metrics


@dataclass(frozen=True, slots=True)
class Candidate:
    """A fitted model and what is to be said of it."""

    model: Model
    verdict: Verdict
    interactions: int
    calibrated: bool


def build_model(
    log: InteractionLog,
    products: Sequence[Product],
    text: TextNeighbours,
    blend: Blend | None,
    job: FitJob,
) -> Model:
    """Fit item-item matrix and popularity on `log`; the default blend when `blend` is None."""
    matrix = preferences(log, len(products), job.live, job.fit, job.now_ms)
    popular, supporters = popularity(log, matrix, job.live, job.fit, job.now_ms)
    head = head_positions(matrix, job.fit.head_limit)
    limited = limited_rows(matrix, job.fit.person_norm_limit)
    rows = limited.multiply(person_shares(log)[:, None]).tocsr()
    people = int(np.unique(log.person[log.person != ANONYMOUS]).size)
    return Model(
        version=job.version,
        fitted_ms=job.now_ms,
        data_through_id=log.through_id,
        people=people,
        digest=catalogue_digest(products),
        product_ids=tuple(product.product_id for product in products),
        head=head,
        together=item_item(rows[:, head], job.fit),
        text=text,
        popularity=popular,
        supporters=supporters,
        blend=blend or default_blend(people),
        traits=product_traits(log, products, job.live, job.now_ms),
    )


def _words_alone(
    products: Sequence[Product], text: TextNeighbours, log: InteractionLog, job: FitJob
) -> Model:
    """The rival when there is no other: the same texts, nothing of behaviour."""
    return build_model(log.only(np.zeros(len(log), dtype=np.bool_)), products, text, None, job)


def _cases(
    log: InteractionLog, products: Sequence[Product], cut_ms: int, job: FitJob
) -> list[Case]:
    ids = [product.product_id for product in products]
    return cases_after(log, ids, cut_ms, job.live, job.fit)


def _cut_and_rival(
    log: InteractionLog,
    products: Sequence[Product],
    text: TextNeighbours,
    in_service: Model | None,
    job: FitJob,
) -> tuple[int, list[Case], Model, str]:
    """Where to cut, whom to ask, and whom to beat."""
    news = None if in_service is None else log.only(log.row_id > in_service.data_through_id)
    if in_service is not None and news is not None and len(news):
        seen = log.occurred_ms[log.row_id <= in_service.data_through_id]
        known_ms = int(seen.max(initial=-1)) + 1
        for share in NEWS_SHARES:
            cut_ms = max(known_ms, time_cut(news, share))
            cases = _cases(log, products, cut_ms, job)
            if len(cases) >= job.fit.cases_minimum:
                rival = aligned(in_service, products, job.fit.neighbours_limit)
                return cut_ms, cases, rival, "in_service"
    cut_ms = time_cut(log, job.fit.validation_share)
    cases = _cases(log, products, cut_ms, job)
    return cut_ms, cases, _words_alone(products, text, log, job), "text"


def fit_candidate(
    log: InteractionLog, products: Sequence[Product], in_service: Model | None, job: FitJob
) -> Candidate:
    """Fit on everything, judge on what came after the cut."""
    text = tfidf_neighbours(products, job.fit.neighbours_limit)
    cut_ms, cases, rival, rival_name = _cut_and_rival(log, products, text, in_service, job)
    if len(cases) < job.fit.cases_minimum:
        verdict = Verdict(True, "unproven", "nothing", NO_METRICS, NO_METRICS)
        model = build_model(log, products, text, None, job)
        return Candidate(model, verdict, len(log), calibrated=False)
    early = build_model(log.only(log.occurred_ms < cut_ms), products, text, None, job)
    blend = better_blend(early, cases, job.live, job.fit)
    # Blend and second stage learn from every second case; the others tell whether they are good.
    judged = cases[1::2] if blend is not None else cases
    early = replace(early, blend=blend or early.blend)
    second = better_stage(early, cases[::2], cases[1::2], job.live, job.fit)
    if second is not None:
        judged = cases[1::2]
        early = replace(early, second=second)
    metrics = evaluate(early, judged, job.live, job.fit.list_length)
    rival_metrics = evaluate(rival, judged, job.live, job.fit.list_length)
    accepted = not is_worse(metrics, rival_metrics, job.fit.tolerance)
    reason = "not_worse" if accepted else "worse"
    verdict = Verdict(accepted, reason, rival_name, metrics, rival_metrics)
    if second is not None:
        # It has proved itself on people it did not know; now they teach it too.
        second = taught_stage(early, cases, job.live, job.fit) or second
    model = replace(build_model(log, products, text, blend, job), second=second)
    return Candidate(model, verdict, len(log), calibrated=blend is not None)


def job_from_json(text: str) -> FitJob:
    """The job as the service wrote it.

    Raises:
        ValueError, TypeError, KeyError, RecommenderError: it is not one.
    """
    values: dict[str, Any] = json.loads(text)
    values["live"] = live_from_json(values["live"])
    values["fit"] = fit_from_json(values["fit"])
    return FitJob(**values)


def _means(metrics: Metrics) -> dict[str, object]:
    return {
        "cases": metrics.cases,
        "ndcg": metrics.ndcg,
        "recall": metrics.recall,
        "coverage": metrics.coverage,
    }


def report_of(candidate: Candidate) -> dict[str, object]:
    """What the service is told, as JSON values."""
    verdict = candidate.verdict
    return {
        "ok": True,
        "process_id": os.getpid(),
        "accepted": verdict.accepted,
        "reason": verdict.reason,
        "judged_against": verdict.judged_against,
        "candidate": _means(verdict.candidate),
        "rival": _means(verdict.rival),
        "interactions": candidate.interactions,
        "people": candidate.model.people,
        "products": candidate.model.size,
        "calibrated": candidate.calibrated,
        "second_stage": "" if candidate.model.second is None else candidate.model.second.names,
        "blend": asdict(candidate.model.blend),
    }


async def _read(job: FitJob) -> tuple[list[Product], InteractionLog]:
    store = await Store.open(job.database_url, job.database_busy_timeout_ms)
    try:
        products = await store.products()
        ids = [product.product_id for product in products]
        return products, await store.read_log(
            ids, job.fit.interactions_limit, job.live.anonymous_rows_limit
        )
    finally:
        await store.close()


def run_job(job: FitJob) -> dict[str, object]:
    """Read, fit, judge, write the candidate's file; returns the report.

    Raises:
        RecommenderError: the database cannot be read.
        OSError: the candidate cannot be written.
    """
    products, log = asyncio.run(_read(job))
    in_service = None
    if job.in_service:
        # A damaged file in service is no reason to keep it there.
        with contextlib.suppress(ArtefactError):
            in_service = load_model(Path(job.in_service), job.artefact_bytes_limit)
    candidate = fit_candidate(log, products, in_service, job)
    save_model(candidate.model, Path(job.candidate))
    return report_of(candidate)


def main() -> int:
    """Entry of the process: 0 with a report, 1 with a typed failure, both as JSON."""
    with contextlib.suppress(OSError, AttributeError):
        os.nice(10)  # Shoppers come first on a machine with few cores.
    try:
        report = run_job(job_from_json(sys.stdin.read()))
        code = 0
    except RecommenderError as error:
        report = {"ok": False, "code": error.code, "message": error.message}
        code = 1
    except (OSError, ValueError, TypeError, KeyError, MemoryError, ArithmeticError) as error:
        report = {"ok": False, "code": "fit_failed", "message": f"{type(error).__name__}: {error}"}
        code = 1
    sys.stdout.write(json.dumps(report) + "\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
