"""The fit process seen from outside: reports, failures, time limits."""

import asyncio
import sys
from pathlib import Path

import pytest

from recommender.errors import FitError
from recommender.refit import fit_report, job_json, run_fit_process
from tests.conftest import require
from tests.recommender.shop import NOW_MS, settings


async def test_a_fit_that_takes_too_long_is_killed(tmp_path: Path) -> None:
    job = job_json(settings(tmp_path), None, tmp_path / "c.npz", 1, NOW_MS)
    with pytest.raises(FitError) as refused:
        await run_fit_process(job, timeout_ms=1)
    assert refused.value.code == "fit_timed_out"
    assert not (tmp_path / "c.npz").exists()


def fits_under_way() -> list[str]:
    """Fit processes that this process has started and that are still there."""
    children = " ".join(
        listing.read_text() for listing in Path("/proc/self/task").glob("*/children")
    )
    commands = [Path("/proc", child, "cmdline").read_bytes() for child in children.split()]
    return [command.decode() for command in commands if b"recommender.fit" in command]


async def test_a_cancelled_fit_leaves_no_process(tmp_path: Path) -> None:
    require(sys.platform == "linux", "Processes are looked up in /proc.")
    job = job_json(settings(tmp_path), None, tmp_path / "c.npz", 1, NOW_MS)
    fit = asyncio.create_task(run_fit_process(job, timeout_ms=60_000))
    for _ in range(5):
        await asyncio.sleep(0)
    fit.cancel()
    with pytest.raises(asyncio.CancelledError):
        await fit
    assert fits_under_way() == []


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
