"""Products as rows: there and back, in their order."""

import dataclasses
from pathlib import Path

from commerce.catalog import product_from
from commerce.db import catalog
from tests.commerce.db.stores import open_store
from tests.commerce.shops import BLUE, LAST, STOCK, product, seeds, sku_seed


async def test_there_and_back(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        loaded = await store.read(catalog.load)
        assert loaded.products == tuple(product_from(seed) for seed in seeds())


async def test_stock(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        everything = await store.read(catalog.stock)
        assert {sku: view.available for sku, view in everything.items()} == STOCK
        some = await store.read(lambda c: catalog.stock(c, [LAST, "NOTHING"]))
        assert list(some) == [LAST]


async def test_order_and_discontinued(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        mug = product_from(dataclasses.replace(seeds()[0], skus=(sku_seed(BLUE),)))
        vase = product_from(product("vase", "Vase", "tableware", "VASE"))
        report = await store.write(lambda unit: catalog.seed(unit, [vase, mug], {"VASE": 2}))
        assert (report.products_new, report.products_changed) == (1, 1)
        loaded = await store.read(catalog.load)
        assert [entry.id for entry in loaded.products] == [
            "stoneware-mug",
            "oak-bowl",
            "reading-lamp",
            "vase",
        ]
        assert loaded.sku(LAST)[1].discontinued
        again = await store.write(lambda unit: catalog.seed(unit, [vase, mug], {}))
        assert again.products_unchanged == 2
