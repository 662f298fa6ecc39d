"""What people and staff do in a shop, a flow at a time, for tests that break it off.

`prepare` is what came before. `act` is broken off at every step and then done once more, as by
somebody who has not heard the end: so its keys are the same every time, and it finds out where it
is by asking. After a break it may be refused, but never be done twice.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from commerce import CartView, CheckoutView, Commerce
from commerce.payments.test_cards import (
    ASKS,
    CAPTURES_SILENTLY,
    DECLINES,
    NEVER_ARRIVES,
    PAYS,
    PROMISES_SILENTLY,
)
from commerce.promotions import Coupon, CouponKind
from tests.commerce.shops import BLUE, BOWL, TurnedClock

ADA, BERT, CLEO, PARTY = "ada", "bert", "cleo", "party-1"
SECOND = "second"
MINUTE_MS = 60_000

Deed = Callable[[Commerce, TurnedClock], Awaitable[None]]


async def nothing(_shop: Commerce, _clock: TurnedClock) -> None:
    """Nothing came before."""


@dataclass(frozen=True, slots=True)
class Flow:
    """Something that can be broken off; `orders` come of it when it is not."""

    act: Deed
    prepare: Deed = nothing
    orders: int = 0
    lasts_ms: int = 0
    """How far it turns the clock."""


async def put(shop: Commerce, person: str, sku: str = BLUE, quantity: int = 1) -> CartView:
    key = f"{person} puts {sku}"
    return await shop.add_line(person, sku, quantity, idempotency_key=key)


async def lock(shop: Commerce, person: str = ADA) -> CheckoutView:
    return await shop.lock(person, idempotency_key=f"{person} locks")


async def pay(
    shop: Commerce,
    person: str,
    method: str = PAYS,
    amount_minor: int | None = None,
    key: str = "",
    *,
    step_up: bool = False,
) -> CheckoutView:
    """Lock, or find the lock, and pay one's part, or so much of it."""
    view = await lock(shop)
    parts = [
        share.amount_minor or 0
        for share in view.shares
        if (share.covered_by or share.person_id) == person
    ]
    return await shop.pay(
        person,
        view.id,
        payment_method=method,
        expected_total_minor=sum(parts) if view.shares else view.total_minor,
        idempotency_key=key or f"{person} pays by {method}",
        amount_minor=amount_minor,
        step_up=step_up,
    )


async def order_of(shop: Commerce, person: str = ADA) -> str:
    (order,) = await shop.orders(person)
    return order.id


async def filled(shop: Commerce, _clock: TurnedClock) -> None:
    """Ada has something in her cart."""
    await put(shop, ADA, quantity=2)


async def locked(shop: Commerce, clock: TurnedClock) -> None:
    """Ada is at the till."""
    await filled(shop, clock)
    await lock(shop)


async def bought(shop: Commerce, clock: TurnedClock) -> None:
    """Ada has an order."""
    await locked(shop, clock)
    await pay(shop, ADA)


async def shared(shop: Commerce, _clock: TurnedClock) -> None:
    """Ada and Bert have put something into one cart."""
    for person, sku in ((ADA, BLUE), (BERT, BOWL)):
        await shop.join_cart(PARTY, person)
        await put(shop, person, sku)


async def divided(shop: Commerce, clock: TurnedClock) -> None:
    """They are at the till, and each pays what they put in."""
    await shared(shop, clock)
    await shop.split(ADA, (await lock(shop)).id, plan="own_lines")


async def half_paid(shop: Commerce, clock: TurnedClock) -> None:
    """Ada has paid her part."""
    await divided(shop, clock)
    await pay(shop, ADA)


async def fills_a_cart(shop: Commerce, _clock: TurnedClock) -> None:
    for line in (await put(shop, ADA, quantity=2)).lines:
        await shop.set_quantity(ADA, line.line_id, 3, idempotency_key="three")
        await shop.remove_line(ADA, line.line_id)


async def shares_a_cart(shop: Commerce, _clock: TurnedClock) -> None:
    await put(shop, ADA)
    for person in (ADA, BERT):
        await shop.join_cart(PARTY, person)
    for line in (await shop.cart_of(ADA)).lines:
        await shop.pass_line(ADA, line.line_id, BERT)
    await shop.leave_cart(BERT)


async def locks_and_unlocks(shop: Commerce, _clock: TurnedClock) -> None:
    await shop.unlock(ADA, (await lock(shop)).id)


async def forgets(shop: Commerce, clock: TurnedClock) -> None:
    """A hold and a lock run out."""
    await put(shop, BERT)
    clock.turn(30 * MINUTE_MS)
    await shop.sweep()


async def pays(shop: Commerce, _clock: TurnedClock) -> None:
    await pay(shop, ADA)


async def buys_at_once(shop: Commerce, _clock: TurnedClock) -> None:
    view = await shop.buy_now(ADA, BLUE, 1, idempotency_key="now")
    await shop.pay(
        ADA,
        view.id,
        payment_method=PAYS,
        expected_total_minor=view.total_minor,
        idempotency_key="pays now",
    )


