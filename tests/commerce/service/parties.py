"""Two or three people with one cart at the till."""

import itertools

from commerce import CheckoutView, Commerce
from commerce.payments.test_cards import PAYS
from tests.commerce.shops import BLUE, BOWL, LAMP, add, lock

_numbers = itertools.count(1)

GOODS = {"ada": BLUE, "bert": BOWL, "cleo": LAMP}
PRICES = {"ada": 1_490, "bert": 3_000, "cleo": 4_900}


async def party(shop: Commerce, *people: str, plan: str = "own_lines") -> CheckoutView:
    """Each puts one thing in; the first locks and divides."""
    for person in people:
        await shop.join_cart("party-1", person)
        await add(shop, person, GOODS[person])
    view = await lock(shop, people[0])
    return await shop.split(people[0], view.id, plan=plan) if plan else view


async def pay_part(
    shop: Commerce,
    person: str,
    checkout_id: str,
    method: str = PAYS,
    amount_minor: int | None = None,
) -> CheckoutView:
    """Pay what this person has to pay, or so much of it."""
    view = await shop.checkout(person, checkout_id)
    parts = {share.covered_by or share.person_id: 0 for share in view.shares}
    for share in view.shares:
        parts[share.covered_by or share.person_id] += share.amount_minor or 0
    return await shop.pay(
        person,
        checkout_id,
        payment_method=method,
        expected_total_minor=parts.get(person, 0) if view.shares else view.total_minor,
        idempotency_key=f"part-{next(_numbers)}",
        amount_minor=amount_minor,
    )
