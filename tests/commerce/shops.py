"""What the tests of commerce share: a clock to turn, a small catalogue, short ways to a shop."""

import dataclasses
import itertools
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from commerce import (
    CartView,
    CheckoutProblemsError,
    CheckoutView,
    Commerce,
    CommerceEvent,
    CommerceSettings,
    ProductSeed,
    SkuSeed,
)
from commerce.payments.test_cards import PAYS, TestCards, cut_off
from commerce.ports import NewId, PaymentGateway
from commerce.service.faults import Faults, no_faults
from commerce.settings import SQLITE_PREFIX
from tests.postgres.server import PostgresServer

STARTED_MS = 1_900_000_000_000
SHOP_FILE, LEDGER_FILE = "shop.sqlite3", "ledger.sqlite3"

BLUE, LAST, BOWL, LAMP = "MUG-BLUE", "MUG-LAST", "BOWL-OAK", "LAMP-RED"
STOCK = {BLUE: 20, LAST: 1, BOWL: 5, LAMP: 8}
PRICE = {BLUE: 1_490, LAST: 1_990, BOWL: 3_000, LAMP: 4_900}

_numbers = itertools.count(1)

SEEDED = "seeded"


class Database:
    """Where the shops of a test keep their rows: SQLite files unless there is a `server`."""

    server: PostgresServer | None = None


class TurnedClock:
    """A clock that goes only when a test turns it."""

    def __init__(self, now_ms: int = STARTED_MS) -> None:
        self.now_ms = now_ms

    def __call__(self) -> int:
        return self.now_ms

    def turn(self, ms: int) -> None:
        self.now_ms += ms


def counted_ids() -> NewId:
    """Ids that count up: the same in every run."""
    numbers = itertools.count(1)
    return lambda: f"{next(numbers):032x}"


def settings_in(folder: Path, **changes: Any) -> CommerceSettings:
    """Settings of a shop in this folder, with the patience of a real one.

    A short limit would be over on a busy machine; a test about giving up sets its own.
    """
    url = f"{SQLITE_PREFIX}{folder / SHOP_FILE}"
    if Database.server is not None and "database_url" not in changes:
        url = Database.server.database(str(folder))
    return dataclasses.replace(
        CommerceSettings(
            database_url=url,
            gateway_database_url=f"{SQLITE_PREFIX}{folder / LEDGER_FILE}",
        ),
        **changes,
    )


def product(
    product_id: str, name: str, department: str, /, *skus: str, **changes: Any
) -> ProductSeed:
    """A seed with these SKUs, at the prices and with the stock above."""
    seed = ProductSeed(
        id=product_id,
        name=name,
        brand="Hearth",
        description=f"{name} for every day.",
        department=department,
        tags=("home",),
        price_minor=PRICE.get(skus[0], 1_000) if skus else 1_000,
        currency="EUR",
        alt_text=f"A picture of {name}.",
        weight_g=400,
        skus=tuple(sku_seed(sku) for sku in skus),
    )
    return dataclasses.replace(seed, **changes)


def sku_seed(sku: str, /, **changes: Any) -> SkuSeed:
    """A SKU whose colour is the end of its name."""
    options = {"colour": sku.rpartition("-")[2].title()}
    price_minor, stock = PRICE.get(sku, 1_000), STOCK.get(sku, 3)
    return dataclasses.replace(SkuSeed(sku, options, "#2f5d8a", price_minor, stock), **changes)


def seeds() -> tuple[ProductSeed, ...]:
    """Two products in one department and one in another."""
    return (
        product("stoneware-mug", "Stoneware mug", "tableware", BLUE, LAST),
        product("oak-bowl", "Oak bowl", "tableware", BOWL),
        product("reading-lamp", "Café reading lamp", "lighting", LAMP),
    )


@asynccontextmanager
async def open_shop(
    folder: Path,
    clock: Callable[[], int],
    *,
    gateway: PaymentGateway | None = None,
    faults: Faults = no_faults,
    **changes: Any,
) -> AsyncIterator[Commerce]:
    """A seeded shop in this folder, whose books have to balance at the end. What its test cards
    never answer breaks off at once."""
    await place_seeded(folder)
    gateway = gateway or await TestCards.open(folder / LEDGER_FILE, silence=cut_off)
    shop = await Commerce.open(
        settings_in(folder, **changes), clock, gateway=gateway, faults=faults
    )
    try:
        await shop.seed(seeds())
        yield shop
        report = await shop.audit()
        assert report.ok, report.problems
    finally:
        await shop.close()


