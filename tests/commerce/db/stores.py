"""A store with the small catalogue, for tests of rows."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
from sqlalchemy.exc import IntegrityError

from commerce.cart import Cart, Line
from commerce.db import carts
from commerce.db.engine import Store
from commerce.db.schema import cart_lines
from commerce.db.unit import Unit
from commerce.ports import random_id
from tests.commerce.shops import (
    TurnedClock,
    place_seeded,
    settings_in,
)

BROKEN = (IntegrityError, sqlite3.IntegrityError, asyncpg.IntegrityConstraintViolationError)
"""A constraint of a table was broken; through SQLAlchemy's Core or without it."""


@asynccontextmanager
async def open_store(
    folder: Path, clock: TurnedClock | None = None, **changes: Any
) -> AsyncIterator[Store]:
    """A store with products and their stock."""
    await place_seeded(folder)
    store = await Store.open(settings_in(folder, **changes), clock or TurnedClock())
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
