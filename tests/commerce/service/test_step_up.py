"""Store credit that asks before it pays: for a headset, where a gesture is made in a moment."""

from pathlib import Path

import pytest

from commerce import CheckoutState, CheckoutView, Commerce
from commerce.payments.test_cards import PAYS
from commerce.views import ChallengeView
from tests.commerce.shops import TurnedClock, charges_in, locked, product, seeds, sku_seed

DUE = 1_490


async def asked(shop: Commerce, person: str, method: str = "credit:") -> CheckoutView:
    checkout = await locked(shop, person)
    return await stepping_up(shop, person, checkout, method)


async def stepping_up(
    shop: Commerce, person: str, checkout: CheckoutView, method: str
) -> CheckoutView:
    return await shop.pay(
        person,
        checkout.id,
        payment_method=method,
        expected_total_minor=checkout.total_minor,
        idempotency_key=f"step-up-{checkout.id}-{method[:6]}",
        step_up=True,
    )


async def grant(shop: Commerce, person: str, amount_minor: int) -> None:
    await shop.grant_credit(
        person, amount_minor=amount_minor, currency="EUR", idempotency_key=f"grant-{person}"
    )


async def available(shop: Commerce, person: str) -> int:
    return (await shop.credit(person, "EUR")).available_minor


def challenge_of(view: CheckoutView) -> ChallengeView:
    assert (view.state, view.in_doubt, view.order_id) == (CheckoutState.PAYING, False, None)
    assert view.challenge is not None
    return view.challenge


@pytest.mark.parametrize("approve", [True, False])
async def test_credit_asks(shop: Commerce, approve: bool) -> None:
    await grant(shop, "ada", DUE)
    view = await asked(shop, "ada")
    challenge = challenge_of(view)
    assert "14.90 EUR" in challenge.instructions
    assert await available(shop, "ada") == 0, "kept for the answer"
    assert (await shop.credit("ada", "EUR")).balance_minor == DUE, "and not taken before"
    answered = await shop.confirm(
        "ada",
        view.id,
        challenge_id=challenge.challenge_id,
        response="approve" if approve else "reject",
    )
    assert answered.state is (CheckoutState.PAID if approve else CheckoutState.LOCKED)
    assert await available(shop, "ada") == (0 if approve else DUE)
    if not approve:
        assert answered.last_failure is not None
        assert answered.last_failure.code == "CHALLENGE_REJECTED"


async def test_a_gift_card_asks_and_nobody_answers(shop: Commerce, clock: TurnedClock) -> None:
    card = await shop.issue_gift_card(amount_minor=2_000, currency="EUR")
    view = await asked(shop, "ada", f"gift:{card.code}")
    challenge = challenge_of(view)
    clock.now_ms = challenge.expires_ms
    await shop.reconcile()
    over = await shop.checkout("ada", view.id)
    assert over.last_failure is not None
    assert over.last_failure.code == "CHALLENGE_EXPIRED"
    assert (await shop.gift_card(card.code)).available_minor == 2_000


async def test_not_enough_is_said_at_once(shop: Commerce) -> None:
    await grant(shop, "ada", DUE - 1)
    view = await asked(shop, "ada")
    assert (view.state, view.challenge) == (CheckoutState.LOCKED, None)
    assert view.last_failure is not None
    assert view.last_failure.code == "INSUFFICIENT_CREDIT"


async def test_a_card_has_been_asked_for_already(shop: Commerce, tmp_path: Path) -> None:
    assert (await asked(shop, "ada", PAYS)).state is CheckoutState.PAID
    assert charges_in(tmp_path) == [("captured", DUE)]


@pytest.mark.parametrize("method", ["credit:", PAYS])
async def test_nothing_to_pay_asks_nobody(shop: Commerce, tmp_path: Path, method: str) -> None:
    free = (sku_seed("LEAFLET", price_minor=0),)
    await shop.seed((*seeds(), product("leaflet", "Leaflet", "paper", price_minor=0, skus=free)))
    view = await stepping_up(shop, "ada", await locked(shop, "ada", "LEAFLET"), method)
    assert view.state is CheckoutState.PAID
    assert charges_in(tmp_path) == []
