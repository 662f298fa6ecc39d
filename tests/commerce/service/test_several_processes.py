"""Several processes on one database: whatever they do at the same time, the books stay right.

Two shops that know nothing of each other but the database stand for two processes.
"""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from commerce import Commerce, CommerceError, CommerceEvent, OrderPaid
from tests.commerce.shops import (
    BLUE,
    BOWL,
    LAMP,
    LAST,
    TurnedClock,
    add,
    available,
    bought,
    lock,
    open_shop,
    pay,
    settings_in,
)

SHARED: dict[str, Any] = {"busy_timeout_ms": 20_000, "write_attempts_max": 12}
PEOPLE = tuple(f"person-{number}" for number in range(8))
STEPS = 25


@asynccontextmanager
async def two_shops(folder: Path, clock: TurnedClock) -> AsyncIterator[tuple[Commerce, Commerce]]:
    async with open_shop(folder, clock, process_name="one", **SHARED) as one:
        other = await Commerce.open(
            settings_in(folder, process_name="two", **SHARED), clock, settle=False
        )
        try:
            yield one, other
        finally:
            await other.close()


async def step(shop: Commerce, chance: random.Random, person: str, number: int) -> None:
    """Something that somebody does, at the process they happen to reach."""
    match chance.choice(("add", "add", "add", "set", "remove", "join", "leave", "pass", "buy")):
        case "add":
            await add(shop, person, chance.choice((BLUE, LAST, BOWL, LAMP)))
        case "join":
            await shop.join_cart(chance.choice(("party-1", "party-2")), person)
        case "leave":
            await shop.leave_cart(person)
        case "buy":
            await pay(shop, person, await lock(shop, person), key=f"pay-{number}")
        case action:
            cart = await shop.cart_of(person)
            if not cart.lines:
                return
            line_id = chance.choice(cart.lines).line_id
            if action == "set":
                key = f"set-{number}"
                await shop.set_quantity(person, line_id, chance.randint(1, 4), idempotency_key=key)
            elif action == "remove":
                await shop.remove_line(person, line_id)
            else:
                await shop.pass_line(person, line_id, chance.choice(cart.members))


@pytest.mark.parametrize("seed", range(2))
async def test_the_books_stay_right(tmp_path: Path, clock: TurnedClock, seed: int) -> None:
    refused: Counter[str] = Counter()
    chance = random.Random(seed)

    async def live(shops: tuple[Commerce, Commerce], person: str) -> None:
        for number in range(STEPS):
            try:
                await step(chance.choice(shops), chance, person, number)
            except CommerceError as error:
                refused[error.code] += 1

    async def sweep(shops: tuple[Commerce, Commerce]) -> None:
        for _ in range(6):
            clock.turn(3 * 60_000)
            await asyncio.gather(*(shop.sweep() for shop in shops))

    async with two_shops(tmp_path, clock) as shops:
        await asyncio.gather(sweep(shops), *(live(shops, person) for person in PEOPLE))
        # Refusals are answers; that the database gave up would be a fault.
        assert not {code for code in refused if code.startswith("STORE")}, refused
        # What was decided before the clock was turned may have come through after the last sweep.
        await asyncio.gather(*(shop.sweep() for shop in shops))
        for shop in shops:
            report = await shop.audit()
            assert report.ok, report.problems
        clock.turn(60 * 60_000)
        await asyncio.gather(*(shop.sweep() for shop in shops))
        assert (await shops[0].audit()).figures["held"] == 0


async def test_the_last_piece_is_sold_once(tmp_path: Path, clock: TurnedClock) -> None:
    async with two_shops(tmp_path, clock) as shops:
        buying = [bought(shops[n % 2], f"person-{n}", LAST) for n in range(10)]
        outcomes = await asyncio.gather(*buying, return_exceptions=True)
        errors = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
        assert len(errors) == 9
        assert {error.code for error in errors if isinstance(error, CommerceError)} == {"SOLD_OUT"}
        assert await available(shops[1], LAST) == 0


async def test_one_key_is_one_action_everywhere(tmp_path: Path, clock: TurnedClock) -> None:
    async with two_shops(tmp_path, clock) as shops:
        twins = await asyncio.gather(
            *(shop.add_line("ada", BLUE, 2, idempotency_key="twice") for shop in shops)
        )
        assert [cart.lines[0].quantity for cart in twins] == [2, 2]
        assert await available(shops[0]) == 18
        locks: list[Awaitable[object]] = [
            shop.lock("ada", idempotency_key="lock") for shop in shops
        ]
        one, two = await asyncio.gather(*locks)
        assert one == two


async def test_each_process_is_told_everything(tmp_path: Path, clock: TurnedClock) -> None:
    told: dict[str, list[CommerceEvent]] = {"one": [], "two": []}
    async with two_shops(tmp_path, clock) as shops:
        for shop, events in zip(shops, told.values(), strict=True):
            shop.subscribe(events.append)
            await shop.dispatch()
        await asyncio.gather(*(bought(shops[n % 2], f"person-{n}") for n in range(8)))
        for _ in range(3):
            for shop in shops:
                await shop.dispatch()
    orders = [[e.order_id for e in events if isinstance(e, OrderPaid)] for events in told.values()]
    assert orders[0] == orders[1]
    assert len(set(orders[0])) == len(orders[0]) == 8
    for events in told.values():
        numbers = [event.event_id for event in events]
        assert numbers == sorted(set(numbers))
