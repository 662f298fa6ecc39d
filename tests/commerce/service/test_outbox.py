"""Events arrive at least once, in order, across restarts."""

import asyncio
from pathlib import Path

import asyncpg
import pytest

from commerce import Commerce, CommerceEvent, StockChanged
from tests.commerce.shops import BLUE, TurnedClock, add, bought, events_of, open_shop, settings_in


async def test_in_order_and_once(shop: Commerce) -> None:
    told: list[CommerceEvent] = []
    stop = shop.subscribe(told.append)
    await bought(shop, "ada")
    assert await shop.dispatch() == len(told) > 0
    assert await shop.dispatch() == 0
    numbers = [event.event_id for event in told]
    assert numbers == sorted(set(numbers))
    stop()
    stop()
    await add(shop, "ada")
    assert await shop.dispatch() == 0


async def test_stock_in_events_is_the_stock(shop: Commerce) -> None:
    await asyncio.gather(*(add(shop, f"p{n}", BLUE) for n in range(5)))
    newest = [e for e in await events_of(shop) if isinstance(e, StockChanged) and e.sku == BLUE]
    versions = [event.version for event in newest]
    assert versions == sorted(set(versions))
    view = next(view for view in await shop.stock() if view.sku == BLUE)
    assert (newest[-1].available, newest[-1].version) == (view.available, view.version)


async def test_nothing_is_lost_by_a_restart(tmp_path: Path, clock: TurnedClock) -> None:
    async with open_shop(tmp_path, clock) as shop:
        seen = await events_of(shop)
        await bought(shop, "ada")
    async with open_shop(tmp_path, clock) as shop:
        later = await events_of(shop)
        assert "OrderPaid" in {type(event).__name__ for event in later}
        assert later[0].event_id == seen[-1].event_id + 1
    async with open_shop(tmp_path, clock) as shop:
        assert await events_of(shop) == []


async def test_small_batches(tmp_path: Path, clock: TurnedClock) -> None:
    async with open_shop(tmp_path, clock, outbox_batch_max=2) as shop:
        await bought(shop, "ada")
        numbers = [event.event_id for event in await events_of(shop)]
        assert len(numbers) > 4
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


async def test_a_failing_consumer_stops_nobody(
    shop: Commerce, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(event: CommerceEvent) -> None:
        raise ValueError(event.event_id)

    stop = shop.subscribe(fail)
    await add(shop, "ada")
    told = await events_of(shop)
    assert told
    assert len(caplog.records) == len(told)
    stop()


async def test_run_tells_by_itself(shop: Commerce) -> None:
    told = asyncio.Event()
    shop.subscribe(lambda _event: told.set())
    running = asyncio.create_task(shop.run())
    await add(shop, "ada")
    await asyncio.wait_for(told.wait(), 5)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


@pytest.mark.only("postgresql")
async def test_what_may_still_come_is_waited_for(tmp_path: Path, clock: TurnedClock) -> None:
    """Another process is about to commit an event with a smaller number, or to take it back."""
    async with open_shop(tmp_path, clock, outbox_gap_wait_ms=20) as shop:
        told = await events_of(shop)
        url = settings_in(tmp_path).database_url
        other = await asyncpg.connect(url)
        await other.execute("BEGIN")
        await other.execute(
            "INSERT INTO outbox (kind, payload, created_ms)"
            """ VALUES ('CartChanged', '{"cart_id": "other"}', 0)"""
        )
        await add(shop, "ada")
        assert await events_of(shop) == [], "given up for now, and nothing passed over"
        await other.execute("COMMIT")
        await other.close()
        later = await events_of(shop)
        assert [event.event_id for event in later] == [
            told[-1].event_id + number for number in (1, 2, 3)
        ]
