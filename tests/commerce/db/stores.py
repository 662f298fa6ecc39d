"""A store with the small catalogue, for tests of rows."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from commerce.cart import Cart, Line
from commerce.catalog import product_from
from commerce.db import carts, catalog
from commerce.db.engine import Store
from commerce.db.schema import cart_lines
from commerce.db.unit import Unit
from commerce.ports import random_id
from tests.commerce.shops import TurnedClock, seeds, settings_in


@asynccontextmanager
async def open_store(folder: Path, clock: TurnedClock | None = None) -> AsyncIterator[Store]:
    """A store with products and their stock."""
    store = await Store.open(settings_in(folder), clock or TurnedClock())
    products = [product_from(seed) for seed in seeds()]
    pieces = {sku.sku: sku.stock for seed in seeds() for sku in seed.skus}
    await store.write(lambda unit: catalog.seed(unit, products, pieces))
    try:
        yield store
    finally:
        await store.close()


def cart_with(unit: Unit, person_id: str, *wishes: tuple[str, int]) -> Cart:
    """The person's cart with a line for each of these SKUs and quantities, none of them held."""
    cart_id = carts.ensure_current(unit, [person_id], random_id)[person_id]
    for position, (sku, quantity) in enumerate(wishes):
        line = Line(f"line-{person_id}-{position}", sku, person_id, quantity, 1_000, position)
        unit.connection.execute(cart_lines.insert(), carts.line_values(cart_id, line))
    return carts.load(unit.connection, [cart_id])[cart_id]
