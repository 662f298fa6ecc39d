"""Warehouses, arrivals, transfers and purchase limits, as staff use them."""

import asyncio
from collections.abc import Awaitable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from commerce import CheckoutView, Commerce, CommerceError, HoldState
from commerce.contact import Contact
from commerce.db import checkouts, warehouses
from commerce.views import StockCount, StockMovement
from commerce.warehouses import MAIN, Nearby, Parcel, Place, Region, distance_m
from tests.commerce.shops import (
    BLUE,
    BOWL,
    LAST,
    TurnedClock,
    add,
    available,
    bought,
    lock,
    locked,
    open_shop,
    pay,
    problem_codes,
    problems_of,
)


async def code_of(asked: Awaitable[object]) -> str:
    with pytest.raises(CommerceError) as raised:
        await asked
    return raised.value.code


async def differences(shop: Commerce) -> list[str]:
    return list(await shop._context.store.read(warehouses.differences))


async def test_an_order_is_split_between_warehouses(shop: Commerce) -> None:
    room = shop.stock_room
    (main,) = await room.warehouses()
    assert main.id == MAIN
    assert await room.stock_of(LAST) == {MAIN: 1}
    south = await room.add_warehouse("south", "South", Place(48_137_000, 11_575_000))
    assert await room.warehouses() == (main, south)
    assert await room.restock(LAST, "south", 3, "note-1") is True
    assert await room.restock(LAST, "south", 3, "note-1") is False, "booked once"
    assert (await available(shop, LAST), await room.stock_of(LAST)) == (4, {MAIN: 1, "south": 3})

    view = await bought(shop, "ada", LAST, 3)
    assert view.order_id is not None
    assert await room.parcels(view.order_id) == (Parcel(MAIN, LAST, 1), Parcel("south", LAST, 2))
    assert await room.stock_of(LAST) == {MAIN: 0, "south": 1}
    assert await differences(shop) == []
    later = await bought(shop, "bert", LAST)
    assert await room.parcels(later.order_id or "") == (Parcel("south", LAST, 1),)


HAMBURG, MUNICH, VIENNA = (
    Place(53_550_000, 10_000_000),
    Place(48_137_000, 11_575_000),
    Place(48_208_000, 16_373_000),
)


async def bought_to(shop: Commerce, person: str, country: str, postal_code: str) -> str:
    """The order of two mugs and a bowl that goes there."""
    contact = Contact("ada@example.org", "Ada", "Street 1", "City", postal_code, country)
    await add(shop, person, BLUE, 2)
    await add(shop, person, BOWL)
    checkout = await shop.lock(person, idempotency_key=f"to-{person}", contact=contact)
    view = await pay(shop, person, checkout, key=f"pay-{person}")
    assert view.order_id is not None
    return view.order_id


async def three_warehouses(shop: Commerce) -> None:
    room = shop.stock_room
    await room.add_warehouse("north", "North", HAMBURG)
    await room.add_warehouse("south", "South", MUNICH)
    await room.transfer(BLUE, MAIN, "north", 3, "m1")
    await room.transfer(BLUE, MAIN, "south", 3, "m2")
    await room.transfer(BOWL, MAIN, "south", 2, "m3")
    await room.set_region("DE", "", HAMBURG)
    await room.set_region("DE", "8", MUNICH)
    await room.set_region("AT", "", VIENNA)


async def test_an_order_comes_from_near_by(shop: Commerce) -> None:
    await three_warehouses(shop)
    room = shop.stock_room
    for person, country, postal_code, expected in (
        ("ada", "DE", "20095", {("north", BLUE, 2), ("south", BOWL, 1)}),
        ("bert", "DE", "80331", {("south", BLUE, 2), ("south", BOWL, 1)}),
        # What south has left, then the next nearest, exactly the remainder.
        ("cleo", "AT", "1010", {("south", BLUE, 1), ("north", BLUE, 1), (MAIN, BOWL, 1)}),
        # Nobody knows where this is.
        ("dora", "FR", "75001", {(MAIN, BLUE, 2), (MAIN, BOWL, 1)}),
    ):
        order_id = await bought_to(shop, person, country, postal_code)
        parcels = await room.parcels(order_id)
        assert {(p.warehouse_id, p.sku, p.quantity) for p in parcels} == expected, person
        assert (await shop.order(person, order_id)).parcels == parcels
    assert await differences(shop) == []
    view = await bought(shop, "emil", BLUE)
    assert (await shop.order("emil", view.order_id or "")).parcels == (Parcel(MAIN, BLUE, 1),)


