"""The headset asks, the phone pays: once, this amount, while the code lives."""

import asyncio

import pytest

from commerce import CheckoutState, Commerce, CommerceError
from commerce.payments.settings import PaymentSettings
from commerce.payments.test_cards import ASKS, DECLINES, PAYS
from tests.commerce.service.parties import party
from tests.commerce.shops import TurnedClock, locked, pay


async def by_code(shop: Commerce, code: str, method: str = PAYS, key: str = "phone") -> object:
    return await shop.pay_hand_off(code, payment_method=method, idempotency_key=key)


async def test_the_phone_pays(shop: Commerce, clock: TurnedClock) -> None:
    checkout = await locked(shop, "ada")
    made = await shop.hand_off("ada", checkout.id)
    assert (made.amount_minor, made.currency) == (1_490, "EUR")
    assert made.expires_ms == min(clock.now_ms + 120_000, checkout.expires_ms)
    assert len(made.code) == 10
    typed = f"{made.code[:5].lower()} {made.code[5:]}"
    assert (await shop.open_hand_off(typed)).due_minor == 1_490
    views = await asyncio.gather(*(by_code(shop, typed) for _ in range(3)))
    assert {view.state for view in views} == {CheckoutState.PAID}  # type: ignore[attr-defined]
    assert len(await shop.orders("ada")) == 1
    with pytest.raises(CommerceError) as raised:
        await shop.open_hand_off(made.code)
    assert raised.value.code == "HAND_OFF_ENDED"


async def refused(shop: Commerce, code: str, method: str = PAYS, key: str = "again") -> str:
    with pytest.raises(CommerceError) as raised:
        await by_code(shop, code, method, key)
    return raised.value.code


async def test_a_declined_card_leaves_the_code_and_a_paid_one_ends_it(shop: Commerce) -> None:
    checkout = await locked(shop, "ada")
    made = await shop.hand_off("ada", checkout.id)
    for key in ("first", "first", "second"):
        await by_code(shop, made.code, DECLINES, key)
    assert len((await shop.checkout("ada", checkout.id)).lines) == 1
    assert (await shop.open_hand_off(made.code)).due_minor == 1_490
    await by_code(shop, made.code, PAYS, "third")
    assert await refused(shop, made.code) == "HAND_OFF_ENDED"
    assert len(await shop.orders("ada")) == 1


async def test_one_try_at_a_time(shop: Commerce) -> None:
    checkout = await locked(shop, "ada")
    made = await shop.hand_off("ada", checkout.id)
    asked = await shop.pay_hand_off(made.code, payment_method=ASKS, idempotency_key="k")
    assert asked.challenge is not None
    assert await refused(shop, made.code) == "CHECKOUT_STATE"
    with pytest.raises(CommerceError) as raised:
        await shop.open_hand_off(made.code)
    assert raised.value.code == "HAND_OFF_ENDED"
    name = asked.challenge.challenge_id
    await shop.confirm("ada", checkout.id, challenge_id=name, response="reject")
    await by_code(shop, made.code, PAYS, "again")
    assert len(await shop.orders("ada")) == 1


async def test_a_code_that_was_replaced_stays_so(shop: Commerce, clock: TurnedClock) -> None:
    checkout = await locked(shop, "ada")
    first = await shop.hand_off("ada", checkout.id)
    await by_code(shop, first.code, DECLINES)
    second = await shop.hand_off("ada", checkout.id)
    assert await refused(shop, first.code) == "HAND_OFF_ENDED"
    await by_code(shop, second.code, DECLINES)
    assert await refused(shop, first.code) == "HAND_OFF_ENDED"
    clock.turn(120_000)
    assert await refused(shop, second.code) in ("HAND_OFF_ENDED", "CHECKOUT_EXPIRED")


async def test_a_part_that_others_let_down_has_used_its_code(shop: Commerce) -> None:
    view = await party(shop, "ada", "bert")
    made = await shop.hand_off("ada", view.id)
    await by_code(shop, made.code)
    other = await shop.hand_off("bert", view.id)
    await by_code(shop, other.code, DECLINES)
    # Ada has confirmed once; that she pays after all is hers to say again.
    assert await refused(shop, made.code) == "HAND_OFF_ENDED"
    await by_code(shop, other.code, PAYS, "again")
    fresh = await shop.hand_off("ada", view.id)
    await by_code(shop, fresh.code)
    assert len(await shop.orders("ada")) == 1


