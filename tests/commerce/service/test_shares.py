"""Paid together: every part is promised before any is taken, else all are given back."""

import asyncio
from pathlib import Path

import pytest

from commerce import CheckoutState, Commerce, CommerceError
from commerce.payments.test_cards import ASKS, CAPTURES_SILENTLY, DECLINES, NEVER_ARRIVES
from commerce.views import ShareState
from tests.commerce.service.parties import PRICES, party, pay_part
from tests.commerce.shops import (
    BOWL,
    TurnedClock,
    available,
    charges_in,
    events_of,
    lock,
    locked,
    pay,
)


async def test_each_pays_their_own(shop: Commerce, tmp_path: Path) -> None:
    view = await party(shop, "ada", "bert", "cleo")
    assert [(s.person_id, s.amount_minor, s.state) for s in view.shares] == [
        (person, price, ShareState.OPEN) for person, price in PRICES.items()
    ]
    assert view.due_minor == 1_490
    first = await pay_part(shop, "ada", view.id)
    assert (first.state, first.in_doubt, first.due_minor) == (CheckoutState.PAYING, False, 0)
    assert [share.state for share in first.shares] == [
        ShareState.AUTHORISED,
        ShareState.OPEN,
        ShareState.OPEN,
    ]
    await pay_part(shop, "bert", view.id)
    assert {state for state, _ in charges_in(tmp_path)} == {"authorised"}, "nothing is taken yet"
    last = await pay_part(shop, "cleo", view.id)
    assert last.state is CheckoutState.PAID
    assert charges_in(tmp_path) == [("captured", price) for price in PRICES.values()]
    for person in PRICES:
        (order,) = await shop.orders(person)
        assert [(p.payer_id, p.amount_minor) for p in order.payments] == list(PRICES.items())
        assert order.payer_id == "ada"
    figures = (await shop.audit()).figures
    assert figures["captured_minor"] == figures["orders_minor"] == 9_390


async def test_all_at_once(shop: Commerce, tmp_path: Path) -> None:
    view = await party(shop, "ada", "bert", "cleo", plan="equal")
    answers = await asyncio.gather(*(pay_part(shop, p, view.id) for p in PRICES for _ in (1, 2)))
    assert (await shop.checkout("ada", view.id)).state is CheckoutState.PAID
    assert charges_in(tmp_path) == [("captured", 3_130)] * 3
    assert len(answers) == 6
    assert len(await shop.orders("bert")) == 1


@pytest.mark.parametrize(
    ("method", "code"), [(DECLINES, "INSUFFICIENT_FUNDS"), (NEVER_ARRIVES, "PAYMENT_NOT_MADE")]
)
async def test_one_fails_and_all_is_given_back(
    shop: Commerce, tmp_path: Path, method: str, code: str
) -> None:
    view = await party(shop, "ada", "bert")
    await pay_part(shop, "ada", view.id)
    failed = await pay_part(shop, "bert", view.id, method)
    if failed.in_doubt:
        await shop.reconcile()
        failed = await shop.checkout("bert", view.id)
    assert failed.state is CheckoutState.LOCKED
    assert failed.last_failure is not None
    assert (failed.last_failure.code, failed.last_failure.person_id) == (code, "bert")
    assert charges_in(tmp_path)[0] == ("voided", 1_490)
    seen = (await shop.checkout("ada", view.id)).last_failure
    assert seen is not None
    # The others learn whose part it was; what the bank said is for the payer.
    assert seen.person_id == "bert"
    assert seen.code == ("PAYMENT_DECLINED" if method == DECLINES else code)
    # Nothing was lost: each can pay again, or one for both.
    await shop.cover("ada", view.id, for_person_id="bert")
    paid = await pay_part(shop, "ada", view.id)
    assert paid.state is CheckoutState.PAID
    assert charges_in(tmp_path)[-1] == ("captured", 4_490)


