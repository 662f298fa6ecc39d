"""Somebody who asks to be forgotten is nowhere any more, and the books still balance."""

import asyncio
from pathlib import Path

import pytest

from commerce import (
    Commerce,
    ConflictError,
    Contact,
    Erasure,
    Forfeit,
    HoldState,
    LineMoved,
    NotFoundError,
    PersonErased,
    subject_of,
)
from commerce.db.schema import metadata
from commerce.payments.test_cards import ASKS, DECLINES
from commerce.promotions import Coupon, CouponKind
from tests.commerce.service.parties import pay_part
from tests.commerce.service.test_several_processes import two_shops
from tests.commerce.shops import (
    BLUE,
    BOWL,
    LAMP,
    SHOP_FILE,
    STARTED_MS,
    STOCK,
    TurnedClock,
    add,
    available,
    bought,
    events_of,
    lock,
    locked,
    pay,
    rows_of,
)

ADA, BERT, CLEO = "ada-0f3c", "bert-77", "cleo-81"
CONTACT = Contact(
    email="ada@shop.example",
    name="Ada L.",
    line1="1 Mill Lane",
    city="York",
    postal_code="YO1 7HH",
    country="GB",
)
SECRETS = (ADA, CONTACT.email, CONTACT.name, CONTACT.line1, CONTACT.postal_code)
MINUTE_MS = 60_000


def found_in(folder: Path, *words: str) -> set[str]:
    """Every column of every table that has one of these words in it."""
    return {
        f"{table.name}.{column.name}"
        for table in metadata.sorted_tables
        for row in rows_of(folder / SHOP_FILE, f"SELECT * FROM {table.name}")  # noqa: S608
        for column, value in zip(table.columns, row, strict=True)
        if any(word in str(value) for word in words)
    }


async def finished(shop: Commerce, person: str) -> None:
    """Everybody has heard, and the erasure is over."""
    await events_of(shop)
    assert await shop.erasures.finish(person)
    assert await shop.erasures.opened() == ()


async def a_life(shop: Commerce) -> None:
    """Ada leaves a trace in every table that people are in."""
    await shop.stock_room.limit_purchases(BLUE, 5)
    await shop.coupons.create(
        Coupon("TEN", CouponKind.PERCENT, 1_000, "EUR", uses_per_person_max=2)
    )
    # An order with an address, a coupon, a declined try, a code for the phone, and a refund.
    await add(shop, ADA, BLUE, 2)
    await shop.coupons.apply(ADA, "TEN")
    view = await shop.lock(ADA, idempotency_key="lock", contact=CONTACT)
    await pay(shop, ADA, view, DECLINES, key="no")
    await shop.hand_off(ADA, view.id)
    paid = await pay(shop, ADA, view, key="yes")
    assert paid.order_id is not None
    await shop.refund(ADA, paid.order_id, amount_minor=100, idempotency_key="back")
    # One that was paid together, with a gift; and one that was let go.
    await shop.join_cart("party-1", ADA)
    await shop.join_cart("party-1", BERT)
    mug = (await add(shop, ADA, LAMP)).lines[0]
    await add(shop, BERT, BOWL)
    await shop.offer_gift(ADA, mug.line_id, receiver_id=BERT)
    await shop.answer_gift(BERT, mug.line_id, accept=True)
    together = await lock(shop, BERT)
    for person in (ADA, BERT):
        await pay_part(shop, person, together.id)
    # What is still in carts, offered, waited for, and credited.
    await add(shop, ADA, BLUE)
    bowl = (await add(shop, BERT, BOWL)).lines[-1]
    await shop.set_quantity(ADA, bowl.line_id, 2, idempotency_key="two")
    await shop.offer_gift(BERT, bowl.line_id, receiver_id=ADA)
    await shop.coupons.apply(ADA, "TEN")
    await shop.buy_now(ADA, LAMP, 1, idempotency_key="now")
    await shop.drops.open(LAMP, 1)
    for person in (CLEO, ADA, BERT):
        await shop.drops.join(person, LAMP)
    await shop.grant_credit(ADA, amount_minor=700, currency="EUR", idempotency_key="grant")