async def test_tries_by_a_code_count_for_its_person(shop: Commerce) -> None:
    checkout = await locked(shop, "ada")
    made = await shop.hand_off("ada", checkout.id)
    for number in range(PaymentSettings().tries_per_person_max):
        await by_code(shop, made.code, DECLINES, f"{number}")
    assert await refused(shop, made.code) == "TOO_MANY_PAYMENTS"
    assert (await shop.checkout("ada", checkout.id)).state is CheckoutState.LOCKED


async def test_whose_credit_is_enough(shop: Commerce) -> None:
    checkout = await locked(shop, "ada")
    made = await shop.hand_off("ada", checkout.id)
    assert await shop.credit_of_hand_off(made.code) is None
    for amount_minor in (1_489, 1):
        assert await shop.credit_of_hand_off(made.code) is None
        await shop.grant_credit(
            "ada", amount_minor=amount_minor, currency="EUR", idempotency_key=f"{amount_minor}"
        )
    credit = await shop.credit_of_hand_off(made.code)
    assert credit is not None
    assert credit.available_minor == 1_490
    await by_code(shop, made.code, "credit:")
    with pytest.raises(CommerceError) as raised:
        await shop.credit_of_hand_off(made.code)
    assert raised.value.code == "HAND_OFF_ENDED"


async def test_over_replaced_and_unknown(shop: Commerce, clock: TurnedClock) -> None:
    await shop.join_cart("party-1", "bert")
    view = await party(shop, "ada", "bert")
    first = await shop.hand_off("ada", view.id)
    second = await shop.hand_off("ada", view.id)
    for code, expected in ((first.code, "HAND_OFF_ENDED"), ("AAAA", "HAND_OFF_NOT_FOUND")):
        with pytest.raises(CommerceError) as raised:
            await shop.open_hand_off(code)
        assert raised.value.code == expected
        with pytest.raises(CommerceError) as raised:
            await by_code(shop, code)
        assert raised.value.code == expected
    clock.turn(120_000)
    with pytest.raises(CommerceError) as raised:
        await by_code(shop, second.code)
    assert raised.value.code == "HAND_OFF_ENDED"
    assert (await shop.checkout("ada", view.id)).state is CheckoutState.LOCKED


async def test_bound_to_the_amount(shop: Commerce) -> None:
    view = await party(shop, "ada", "bert")
    made = await shop.hand_off("ada", view.id)
    await shop.cover("ada", view.id, for_person_id="bert")
    with pytest.raises(CommerceError) as raised:
        await shop.open_hand_off(made.code)
    assert raised.value.code == "HAND_OFF_ENDED"
    fresh = await shop.hand_off("ada", view.id)
    assert fresh.amount_minor == 4_490
    with pytest.raises(CommerceError) as raised:
        await shop.hand_off("bert", view.id)
    assert raised.value.code == "NOTHING_TO_PAY"


async def test_the_bank_asks_the_phone(shop: Commerce) -> None:
    checkout = await locked(shop, "ada")
    made = await shop.hand_off("ada", checkout.id)
    asked = await shop.pay_hand_off(made.code, payment_method=ASKS, idempotency_key="k")
    assert asked.challenge is not None
    paid = await shop.confirm(
        "ada", checkout.id, challenge_id=asked.challenge.challenge_id, response="approve"
    )
    assert paid.state is CheckoutState.PAID


async def test_only_so_many_codes(shop: Commerce) -> None:
    checkout = await locked(shop, "ada")
    for _ in range(12):
        await shop.hand_off("ada", checkout.id)
    with pytest.raises(CommerceError) as raised:
        await shop.hand_off("ada", checkout.id)
    assert raised.value.code == "LIMIT_REACHED"
    await pay(shop, "ada", checkout)
    with pytest.raises(CommerceError) as raised:
        await shop.hand_off("ada", checkout.id)
    assert raised.value.code == "NOTHING_TO_PAY"
