"""When to refit, and what becomes of a fitted model: the policy around the fit process.

A refit is due when there is enough news, when the catalogue is another than the fitted one, or when
somebody was erased; then only as soon as the last fit is long enough ago, measured by what it
took. After a failure or a refusal the interval doubles up to `refit_retry_limit_ms`,
so that a store whose newest data is odd does not fit all day.
"""

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

from recommender.artefacts import (
    artefact_path,
    artefact_versions,
    load_model,
    prune_artefacts,
)
from recommender.errors import ArtefactError, ClosedError, FitError, RecommenderError
from recommender.model import Model
from recommender.refit import FitReport, fit_report, job_json, run_fit_process
from recommender.settings import RecommenderSettings

logger = logging.getLogger("recommender")

Swap = Callable[[Model, Callable[[], bool]], Awaitable[bool]]
"""Puts a model into service if, asked at the last moment, the callable says yes."""


class Refitter:
    """Owns the folder of model files and the newest fitted model.

    Attributes:
        fitted: the newest fitted model over the catalogue it was fitted on, or None.
        news: interactions stored since the last fit read the log.
        erasures: how many people were erased since start.
        counts: counters for metrics.
    """

    def __init__(self, settings: RecommenderSettings, clock: Callable[[], int]) -> None:
        self._settings = settings
        self._clock = clock
        self.fitted: Model | None = None
        self.news = 0
        self.erasures = 0
        self.counts = dict.fromkeys(
            ("refits", "refused_fits", "failed_fits", "bad_artefacts", "refit_milliseconds"), 0.0
        )
        self._erasures_learned = 0
        self.last_ms: int | None = None
        self.in_vain = 0
        self._process: asyncio.Future[dict[str, object]] | None = None
        self.stopped = False

    def load_newest(self) -> None:
        """Read the newest valid model file, passing over broken ones. Blocks; for a thread."""
        folder = self._settings.artefact_dir
        for version in artefact_versions(folder):
            try:
                self.fitted = load_model(
                    artefact_path(folder, version), self._settings.artefact_bytes_limit
                )
            except ArtefactError as error:
                self.counts["bad_artefacts"] += 1
                logger.warning("model %d is passed over: %s", version, error.message)
            else:
                return

    def add_news(self, rows: int) -> None:
        """So many interactions were stored."""
        if not self._settings.shared:
            self.news += rows

    def newest(self) -> Model | None:
        """The newest valid model file if it is newer than the model fitted or loaded last, which it
        is from then on. Blocks; for a thread."""
        before = self.fitted
        versions = artefact_versions(self._settings.artefact_dir)
        if before is None or (versions and versions[0] > before.version):
            self.load_newest()
        return self.fitted if self.fitted is not before else None

    def person_erased(self) -> None:
        """A fit that is under way may know the person and must not go into service."""
        self.erasures += 1

    def due(self, now_ms: int, served: Model) -> bool:
        """Whether a refit should start now; `served` is the model over the present catalogue."""
        if served.size == 0:
            return False
        fresh = self.fitted is not None and self.fitted.digest == served.digest
        learned = self.erasures == self._erasures_learned
        if fresh and learned and self.news < self._settings.refit_news_minimum:
            return False
        if self.last_ms is None:
            return True
        # A clock that went back must not put the next refit off for long.
        self.last_ms = min(self.last_ms, now_ms)
        rest_ms = self._settings.refit_rest_factor * self.counts["refit_milliseconds"]
        shortest_ms = max(self._settings.refit_interval_ms, rest_ms)
        interval_ms = shortest_ms * (1 << min(self.in_vain, 30))
        if self.in_vain:
            longest_ms = max(self._settings.refit_retry_limit_ms, shortest_ms)
            interval_ms = min(interval_ms, longest_ms)
        return now_ms - self.last_ms >= interval_ms

    @property
    def running(self) -> bool:
        """Whether a fit process is at work."""
        return self._process is not None

    def stop(self) -> None:
        """End a fit that is under way; its caller gets `ClosedError`."""
        self.stopped = True
        if self._process is not None:
            self._process.cancel()

    async def refit(self, served_version: int, swap: Swap) -> FitReport:
        """Run one fit and offer the model to `swap`; raises as `RecommenderService.refit`."""
        began_ms = self.last_ms = self._clock()
        try:
            report = await self._refit(served_version, swap, began_ms)
        except (RecommenderError, OSError) as error:
            self.counts["failed_fits"] += 1
            self.in_vain += 1
            if isinstance(error, OSError):
                raise FitError(
                    "The model file could not be put in its place.",
                    data={"cause": type(error).__name__},
                ) from error
            raise
        self.counts["refits" if report.accepted else "refused_fits"] += 1
        self.counts["refit_milliseconds"] = float(report.duration_ms)
        self.in_vain = 0 if report.accepted else self.in_vain + 1
        return report

    async def _refit(self, served_version: int, swap: Swap, began_ms: int) -> FitReport:
        settings, folder = self._settings, self._settings.artefact_dir
        erasures, news = self.erasures, self.news
        versions = await asyncio.to_thread(artefact_versions, folder)
        in_service = None
        if self.fitted is not None and self.fitted.version in versions:
            in_service = artefact_path(folder, self.fitted.version)
        version = max([served_version, *versions]) + 1
        candidate = folder / f".candidate-{version}-{os.getpid()}.npz"
        try:
            job = job_json(settings, in_service, candidate, version, began_ms)
            values = await self._run(job)
            report = fit_report(values, version, self._clock() - began_ms)
            self.news = max(0, self.news - news)
            if not report.accepted:
                return report
            model = await asyncio.to_thread(load_model, candidate, settings.artefact_bytes_limit)

            def adopt() -> bool:
                """Last look and rename; without an await, so that no erasure slips in between."""
                if self.erasures > erasures:
                    return False
                candidate.replace(artefact_path(folder, version))
                self.fitted = model
                self._erasures_learned = erasures
                return True

            if not await swap(model, adopt):
                return replace(report, accepted=False, reason="person_erased")
        finally:
            await asyncio.shield(asyncio.to_thread(_clear, folder, candidate))
        await asyncio.to_thread(prune_artefacts, folder, settings.artefacts_kept)
        return report

    async def _run(self, job: str) -> dict[str, object]:
        self._process = asyncio.ensure_future(run_fit_process(job, self._settings.refit_timeout_ms))
        try:
            return await self._process
        except asyncio.CancelledError:
            task = asyncio.current_task()
            cancelled_from_outside = task is not None and task.cancelling() > 0
            if self.stopped and not cancelled_from_outside:
                raise ClosedError("The recommender was closed during a fit.") from None
            raise
        finally:
            self._process = None


def _clear(folder: Path, candidate: Path) -> None:
    """Remove a candidate and what a killed fit left of it."""
    for leftover in folder.glob(f"*{candidate.name}*"):
        leftover.unlink(missing_ok=True)