async def test_what_is_near_is_shown(shop: Commerce) -> None:
    await three_warehouses(shop)
    room = shop.stock_room
    to_south = round(distance_m(VIENNA, MUNICH))
    to_north = round(distance_m(VIENNA, HAMBURG))
    await add(shop, "ada", BLUE, 10)
    await add(shop, "bert", BLUE, 8)
    assert await room.nearest(BLUE, "AT", "1010") == (
        Nearby("south", "South", 2, to_south),
        Nearby("north", "North", 2, to_north),
        Nearby(MAIN, "Main warehouse", 2, None),
    )
    assert [entry.distance_m for entry in await room.nearest(BLUE, "FR")] == [None] * 3
    assert [entry.available for entry in await room.nearest(BOWL, "FR")] == [3, 0, 2]


async def test_regions(shop: Commerce) -> None:
    room = shop.stock_room
    first = await room.set_region("GB", "sw1a 1-aa", HAMBURG)
    assert first == Region("GB", "SW1A1AA", HAMBURG)
    moved = await room.set_region("GB", "SW1A1AA", MUNICH)
    assert await room.regions() == (moved,)
    for asked, code in (
        (room.set_region("gb", "", HAMBURG), "INVALID_REGION"),
        (room.set_region("GB", "1%", HAMBURG), "INVALID_REGION"),
        (room.set_region("GB", "9" * 33, HAMBURG), "INVALID_REGION"),
        (room.set_region("GB", "", Place(0, 180_000_001)), "INVALID_REGION"),
        (room.nearest(BLUE, "Germany"), "INVALID_REGION"),
        (room.nearest("NOTHING", "GB"), "SKU_NOT_FOUND"),
        (room.remove_region("GB", "E1"), "REGION_NOT_FOUND"),
    ):
        assert await code_of(asked) == code
    await room.remove_region("GB", "SW1A 1AA")
    assert await room.regions() == ()


async def test_a_transfer_moves_what_is_there_once(shop: Commerce) -> None:
    room = shop.stock_room
    await room.add_warehouse("south", "South")
    for _ in range(2):
        await room.transfer(BLUE, MAIN, "south", 8, "move-1")
    assert await room.stock_of(BLUE) == {MAIN: 12, "south": 8}
    assert await available(shop) == 20, "moving is no selling"
    for asked, code in (
        (room.transfer(BLUE, MAIN, "south", 7, "move-1"), "IDEMPOTENCY_KEY_REUSED"),
        (room.transfer(BLUE, MAIN, "south", 13, "move-2"), "NOT_ENOUGH_STOCK"),
        (room.transfer(BLUE, MAIN, MAIN, 1, "move-2"), "INVALID_WAREHOUSE"),
        (room.transfer(BLUE, MAIN, "moon", 1, "move-2"), "WAREHOUSE_NOT_FOUND"),
        (room.transfer("NOTHING", MAIN, "south", 1, "move-2"), "SKU_NOT_FOUND"),
        (room.transfer(BLUE, MAIN, "south", 0, "move-2"), "INVALID_QUANTITY"),
        (room.restock(BLUE, "moon", 1, "note"), "WAREHOUSE_NOT_FOUND"),
        (room.restock("NOTHING", MAIN, 1, "note"), "SKU_NOT_FOUND"),
        (room.restock(BLUE, MAIN, 10**12, "note"), "INVALID_QUANTITY"),
        (room.add_warehouse("south", "Again"), "WAREHOUSE_EXISTS"),
        (room.add_warehouse("west", ""), "INVALID_WAREHOUSE"),
        (room.add_warehouse("west", "West", Place(91_000_000, 0)), "INVALID_WAREHOUSE"),
        (room.limit_purchases("NOTHING", 1), "SKU_NOT_FOUND"),
        (room.limit_purchases(BLUE, 0), "INVALID_QUANTITY"),
        (room.stock_of("NOTHING"), "SKU_NOT_FOUND"),
    ):
        assert await code_of(asked) == code
    assert await room.stock_of(BLUE) == {MAIN: 12, "south": 8}
    assert await differences(shop) == []


