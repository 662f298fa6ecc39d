"""Runs many shoppers in one process and says how they fared."""

import asyncio
import random
import time
from collections.abc import Callable, Mapping
from typing import Any

from server.bots.day import spend_day
from server.bots.floor import Floor
from server.bots.friends import Friends, Rush
from server.bots.personality import draw_personality
from server.bots.report import BotReport, Tally
from server.bots.shopper import Shopper
from server.bots.world import World
from server.client.http import ShopHttp
from server.errors import GalleriaError

POSE_PERIOD_S = 0.05
# The bots step in groups, one group after the other, so that their poses do not come in one burst.
POSE_GROUPS = 5
# So many come through the door in a second.
ARRIVALS_PER_SECOND = 25.0
REPORT_PERIOD_S = 0.5
RUSH_EVERY_S = 45.0
RUSH_NOTICE_S = 8.0
CLOSING_LIMIT_S = 10.0
PAGE_SIZE = 100

Report = Callable[[BotReport], object]


async def run_bots(
    base_url: str,
    shoppers: int,
    minutes: float,
    seed: int,
    report: Report = lambda _report: None,
    closing: asyncio.Event | None = None,
    *,
    haste: float = 1.0,
) -> BotReport:
    """Send shoppers to a running server for some minutes (0: until `closing` is set).

    `haste` makes them so many times quicker than people. `report` is called twice a second with the
    numbers so far. Raises BOTS_NO_ROOM when the server has no room, and
    `server.client.errors.ConnectionLost` when nobody answers at `base_url`.
    """
    tally = Tally()
    started = time.monotonic()
    async with ShopHttp(base_url) as http:
        world = await _look_around(http, base_url, shoppers, seed, tally, haste)
        world.closing = closing or world.closing
        bots = [_shopper(number, seed, world, http) for number in range(shoppers)]

        def numbers() -> BotReport:
            seconds = time.monotonic() - started
            _count_sessions(bots, tally)
            return tally.report(shoppers=shoppers, seed=seed, seconds=seconds)

        days = [asyncio.create_task(_day(bot)) for bot in bots]
        beat = asyncio.create_task(_beat(bots))
        try:
            await _until_closing(minutes, world.closing, days, lambda: report(numbers()))
        finally:
            world.closing.set()
            await _close(days, beat)
        if not beat.cancelled() and beat.exception() is not None:
            tally.surprise(f"the bots stopped moving: {beat.exception()!r}")
        return numbers()


async def _look_around(
    http: ShopHttp, base_url: str, shoppers: int, seed: int, tally: Tally, haste: float
) -> World:
    """Learn the room and the catalogue, as a client does before it joins."""
    rooms = await http.rooms()
    if not rooms:
        raise GalleriaError("BOTS_NO_ROOM", f"The server at {base_url} has no open room.")
    room_id = str(rooms[0]["room_id"])
    layout = await http.layout(room_id)
    return World(
        base_url=base_url,
        room_id=room_id,
        floor=Floor(layout),
        departments=await _departments(http),
        friends=Friends(shoppers, random.Random(seed)),
        rush=Rush(RUSH_EVERY_S / haste, RUSH_NOTICE_S / haste),
        tally=tally,
        haste=haste,
    )


async def _departments(http: ShopHttp) -> Mapping[str, str]:
    """The department of every product."""
    departments: dict[str, str] = {}
    page = 1
    while products := await http.products(page=page, size=PAGE_SIZE):
        departments |= {str(p["id"]): str(p["department"]) for p in products}
        if len(products) < PAGE_SIZE:
            break
        page += 1
    return departments


def _shopper(number: int, seed: int, world: World, http: ShopHttp) -> Shopper:
    chance = random.Random(f"{seed}/{number}")
    departments = sorted(set(world.departments.values()))
    return Shopper(number, draw_personality(number, chance, departments), chance, world, http)


def _count_sessions(bots: list[Shopper], tally: Tally) -> None:
    """Sum up what the clients have counted."""
    counted = [counts for bot in bots if (counts := bot.statistics) is not None]
    tally.events = sum(counts.events for counts in counted)
    tally.losses = sum(counts.gaps for counts in counted)
    tally.resumed = sum(counts.resumed for counts in counted)
    # The first session of every client is a fresh one, and that is right.
    tally.fresh = sum(max(0, counts.fresh - 1) for counts in counted)


async def _day(bot: Shopper) -> None:
    await bot.pause(bot.number / ARRIVALS_PER_SECOND)
    if not bot.world.closing.is_set():
        await spend_day(bot)


async def _until_closing(
    minutes: float,
    closing: asyncio.Event,
    days: list[asyncio.Task[None]],
    tell: Callable[[], Any],
) -> None:
    """Wait until the time is over or everybody has gone home, and tell how it goes."""
    deadline = time.monotonic() + minutes * 60 if minutes else float("inf")
    going: set[asyncio.Task[None]] = set(days)
    while going and not closing.is_set():
        left = deadline - time.monotonic()
        if left <= 0:
            return
        _, going = await asyncio.wait(going, timeout=min(REPORT_PERIOD_S, left))
        tell()


async def _beat(bots: list[Shopper]) -> None:
    """Move everybody twenty times a second, group by group."""
    groups = [bots[start::POSE_GROUPS] for start in range(POSE_GROUPS)]
    last = [time.monotonic()] * POSE_GROUPS
    due = time.monotonic()
    while True:
        for index, group in enumerate(groups):
            now = time.monotonic()
            # After a hiccup people go on walking; they do not fly.
            elapsed_s = min(now - last[index], 4 * POSE_PERIOD_S)
            last[index] = now
            for bot in group:
                await bot.step(elapsed_s)
            due += POSE_PERIOD_S / POSE_GROUPS
            now = time.monotonic()
            if due < now - POSE_PERIOD_S:
                due = now
            await asyncio.sleep(max(0.0, due - now))


async def _close(days: list[asyncio.Task[None]], beat: asyncio.Task[None]) -> None:
    """Let everybody go home; whoever does not is taken there."""
    _, late = await asyncio.wait(days, timeout=CLOSING_LIMIT_S) if days else (set(), set())
    beat.cancel()
    for day in late:
        day.cancel()
    await asyncio.gather(beat, *days, return_exceptions=True)
