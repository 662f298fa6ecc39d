"""The combiner: many requests in one transaction, each with its own answer."""

import asyncio
from pathlib import Path

import pytest

from commerce import BusyError, CartView, ClosedError, Commerce, SoldOutError
from tests.commerce.shops import (
    BLUE,
    BOWL,
    LAST,
    SHOP_FILE,
    TurnedClock,
    add,
    available,
    events_of,
    open_shop,
    rows_of,
)


async def test_requests_share_transactions(tmp_path: Path, clock: TurnedClock) -> None:
    async with open_shop(tmp_path, clock, combine_batch_max=8) as shop:
        await events_of(shop)
        await asyncio.gather(*(add(shop, f"p{n}", BLUE) for n in range(16)))
        stock = [event for event in await events_of(shop) if type(event).__name__ == "StockChanged"]
        assert len(stock) == 2, "one announcement for each of two transactions"


async def test_each_gets_its_own_answer(shop: Commerce) -> None:
    outcomes = await asyncio.gather(
        add(shop, "ada", LAST),
        add(shop, "bert", LAST),
        add(shop, "bert", BOWL),
        add(shop, "ada", BLUE, 2),
        return_exceptions=True,
    )
    assert [type(outcome) for outcome in outcomes] == [CartView, SoldOutError, CartView, CartView]
    assert [line.sku for line in (await shop.cart_of("ada")).lines] == [LAST, BLUE]


async def test_a_full_queue_refuses(tmp_path: Path, clock: TurnedClock) -> None:
    async with open_shop(tmp_path, clock, hold_queue_max=3, combine_batch_max=2) as shop:
        outcomes = await asyncio.gather(
            *(add(shop, f"p{n}", BLUE) for n in range(10)), return_exceptions=True
        )
        refused = [outcome for outcome in outcomes if isinstance(outcome, BusyError)]
        assert refused
        assert refused[0].data == {"queue": "hold_queue", "maximum": 3}
        assert await available(shop) == 20 - (10 - len(refused))
        await add(shop, "later", BLUE)


async def test_without_a_window(tmp_path: Path, clock: TurnedClock) -> None:
    async with open_shop(tmp_path, clock, combine_window_ms=0) as shop:
        await asyncio.gather(*(add(shop, f"p{n}", BLUE) for n in range(5)))
        assert await available(shop) == 15


async def test_who_does_not_wait_has_been_served(shop: Commerce) -> None:
    """A request whose asker has gone is decided all the same, and nothing is left half done."""
    asking = asyncio.create_task(add(shop, "ada", BLUE))
    await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await add(shop, "bert", BLUE)
    assert await available(shop) in (18, 19)


async def test_closing_answers_those_in_the_queue(tmp_path: Path, clock: TurnedClock) -> None:
    async with open_shop(tmp_path, clock) as shop:
        asking = asyncio.create_task(add(shop, "ada", BLUE))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        await shop.audit()
    outcome = await asyncio.gather(asking, return_exceptions=True)
    held = rows_of(tmp_path / SHOP_FILE, "SELECT sum(quantity) FROM holds")
    assert held == ([(1,)] if isinstance(outcome[0], CartView) else [(None,)])
    with pytest.raises(ClosedError):
        await add(shop, "bert", BLUE)