async def test_sold_while_it_is_moved(shop: Commerce) -> None:
    room = shop.stock_room
    await room.add_warehouse("south", "South")
    moving = (room.transfer(BLUE, MAIN, "south", 1, f"move-{n}") for n in range(6))
    buying = (bought(shop, f"person-{n}") for n in range(6))
    await asyncio.gather(*moving, *buying)
    assert sum((await room.stock_of(BLUE)).values()) == 14
    assert await differences(shop) == []


async def test_one_person_buys_no_more_than_the_limit(shop: Commerce) -> None:
    await shop.stock_room.limit_purchases(BLUE, 3)
    await bought(shop, "ada", BLUE, 2)
    with pytest.raises(CommerceError) as raised:
        await add(shop, "ada", BLUE, 2)
    assert raised.value.code == "LIMIT_REACHED"
    assert raised.value.data == {"limit": "purchase_limit", "maximum": 3, "sku": BLUE}
    await bought(shop, "ada", BLUE)
    assert await code_of(add(shop, "ada", BLUE)) == "LIMIT_REACHED"
    (line,) = (await add(shop, "bert", BLUE, 3)).lines
    asked = shop.set_quantity("bert", line.line_id, 4, idempotency_key="more")
    assert await code_of(asked) == "LIMIT_REACHED"
    await shop.set_quantity("bert", line.line_id, 1, idempotency_key="fewer")


async def test_the_till_counts_and_gives_back(shop: Commerce, clock: TurnedClock) -> None:
    await shop.stock_room.limit_purchases(BLUE, 2)
    checkout = await locked(shop, "ada", BLUE, 2)
    assert await pieces(shop) == {(BLUE, "ada"): 2}
    await shop.unlock("ada", checkout.id)
    assert await pieces(shop) == {(BLUE, "ada"): 0}
    await lock(shop, "ada")
    clock.turn(3 * 60_000)
    await shop.sweep()
    assert await pieces(shop) == {(BLUE, "ada"): 0}
    assert (await pay(shop, "ada", await lock(shop, "ada"), key="third")).order_id
    assert await pieces(shop) == {(BLUE, "ada"): 2}


async def test_a_limit_that_came_later_is_kept_at_the_till(shop: Commerce) -> None:
    await add(shop, "ada", BLUE, 5)
    await shop.stock_room.limit_purchases(BLUE, 4)
    assert await problem_codes(lock(shop, "ada")) == ["LIMIT_REACHED"]
    assert (await shop.cart_of("ada")).checkout_id is None
    await shop.stock_room.limit_purchases(BLUE, 5)
    assert (await lock(shop, "ada")).total_minor == 5 * 1_490


async def test_a_limit_counts_what_was_bought_before(shop: Commerce) -> None:
    await bought(shop, "ada", BLUE, 5)
    at_till = await locked(shop, "bert", BLUE, 2)
    given_back = await locked(shop, "cleo", BLUE, 2)
    await shop.unlock("cleo", given_back.id)
    await shop.stock_room.limit_purchases(BLUE, 2)
    assert await pieces(shop) == {(BLUE, "ada"): 5, (BLUE, "bert"): 2}
    assert await code_of(add(shop, "ada", BLUE)) == "LIMIT_REACHED"
    for person in ("ada", "bert"):
        asked = shop.buy_now(person, BLUE, 1, idempotency_key="now")
        assert await problem_codes(asked) == ["LIMIT_REACHED"]
    await shop.unlock("bert", at_till.id)
    assert await pieces(shop) == {(BLUE, "ada"): 5, (BLUE, "bert"): 0}
    await lock(shop, "cleo")
    await shop.stock_room.limit_purchases(BLUE, 1)
    assert await pieces(shop) == {(BLUE, "ada"): 5, (BLUE, "bert"): 0, (BLUE, "cleo"): 2}
    assert await problem_codes(lock(shop, "bert")) == ["LIMIT_REACHED"]
    await shop.stock_room.limit_purchases(BLUE, 6)
    await bought(shop, "ada", BLUE)
    assert await code_of(add(shop, "ada", BLUE)) == "LIMIT_REACHED"


