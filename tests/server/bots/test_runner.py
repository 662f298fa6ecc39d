"""Bots in a real shop: a day in seconds, on a real port, with the books audited afterwards."""

import asyncio
from pathlib import Path

import pytest

from server.bots.report import BotReport
from server.bots.runner import run_bots
from server.client.errors import ConnectionLost
from tests.server.running_shop import running_shop

SHOPPERS = 8


async def test_a_busy_day_loses_nothing(tmp_path: Path) -> None:
    told: list[BotReport] = []
    async with running_shop(tmp_path) as shop:
        report = await run_bots(shop.url, SHOPPERS, 0.1, 7, told.append, haste=5.0)
        audit = await shop.app.services.commerce.audit()
    assert report.unexpected == []
    assert report.ok
    assert (report.losses, report.fresh, report.pose_refusals) == (0, 0, {})
    assert report.actions["join"]["done"] >= SHOPPERS
    assert report.peak == SHOPPERS
    assert report.requests["count"] > SHOPPERS
    assert report.poses_sent > SHOPPERS * 20
    assert report.pose_updates > report.poses_sent
    assert report.poses["count"] > 0
    assert audit.problems == ()
    assert told
    assert told[-1].seconds <= report.seconds


async def test_closing_ends_a_day_without_end(tmp_path: Path) -> None:
    closing = asyncio.Event()
    async with running_shop(tmp_path) as shop:
        report = await run_bots(
            shop.url, 2, 0, 3, lambda _report: closing.set(), closing, haste=5.0
        )
    assert report.ok
    assert report.present == 0


async def test_nobody_there_is_said_plainly() -> None:
    with pytest.raises(ConnectionLost, match="does not answer"):
        await run_bots("http://127.0.0.1:9", 1, 0.1, 1)
