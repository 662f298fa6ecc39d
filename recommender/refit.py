"""Starting the fit process and reading its report; nothing of scikit-learn is loaded here."""

import asyncio
import contextlib
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from recommender.errors import FitError
from recommender.settings import RecommenderSettings, section_to_json

OUTPUT_BYTES_LIMIT = 1 << 20
STDERR_SHOWN = 500
"""Characters of the end of the process's error output that go into the log."""


@dataclass(frozen=True, slots=True)
class FitReport:
    """What came of one refit.

    Attributes:
        accepted: whether the model is now in service.
        reason: `not_worse`, `unproven` (accepted: too few people to compare on), `worse`, or
            `person_erased` (somebody was erased meanwhile, so the model must not be used).
        judged_against: `in_service`, `text` (words alone) or `nothing`.
        version: of the fitted model; process_id: of the process that fitted it.
        ndcg, rival_ndcg, recall, coverage: offline, at `FitSettings.list_length`, over `cases`.
        calibrated: whether the blend was learned or is the default.
        second_stage: the learners of the second stage, such as `trees`, or empty.
        duration_ms: from start to verdict, by the service's clock.
    """

    accepted: bool
    reason: str
    judged_against: str
    version: int
    process_id: int
    interactions: int
    people: int
    products: int
    cases: int
    ndcg: float
    rival_ndcg: float
    recall: float
    coverage: float
    calibrated: bool
    second_stage: str
    duration_ms: int


def job_json(
    settings: RecommenderSettings,
    in_service: Path | None,
    candidate: Path,
    version: int,
    now_ms: int,
) -> str:
    """The job as `recommender.fit` reads it."""
    return json.dumps(
        {
            "database_url": settings.database_url,
            "database_busy_timeout_ms": settings.database_busy_timeout_ms,
            "in_service": "" if in_service is None else str(in_service.absolute()),
            "candidate": str(candidate.absolute()),
            "version": version,
            "now_ms": now_ms,
            "artefact_bytes_limit": settings.artefact_bytes_limit,
            "live": section_to_json(settings.live),
            "fit": section_to_json(settings.fit),
        }
    )


def _environment() -> dict[str, str]:
    """Our own packages first on the path, and one core: the others belong to the shoppers."""
    root = str(Path(__file__).resolve().parent.parent)
    inherited = os.environ.get("PYTHONPATH", "")
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([root, inherited]) if inherited else root,
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
    }


async def run_fit_process(job: str, timeout_ms: int) -> dict[str, object]:
    """Run one fit in a process of its own and return its report.

    The process is killed when it takes longer than `timeout_ms` or when this call is cancelled.

    Raises:
        FitError: it failed (`fit_failed`) or was killed for its time (`fit_timed_out`).
    """
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",  # Never import from the folder the server was started in.
            "-m",
            "recommender.fit",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=_environment(),
            limit=OUTPUT_BYTES_LIMIT,
        )
    except OSError as error:
        raise FitError(
            "The fit process could not be started.", data={"cause": type(error).__name__}
        ) from error
    try:
        async with asyncio.timeout(timeout_ms / 1_000):
            output, errors = await process.communicate(job.encode())
    except TimeoutError as error:
        raise FitError(
            f"The fit took longer than {timeout_ms} ms and was stopped.",
            code="fit_timed_out",
            data={"timeout_ms": timeout_ms},
        ) from error
    finally:
        await _end(process)
    return _parsed(output, errors, process.returncode)


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        # Shielded so that a cancelled service leaves no zombie and no open pipe behind.
        await asyncio.shield(process.communicate())


def _parsed(output: bytes, errors: bytes, exit_code: int | None) -> dict[str, object]:
    try:
        report = json.loads(output.decode().strip().rpartition("\n")[2])
    except ValueError:
        report = None
    if not isinstance(report, dict):
        raise FitError(
            "The fit process ended without a report.",
            data={
                "exit_code": exit_code,
                "errors": errors.decode(errors="replace")[-STDERR_SHOWN:],
            },
        )
    if report.get("ok") is not True:
        raise FitError(
            f"The fit failed: {report.get('message', 'no message')}",
            data={"cause": str(report.get("code", "unknown")), "exit_code": exit_code},
        )
    return report


def fit_report(values: dict[str, object], version: int, duration_ms: int) -> FitReport:
    """The report of the process as the service gives it out.

    Raises:
        FitError: a field is missing.
    """
    try:
        candidate, rival = values["candidate"], values["rival"]
        if not isinstance(candidate, dict) or not isinstance(rival, dict):
            raise TypeError("no metrics")
        return FitReport(
            accepted=values["accepted"] is True,
            reason=str(values["reason"]),
            judged_against=str(values["judged_against"]),
            version=version,
            process_id=int(str(values["process_id"])),
            interactions=int(str(values["interactions"])),
            people=int(str(values["people"])),
            products=int(str(values["products"])),
            cases=int(candidate["cases"]),
            ndcg=float(candidate["ndcg"]),
            rival_ndcg=float(rival["ndcg"]),
            recall=float(candidate["recall"]),
            coverage=float(candidate["coverage"]),
            calibrated=values["calibrated"] is True,
            second_stage=str(values["second_stage"]),
            duration_ms=duration_ms,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise FitError("The report of the fit process is incomplete.") from error
