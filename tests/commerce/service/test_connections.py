"""However many people are in the shop, its database sees a few connections."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from commerce import CartView, CommerceError
from tests.commerce.shops import (
    BLUE,
    STOCK,
    Database,
    TurnedClock,
    add,
    lock,
    open_shop,
    pay,
    settings_in,
)

SHOPPERS = 1_000
WRITERS, READERS = 3, 2

SESSIONS = "SELECT numbackends, sessions FROM pg_stat_database WHERE datname = '{}'"
"""How many connections a database has, and has ever had. See "The Cumulative Statistics System" in
the manual of PostgreSQL."""


async def sessions_of(url: str) -> int:
    """How many connections there were, once the last has ended."""
    server = Database.server
    assert server is not None
    async with asyncio.timeout(60):
        while True:
            ((now, ever),) = server.rows(server.url, SESSIONS.format(url.rpartition("/")[2]))
            if not now:
                return int(ever)
            await asyncio.sleep(0.02)


@pytest.mark.only("postgresql")
async def test_a_thousand_shoppers(tmp_path: Path, clock: TurnedClock) -> None:
    """All want to see it, to have it, and to pay for it, at once."""
    limits: dict[str, Any] = {"write_connections": WRITERS, "read_connections": READERS}
    # As long as it takes: this counts connections, not seconds.
    patience: dict[str, Any] = {"connection_wait_ms": 100_000, "busy_timeout_ms": 100_000}
    # A fresh database: one that is used again remembers the connections of other tests.
    url = settings_in(tmp_path).database_url
    async with open_shop(tmp_path, clock, **limits, **patience) as shop:

        async def visit(person: str) -> CartView:
            await shop.product("stoneware-mug")
            cart = await add(shop, person, BLUE)
            await pay(shop, person, await lock(shop, person), key=f"{person}-pays")
            return cart

        people = [f"person-{number}" for number in range(SHOPPERS)]
        outcomes = await asyncio.gather(*map(visit, people), return_exceptions=True)
    refused = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    codes = {error.code if isinstance(error, CommerceError) else repr(error) for error in refused}
    assert codes == {"SOLD_OUT"}
    assert len(outcomes) - len(refused) == STOCK[BLUE]
    assert 1 < await sessions_of(url) <= WRITERS + READERS