async def test_a_question_of_one_bank(shop: Commerce) -> None:
    view = await party(shop, "ada", "bert")
    asked = await pay_part(shop, "ada", view.id, ASKS)
    assert asked.challenge is not None
    seen = (await shop.checkout("bert", view.id)).challenge
    assert seen is not None
    assert (seen.person_id, seen.url) == ("ada", None)
    waiting = await pay_part(shop, "bert", view.id)
    assert (waiting.state, waiting.in_doubt) == (CheckoutState.PAYING, False)
    paid = await shop.confirm(
        "ada", view.id, challenge_id=asked.challenge.challenge_id, response="approve"
    )
    assert paid.state is CheckoutState.PAID


async def test_a_capture_without_an_answer(shop: Commerce, tmp_path: Path) -> None:
    view = await party(shop, "ada", "bert")
    await pay_part(shop, "ada", view.id, CAPTURES_SILENTLY)
    doubt = await pay_part(shop, "bert", view.id)
    assert (doubt.state, doubt.in_doubt) == (CheckoutState.PAYING, True)
    assert (await shop.audit()).ok
    await shop.reconcile()
    assert (await shop.checkout("ada", view.id)).state is CheckoutState.PAID
    assert charges_in(tmp_path) == [("captured", 1_490), ("captured", 3_000)]


async def test_time_gives_back_what_waits(
    shop: Commerce, clock: TurnedClock, tmp_path: Path
) -> None:
    view = await party(shop, "ada", "bert")
    assert view.expires_ms == clock.now_ms + 5 * 60_000
    await pay_part(shop, "ada", view.id)
    # Bert drops out of the room: his place is kept as long as the lock lives.
    clock.turn(4 * 60_000)
    await shop.reconcile()
    await shop.sweep()
    with pytest.raises(CommerceError) as raised:
        await shop.leave_cart("bert")
    assert raised.value.code == "CART_LOCKED"
    assert (await shop.checkout("bert", view.id)).due_minor == 3_000
    clock.turn(60_000)
    with pytest.raises(CommerceError) as raised:
        await pay_part(shop, "bert", view.id)
    assert raised.value.code == "CHECKOUT_EXPIRED"
    assert await shop.reconcile() == 1
    ended = await shop.checkout("ada", view.id)
    assert (ended.state, ended.released_reason) == (CheckoutState.RELEASED, "payment_failed")
    assert ended.last_failure is not None
    assert (ended.last_failure.code, ended.last_failure.person_id) == ("SHARES_NOT_PAID", None)
    assert charges_in(tmp_path) == [("voided", 1_490)]
    assert await available(shop, BOWL) == 5


async def test_given_up(shop: Commerce, tmp_path: Path) -> None:
    view = await party(shop, "ada", "bert", "cleo")
    await pay_part(shop, "bert", view.id)
    with pytest.raises(CommerceError) as raised:
        await shop.give_up("cleo", view.id)
    assert raised.value.code == "NOT_ALLOWED"
    with pytest.raises(CommerceError) as raised:
        await shop.unlock("ada", view.id)
    assert raised.value.code == "CHECKOUT_STATE"
    back = await shop.give_up("ada", view.id)
    assert back.state is CheckoutState.LOCKED
    assert charges_in(tmp_path) == [("voided", 3_000)]
    assert (await shop.unlock("ada", view.id)).state is CheckoutState.RELEASED


async def test_cover_and_uncover(shop: Commerce) -> None:
    view = await party(shop, "ada", "bert", "cleo")
    covered = await shop.cover("ada", view.id, for_person_id="cleo")
    assert covered.due_minor == 1_490 + 4_900
    assert covered.shares[2].covered_by == "ada"
    with pytest.raises(CommerceError) as raised:
        await pay_part(shop, "cleo", view.id)
    assert raised.value.code == "NOTHING_TO_PAY"
    for person, other, code in (
        ("bert", "cleo", "NOT_ALLOWED"),
        ("bert", "bert", "NOT_ALLOWED"),
        ("bert", "dora", "SHARE_NOT_FOUND"),
        ("mallory", "cleo", "CHECKOUT_NOT_FOUND"),
    ):
        with pytest.raises(CommerceError) as raised:
            await shop.cover(person, view.id, for_person_id=other)
        assert raised.value.code == code
    freed = await shop.cover("ada", view.id, for_person_id="cleo", covers=False)
    assert freed.shares[2].covered_by is None
    await pay_part(shop, "cleo", view.id)
    with pytest.raises(CommerceError) as raised:
        await shop.cover("ada", view.id, for_person_id="cleo")
    assert raised.value.code == "CHECKOUT_STATE"