async def test_nothing_is_left_in_any_table(
    shop: Commerce, clock: TurnedClock, tmp_path: Path
) -> None:
    await a_life(shop)
    before = found_in(tmp_path, *SECRETS)
    clock.turn(10 * MINUTE_MS)
    await shop.sweep()
    erased = await shop.erasures.erase(ADA, forfeit=True)
    assert erased == Erasure(clock(), 2, 1, 2, (Forfeit("EUR", 700),))
    # Who it was is known only to those who have still to hear of it.
    assert found_in(tmp_path, *SECRETS) == {"erasures.person_id", "outbox.payload"}
    assert (await shop.audit()).ok
    await finished(shop, ADA)
    assert found_in(tmp_path, *SECRETS) == set()
    # The test looked at what it says it did.
    assert before >= {
        "cart_coupons.person_id", "cart_lines.contributor_ids", "cart_lines.owner_id",
        "cart_members.person_id", "carts.personal_of", "checkout_contacts.email",
        "checkout_coupons.person_id", "checkout_lines.owner_id", "checkout_shares.person_id",
        "checkouts.locked_by", "coupon_people.person_id", "credit_accounts.owner_id",
        "drop_places.person_id", "gifts.giver_id", "gifts.receiver_id", "hand_offs.person_id",
        "idempotency.scope", "order_members.person_id", "orders.payer_id", "outbox.payload",
        "payment_attempts.payer_id", "purchases.person_id", "refunds.made_by",
    }  # fmt: skip


async def test_others_keep_what_is_theirs_and_hear_of_it(
    shop: Commerce, clock: TurnedClock
) -> None:
    await a_life(shop)
    orders = await shop.orders(BERT)
    clock.turn(10 * MINUTE_MS)
    await shop.sweep()
    await events_of(shop)
    free = {sku: await available(shop, sku) for sku in (BLUE, BOWL)}
    cart = await shop.cart_of(BERT)
    mine = [line for line in cart.lines if line.owner_id == BERT]
    told: list[object] = []
    stop = shop.subscribe(told.append)
    await shop.erasures.erase(ADA, forfeit=True)
    await shop.dispatch()
    stop()
    after = await shop.cart_of(BERT)
    assert (after.members, [line.line_id for line in after.lines]) == (
        (BERT,),
        [line.line_id for line in mine],
    )
    assert after.coupon is not None
    assert after.version > cart.version
    assert after.lines[0].contributor_ids == ()
    assert await shop.gifts_of_lines([line.line_id for line in mine]) == ()
    # Nothing was held any more, so nothing came free.
    assert {sku: await available(shop, sku) for sku in (BLUE, BOWL)} == free
    assert PersonErased in {type(event) for event in told}
    kept = await shop.orders(BERT)
    assert [(o.id, o.total_minor) for o in kept] == [(o.id, o.total_minor) for o in orders]


async def test_holds_are_let_go_at_once_and_stock_is_announced(shop: Commerce) -> None:
    await add(shop, ADA, BLUE, 3)
    await shop.join_cart("party-1", BERT)
    await shop.join_cart("party-1", ADA)
    await add(shop, BERT, BOWL)
    await events_of(shop)
    await shop.erasures.erase(ADA)
    assert await available(shop) == STOCK[BLUE]
    kinds = [type(event).__name__ for event in await events_of(shop)]
    assert kinds == ["StockChanged", "CartChanged", "PersonErased"]
    (line,) = (await shop.cart_of(BERT)).lines
    assert line.hold_state is HoldState.HELD


async def test_the_next_in_line_is_let_in(shop: Commerce) -> None:
    await shop.drops.open(LAMP, 1)
    for person in (ADA, BERT):
        await shop.drops.join(person, LAMP)
    await events_of(shop)
    assert (await shop.erasures.erase(ADA)).places_given_up == 1
    moved = [event for event in await events_of(shop) if isinstance(event, LineMoved)]
    assert [(event.person_ids, event.waiting) for event in moved] == [((BERT,), 0)]
    assert (await shop.drops.standing(BERT, LAMP)).ahead == 0


async def test_asked_again_it_gives_the_same_answer(shop: Commerce, clock: TurnedClock) -> None:
    await add(shop, ADA)
    await bought(shop, BERT)
    first = await shop.erasures.erase(ADA)
    clock.turn(MINUTE_MS)
    assert await shop.erasures.erase(ADA, forfeit=True) == first
    await finished(shop, ADA)
    assert await shop.erasures.erase(ADA) == first == await shop.erasures.find(ADA)
    assert await shop.erasures.find(BERT) is None
    assert await shop.erasures.subjects(10) == (subject_of(ADA),)


async def test_who_was_never_here_can_be_forgotten(shop: Commerce) -> None:
    assert await shop.erasures.erase(CLEO) == Erasure(STARTED_MS, 0, 0, 0, ())


@pytest.mark.parametrize("who", [ADA, BERT])
async def test_nobody_is_erased_at_the_till(shop: Commerce, who: str) -> None:
    for person in (ADA, BERT):
        await shop.join_cart("party-1", person)
        await add(shop, person)
    view = await lock(shop, ADA)
    state = await shop.checkout(who, view.id)
    with pytest.raises(ConflictError) as caught:
        await shop.erasures.erase(who, forfeit=True)
    assert caught.value.code == "CART_LOCKED"
    assert "release the lock" in caught.value.message
    assert caught.value.data == {
        "checkouts": [{"checkout_id": view.id, "state": "locked", "expires_ms": view.expires_ms}]
    }
    assert await shop.checkout(who, view.id) == state
    assert await shop.erasures.find(who) is None


