"""The fit process seen from outside: reports, failures, time limits."""

import asyncio
import os
from pathlib import Path

import pytest

from recommender.errors import FitError
from recommender.refit import fit_report, job_json, run_fit_process
from tests.recommender.shop import NOW_MS, settings


async def test_a_fit_that_takes_too_long_is_killed(tmp_path: Path) -> None:
    job = job_json(settings(tmp_path), None, tmp_path / "c.npz", 1, NOW_MS)
    with pytest.raises(FitError) as refused:
        await run_fit_process(job, timeout_ms=1)
    assert refused.value.code == "fit_timed_out"
    assert not (tmp_path / "c.npz").exists()


async def test_a_cancelled_fit_leaves_no_process(tmp_path: Path) -> None:
    job = job_json(settings(tmp_path), None, tmp_path / "c.npz", 1, NOW_MS)
    fit = asyncio.create_task(run_fit_process(job, timeout_ms=60_000))
    for _ in range(5):
        await asyncio.sleep(0)
    fit.cancel()
    with pytest.raises(asyncio.CancelledError):
        await fit
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)  # noqa: ASYNC222 (does not wait)


async def test_a_fit_that_fails_says_why() -> None:
    with pytest.raises(FitError) as refused:
        await run_fit_process("{}", timeout_ms=60_000)
    assert refused.value.code == "fit_failed"
    assert refused.value.data["exit_code"] == 1
    assert "live" in refused.value.message


def test_an_incomplete_report_is_refused() -> None:
    broken: list[dict[str, object]] = [
        {},
        {"candidate": 1, "rival": {}},
        {"candidate": {}, "rival": {}},
    ]
    for values in broken:
        with pytest.raises(FitError):
            fit_report(values, 1, 0)