async def test_a_limit_is_lifted(shop: Commerce) -> None:
    assert await code_of(shop.stock_room.lift_purchase_limit("NOTHING")) == "SKU_NOT_FOUND"
    assert await code_of(shop.stock_room.lift_purchase_limit(BLUE)) == "LIMIT_NOT_FOUND"
    await shop.stock_room.limit_purchases(BLUE, 1)
    at_till = await locked(shop, "ada", BLUE)
    await shop.stock_room.lift_purchase_limit(BLUE)
    assert await pieces(shop) == {}
    await shop.unlock("ada", at_till.id)
    await bought(shop, "ada", BLUE, 3)
    await shop.stock_room.limit_purchases(BLUE, 5)
    assert await pieces(shop) == {(BLUE, "ada"): 4}, "one was in the cart"


async def test_a_limit_that_comes_while_people_buy(shop: Commerce) -> None:
    buying = (shop.buy_now(f"p-{n % 4}", BLUE, 1, idempotency_key=f"k-{n}") for n in range(16))
    limiting = (shop.stock_room.limit_purchases(BLUE, pieces_max) for pieces_max in (3, 2))
    await asyncio.gather(*buying, *limiting, return_exceptions=True)
    await shop.stock_room.limit_purchases(BLUE, 2)
    counted, read = await pieces(shop), shop._context.store.read
    for person in ("p-0", "p-1", "p-2", "p-3"):
        locked_now = await read(partial(checkouts.at_once_by, person_id=person, cart_prefix="now-"))
        assert counted.get((BLUE, person), 0) == locked_now.get(BLUE, 0)


async def test_a_limit_does_not_hide_what_else_is_in_the_way(shop: Commerce) -> None:
    await shop.stock_room.limit_purchases(BLUE, 2)
    cart = await add(shop, "ada", BLUE, 2)
    await add(shop, "ada", BOWL)
    await shop.buy_now("ada", BLUE, 2, idempotency_key="now")
    limit, total = await problems_of(
        shop.lock("ada", idempotency_key="lock", expected_total_minor=1)
    )
    assert limit == {
        "code": "LIMIT_REACHED",
        "line_id": cart.lines[0].line_id,
        "sku": BLUE,
        "message": "One person can buy 2 pieces of this at most.",
        "limit": "purchase_limit",
        "maximum": 2,
        "limited_sku": BLUE,
    }
    assert total["code"] == "TOTAL_CHANGED"
    assert await pieces(shop) == {(BLUE, "ada"): 2}


async def test_the_limit_is_a_rule_of_the_database(shop: Commerce) -> None:
    await shop.stock_room.limit_purchases(BLUE, 2)
    await locked(shop, "ada", BLUE, 2)
    for change in (
        "UPDATE purchases SET pieces = 3",
        "UPDATE purchases SET pieces = -1",
        "UPDATE warehouse_stock SET on_hand = -1",
    ):
        with pytest.raises(IntegrityError):
            await shop._context.store.write(
                lambda unit, change=change: unit.connection.exec_driver_sql(change)  # type: ignore[misc]
            )


async def pieces(shop: Commerce) -> dict[tuple[str, str], int]:
    query = "SELECT sku, person_id, pieces FROM purchases"
    rows = await shop._context.store.read(lambda c: c.exec_driver_sql(query).all())
    return {(row[0], row[1]): row[2] for row in rows}


