"""kill -9 at every point and at random moments: the books balance and nothing is stranded."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from commerce.service.faults import FaultPoint
from tests.commerce.flows import FLOWS
from tests.commerce.killing import worth_a_kill
from tests.commerce.shops import STOCK, Database

ROOT = Path(__file__).parents[2]
ROUNDS = 5
KILLS = os.environ.get("GALLERIA_TEST_KILLS", "points")
"""`steps`: at every step of every flow, which takes some minutes."""
TIME_LIMIT_S = 280 if KILLS == "points" else 1_800

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="This system has no fork."),
    # A shop is opened three times for each point: a busy machine needs its time for that.
    pytest.mark.timeout(TIME_LIMIT_S + 20),
]


def killed(folder: Path, *arguments: str) -> list[dict[str, Any]]:
    """Run the killing program; its reports."""
    program = (sys.executable, "-W", "error", "-m", "tests.commerce.killing", str(folder))
    server = Database.server
    outcome = subprocess.run(
        [*program, *arguments],
        cwd=ROOT,
        env={**os.environ, **(server.environment() if server else {})},
        capture_output=True,
        text=True,
        timeout=TIME_LIMIT_S,
        check=False,
    )
    assert outcome.returncode == 0, outcome.stderr
    sys.stderr.write(outcome.stderr)
    return [json.loads(line) for line in outcome.stdout.splitlines()]


def check(report: dict[str, Any]) -> None:
    """The books balance whenever they are looked at, and nothing was done twice."""
    name = report["name"]
    assert report["opened"], name
    for found in (report["at_once"], report["later"]):
        assert found["problems"] == [], name
        # Every order was told to the outside: before the kill, after it, or (at worst) both.
        assert found["orders_told"] == found["figures"]["paid_orders"], name
    # Opening finishes what was begun; hours later nothing is held for anybody any more.
    figures = report["later"]["figures"]
    assert figures["captured_minor"] == figures["captured_at_gateway_minor"], name
    assert figures["refunded_minor"] == figures["refunded_at_gateway_minor"], name
    assert figures["refunded_minor"] == figures["set_aside_minor"], name
    assert figures["checkouts_paying"] == figures["checkouts_locked"] == figures["held"] == 0, name
    assert figures["on_hand"] + figures["sold"] == figures["received"], name


def test_killed_at_every_point(tmp_path: Path) -> None:
    reports = killed(tmp_path, KILLS)
    for report in reports:
        report["name"] = f"{report['flow']}, step {report['step']}: {report.get('point')}"
        check(report)
    whole = {report["flow"]: report for report in reports if report["step"] == 0}
    assert set(whole) == set(FLOWS)
    for name, flow in FLOWS.items():
        assert whole[name]["at_once"]["figures"]["paid_orders"] == flow.orders, name
    broken = [report for report in reports if report["step"] > 0]
    assert {report["point"] for report in broken} == set(FaultPoint)
    for report in broken:
        assert report["killed"], f"{report['name']} was never reached"
        # Who does it all again does not buy it again.
        assert report["later"]["figures"]["paid_orders"] <= FLOWS[report["flow"]].orders
    by_point = {report["point"]: report for report in broken}
    for point in (FaultPoint.CAPTURE_ANSWERED, FaultPoint.ORDER_COMMITTED):
        assert by_point[point]["at_once"]["figures"]["paid_orders"] == 1
    assert by_point[FaultPoint.EVENTS_DELIVERED]["at_once"]["told_twice"] == 1


def test_killed_at_random_moments(tmp_path: Path) -> None:
    reports = killed(tmp_path, "moments", str(ROUNDS))
    assert len(reports) == ROUNDS
    for report in reports:
        report["name"] = report["flow"]
        assert report["killed"], f"{report['name']} ended by itself"
        check(report)
        assert report["later"]["figures"]["received"] == sum(STOCK.values())


def test_what_is_worth_a_kill() -> None:
    """Of a transaction that has points of its own, these; of all others, theirs."""
    decided, committed = FaultPoint.TRANSACTION_DECIDED, FaultPoint.TRANSACTION_COMMITTED
    own = [FaultPoint.LOCK_DECIDED, decided, committed, FaultPoint.LOCK_COMMITTED]
    half = [decided, committed, FaultPoint.PAYMENT_PREPARED]
    assert worth_a_kill([*own, decided, committed, *half]) == [1, 4, 5, 6, 7, 9]
