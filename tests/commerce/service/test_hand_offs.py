"""The headset asks, the phone pays: once, this amount, while the code lives."""

import asyncio

import pytest

from commerce import CheckoutState, Commerce, CommerceError
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


async def test_a_code_works_once_even_when_the_bank_says_no(shop: Commerce) -> None:
    checkout = await locked(shop, "ada")
    made = await shop.hand_off("ada", checkout.id)
    await by_code(shop, made.code, DECLINES)
    with pytest.raises(CommerceError) as raised:
        await by_code(shop, made.code, PAYS, "again")
    assert raised.value.code == "HAND_OFF_ENDED"
    assert (await shop.checkout("ada", checkout.id)).state is CheckoutState.LOCKED


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