async def test_held_only_at_the_till(tmp_path: Path, clock: TurnedClock) -> None:
    async with open_shop(tmp_path, clock, hold_from="checkout") as shop:
        (line,) = (await add(shop, "ada", LAST)).lines
        await add(shop, "bert", LAST)
        assert (line.hold_expires_ms, await available(shop, LAST)) == (None, 1)
        assert line.hold_state is HoldState.NONE
        first = await lock(shop, "ada")
        assert (await shop.cart_of("ada")).lines[0].hold_state is HoldState.FIRM
        await shop.unlock("ada", first.id)
        assert (await shop.cart_of("ada")).lines[0].hold_state is HoldState.NONE
        assert await available(shop, LAST) == 1, "free at once"
        checkout = await lock(shop, "bert")
        assert await available(shop, LAST) == 0
        with pytest.raises(CommerceError) as raised:
            await lock(shop, "ada")
        problem: Any = raised.value.data["problems"]
        assert (problem[0]["code"], problem[0]["available"]) == ("SOLD_OUT", 0)
        assert problem[0]["alternatives"] == [BLUE, BOWL]
        assert await code_of(add(shop, "cleo", LAST)) == "SOLD_OUT"
        assert (await pay(shop, "bert", checkout)).order_id


async def test_nobody_hoards(tmp_path: Path, clock: TurnedClock) -> None:
    limits: dict[str, Any] = {"quantity_per_person_max": 4, "quantity_per_cart_max": 6}
    async with open_shop(tmp_path, clock, **limits) as shop:
        for person in ("ada", "bert"):
            await shop.join_cart("party-1", person)

        async def join(person: str, quantity: int) -> None:
            await add(shop, person, BLUE, quantity)
            await shop.join_cart("party-1", person)

        await add(shop, "ada", BLUE, 4)
        await join("dora", 2)
        await shop.leave_cart("dora")
        for asked, limit in (
            (add(shop, "ada", BOWL), "quantity_per_person_max"),
            (add(shop, "bert", BLUE, 3), "quantity_per_cart_max"),
            (join("cleo", 3), "quantity_per_cart_max"),
        ):
            with pytest.raises(CommerceError) as raised:
                await asked
            assert (raised.value.code, raised.value.data["limit"]) == ("LIMIT_REACHED", limit)
        assert await available(shop) == 11
        assert len((await shop.cart_of("ada")).members) == 2


async def test_nobody_hoards_at_the_till(tmp_path: Path, clock: TurnedClock) -> None:
    async with open_shop(tmp_path, clock, quantity_per_person_max=4) as shop:

        def now(person: str, key: str, quantity: int = 2) -> Awaitable[CheckoutView]:
            return shop.buy_now(person, BLUE, quantity, idempotency_key=key)

        outcomes = await asyncio.gather(
            *(now("ada", f"key-{n}") for n in range(6)), return_exceptions=True
        )
        views = [view for view in outcomes if isinstance(view, CheckoutView)]
        codes = {error.code for error in outcomes if isinstance(error, CommerceError)}
        assert (len(views), codes, await available(shop)) == (2, {"LIMIT_REACHED"}, 16)
        assert (await now("bert", "b")).total_minor == 2_980
        assert (await pay(shop, "ada", views[0])).order_id, "what is paid does not count"
        assert await code_of(now("ada", "more", 3)) == "LIMIT_REACHED"
        await shop.unlock("ada", views[1].id)
        await now("ada", "again", 4)


async def test_the_books_of_a_sku(shop: Commerce, clock: TurnedClock) -> None:
    room = shop.stock_room
    clock.turn(1_000)
    await room.restock(BLUE, MAIN, 4, "note-1")
    view = await bought(shop, "ada", BLUE, 3)
    await add(shop, "bert", BLUE, 2)
    assert await room.count_of(BLUE) == StockCount(BLUE, 24, 21, 2, 3, {MAIN: 21})
    now_ms, order_id = clock.now_ms, view.order_id or ""
    assert (await room.movements(BLUE))[:2] == (
        StockMovement(BLUE, "sale", order_id, -3, now_ms),
        StockMovement(BLUE, "restock", "note-1", 4, now_ms),
    )
    assert [entry.reason for entry in await room.movements(BLUE, 5)] == ["sale", "restock", "seed"]
    for asked, code in (
        (room.count_of("NOTHING"), "SKU_NOT_FOUND"),
        (room.movements("NOTHING"), "SKU_NOT_FOUND"),
        (room.movements(BLUE, 0), "INVALID_PAGE"),
    ):
        assert await code_of(asked) == code
    mugs = await shop.product("stoneware-mug")
    assert mugs.available == sum(sku.available for sku in mugs.skus) == 20