async def test_nobody_is_erased_while_a_payment_is_under_way(shop: Commerce) -> None:
    view = await locked(shop, ADA)
    asked = await pay(shop, ADA, view, ASKS)
    with pytest.raises(ConflictError, match="payment is under way"):
        await shop.erasures.erase(ADA)
    assert asked.challenge is not None
    await shop.confirm(ADA, view.id, challenge_id=asked.challenge.challenge_id, response="approve")
    assert (await shop.erasures.erase(ADA)).orders_kept == 1


async def test_credit_is_not_lost_unawares(shop: Commerce) -> None:
    await shop.grant_credit(ADA, amount_minor=700, currency="EUR", idempotency_key="g")
    await add(shop, ADA)
    with pytest.raises(ConflictError) as caught:
        await shop.erasures.erase(ADA)
    assert caught.value.code == "CREDIT_LEFT"
    assert caught.value.data == {"credit": [{"currency": "EUR", "amount_minor": 700}]}
    assert len((await shop.cart_of(ADA)).lines) == 1
    erased = await shop.erasures.erase(ADA, forfeit=True)
    assert erased.forfeited == (Forfeit("EUR", 700),)


async def test_nothing_is_granted_to_somebody_who_is_forgotten(shop: Commerce) -> None:
    await shop.erasures.erase(ADA)
    with pytest.raises(NotFoundError) as caught:
        await shop.grant_credit(ADA, amount_minor=5, currency="EUR", idempotency_key="late")
    assert caught.value.code == "PERSON_NOT_FOUND"


async def test_an_order_can_be_refunded_afterwards(shop: Commerce) -> None:
    paid = await bought(shop, ADA)
    assert paid.order_id is not None
    await shop.erasures.erase(ADA)
    await finished(shop, ADA)
    (refund,) = await shop.refund("staff", paid.order_id, idempotency_key="back")
    assert refund.state == "succeeded"
    assert (await shop.track(paid.order_id)).status == "refunded"
    assert await shop.orders(ADA) == ()


async def test_it_is_not_over_before_everybody_has_been_told(
    shop: Commerce, tmp_path: Path
) -> None:
    await shop.erasures.erase(ADA)
    assert not await shop.erasures.finish(ADA)
    assert [entry.person_id for entry in await shop.erasures.opened()] == [ADA]
    await finished(shop, ADA)
    assert found_in(tmp_path, ADA) == set()


async def test_what_came_to_be_meanwhile_goes_with_the_end(
    shop: Commerce, clock: TurnedClock, tmp_path: Path
) -> None:
    """Requests were under way when the person was erased."""
    await add(shop, ADA)
    await shop.erasures.erase(ADA)
    await add(shop, ADA, BLUE, 2)
    await lock(shop, ADA)
    await events_of(shop)
    assert not await shop.erasures.finish(ADA)
    clock.turn(10 * MINUTE_MS)
    await shop.sweep()
    await finished(shop, ADA)
    assert found_in(tmp_path, ADA) == set()
    assert await available(shop) == STOCK[BLUE]


async def test_who_was_erased_is_forgotten_when_no_token_is_left(
    shop: Commerce, clock: TurnedClock
) -> None:
    await shop.erasures.erase(ADA)
    clock.turn(9 * 24 * 60 * MINUTE_MS)
    await shop.prune()
    assert await shop.erasures.find(ADA) is not None
    await finished(shop, ADA)
    await shop.prune()
    assert await shop.erasures.subjects(10) == ()


@pytest.mark.parametrize("lines", [0, 1])
async def test_requests_at_once_are_one_erasure(shop: Commerce, lines: int) -> None:
    for _ in range(lines):
        await add(shop, ADA)
    answers = await asyncio.gather(*(shop.erasures.erase(ADA) for _ in range(4)))
    assert {answer.lines_removed for answer in answers} == {lines}
    assert len(set(answers)) == 1
    assert len(await shop.erasures.opened()) == 1


async def test_it_is_over_when_every_process_has_told(tmp_path: Path, clock: TurnedClock) -> None:
    async with two_shops(tmp_path, clock) as (one, other):
        for shop in (one, other):
            shop.subscribe(lambda _event: None)
            await shop.dispatch()
        await one.erasures.erase(ADA)
        await one.dispatch()
        assert not await one.erasures.finish(ADA)
        await other.dispatch()
        assert await other.erasures.finish(ADA)
        assert await one.erasures.opened() == ()
