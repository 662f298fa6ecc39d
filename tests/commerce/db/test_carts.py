"""Carts as rows."""

from pathlib import Path

import pytest

from commerce.db import carts
from commerce.db.unit import ConcurrentChangeError, Unit
from commerce.errors import StoreBusyError
from tests.commerce.db.stores import cart_with, open_store
from tests.commerce.shops import BLUE, BOWL, counted_ids


async def test_everybody_gets_one_cart(tmp_path: Path) -> None:
    ids = counted_ids()
    async with open_store(tmp_path) as store:
        people = ["ada", "bert"]
        first = await store.write(lambda unit: carts.ensure_current(unit, people, ids))
        again = await store.write(lambda unit: carts.ensure_current(unit, people, ids))
        assert first == again
        assert len(set(first.values())) == 2
        loaded = await store.read(lambda c: carts.load(c, [*first.values(), "nothing"]))
        assert [cart.members for cart in loaded.values()] == [["ada"], ["bert"]]
        assert {cart.personal_of for cart in loaded.values()} == {"ada", "bert"}
        assert await store.read(lambda c: carts.load_one(c, "nothing")) is None


async def test_entering_leaves_the_other_cart(tmp_path: Path) -> None:
    ids = counted_ids()

    def share(unit: Unit) -> None:
        carts.create_shared(unit, "party-1")
        for person_id in ("bert", "ada"):
            carts.ensure_current(unit, [person_id], ids)
            carts.enter(unit, "party-1", person_id)

    async with open_store(tmp_path) as store:
        await store.write(share)
        shared = await store.read(lambda c: carts.load_one(c, "party-1"))
        assert shared is not None
        assert (shared.members, shared.personal_of) == (["bert", "ada"], None)
        own = await store.write(lambda unit: carts.ensure_personal(unit, ["ada"], ids))
        left = await store.read(lambda c: carts.load_one(c, own["ada"]))
        assert left is not None
        assert left.members == []


async def test_lines_move_and_go(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        source = await store.write(lambda unit: cart_with(unit, "ada", (BLUE, 2), (BOWL, 1)))
        target = await store.write(lambda unit: cart_with(unit, "bert", (BLUE, 1)))
        lines = list(source.lines.values())
        await store.write(lambda unit: carts.move_lines(unit, lines, target))
        both = await store.read(lambda c: carts.load(c, [source.cart_id, target.cart_id]))
        assert both[source.cart_id].lines == {}
        assert [line.sku for line in both[target.cart_id].lines.values()] == [BLUE, BLUE, BOWL]
        await store.write(lambda unit: carts.delete_lines(unit, [line.line_id for line in lines]))
        rest = await store.read(lambda c: carts.load_one(c, target.cart_id))
        assert rest is not None
        assert [line.owner_id for line in rest.lines.values()] == ["bert"]


async def test_versions(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        cart = await store.write(lambda unit: cart_with(unit, "ada"))

        def touch_twice(unit: Unit) -> None:
            carts.touch(unit, cart.cart_id)
            carts.touch(unit, cart.cart_id)
            assert unit.carts_changed == {cart.cart_id}

        await store.write(touch_twice)
        loaded = await store.read(lambda c: carts.load_one(c, cart.cart_id))
        assert loaded is not None
        assert loaded.version == cart.version + 1
        await store.write(lambda unit: carts.save_versions(unit, {cart.cart_id}))
        with pytest.raises(StoreBusyError) as raised:
            await store.write(lambda unit: carts.save_versions(unit, {cart.cart_id, "gone"}))
        assert isinstance(raised.value.__cause__, ConcurrentChangeError)
        again = await store.read(lambda c: carts.load_one(c, cart.cart_id))
        assert again is not None
        assert again.version == loaded.version + 1


async def test_a_line_without_a_hold_has_no_hold_row(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        cart = await store.write(lambda unit: cart_with(unit, "ada", (BLUE, 2)))
        (line,) = cart.lines.values()
        assert line.hold is None
        with pytest.raises(ValueError, match="no hold"):
            carts.hold_values(line)