async def takes_another_card(shop: Commerce, _clock: TurnedClock) -> None:
    await pay(shop, ADA, DECLINES)
    await pay(shop, ADA)


async def answers(shop: Commerce, response: str) -> None:
    view = await pay(shop, ADA, ASKS)
    if view.challenge is not None:
        name = view.challenge.challenge_id
        await shop.confirm(ADA, view.id, challenge_id=name, response=response)


async def approves(shop: Commerce, _clock: TurnedClock) -> None:
    await answers(shop, "approve")


async def rejects(shop: Commerce, _clock: TurnedClock) -> None:
    await answers(shop, "reject")


async def does_not_answer(shop: Commerce, clock: TurnedClock) -> None:
    await pay(shop, ADA, ASKS)
    clock.turn(4 * MINUTE_MS)
    await shop.reconcile()
    await shop.sweep()


def hears_nothing(method: str) -> Deed:
    """The bank is silent; the shop asks later."""

    async def act(shop: Commerce, _clock: TurnedClock) -> None:
        await pay(shop, ADA, method)
        await shop.reconcile()

    return act


async def pay_in_parts(shop: Commerce, _clock: TurnedClock) -> None:
    await shop.split(ADA, (await lock(shop)).id, plan="own_lines")
    await pay(shop, ADA)
    await pay(shop, BERT)


async def one_part_is_declined(shop: Commerce, _clock: TurnedClock) -> None:
    await pay(shop, BERT, DECLINES)


async def one_pays_for_both(shop: Commerce, _clock: TurnedClock) -> None:
    view = await lock(shop)
    await shop.cover(ADA, view.id, for_person_id=BERT)
    await pay(shop, ADA)


async def gives_up(shop: Commerce, _clock: TurnedClock) -> None:
    await shop.give_up(ADA, (await lock(shop)).id)


async def part_is_never_paid(shop: Commerce, clock: TurnedClock) -> None:
    clock.turn(10 * MINUTE_MS)
    await shop.reconcile()
    await shop.sweep()


async def pays_with_credit(shop: Commerce, _clock: TurnedClock) -> None:
    await shop.grant_credit(ADA, amount_minor=1_000, currency="EUR", idempotency_key="grant")
    await pay(shop, ADA, "credit:", 1_000)
    await pay(shop, ADA)


async def approves_credit(shop: Commerce, _clock: TurnedClock) -> None:
    await shop.grant_credit(ADA, amount_minor=9_000, currency="EUR", idempotency_key="grant")
    view = await pay(shop, ADA, "credit:", step_up=True)
    if view.challenge is not None:
        await shop.confirm(
            ADA, view.id, challenge_id=view.challenge.challenge_id, response="approve"
        )


async def pays_with_a_gift_card(shop: Commerce, _clock: TurnedClock) -> None:
    card = await shop.issue_gift_card(amount_minor=500, currency="EUR")
    await pay(shop, ADA, f"gift:{card.code}", 500, key="by gift card")
    await pay(shop, ADA)


async def credit_is_not_enough(shop: Commerce, _clock: TurnedClock) -> None:
    """The other part is declined: what was reserved is free again."""
    await shop.grant_credit(ADA, amount_minor=1_000, currency="EUR", idempotency_key="grant")
    await pay(shop, ADA, "credit:", 1_000)
    await pay(shop, ADA, DECLINES)


async def with_a_coupon(shop: Commerce, clock: TurnedClock) -> None:
    """Ada has something in her cart, and there is a coupon that works once."""
    await filled(shop, clock)
    await shop.coupons.create(Coupon("ONCE", CouponKind.PERCENT, 1_000, "EUR", uses_max=1))


async def uses_a_coupon(shop: Commerce, _clock: TurnedClock) -> None:
    if (await shop.cart_of(ADA)).checkout_id is None:
        await shop.coupons.apply(ADA, "ONCE")
    await pay(shop, ADA)


async def gives_a_gift(shop: Commerce, _clock: TurnedClock) -> None:
    for line in (await shop.cart_of(ADA)).lines:
        if line.owner_id == ADA and (await shop.cart_of(ADA)).checkout_id is None:
            await shop.offer_gift(ADA, line.line_id, receiver_id=BERT)
            await shop.answer_gift(BERT, line.line_id, accept=True)
    await pay(shop, ADA)
    await pay(shop, BERT)


async def pays_by_phone(shop: Commerce, _clock: TurnedClock) -> None:
    code = (await shop.hand_off(ADA, (await lock(shop)).id)).code
    await shop.open_hand_off(code)
    await shop.pay_hand_off(code, payment_method=PAYS, idempotency_key="phone")


async def is_declined_by_phone(shop: Commerce, _clock: TurnedClock) -> None:
    """The code goes on working, and pays with another card."""
    code = (await shop.hand_off(ADA, (await lock(shop)).id)).code
    for method in (DECLINES, PAYS):
        await shop.pay_hand_off(code, payment_method=method, idempotency_key=method)


