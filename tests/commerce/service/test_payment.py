"""Paying: once, whatever happens."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from commerce import CheckoutState, CheckoutView, Commerce, CommerceError, HoldState, OrderPaid
from commerce.payments.test_cards import (
    ASKS,
    CAPTURES_SILENTLY,
    DECLINES,
    NEVER_ARRIVES,
    PAYS,
    PROMISES_SILENTLY,
    TestCards,
    never,
)
from commerce.service.faults import FaultPoint
from tests.commerce.shops import (
    BLUE,
    LAST,
    LEDGER_FILE,
    TurnedClock,
    add,
    available,
    bought,
    bytes_in,
    charges_in,
    events_of,
    locked,
    open_shop,
    pay,
)


class CountingCards(TestCards):
    """The embedded provider, counting how often it was asked for money."""

    asked = 0

    async def authorise(self, *arguments: Any) -> Any:
        self.asked += 1
        return await super().authorise(*arguments)


async def test_pay(shop: Commerce, tmp_path: Path) -> None:
    view = await bought(shop, "ada", BLUE, 2)
    assert (view.state, view.payer_id, view.last_failure) == (CheckoutState.PAID, "ada", None)
    cart = await shop.cart_of("ada")
    assert (cart.lines, cart.checkout_id) == ((), None)
    assert await available(shop) == 18
    assert charges_in(tmp_path) == [("captured", 2_980)]
    (order,) = await shop.orders("ada")
    assert (order.id, order.status, order.total_minor) == (view.order_id, "paid", 2_980)
    figures = (await shop.audit()).figures
    assert (figures["sold"], figures["held"], figures["captured_minor"]) == (2, 0, 2_980)


@pytest.mark.parametrize(
    ("clicks", "one_key", "method"),
    [
        (2, True, PAYS),
        (5, False, PAYS),
        (50, True, PAYS),
        (50, False, PAYS),
        (5, True, DECLINES),
        (5, False, DECLINES),
    ],
)
async def test_many_clicks_are_one_payment(
    tmp_path: Path, clock: TurnedClock, clicks: int, one_key: bool, method: str
) -> None:
    gateway = await CountingCards.open(tmp_path / LEDGER_FILE)
    async with open_shop(tmp_path, clock, gateway=gateway) as shop:
        checkout = await locked(shop, "ada")
        keys = ["key" if one_key else f"key-{n}" for n in range(clicks)]
        answers = await asyncio.gather(*(pay(shop, "ada", checkout, method, key) for key in keys))
        assert gateway.asked == 1
        assert all(answer == answers[0] for answer in answers)
        # And later, when an answer got lost on its way.
        again = await asyncio.gather(*(pay(shop, "ada", checkout, method, key) for key in keys))
        assert gateway.asked == 1
        assert {answer.state for answer in again} == {answers[0].state}
        assert len(await shop.orders("ada")) == (method == PAYS)


async def test_two_members_pay_at_once(shop: Commerce, tmp_path: Path) -> None:
    for person in ("ada", "bert"):
        await shop.join_cart("party-1", person)
    checkout = await locked(shop, "ada")
    outcomes = await asyncio.gather(
        pay(shop, "bert", checkout, key="b"),
        pay(shop, "ada", checkout, key="a"),
        return_exceptions=True,
    )
    paid, refused = outcomes
    assert isinstance(paid, CheckoutView)
    assert isinstance(refused, CommerceError)
    assert (paid.payer_id, refused.code) == ("bert", "CHECKOUT_STATE")
    assert charges_in(tmp_path) == [("captured", 1_490)]
    assert [order.payer_id for order in await shop.orders("ada")] == ["bert"]


async def test_key_with_another_request(shop: Commerce) -> None:
    checkout = await locked(shop, "ada")
    await pay(shop, "ada", checkout, DECLINES, "k")
    with pytest.raises(CommerceError) as raised:
        await pay(shop, "ada", checkout, PAYS, "k")
    assert raised.value.code == "IDEMPOTENCY_KEY_REUSED"
    assert (await pay(shop, "ada", checkout, PAYS, "k2")).order_id


async def test_decline_and_another_card(shop: Commerce, tmp_path: Path) -> None:
    checkout = await locked(shop, "ada")
    declined = await pay(shop, "ada", checkout, DECLINES, "first")
    assert (declined.state, declined.payer_id) == (CheckoutState.LOCKED, None)
    assert declined.last_failure is not None
    assert declined.last_failure.code == "INSUFFICIENT_FUNDS"
    assert declined.last_failure.message.endswith(".")
    assert (await shop.cart_of("ada")).lines[0].hold_state is HoldState.FIRM
    assert (await pay(shop, "ada", checkout, DECLINES, "first")).state is CheckoutState.LOCKED
    assert len(charges_in(tmp_path)) == 1, "a repeat asks nobody"
    paid = await pay(shop, "ada", checkout, PAYS, "second")
    assert (paid.state, paid.last_failure) == (CheckoutState.PAID, None)
    assert charges_in(tmp_path) == [("declined", 1_490), ("captured", 1_490)]


async def test_challenge(shop: Commerce, clock: TurnedClock) -> None:
    await shop.join_cart("party-1", "ada")
    await shop.join_cart("party-1", "bert")
    asked = await pay(shop, "ada", await locked(shop, "ada"), ASKS)
    assert (asked.state, asked.in_doubt) == (CheckoutState.PAYING, False)
    assert asked.challenge is not None
    assert "14.90 EUR" in asked.challenge.instructions
    assert asked.challenge.expires_ms == clock.now_ms + 3 * 60_000
    challenge_id = asked.challenge.challenge_id
    for person, wrong, code in (
        ("bert", challenge_id, "NOT_ALLOWED"),
        ("mallory", challenge_id, "CHECKOUT_NOT_FOUND"),
        ("ada", "challenge-0", "CHALLENGE_NOT_FOUND"),
    ):
        with pytest.raises(CommerceError) as raised:
            await shop.confirm(person, asked.id, challenge_id=wrong, response="approve")
        assert raised.value.code == code
    with pytest.raises(CommerceError) as raised:
        await shop.confirm("ada", asked.id, challenge_id=challenge_id, response="perhaps")
    assert raised.value.code == "INVALID_RESPONSE"

    # Time does not end a payment that is under way.
    clock.turn(150_000)
    await shop.sweep()
    assert (await shop.cart_of("ada")).lines[0].hold_state is HoldState.FIRM
    answers = await asyncio.gather(
        *(
            shop.confirm("ada", asked.id, challenge_id=challenge_id, response="approve")
            for _ in range(5)
        )
    )
    assert {answer.order_id for answer in answers} == {answers[0].order_id}
    assert answers[0].state is CheckoutState.PAID
    later = await shop.confirm("ada", asked.id, challenge_id=challenge_id, response="reject")
    assert later.state is CheckoutState.PAID


async def test_challenge_rejected(shop: Commerce) -> None:
    asked = await pay(shop, "ada", await locked(shop, "ada"), ASKS)
    assert asked.challenge is not None
    answer = await shop.confirm(
        "ada", asked.id, challenge_id=asked.challenge.challenge_id, response="reject"
    )
    assert (answer.state, answer.challenge) == (CheckoutState.LOCKED, None)
    assert answer.last_failure is not None
    assert answer.last_failure.code == "CHALLENGE_REJECTED"
    assert (await pay(shop, "ada", answer, PAYS, "again")).state is CheckoutState.PAID


async def test_challenge_answered_too_late(shop: Commerce, clock: TurnedClock) -> None:
    asked = await pay(shop, "ada", await locked(shop, "ada", LAST), ASKS)
    assert asked.challenge is not None
    clock.turn(181_000)
    late = await shop.confirm(
        "ada", asked.id, challenge_id=asked.challenge.challenge_id, response="approve"
    )
    assert (late.state, late.released_reason) == (CheckoutState.RELEASED, "payment_failed")
    assert late.last_failure is not None
    assert late.last_failure.code == "CHALLENGE_EXPIRED"
    assert await available(shop, LAST) == 1
    assert [line.hold_state for line in (await shop.cart_of("ada")).lines] == [HoldState.EXPIRED]


@pytest.mark.parametrize(
    ("method", "order"), [(PROMISES_SILENTLY, 1), (CAPTURES_SILENTLY, 1), (NEVER_ARRIVES, 0)]
)
async def test_time_out(shop: Commerce, tmp_path: Path, method: str, order: int) -> None:
    view = await pay(shop, "ada", await locked(shop, "ada", LAST), method)
    assert (view.state, view.in_doubt, view.order_id) == (CheckoutState.PAYING, True, None)
    assert (await shop.audit()).ok
    assert await shop.reconcile() == 1
    settled = await shop.checkout("ada", view.id)
    assert not settled.in_doubt
    assert len(await shop.orders("ada")) == order
    if order:
        assert settled.state is CheckoutState.PAID
        assert charges_in(tmp_path) == [("captured", 1_990)]
        return
    assert settled.state is CheckoutState.LOCKED
    assert settled.last_failure is not None
    assert settled.last_failure.code == "PAYMENT_NOT_MADE"
    assert charges_in(tmp_path) == [("voided", 0)], "it cannot arrive later any more"
    assert (await pay(shop, "ada", settled, PAYS, "again")).state is CheckoutState.PAID


async def test_a_bank_that_says_nothing_is_given_up(tmp_path: Path, clock: TurnedClock) -> None:
    silent = await TestCards.open(tmp_path / LEDGER_FILE, silence=never)
    async with open_shop(tmp_path, clock, gateway=silent, gateway_timeout_ms=20) as shop:
        view = await pay(shop, "ada", await locked(shop, "ada"), NEVER_ARRIVES)
        assert (view.state, view.in_doubt) == (CheckoutState.PAYING, True)
    async with open_shop(tmp_path, clock) as shop:
        assert (await shop.checkout("ada", view.id)).state is CheckoutState.LOCKED


async def test_doubt_outlives_the_lock(shop: Commerce, clock: TurnedClock) -> None:
    view = await pay(shop, "ada", await locked(shop, "ada", LAST), NEVER_ARRIVES)
    clock.turn(3_600_000)
    await shop.sweep()
    assert await available(shop, LAST) == 0, "what may be paid is not sold to others"
    await shop.reconcile()
    assert (await shop.checkout("ada", view.id)).state is CheckoutState.RELEASED
    assert await available(shop, LAST) == 1


async def test_too_late_and_wrong_total(shop: Commerce, clock: TurnedClock, tmp_path: Path) -> None:
    checkout = await locked(shop, "ada")
    for total in (1_489, 0, 10**6):
        with pytest.raises(CommerceError) as raised:
            await shop.pay(
                "ada",
                checkout.id,
                payment_method=PAYS,
                expected_total_minor=total,
                idempotency_key=f"t{total}",
            )
        assert (raised.value.code, raised.value.data["total_minor"]) == ("TOTAL_CHANGED", 1_490)
    clock.turn(120_000)
    with pytest.raises(CommerceError) as raised:
        await pay(shop, "ada", checkout)
    assert raised.value.code == "CHECKOUT_EXPIRED"
    await shop.sweep()
    with pytest.raises(CommerceError) as raised:
        await pay(shop, "ada", checkout)
    assert (raised.value.code, raised.value.data["state"]) == ("CHECKOUT_STATE", "released")
    assert charges_in(tmp_path) == []


async def test_unknown_methods_leave_no_trace(shop: Commerce, tmp_path: Path) -> None:
    checkout = await locked(shop, "ada")
    wrong: list[Any] = ["visa:secret", "test:secret", "", "test:0000000000000099", 7]
    for method in wrong:
        with pytest.raises(CommerceError) as raised:
            await pay(shop, "ada", checkout, method)
        assert raised.value.code == "PAYMENT_METHOD_UNKNOWN"
        assert "secret" not in f"{raised.value} {raised.value.data} {raised.value.__cause__}"
    assert (await shop.checkout("ada", checkout.id)).state is CheckoutState.LOCKED
    stored = bytes_in(tmp_path)
    assert b"secret" not in stored
    assert b"test:0" not in stored


async def test_even_a_known_method_is_not_stored(shop: Commerce, tmp_path: Path) -> None:
    await bought(shop, "ada")
    assert PAYS.encode() not in bytes_in(tmp_path)


async def test_the_party_hears_of_the_order(shop: Commerce) -> None:
    for person in ("ada", "bert"):
        await shop.join_cart("party-1", person)
    await add(shop, "bert", LAST)
    view = await bought(shop, "ada", BLUE, 2)
    (paid,) = [event for event in await events_of(shop) if isinstance(event, OrderPaid)]
    assert (paid.cart_id, paid.order_id, paid.payer_id) == ("party-1", view.order_id, "ada")
    assert paid.member_ids == ("ada", "bert")
    assert [(line.sku, line.quantity) for line in paid.lines] == [(LAST, 1), (BLUE, 2)]
    assert (paid.total_minor, paid.currency) == (4_970, "EUR")


async def test_a_payer_who_goes_away_has_paid(tmp_path: Path, clock: TurnedClock) -> None:
    prepared = asyncio.Event()

    def notice(point: FaultPoint) -> None:
        if point is FaultPoint.PAYMENT_PREPARED:
            prepared.set()

    async with open_shop(tmp_path, clock, faults=notice) as shop:
        checkout = await locked(shop, "ada")
        paying = asyncio.create_task(pay(shop, "ada", checkout))
        await prepared.wait()
        paying.cancel()
        with pytest.raises(asyncio.CancelledError):
            await paying
        assert (await pay(shop, "ada", checkout)).state is CheckoutState.PAID
    assert charges_in(tmp_path) == [("captured", 1_490)]
