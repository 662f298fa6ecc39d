"""What costs nothing is a checkout like any other, also when several take part."""

import asyncio

import pytest

from commerce import CheckoutState, Commerce
from commerce.errors import ConflictError
from commerce.payments.test_cards import ASKS, PAYS
from tests.commerce.service.parties import pay_part
from tests.commerce.shops import add, lock, product, sku_seed


@pytest.mark.parametrize("method", [PAYS, ASKS])
async def test_nobody_is_left_behind_when_it_costs_nothing(shop: Commerce, method: str) -> None:
    leaflet = product(
        "leaflet", "Leaflet", "paper", price_minor=0, skus=(sku_seed("LEAFLET", price_minor=0),)
    )
    await shop.seed([leaflet])
    for person in ("ada", "bert"):
        await shop.join_cart("party-1", person)
    await add(shop, "ada", "LEAFLET")
    view = await lock(shop, "ada")
    await shop.split("ada", view.id, plan="equal")
    answers = await asyncio.gather(
        pay_part(shop, "ada", view.id, method),
        pay_part(shop, "bert", view.id),
        return_exceptions=True,
    )
    paying = list[str]()
    for person, answer in zip(("ada", "bert"), answers, strict=True):
        if isinstance(answer, BaseException):
            # Who comes a moment later may find it paid; then nobody asks them for anything.
            assert isinstance(answer, ConflictError)
            assert answer.code == "CHECKOUT_STATE"
        else:
            paying.append(person)
    mine = answers[0]
    if not isinstance(mine, BaseException) and mine.challenge is not None:
        assert mine.state is CheckoutState.PAYING, "nothing is decided without ada"
        challenge_id = mine.challenge.challenge_id
        await shop.confirm("ada", view.id, challenge_id=challenge_id, response="approve")
    assert (await shop.checkout("bert", view.id)).state is CheckoutState.PAID
    (order,) = await shop.orders("ada")
    assert sorted(payment.payer_id for payment in order.payments) == paying
    assert await shop.reconcile() == 0, "no payment is under way any more"
