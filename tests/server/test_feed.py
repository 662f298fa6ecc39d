"""What the shop tells the rooms arrives there once, however often it is told."""

from contextlib import AsyncExitStack
from pathlib import Path

from commerce import CommerceEvent, HoldExpired
from rooms.commands import HoldExpired as HoldExpiredHere
from tests.commerce.shops import BLUE, BOWL, add
from tests.server.test_broadcasts import Watched, opened


async def test_a_doubled_event_is_told_once(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        shop, recommender, blocks = await opened(stack, tmp_path)
        watched = Watched(shop, recommender, blocks)
        for sku in (BLUE, BOWL):
            await add(shop, "ada", sku)
        told: list[CommerceEvent] = []
        shop.subscribe(told.append)
        clock = shop._context.clock
        clock.turn(60 * 60_000)  # type: ignore[attr-defined]
        await shop.sweep()
        await shop.dispatch()
        expired = [event for event in told if isinstance(event, HoldExpired)]
        assert len(expired) == 2
        # As after a crash between telling and noting down what was told.
        for event in (*told, *told, *told[-3:]):
            watched.feed.consume(event)
        heard = [command for command in watched.told if isinstance(command, HoldExpiredHere)]
        assert len(heard) == len(expired)
