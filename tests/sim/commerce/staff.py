"""Staff of a story: goods, prices, money back, drops. They do one thing after the other as well."""

import asyncio
import random
from contextlib import suppress

from commerce import CommerceError
from tests.sim.commerce.laws import HAD
from tests.sim.commerce.shop import COUPONS, MAIN, NEVER_GONE, NORTH, PRICE, LostError, seeds
from tests.sim.commerce.world import World

NAME = "staff"
ADMITTED_MAX = 1


class Staff:
    """Somebody behind the counter."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.steps: asyncio.Queue[int | None] = asyncio.Queue()
        self._first: str | None = None

    def opens_drop(self, sku: str) -> None:
        """The first thing today: from now on people wait in a line for it."""
        self._first = sku

    async def live(self) -> None:
        """Do what comes, until there is nothing more to come."""
        if self._first is not None:
            with suppress(CommerceError, LostError):
                await self._open_drop(self._first, random.Random(0))
        while (number := await self.steps.get()) is not None:
            chance = random.Random(number)
            duties = (
                *([self._refund] * 5), *([self._restock] * 3), self._transfer, self._transfer,
                self._prices, self._prices, self._credit, self._credit, self._drop, self._card,
                self._coupon,
            )  # fmt: skip
            try:
                await chance.choice(duties)(chance, number)
            except (CommerceError, LostError):
                continue

    async def _refund(self, chance: random.Random, number: int) -> None:
        if not self.world.orders:
            await self._restock(chance, number)
            return
        order_id = chance.choice(sorted(self.world.orders))
        amount = chance.choice((None, 1, 500, 1_500, 9_000))
        key = f"refund-{number}"
        self.world.asked.refunds[order_id][key] = amount
        for _ in range(chance.choice((1, 1, 2))):
            await self.world.request(
                NAME,
                f"refund {amount} of {order_id}",
                lambda shop: shop.refund(NAME, order_id, idempotency_key=key, amount_minor=amount),
                chance,
            )

    async def _restock(self, chance: random.Random, number: int) -> None:
        sku, where = chance.choice(tuple(PRICE)), chance.choice((MAIN, NORTH))
        pieces, reference = chance.randint(1, 3), f"note-{number}"
        self.world.asked.restocked[reference] = (sku, pieces)
        for _ in range(chance.choice((1, 1, 2))):
            await self.world.request(
                NAME,
                f"restock {pieces} {sku}",
                lambda shop: shop.stock_room.restock(sku, where, pieces, reference),
                chance,
            )

    async def _transfer(self, chance: random.Random, number: int) -> None:
        sku, (source, target) = chance.choice(tuple(PRICE)), chance.sample((MAIN, NORTH), 2)
        pieces = chance.randint(1, 3)
        await self.world.request(
            NAME,
            f"transfer {pieces} {sku} to {target}",
            lambda shop: shop.stock_room.transfer(sku, source, target, pieces, f"move-{number}"),
            chance,
        )

    async def _prices(self, chance: random.Random, number: int) -> None:  # noqa: ARG002 - a duty
        world, sku = self.world, chance.choice(tuple(PRICE))
        price, gone = dict(world.price), world.gone
        if chance.random() < 0.6:
            price[sku] = max(0, price[sku] + chance.choice((-100, -1, 1, 7, 250)))
        else:
            gone = gone ^ ({sku} - set(NEVER_GONE))
        await world.request(
            NAME,
            f"prices {price}, without {sorted(gone)}",
            lambda shop: shop.seed(seeds(price, gone)),
            chance,
        )
        world.price, world.gone = price, gone

    async def _credit(self, chance: random.Random, number: int) -> None:
        person, amount = chance.choice(("ada", "bert", "cleo", "dora")), chance.randint(1, 5_000)
        credited = self.world.asked.credited
        credited[person] = credited.get(person, 0) + amount
        for _ in range(chance.choice((1, 2))):
            await self.world.request(
                NAME,
                f"grant {amount} to {person}",
                lambda shop: shop.grant_credit(
                    person, amount_minor=amount, currency="EUR", idempotency_key=f"grant-{number}"
                ),
                chance,
            )

    async def _card(self, chance: random.Random, number: int) -> None:  # noqa: ARG002 - a duty
        made = await self.world.request(
            NAME,
            "card",
            lambda shop: shop.issue_gift_card(
                amount_minor=chance.choice((1_000, 4_000, 20_000)), currency="EUR"
            ),
            chance,
        )
        self.world.gift_codes.append(made.code)

    async def _coupon(self, chance: random.Random, number: int) -> None:  # noqa: ARG002 - a duty
        if chance.random() < 0.6:
            await self._limit(chance)
            return
        code = chance.choice(COUPONS).code
        await self.world.request(
            NAME, f"withdraw {code}", lambda shop: shop.coupons.withdraw(code), chance
        )

    async def _limit(self, chance: random.Random) -> None:
        sku, pieces_max = chance.choice(tuple(PRICE)), chance.choice((1, 2, 2, 3))
        try:
            if chance.random() < 0.75:
                await self.world.request(
                    NAME,
                    f"limit {sku} to {pieces_max}",
                    lambda shop: shop.stock_room.limit_purchases(sku, pieces_max),
                    chance,
                )
            else:
                await self.world.request(
                    NAME,
                    f"unlimit {sku}",
                    lambda shop: shop.stock_room.lift_purchase_limit(sku),
                    chance,
                )
        finally:
            # Whatever became of it: they had this when it was over.
            with self.world.books() as books:
                self.world.had.update(books.execute(HAD, (sku,)).fetchall())

    async def _drop(self, chance: random.Random, number: int) -> None:  # noqa: ARG002 - a duty
        sku = chance.choice(tuple(PRICE))
        if chance.random() < 0.7:
            await self._open_drop(sku, chance)
        else:
            await self.world.request(
                NAME, f"end drop {sku}", lambda shop: shop.drops.close(sku), chance
            )

    async def _open_drop(self, sku: str, chance: random.Random) -> None:
        await self.world.request(
            NAME, f"drop {sku}", lambda shop: shop.drops.open(sku, ADMITTED_MAX), chance
        )
