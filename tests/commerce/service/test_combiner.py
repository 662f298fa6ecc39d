"""The combiner: many requests in one transaction, each with its own answer."""

import asyncio
from pathlib import Path

import pytest

from commerce import BusyError, CartView, ClosedError, Commerce, SoldOutError, StoreBusyError
from commerce.settings import HOUR_MS
from tests.commerce.db.test_engine import locked_from_outside
from tests.commerce.service.test_statements import statements
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
    product,
    rows_of,
    sku_seed,
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


async def test_the_database_is_asked_by_batches(
    tmp_path: Path, clock: TurnedClock, database: str
) -> None:
    """Work is counted, not time: more requests are not more statements, first holds and later ones.
    SQLite gets the rows of a batch in handfuls."""
    asked: dict[tuple[str, int], int] = {}
    async with open_shop(tmp_path, clock, hold_queue_max=1_000) as shop:
        plenty = sku_seed("CUP", stock=10_000)
        await shop.seed((product("cup", "Cup", "tableware", "CUP", skus=(plenty,)),))
        for count in (128, 256):
            for turn in ("first", "later"):
                with statements(shop) as seen:
                    people = [f"{count}-{number}" for number in range(count)]
                    views = await asyncio.gather(*(add(shop, person, "CUP") for person in people))
                assert {view.version for view in views} == {2 if turn == "first" else 3}
                asked[(turn, count)] = len(seen)
        events = await events_of(shop)
    more = 0 if database == "postgresql" else 6 * 2
    for turn in ("first", "later"):
        assert asked[(turn, 256)] <= asked[(turn, 128)] + more <= 40
    told = [type(event).__name__ for event in events]
    assert (told.count("StockChanged"), told.count("CartChanged")) == (4 + 5, 2 * (128 + 256))


async def test_a_batch_of_everything(shop: Commerce) -> None:
    """New carts and lines, changed ones, twins, repeats and refusals in one transaction."""
    await add(shop, "old", BLUE)
    (line,) = (await add(shop, "bert", BOWL, 2)).lines
    await shop.add_line("ada", BLUE, 1, idempotency_key="before")
    outcomes = await asyncio.gather(
        add(shop, "new", BLUE, 2),
        add(shop, "old", BLUE),
        shop.set_quantity("bert", line.line_id, 5, idempotency_key="more"),
        shop.add_line("ada", BLUE, 1, idempotency_key="before"),
        shop.add_line("ada", BLUE, 2, idempotency_key="before"),
        shop.add_line("cleo", LAST, 1, idempotency_key="twin"),
        shop.add_line("cleo", LAST, 1, idempotency_key="twin"),
        add(shop, "late", LAST),
        return_exceptions=True,
    )
    shown = [
        [(line.sku, line.quantity) for line in outcome.lines]
        if isinstance(outcome, CartView)
        else getattr(outcome, "code", repr(outcome))
        for outcome in outcomes
    ]
    assert shown == [
        [(BLUE, 2)],
        [(BLUE, 2)],
        [(BOWL, 5)],
        [(BLUE, 1)],
        "IDEMPOTENCY_KEY_REUSED",
        [(LAST, 1)],
        [(LAST, 1)],
        "SOLD_OUT",
    ]
    assert await available(shop) == 20 - 2 - 2 - 1


async def test_who_comes_after_a_pause_goes_at_once(tmp_path: Path, clock: TurnedClock) -> None:
    """A window that would never end is not waited for by the first, but by those behind it."""
    async with open_shop(tmp_path, clock, combine_window_ms=HOUR_MS) as shop:
        await add(shop, "ada", BLUE)
        waiting = asyncio.create_task(add(shop, "bert", BLUE))
        await shop.audit()
        assert not waiting.done()
    assert (await waiting).lines[0].sku == BLUE, "closing answers those who gather"


async def test_a_full_batch_does_not_wait(tmp_path: Path, clock: TurnedClock) -> None:
    async with open_shop(tmp_path, clock, combine_window_ms=HOUR_MS, combine_batch_max=2) as shop:
        await add(shop, "ada", BLUE)
        await asyncio.gather(*(add(shop, f"p{n}", BLUE) for n in range(4)))
        assert await available(shop) == 20 - 5


@pytest.mark.only("sqlite")
async def test_what_is_sold_out_waits_for_no_writer(tmp_path: Path, clock: TurnedClock) -> None:
    """Once somebody was refused, the next are refused while others write, and nothing is stale:
    what was answered before is answered again, and what comes back can be had."""
    async with open_shop(tmp_path, clock, busy_timeout_ms=50) as shop:
        view = await shop.add_line("ada", LAST, 1, idempotency_key="mine")
        with pytest.raises(SoldOutError):
            await add(shop, "bert", LAST)
        with locked_from_outside(tmp_path):
            outcomes = await asyncio.gather(
                *(add(shop, f"p{n}", LAST) for n in range(5)),
                shop.add_line("ada", LAST, 1, idempotency_key="mine"),
                return_exceptions=True,
            )
        kinds = {type(outcome) for outcome in outcomes[:5]}
        assert kinds == {SoldOutError}
        assert isinstance(outcomes[5], StoreBusyError), "who is not refused has to be written"
        assert await shop.add_line("ada", LAST, 1, idempotency_key="mine") == view
        with statements(shop) as seen, pytest.raises(SoldOutError) as refused:
            await add(shop, "cleo", LAST)
        assert len(seen) == 3
        assert refused.value.data["alternatives"] == [BLUE, BOWL]
        await shop.remove_line("ada", view.lines[0].line_id)
        assert (await add(shop, "cleo", LAST)).lines[0].sku == LAST


async def test_sold_out_is_looked_at_again(shop: Commerce) -> None:
    """A batch in which somebody else gives back what was sold out is decided in its order."""
    (line,) = (await add(shop, "ada", BOWL, 5)).lines
    for _ in range(2):
        with pytest.raises(SoldOutError):
            await add(shop, "bert", BOWL)
    outcomes = await asyncio.gather(
        add(shop, "bert", BOWL),
        shop.set_quantity("ada", line.line_id, 3, idempotency_key="fewer"),
        add(shop, "cleo", BOWL, 2),
        add(shop, "dora", BLUE),
        return_exceptions=True,
    )
    kinds = [type(outcome) for outcome in outcomes]
    assert kinds == [SoldOutError, CartView, CartView, CartView]
