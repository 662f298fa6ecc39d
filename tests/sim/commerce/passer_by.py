"""Somebody who comes by, joins in, buys nothing, and asks to be forgotten."""

import asyncio
import random
import sqlite3
from collections.abc import Awaitable, Callable
from typing import TypeVar

from commerce import Commerce, CommerceError
from tests.sim.commerce.people import PARTY
from tests.sim.commerce.shop import PRICE, LostError
from tests.sim.commerce.world import World

T = TypeVar("T")

NAME = "erin"
DEEDS = 7
PAUSES_S = (0.0, 0.05, 0.4, 3.0, 9.0)
WAIT_S = 10
ASKS_MAX = 60
"""Ten minutes: whoever has a part in a checkout waits for its end."""


class PasserBy:
    """Never at a till of her own; others may take along what she has put into a shared cart."""

    def __init__(self, world: World, chance: random.Random) -> None:
        self.world = world
        self._chance = chance

    async def live(self) -> None:
        """Look around, then go and leave nothing behind."""
        for number in range(DEEDS):
            await asyncio.sleep(self._chance.choice(PAUSES_S))
            try:
                await self._act(f"erin-{number}")
            except (CommerceError, LostError):
                continue
        for _ in range(ASKS_MAX):
            try:
                await self._request("erase", lambda shop: shop.erasures.erase(NAME, forfeit=True))
            except (CommerceError, LostError):
                await asyncio.sleep(WAIT_S)
            else:
                return
        self.world.wrongs.append(f"{NAME} was not forgotten in {ASKS_MAX * WAIT_S} s.")

    async def _act(self, key: str) -> None:
        chance, sku = self._chance, self._chance.choice(tuple(PRICE))
        lot = chance.random()
        if lot < 0.4:
            await self._request(
                f"add {sku}", lambda shop: shop.add_line(NAME, sku, 1, idempotency_key=key)
            )
        elif lot < 0.6:
            await self._request("join", lambda shop: shop.join_cart(PARTY, NAME))
        elif lot < 0.75:
            await self._request(f"line {sku}", lambda shop: shop.drops.join(NAME, sku, "elsewhere"))
        else:
            cart = await self._request("look", lambda shop: shop.cart_of(NAME))
            others = [person for person in cart.members if person != NAME]
            if not cart.lines:
                return
            line = chance.choice(cart.lines)
            if line.owner_id == NAME and others and lot < 0.9:
                receiver = chance.choice(others)
                await self._request(
                    f"give {line.sku} to {receiver}",
                    lambda shop: shop.offer_gift(NAME, line.line_id, receiver_id=receiver),
                )
                self.world.gifted.add(receiver)
            else:
                await self._request(
                    f"set {line.sku} to 2",
                    lambda shop: shop.set_quantity(NAME, line.line_id, 2, idempotency_key=key),
                )

    async def _request(self, what: str, call: Callable[[Commerce], Awaitable[T]]) -> T:
        return await self.world.request(NAME, what, call, self._chance)

    async def forgets_last(self) -> None:
        """Everybody has been told, so nobody needs to know any more who it was."""
        if not await self.world.ask(lambda shop: shop.erasures.finish(NAME)):
            self.world.wrongs.append(f"It is still known that {NAME} was erased.")

    def looked_for(self, books: sqlite3.Connection) -> list[str]:
        """Sentences about where she is still known."""
        tables = books.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return [
            f"{NAME} is still in {table}."
            for (table,) in tables
            if any(NAME in str(row) for row in books.execute(f"SELECT * FROM {table}"))  # noqa: S608
        ]
