"""kill -9 at every step and at random moments: the books balance and nothing is stranded."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from commerce.service.faults import FaultPoint
from tests.commerce.shops import STOCK

ROOT = Path(__file__).parents[2]
ROUNDS = 5

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="This system has no fork.")


def killed(folder: Path, *arguments: str) -> list[dict[str, Any]]:
    """Run the killing program; its reports."""
    program = (sys.executable, "-W", "error", "-m", "tests.commerce.killing", str(folder))
    outcome = subprocess.run(
        [*program, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=100, check=False
    )
    assert outcome.returncode == 0, outcome.stderr
    return [json.loads(line) for line in outcome.stdout.splitlines()]


def check(report: dict[str, Any]) -> None:
    name, at_once, later = report["name"], report["at_once"], report["later"]
    for found in (at_once, later):
        assert found["problems"] == [], name
        figures = found["figures"]
        assert figures["received"] == sum(STOCK.values()), name
        # Every order was told to the outside: before the kill, after it, or (at worst) both.
        assert found["orders_told"] == figures["paid_orders"], name
    # Opening finishes what was begun; hours later nothing is held for anybody any more.
    figures = later["figures"]
    assert figures["captured_minor"] == figures["captured_at_gateway_minor"], name
    assert figures["checkouts_paying"] == figures["checkouts_locked"] == figures["held"] == 0, name
    assert figures["on_hand"] + figures["sold"] == figures["received"], name


def test_killed_at_every_point(tmp_path: Path) -> None:
    reports = killed(tmp_path, "points")
    assert {report["name"] for report in reports} == set(FaultPoint)
    for report in reports:
        assert report["killed"], f"{report['name']} was never reached"
        check(report)
    by_name = {report["name"]: report for report in reports}
    for point in (FaultPoint.CAPTURE_ANSWERED, FaultPoint.ORDER_COMMITTED):
        assert by_name[point]["at_once"]["figures"]["paid_orders"] >= 1
    assert by_name[FaultPoint.EVENTS_DELIVERED]["at_once"]["told_twice"] >= 1


def test_killed_at_random_moments(tmp_path: Path) -> None:
    reports = killed(tmp_path, "moments", str(ROUNDS))
    assert len(reports) == ROUNDS
    assert any(report["killed"] for report in reports)
    for report in reports:
        check(report)
