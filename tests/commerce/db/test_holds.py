"""Holds as rows."""

from pathlib import Path

from commerce.db import carts, catalog, holds
from commerce.db.engine import Store
from commerce.db.unit import Unit
from commerce.events import HoldExpired
from tests.commerce.db.stores import cart_with, open_store
from tests.commerce.shops import BLUE, BOWL, STARTED_MS, TurnedClock


async def left(store: Store, sku: str) -> int:
    return (await store.read(catalog.stock))[sku].available


async def test_firm_takes_what_is_missing(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        cart = await store.write(lambda unit: cart_with(unit, "ada", (BLUE, 3), (BOWL, 6)))
        blue, bowl = cart.lines.values()
        until_ms = STARTED_MS + 60_000
        assert await store.write(lambda unit: holds.firm(unit, blue, until_ms))
        assert await store.write(lambda unit: holds.firm(unit, blue, until_ms + 1))
        assert not await store.write(lambda unit: holds.firm(unit, bowl, until_ms))
        assert (await left(store, BLUE), await left(store, BOWL)) == (17, 5)
        loaded = await store.read(lambda c: carts.load_one(c, cart.cart_id))
        assert loaded == cart


async def test_lighten_and_release(tmp_path: Path) -> None:
    clock = TurnedClock()
    async with open_store(tmp_path, clock) as store:
        cart = await store.write(lambda unit: cart_with(unit, "ada", (BLUE, 3)))
        (line,) = cart.lines.values()
        await store.write(lambda unit: holds.firm(unit, line, STARTED_MS + 60_000))
        await store.write(lambda unit: holds.lighten(unit, cart, 10_000))
        light = await store.read(lambda c: carts.load_one(c, cart.cart_id))
        assert light is not None
        (again,) = light.lines.values()
        assert again.hold is not None
        assert (again.hold.firm, again.hold.expires_ms) == (False, STARTED_MS + 10_000)
        await store.write(lambda unit: holds.release(unit, [again]))
        assert await left(store, BLUE) == 20
        await store.write(lambda unit: holds.firm(unit, line, STARTED_MS + 60_000))


async def test_a_hold_at_its_cap_is_not_made_light(tmp_path: Path) -> None:
    clock = TurnedClock()
    async with open_store(tmp_path, clock) as store:
        cart = await store.write(lambda unit: cart_with(unit, "ada", (BLUE, 3)))
        (line,) = cart.lines.values()
        await store.write(lambda unit: holds.firm(unit, line, STARTED_MS + 60_000))
        clock.turn(60_000)
        await store.write(lambda unit: holds.lighten(unit, cart, 10_000))
        assert await left(store, BLUE) == 20


async def test_overdue_and_expire(tmp_path: Path) -> None:
    clock = TurnedClock()
    async with open_store(tmp_path, clock) as store:
        cart = await store.write(lambda unit: cart_with(unit, "ada", (BLUE, 3), (BOWL, 1)))
        for line in cart.lines.values():
            await store.write(lambda unit, line=line: holds.firm(unit, line, STARTED_MS + 9_000))  # type: ignore[misc]
        now_ms = STARTED_MS + 9_000
        assert await store.read(lambda c: holds.overdue(c, now_ms, 10)) == [], "firm ones are not"
        await store.write(lambda unit: holds.lighten(unit, cart, 9_000))
        assert await store.read(lambda c: holds.overdue(c, now_ms - 1, 10)) == []
        assert len(await store.read(lambda c: holds.overdue(c, now_ms, 1))) == 1
        found = await store.read(lambda c: holds.overdue(c, now_ms, 10))
        assert {(hold.sku, hold.quantity, hold.product_id) for hold in found} == {
            (BLUE, 3, "stoneware-mug"),
            (BOWL, 1, "oak-bowl"),
        }

        def expire(unit: Unit) -> list[str]:
            holds.expire(unit, found)
            return [event.sku for event in unit.events if isinstance(event, HoldExpired)]

        assert await store.write(expire) == [hold.sku for hold in found]
        assert (await left(store, BLUE), await left(store, BOWL)) == (20, 5)