_seeded: list[bytes] = []
"""The file of a seeded shop, made once: most tests need not wait for the tables to be made."""


async def place_seeded(folder: Path) -> None:
    """Put a seeded shop into this folder, unless there is one already."""
    await prepare_seeded()
    if Database.server is None:
        write_new(folder / SHOP_FILE, _seeded[0])
    else:
        Database.server.database(str(folder), template=SEEDED)


def give_back_databases() -> None:
    """The databases of the shops so far are not needed any more; others get them, made anew."""
    if Database.server is not None:
        Database.server.forget(kept=frozenset({SEEDED}))


async def prepare_seeded() -> None:
    """Make the seeded shop that others are copies of."""
    server = Database.server
    if _seeded if server is None else server.has(SEEDED):
        return
    with tempfile.TemporaryDirectory() as name:
        made = Path(name)
        settings = settings_in(made)
        if server is not None:
            settings = dataclasses.replace(settings, database_url=server.database(SEEDED))
        shop = await Commerce.open(settings, TurnedClock())
        await shop.seed(seeds())
        await shop.close()
        if server is not None:
            server.remember(SEEDED)
        else:
            _seeded.append(_read(made / SHOP_FILE))


def _read(path: Path) -> bytes:
    return path.read_bytes()


def write_new(path: Path, content: bytes) -> None:
    """Write a file unless it is there already."""
    if not path.exists():
        path.write_bytes(content)


async def add(shop: Commerce, person: str, sku: str = BLUE, quantity: int = 1) -> CartView:
    """Put something into a cart, with a fresh key."""
    return await shop.add_line(person, sku, quantity, idempotency_key=f"add-{next(_numbers)}")


async def locked(shop: Commerce, person: str, sku: str = BLUE, quantity: int = 1) -> CheckoutView:
    """A locked checkout with one line."""
    await add(shop, person, sku, quantity)
    return await lock(shop, person)


async def lock(shop: Commerce, person: str) -> CheckoutView:
    """Lock a cart, with a fresh key."""
    return await shop.lock(person, idempotency_key=f"lock-{next(_numbers)}")


async def pay(
    shop: Commerce, person: str, checkout: CheckoutView, method: str = PAYS, key: str = "pay-1"
) -> CheckoutView:
    """Pay what the checkout says."""
    return await shop.pay(
        person,
        checkout.id,
        payment_method=method,
        expected_total_minor=checkout.total_minor,
        idempotency_key=key,
    )


async def bought(shop: Commerce, person: str, sku: str = BLUE, quantity: int = 1) -> CheckoutView:
    """A paid checkout."""
    checkout = await locked(shop, person, sku, quantity)
    view = await pay(shop, person, checkout, key=f"pay-{next(_numbers)}")
    assert view.order_id is not None
    return view


async def problems_of(asked: Awaitable[object]) -> list[Any]:
    """Everything that is in the way of a checkout."""
    with pytest.raises(CheckoutProblemsError) as raised:
        await asked
    return list(cast(Sequence[Any], raised.value.data["problems"]))


async def problem_codes(asked: Awaitable[object]) -> list[str]:
    """The same by their codes."""
    return [problem["code"] for problem in await problems_of(asked)]


async def available(shop: Commerce, sku: str = BLUE) -> int:
    """What can be bought of a SKU."""
    return next(view.available for view in await shop.stock() if view.sku == sku)


async def events_of(shop: Commerce) -> list[CommerceEvent]:
    """Everything the outbox has for a consumer that comes now."""
    told: list[CommerceEvent] = []
    stop = shop.subscribe(told.append)
    await shop.dispatch()
    stop()
    return told


def rows_of(path: Path, query: str) -> list[tuple[Any, ...]]:
    """Rows of a database, read beside everybody."""
    if Database.server is not None and path.name == SHOP_FILE:
        return Database.server.rows(Database.server.database(str(path.parent)), query)
    connection = sqlite3.connect(path)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def charges_in(folder: Path) -> list[tuple[str, int]]:
    """State and amount of every charge the gateway knows."""
    return rows_of(folder / LEDGER_FILE, "SELECT state, amount_minor FROM charges ORDER BY rowid")


def bytes_in(folder: Path) -> bytes:
    """Everything that was written into a folder."""
    return b"".join(path.read_bytes() for path in folder.iterdir())
