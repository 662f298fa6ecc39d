"""Catalogue, search and stock as they are asked for."""

import dataclasses
from typing import Any

import pytest

from commerce import Commerce, CommerceError, SeedReport, StockChanged
from tests.commerce.shops import BLUE, LAST, add, available, events_of, product, seeds, sku_seed


async def test_pages(shop: Commerce) -> None:
    first = await shop.products(page=1, size=2)
    second = await shop.products(page=2, size=2)
    assert [p.id for p in (*first.items, *second.items)] == [seed.id for seed in seeds()]
    assert (first.total, first.page, second.page, second.size) == (3, 1, 2, 2)
    beyond = await shop.products(page=9)
    assert (beyond.items, beyond.total) == ((), 3)
    lights = await shop.products(department="lighting")
    assert [p.id for p in lights.items] == ["reading-lamp"]
    assert (await shop.products(department="garden")).total == 0


async def test_wrong_pages(shop: Commerce) -> None:
    wrong: list[tuple[Any, Any]] = [(0, 1), (1, 0), (1, 501), (1.0, 1), (1, None)]
    for page, size in wrong:
        with pytest.raises(CommerceError) as raised:
            await shop.products(page=page, size=size)
        assert raised.value.code == "INVALID_PAGE"


async def test_product(shop: Commerce) -> None:
    await add(shop, "ada", BLUE, 2)
    mug = await shop.product("stoneware-mug")
    assert [(sku.sku, sku.available) for sku in mug.skus] == [(BLUE, 18), (LAST, 1)]
    with pytest.raises(CommerceError) as raised:
        await shop.product("nothing")
    assert raised.value.code == "PRODUCT_NOT_FOUND"


async def test_search(shop: Commerce) -> None:
    (mug,) = await shop.search("stonware mug")
    assert (mug.id, mug.skus[0].available) == ("stoneware-mug", 20)
    assert await shop.search("zebra") == ()
    assert len(await shop.search("hearth", 2)) == 2
    for term, limit in (("x" * 201, 1), (None, 1), ("mug", 0)):
        with pytest.raises(CommerceError):
            await shop.search(term, limit)  # type: ignore[arg-type]


async def test_stock(shop: Commerce) -> None:
    before = {view.sku: view for view in await shop.stock()}
    await add(shop, "ada", BLUE, 2)
    after = {view.sku: view for view in await shop.stock()}
    assert (before[BLUE].available, after[BLUE].available) == (20, 18)
    assert after[BLUE].version > before[BLUE].version
    assert after[LAST] == before[LAST]
    assert after[BLUE].product_id == "stoneware-mug"


async def test_seeding_twice_changes_nothing(shop: Commerce) -> None:
    await add(shop, "ada", BLUE, 2)
    told = len(await events_of(shop))
    assert await shop.seed(seeds()) == SeedReport(0, 0, 3, 4)
    assert await available(shop) == 18
    assert len(await events_of(shop)) == 0 < told


async def test_a_seed_updates_and_keeps_the_stock(shop: Commerce) -> None:
    await add(shop, "ada", BLUE, 2)
    version = (await shop.cart_of("ada")).version
    mug = seeds()[0]
    changed = dataclasses.replace(
        mug,
        name="Big mug",
        skus=(sku_seed(BLUE, price_minor=1_590, stock=500), sku_seed("MUG-NEW", stock=4)),
    )
    assert await shop.seed([changed]) == SeedReport(0, 1, 0, 2)
    view = await shop.product("stoneware-mug")
    assert view.name == "Big mug"
    assert [(sku.sku, sku.available) for sku in view.skus] == [(BLUE, 18), ("MUG-NEW", 4)]
    cart = await shop.cart_of("ada")
    assert (cart.total_minor, cart.lines[0].name) == (3_180, "Big mug")
    assert cart.version > version
    assert (await shop.products()).total == 3
    with pytest.raises(CommerceError) as raised:
        await add(shop, "bert", LAST)
    assert raised.value.code == "DISCONTINUED"
    await shop.seed(seeds())
    await add(shop, "bert", LAST)


async def test_a_new_product_tells_its_stock(shop: Commerce) -> None:
    await events_of(shop)
    await shop.seed([product("vase", "Vase", "tableware", "VASE")])
    (told,) = await events_of(shop)
    assert isinstance(told, StockChanged)
    assert (told.sku, told.product_id, told.available) == ("VASE", "vase", 3)


async def test_a_wrong_seed_changes_nothing(shop: Commerce) -> None:
    good = product("vase", "Vase", "tableware", "VASE")
    stolen = product("cup", "Cup", "tableware", BLUE)
    for wrong in (stolen, dataclasses.replace(good, price_minor=-1), good):
        with pytest.raises(CommerceError) as raised:
            await shop.seed([good, wrong])
        assert raised.value.code == "SEED_INVALID"
    assert (await shop.products()).total == 3