async def gets_money_back(shop: Commerce, _clock: TurnedClock) -> None:
    order_id = await order_of(shop)
    for amount_minor in (490, None):
        key = f"back {amount_minor}"
        await shop.refund("staff", order_id, amount_minor=amount_minor, idempotency_key=key)


async def bought_with_credit(shop: Commerce, clock: TurnedClock) -> None:
    """An order that credit and a card have paid."""
    await locked(shop, clock)
    await pays_with_credit(shop, clock)


async def drop_is_sold(shop: Commerce, clock: TurnedClock) -> None:
    await shop.drops.open(BLUE, 1)
    for person in (ADA, BERT, CLEO):
        await shop.drops.join(person, BLUE)
    await put(shop, ADA)
    await pay(shop, ADA)
    # Who has bought makes room, and whoever goes has the line looked at: Bert is let in.
    await shop.drops.leave(CLEO, BLUE)
    await put(shop, BERT)
    clock.turn(4 * MINUTE_MS)
    await shop.sweep()
    await shop.drops.close(BLUE)


async def stock_is_moved(shop: Commerce, _clock: TurnedClock) -> None:
    if all(entry.id != SECOND for entry in await shop.stock_room.warehouses()):
        await shop.stock_room.add_warehouse(SECOND, "Second")
    await shop.stock_room.restock(BOWL, SECOND, 2, "note-1")
    await shop.stock_room.transfer(BOWL, "main", SECOND, 4, "transfer-1")
    await shop.stock_room.limit_purchases(BOWL, 7)
    await put(shop, ADA, BOWL, 7)
    await pay(shop, ADA)


async def leaves_traces(shop: Commerce, clock: TurnedClock) -> None:
    """Ada has an order, shares a cart with Bert, waits in a line, and has credit left."""
    await bought(shop, clock)
    await shop.drops.open(BLUE, 1)
    for person in (ADA, BERT):
        await shop.join_cart(PARTY, person)
        await put(shop, person, BOWL)
        await shop.drops.join(person, BLUE)
    await shop.grant_credit(ADA, amount_minor=500, currency="EUR", idempotency_key="grant")


async def is_forgotten(shop: Commerce, _clock: TurnedClock) -> None:
    await shop.erasures.erase(ADA, forfeit=True)
    await shop.dispatch()
    for entry in await shop.erasures.opened():
        await shop.erasures.finish(entry.person_id)
    if await shop.erasures.opened() or await shop.orders(ADA):
        raise LookupError(ADA)


async def hears_of_it(shop: Commerce, _clock: TurnedClock) -> None:
    await shop.dispatch()
    await shop.prune()


FLOWS = {
    "fills a cart": Flow(fills_a_cart),
    "shares a cart": Flow(shares_a_cart),
    "locks and unlocks": Flow(locks_and_unlocks, filled),
    "forgets": Flow(forgets, locked, lasts_ms=30 * MINUTE_MS),
    "pays": Flow(pays, filled, 1),
    "buys at once": Flow(buys_at_once, orders=1),
    "takes another card": Flow(takes_another_card, locked, 1),
    "approves": Flow(approves, locked, 1),
    "rejects": Flow(rejects, locked),
    "does not answer": Flow(does_not_answer, locked, lasts_ms=4 * MINUTE_MS),
    "promised silently": Flow(hears_nothing(PROMISES_SILENTLY), locked, 1),
    "never arrives": Flow(hears_nothing(NEVER_ARRIVES), locked),
    "captured silently": Flow(hears_nothing(CAPTURES_SILENTLY), locked, 1),
    "pay in parts": Flow(pay_in_parts, shared, 1),
    "a part is declined": Flow(one_part_is_declined, half_paid),
    "one pays for both": Flow(one_pays_for_both, divided, 1),
    "gives up": Flow(gives_up, half_paid),
    "a part is never paid": Flow(part_is_never_paid, half_paid, lasts_ms=10 * MINUTE_MS),
    "pays with credit": Flow(pays_with_credit, locked, 1),
    "approves credit": Flow(approves_credit, locked, 1),
    "pays with a gift card": Flow(pays_with_a_gift_card, locked, 1),
    "credit is not enough": Flow(credit_is_not_enough, locked),
    "uses a coupon": Flow(uses_a_coupon, with_a_coupon, 1),
    "gives a gift": Flow(gives_a_gift, shared, 1),
    "pays by phone": Flow(pays_by_phone, locked, 1),
    "is declined by phone": Flow(is_declined_by_phone, locked, 1),
    "money back": Flow(gets_money_back, bought, 1),
    "credit back": Flow(gets_money_back, bought_with_credit, 1),
    "a drop is sold": Flow(drop_is_sold, orders=1, lasts_ms=4 * MINUTE_MS),
    "stock is moved": Flow(stock_is_moved, orders=1),
    "is forgotten": Flow(is_forgotten, leaves_traces, 1),
    "hears of it": Flow(hears_of_it, bought, 1),
}
