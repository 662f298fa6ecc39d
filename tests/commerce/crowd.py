"""All sorts of people in a shop at the same time, for tests that end it at any moment."""

import asyncio
import random
from collections.abc import Awaitable

from commerce import CheckoutProblemsError, Commerce, CommerceError
from commerce.payments.test_cards import (
    ASKS,
    CAPTURES_SILENTLY,
    DECLINES,
    NEVER_ARRIVES,
    PAYS,
    PROMISES_SILENTLY,
)
from tests.commerce.shops import BLUE, BOWL, LAMP, LAST, TurnedClock, add, lock, pay

MINUTE_MS = 60_000


async def crowd(shop: Commerce, clock: TurnedClock, seed: int) -> None:
    """They buy, pay together, ask for their money back, and go away; then everything is settled."""
    people = [
        buys(shop, f"payer-{seed}", PAYS),
        buys(shop, f"declined-{seed}", DECLINES, PAYS),
        buys(shop, f"approves-{seed}", ASKS, answer="approve"),
        buys(shop, f"rejects-{seed}", ASKS, answer="reject"),
        buys(shop, f"ignores-{seed}", ASKS),
        buys(shop, f"promised-{seed}", PROMISES_SILENTLY),
        buys(shop, f"lost-{seed}", NEVER_ARRIVES),
        buys(shop, f"silent-{seed}", CAPTURES_SILENTLY),
        together(shop, f"pair-{seed}", PAYS, PAYS),
        together(shop, f"refused-{seed}", PAYS, DECLINES),
        together(shop, f"half-{seed}", PAYS),
        refunded(shop, f"refunded-{seed}"),
        unlocks(shop, f"unlocks-{seed}"),
        waits(shop, f"waits-{seed}"),
    ]
    random.Random(seed).shuffle(people)
    await asyncio.gather(*people)
    await shop.reconcile()
    await shop.dispatch()
    clock.turn(10 * MINUTE_MS)
    # More than once: on a busy machine the bank's file can be late again.
    while await shop.reconcile():
        await shop.sweep()
    await shop.sweep()
    await shop.dispatch()


async def buys(shop: Commerce, person: str, *methods: str, answer: str = "") -> None:
    """Lock and try these ways to pay, one after the other."""
    for sku in (LAST, LAMP, BOWL, BLUE):
        if await taken(add(shop, person, sku)):
            break
    else:
        return
    view = await lock(shop, person)
    for method in methods:
        view = await pay(shop, person, view, method, key=f"{person}-{method}")
        if view.challenge is not None and answer:
            challenge_id = view.challenge.challenge_id
            await shop.confirm(person, view.id, challenge_id=challenge_id, response=answer)


async def together(shop: Commerce, party: str, *methods: str) -> None:
    """Two share a cart, divide it and pay their parts as far as there are methods."""
    people = (f"{party}-ada", f"{party}-bert")
    for person in people:
        await shop.join_cart(party, person)
        await taken(add(shop, person, BLUE))
    try:
        view = await lock(shop, people[0])
    except CheckoutProblemsError:
        # Sold out to the others: an empty cart cannot be locked.
        return
    view = await shop.split(people[0], view.id, plan="equal")
    for person, method in zip(people, methods, strict=False):
        mine = await shop.checkout(person, view.id)
        await shop.pay(
            person,
            view.id,
            payment_method=method,
            expected_total_minor=mine.due_minor or 0,
            idempotency_key=f"{person}-pays",
        )


async def refunded(shop: Commerce, person: str) -> None:
    """Buy something and get a part of the money back, then the rest."""
    if not await taken(add(shop, person, BLUE)):
        return
    view = await lock(shop, person)
    view = await pay(shop, person, view, PAYS, key=f"{person}-pays")
    if view.order_id is not None:
        for amount_minor in (490, None):
            await shop.refund(
                "staff",
                view.order_id,
                amount_minor=amount_minor,
                idempotency_key=f"{person}-{amount_minor}",
            )


async def unlocks(shop: Commerce, person: str) -> None:
    if await taken(add(shop, person, BLUE)):
        await shop.unlock(person, (await lock(shop, person)).id)


async def waits(shop: Commerce, person: str) -> None:
    if await taken(add(shop, person, BLUE)):
        await lock(shop, person)


async def taken(adding: Awaitable[object]) -> bool:
    """Whether it could be had."""
    try:
        await adding
    except CommerceError as error:
        if error.code != "SOLD_OUT":
            raise
        return False
    return True