async def test_who_may_divide(shop: Commerce) -> None:
    view = await party(shop, "ada", "bert")
    for person, plan, amounts, people, code in (
        ("bert", "equal", None, None, "NOT_ALLOWED"),
        ("mallory", "equal", None, None, "CHECKOUT_NOT_FOUND"),
        ("ada", "by mood", None, None, "INVALID_SPLIT"),
        ("ada", "custom", {"ada": 1}, None, "INVALID_SPLIT"),
        ("ada", "equal", None, ["ada", "mallory"], "INVALID_SPLIT"),
    ):
        with pytest.raises(CommerceError) as raised:
            await shop.split(person, view.id, plan=plan, amounts=amounts, people=people)
        assert raised.value.code == code
    custom = await shop.split("ada", view.id, plan="custom", amounts={"ada": 4_000, "bert": 490})
    assert custom.due_minor == 4_000
    alone = await shop.split("ada", view.id, plan="equal", people=["bert"])
    assert alone.due_minor == 0
    await pay_part(shop, "bert", view.id)
    with pytest.raises(CommerceError) as raised:
        await shop.split("ada", view.id, plan="equal")
    assert raised.value.code == "CHECKOUT_STATE"


async def test_an_unsplit_party_checkout_is_paid_by_one(shop: Commerce) -> None:
    view = await party(shop, "ada", "bert", plan="")
    paid = await pay(shop, "bert", view)
    assert (paid.state, paid.payer_id) == (CheckoutState.PAID, "bert")


async def test_the_room_hears_every_step(shop: Commerce) -> None:
    view = await party(shop, "ada", "bert")
    await events_of(shop)
    await pay_part(shop, "ada", view.id)
    told = await events_of(shop)
    assert [type(event).__name__ for event in told] == ["CheckoutChanged", "CheckoutChanged"]
    shown = await shop.public_checkout(view.id)
    assert [share.state for share in shown.shares] == [ShareState.AUTHORISED, ShareState.OPEN]


async def test_a_wrong_part_is_refused(shop: Commerce) -> None:
    view = await party(shop, "ada", "bert")
    for total in (view.total_minor, 1_489):
        with pytest.raises(CommerceError) as raised:
            await shop.pay(
                "ada",
                view.id,
                payment_method="test:0000000000000001",
                expected_total_minor=total,
                idempotency_key=f"k-{total}",
            )
        assert raised.value.code == "TOTAL_CHANGED"
    with pytest.raises(CommerceError) as raised:
        await pay_part(shop, "ada", view.id, amount_minor=1_491)
    assert raised.value.code == "INVALID_AMOUNT"


async def test_too_many_tries(shop: Commerce, clock: TurnedClock) -> None:
    view = await locked(shop, "ada")
    for number in range(12):
        view = await pay(shop, "ada", view, DECLINES, key=f"try-{number}")
        if view.state is not CheckoutState.LOCKED:
            view = await lock(shop, "ada")
    with pytest.raises(CommerceError) as raised:
        await pay(shop, "ada", view, key="one too many")
    assert raised.value.code == "TOO_MANY_PAYMENTS"
    assert raised.value.data["retry_after_ms"] == 3_600_000
    clock.turn(3_600_001)
    await shop.sweep()
    await shop.prune()
    assert (await pay(shop, "ada", await lock(shop, "ada"), key="later")).order_id
