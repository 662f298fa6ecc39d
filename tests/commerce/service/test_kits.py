"""Kits in a shop: held, bought, limited and counted as what is in them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from pathlib import Path
from typing import Any

import pytest

from commerce import Commerce, CommerceError, StockChanged
from commerce.db import purchases
from commerce.warehouses import MAIN, Parcel
from tests.commerce.shops import (
    BLUE,
    BOWL,
    LAST,
    TurnedClock,
    add,
    available,
    bought,
    events_of,
    lock,
    locked,
    open_shop,
    pay,
    problems_of,
)
from tests.commerce.test_kits import KIT_SEEDS, PAIR, SET


@pytest.fixture
async def shop(tmp_path: Path, clock: TurnedClock) -> AsyncIterator[Commerce]:
    """20 blue mugs, 5 bowls, 1 last mug; a set is 2 mugs and a bowl, a pair 2 mugs and the last."""
    async with open_shop(tmp_path, clock) as opened:
        await opened.seed(KIT_SEEDS)
        yield opened


async def refused(asked: Awaitable[object]) -> CommerceError:
    with pytest.raises(CommerceError) as raised:
        await asked
    return raised.value


async def code_of(asked: Awaitable[object]) -> str:
    return (await refused(asked)).code


async def left(shop: Commerce) -> dict[str, int]:
    return {view.sku: view.available for view in await shop.stock() if view.sku != "LAMP-RED"}


async def test_a_kit_is_as_many_as_its_pieces(shop: Commerce) -> None:
    assert await left(shop) == {BLUE: 20, BOWL: 5, LAST: 1, SET: 5, PAIR: 1}
    (sku,) = (await shop.product("table-set")).skus
    assert (sku.available, dict(sku.components)) == (5, {BLUE: 2, BOWL: 1})
    (line,) = (await add(shop, "ada", SET, 3)).lines
    assert (line.quantity, dict(line.components)) == (3, {BLUE: 2, BOWL: 1})
    assert await left(shop) == {BLUE: 14, BOWL: 2, LAST: 1, SET: 2, PAIR: 1}
    await shop.set_quantity("ada", line.line_id, 1, idempotency_key="fewer")
    assert await left(shop) == {BLUE: 18, BOWL: 4, LAST: 1, SET: 4, PAIR: 1}
    await shop.remove_line("ada", line.line_id)
    assert await left(shop) == {BLUE: 20, BOWL: 5, LAST: 1, SET: 5, PAIR: 1}
    report = await shop.seed(KIT_SEEDS)
    assert report.products_unchanged == 2


async def test_two_kits_and_a_piece_in_one_cart(shop: Commerce) -> None:
    await add(shop, "ada", BLUE, 10)
    await add(shop, "ada", SET, 4)
    error = await refused(add(shop, "ada", PAIR, 2))
    assert (error.code, error.data["available"]) == ("SOLD_OUT", 1)
    await add(shop, "ada", PAIR, 1)
    assert await left(shop) == {BLUE: 0, BOWL: 1, LAST: 0, SET: 0, PAIR: 0}
    assert await code_of(add(shop, "bert", SET)) == "SOLD_OUT"
    checkout = await lock(shop, "ada")
    view = await pay(shop, "ada", checkout)
    parcels = {(p.sku, p.quantity) for p in await shop.stock_room.parcels(view.order_id or "")}
    assert parcels == {(BLUE, 20), (BOWL, 4), (LAST, 1)}
    assert (await shop.audit()).figures["sold"] == 25


async def test_the_till_sums_before_it_holds(tmp_path: Path, clock: TurnedClock) -> None:
    async with open_shop(tmp_path, clock, hold_from="checkout") as shop:
        await shop.seed(KIT_SEEDS)
        await add(shop, "ada", SET, 5)
        await add(shop, "ada", BOWL, 1)
        error = await refused(lock(shop, "ada"))
        problems: Any = error.data["problems"]
        (problem,) = problems
        # The single bowl comes first, by the order of SKUs; four sets are left then.
        assert (problem["code"], problem["sku"], problem["available"]) == ("SOLD_OUT", SET, 4)
        assert await left(shop) == {BLUE: 20, BOWL: 5, LAST: 1, SET: 5, PAIR: 1}


async def test_let_go_by_time_and_by_unlock(shop: Commerce, clock: TurnedClock) -> None:
    whole = await left(shop)
    await add(shop, "ada", SET, 2)
    clock.turn(9 * 60_000)
    await shop.sweep()
    assert await left(shop) == whole
    checkout = await lock(shop, "ada")
    assert (await left(shop))[BLUE] == 16
    await shop.unlock("ada", checkout.id)
    assert (await left(shop))[BLUE] == 16, "held lightly, for what is left of its time"
    await lock(shop, "ada")
    clock.turn(3 * 60_000)
    await shop.sweep()
    assert await left(shop) == whole


async def test_everybody_is_told_of_kits(shop: Commerce) -> None:
    await add(shop, "ada", BOWL, 2)
    told = [event for event in await events_of(shop) if isinstance(event, StockChanged)]
    newest = {event.sku: event for event in told}
    assert (newest[SET].available, newest[SET].product_id) == (3, "table-set")
    versions = [event.version for event in told if event.sku == SET]
    assert versions == sorted(set(versions))
    views = {view.sku: view for view in await shop.stock()}
    assert views[SET].version == newest[SET].version
    assert views[PAIR].version < newest[PAIR].version + 1


async def test_many_at_once_hold_no_piece_twice(shop: Commerce) -> None:
    wishes = [SET, PAIR, BLUE, BOWL] * 10
    outcomes = await asyncio.gather(
        *(add(shop, f"person-{n}", sku) for n, sku in enumerate(wishes)),
        *(bought(shop, f"payer-{n}", sku) for n, sku in enumerate(wishes[:8])),
        return_exceptions=True,
    )
    codes = {o.code for o in outcomes if isinstance(o, CommerceError)}
    assert codes <= {"SOLD_OUT", "CHECKOUT_PROBLEMS"}
    report = await shop.audit()
    assert report.ok, report.problems
    assert (await left(shop))[LAST] == 0
    assert (await left(shop))[BOWL] == 0


async def test_limits_count_what_is_in_a_kit(shop: Commerce) -> None:
    await shop.stock_room.limit_purchases(BLUE, 5)
    await add(shop, "ada", SET, 2)
    error = await refused(add(shop, "ada", BLUE, 2))
    assert error.data == {"limit": "purchase_limit", "maximum": 5, "sku": BLUE}
    await add(shop, "ada", BLUE, 1)
    assert await code_of(add(shop, "ada", PAIR)) == "LIMIT_REACHED"
    await pay(shop, "ada", await lock(shop, "ada"))
    assert await code_of(add(shop, "ada", SET)) == "LIMIT_REACHED"
    (problem,) = await problems_of(shop.buy_now("ada", SET, 1, idempotency_key="now"))
    assert (problem["code"], problem["sku"], problem["limited_sku"]) == (
        "LIMIT_REACHED",
        SET,
        BLUE,
    )
    await shop.stock_room.limit_purchases(BOWL, 1)
    people = await shop._context.store.read(lambda c: purchases.bought(c, [BOWL], ["ada"]))
    assert people == {(BOWL, "ada"): 2}, "a bowl in each of two sets, before the limit"
    await shop.stock_room.limit_purchases(BOWL, 5)
    await shop.stock_room.limit_purchases(SET, 1)
    assert await code_of(add(shop, "bert", SET, 2)) == "LIMIT_REACHED"
    checkout = await locked(shop, "bert", SET)
    await shop.unlock("bert", checkout.id)
    await pay(shop, "bert", await lock(shop, "bert"), key="again")


async def test_a_line_for_a_piece_holds_for_its_kits(shop: Commerce) -> None:
    await shop.drops.open(BOWL, 1)
    error = await refused(add(shop, "ada", SET))
    assert (error.code, error.data) == ("WAIT_IN_LINE", {"sku": BOWL})
    await shop.drops.join("ada", BOWL)
    await add(shop, "ada", SET)


async def test_passing_a_kit_on(shop: Commerce) -> None:
    for person in ("ada", "bert"):
        await shop.join_cart("party-1", person)
    (line,) = (await add(shop, "ada", SET, 2)).lines
    await add(shop, "bert", SET, 1)
    cart = await shop.pass_line("ada", line.line_id, "bert")
    assert [(entry.owner_id, entry.quantity) for entry in cart.lines] == [("bert", 3)]
    assert (await left(shop))[SET] == 2
    await shop.stock_room.limit_purchases(BOWL, 3)
    (third,) = (entry for entry in (await add(shop, "ada", SET)).lines if entry.owner_id == "ada")
    assert await code_of(shop.pass_line("ada", third.line_id, "bert")) == "LIMIT_REACHED"


async def test_a_kit_has_no_stock_of_its_own(shop: Commerce) -> None:
    room = shop.stock_room
    await room.add_warehouse("south", "South")
    for asked in (
        room.restock(SET, MAIN, 1, "note"),
        room.transfer(SET, MAIN, "south", 1, "move"),
        room.stock_of(SET),
    ):
        error = await refused(asked)
        assert (error.code, error.data["components"]) == ("KIT_HAS_NO_STOCK", {BLUE: 2, BOWL: 1})
    await room.restock(BOWL, "south", 4, "note")
    assert await available(shop, SET) == 9
    view = await bought(shop, "ada", SET, 6)
    assert await room.parcels(view.order_id or "") == (
        Parcel(MAIN, BOWL, 5),
        Parcel(MAIN, BLUE, 12),
        Parcel("south", BOWL, 1),
    )


async def test_kits_are_there_after_a_restart(tmp_path: Path, clock: TurnedClock) -> None:
    async with open_shop(tmp_path, clock) as first:
        await first.seed(KIT_SEEDS)
        await add(first, "ada", SET, 2)
        before = await left(first)
    async with open_shop(tmp_path, clock) as second:
        assert await left(second) == before
        assert (await pay(second, "ada", await lock(second, "ada"))).order_id


async def test_the_audit_looks_into_kits(shop: Commerce) -> None:
    await add(shop, "ada", SET, 2)
    await bought(shop, "bert", SET)
    for damage, repair, said in (
        (
            "UPDATE holds SET quantity = 1",
            "UPDATE holds SET quantity = 2",
            f"{BLUE}: held 4, but the holds are 2.",
        ),
        (
            "UPDATE kit_components SET pieces = 3 WHERE sku = 'MUG-BLUE' AND kit = 'SET-TABLE'",
            "UPDATE kit_components SET pieces = 2 WHERE sku = 'MUG-BLUE' AND kit = 'SET-TABLE'",
            f"{BLUE}: sold 2, but 3 are in orders.",
        ),
    ):
        for statement, wrong in ((damage, True), (repair, False)):
            await shop._context.store.write(
                lambda unit, statement=statement: unit.connection.exec_driver_sql(statement)  # type: ignore[misc]
            )
            assert (said in (await shop.audit()).problems) is wrong
