"""Stock as rows: conditional, in order, never below nothing."""

from pathlib import Path

import pytest

from commerce.db import catalog, idempotency, inventory
from commerce.errors import StoreBusyError
from commerce.holding import AddLine
from commerce.kept_carts import KeptCarts
from tests.commerce.db.stores import open_store
from tests.commerce.shops import (
    BLUE,
    BOWL,
    LAMP,
    LAST,
    SHOP_FILE,
    STOCK,
    counted_ids,
    rows_of,
    settings_in,
)


async def test_holding_and_giving_back(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        await store.write(lambda unit: inventory.change_held(unit, {BLUE: 3, LAST: 1, BOWL: 0}))
        assert (await store.read(catalog.stock))[BLUE].available == 17
        await store.write(lambda unit: inventory.change_held(unit, {BLUE: -3}))
        assert (await store.read(catalog.stock))[BLUE].available == 20
        assert not await store.write(lambda unit: inventory.try_change_held(unit, LAST, 1))
        assert not await store.write(lambda unit: inventory.try_change_held(unit, BLUE, -1))
        assert not await store.write(lambda unit: inventory.try_change_held(unit, "NOTHING", 1))


async def test_all_or_nothing(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        with pytest.raises(StoreBusyError):
            await store.write(lambda unit: inventory.change_held(unit, {BLUE: 1, LAST: 2}))
        stock = await store.read(catalog.stock)
        assert {sku: view.available for sku, view in stock.items()} == STOCK


async def test_selling(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        with pytest.raises(StoreBusyError):
            await store.write(lambda unit: inventory.sell(unit, {BLUE: 1}, "order-1", "checkout-1"))
        await store.write(lambda unit: inventory.change_held(unit, {BLUE: 2}))
        before = (await store.read(catalog.stock))[BLUE]
        await store.write(lambda unit: inventory.sell(unit, {BLUE: 2}, "order-1", "checkout-1"))
        assert (await store.read(catalog.stock))[BLUE] == before, "held or sold: both are gone"
    row = "SELECT received, on_hand, held, sold FROM inventory WHERE sku = 'MUG-BLUE'"
    assert rows_of(tmp_path / SHOP_FILE, row) == [(20, 18, 0, 2)]
    moved = (
        "SELECT reason, reference, quantity FROM stock_movements WHERE sku = 'MUG-BLUE' ORDER BY id"
    )
    assert rows_of(tmp_path / SHOP_FILE, moved) == [("seed", BLUE, 20), ("sale", "order-1", -2)]


async def test_alternatives_are_there(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        known = await store.read(catalog.load)
        for sku, expected in ((LAST, [BLUE, BOWL]), (LAMP, [])):
            found = await store.write(
                lambda unit, sku=sku: inventory.in_stock(unit, known, sku, 5)  # type: ignore[misc]
            )
            assert found == expected
        await store.write(lambda unit: inventory.change_held(unit, {BLUE: 20}))
        assert await store.write(lambda unit: inventory.in_stock(unit, known, LAST, 5)) == [BOWL]


async def test_a_batch_there_and_back(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        settings = settings_in(tmp_path)
        known = await store.read(catalog.load)
        requests = [
            AddLine(person, f"add:{person}", "k", "body", 2, sku)
            for person, sku in (("ada", BLUE), ("bert", BOWL))
        ]
        bench = await store.write(
            lambda unit: inventory.load_bench(
                unit, requests, {}, known, settings, counted_ids(), KeptCarts(8)
            )
        )
        assert {sku: stock.available for sku, stock in bench.stock.items()} == {BLUE: 20, BOWL: 5}
        for request in requests:
            bench.decide(request)
        await store.write(lambda unit: inventory.save_bench(unit, bench))
        again = await store.write(
            lambda unit: inventory.load_bench(
                unit, requests, {}, known, settings, counted_ids(), KeptCarts(8)
            )
        )
        assert again.carts == bench.carts
        assert again.stock == bench.stock
        pairs = [(request.scope, request.key) for request in requests]
        assert await store.write(lambda u: idempotency.used(u, pairs)) == bench.answered
        # What was read before is out of date: writing it again must not count twice.
        with pytest.raises(Exception, match=r"(?i)unique|busy"):
            await store.write(lambda unit: inventory.save_bench(unit, bench))
        assert (await store.read(catalog.stock))[BLUE].available == 18
