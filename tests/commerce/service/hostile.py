"""A shop that hostile clients try, and how to see that nothing in it has changed."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import Connection, select

from commerce import CheckoutView, Commerce, CommerceError
from commerce.contact import Contact
from commerce.db.schema import metadata
from commerce.payments.test_cards import PAYS
from commerce.validation import QUANTITY_MAX
from tests.commerce.shops import BLUE, BOWL, LAMP, add, bought, lock

ADDRESS = Contact("ada@example.org", "Ada", "Street 1", "Vienna", "1010", "AT")

NO_QUANTITIES: Sequence[Any] = (
    0,
    -1,
    -(2**63),
    1.5,
    1e300,
    float("nan"),
    True,
    "1",
    None,
    [1],
    QUANTITY_MAX + 1,
    2**63,
)
NO_AMOUNTS: Sequence[Any] = (-1, 1.5, float("nan"), True, "1490", None, [], 2**53, 10**30)
NO_IDS: Sequence[Any] = ("", " a", "a\n", "\x00", "x" * 129, None, 7, ["ada"])
NO_KEYS: Sequence[Any] = ("", "ü", "a\n", "k" * 201, None, 7)

Rows = dict[str, list[str]]


@dataclass
class World:
    """The shop, and what is in it."""

    shop: Commerce
    line_id: str
    cart_id: str
    checkout: CheckoutView
    order_id: str

    async def rows(self) -> Rows:
        """Every row of every table."""

        def read(connection: Connection) -> Rows:
            return {
                table.name: sorted(map(str, connection.execute(select(table)).all()))
                for table in metadata.sorted_tables
            }

        return await self.shop._context.store.read(read)

    async def refuses(self, *asked: tuple[Callable[[], Awaitable[object]], str]) -> None:
        """Each of these is refused with its code, and changes nothing."""
        before = await self.rows()
        for ask, code in asked:
            with pytest.raises(CommerceError) as raised:
                await ask()
            assert raised.value.code == code
            assert raised.value.message.endswith(".")
        assert await self.rows() == before

    def pay(
        self, person: str = "cleo", expected: Any = 1_490, key: Any = "pay", **more: Any
    ) -> Callable[[], Awaitable[object]]:
        """Pay the locked checkout."""
        return lambda: self.shop.pay(
            person,
            self.checkout.id,
            **(
                {
                    "payment_method": PAYS,
                    "expected_total_minor": expected,
                    "idempotency_key": key,
                }
                | more
            ),
        )


@asynccontextmanager
async def hostile_world(shop: Commerce) -> AsyncIterator[World]:
    """Ada has paid an order, Bert has a bowl in his cart, Cleo and Dora share a locked checkout (a
    mug and a lamp, own lines). Mallory has nothing."""
    order = await bought(shop, "ada")
    cart = await add(shop, "bert", BOWL)
    for person, sku in (("cleo", BLUE), ("dora", LAMP)):
        await shop.join_cart("party-1", person)
        await add(shop, person, sku)
    checkout = await lock(shop, "cleo")
    checkout = await shop.split("cleo", checkout.id, plan="own_lines")
    await shop.cart_of("mallory")
    yield World(shop, cart.lines[0].line_id, cart.id, checkout, order.order_id or "")
