"""What a gateway's word changes in our books: each step one transaction, taken once.

The cart of a checkout is locked first, so the parts of one checkout are decided one after the
other, in this process and in all others.
"""

from dataclasses import replace

from commerce.checkout import CheckoutState, ReleaseReason, Trigger
from commerce.db import carts as cart_rows
from commerce.db import checkouts as rows
from commerce.db import coupons, drops, hand_offs, inventory, orders, payments, refunds, tries
from commerce.db.checkouts import Checkout
from commerce.db.unit import Unit
from commerce.payment import Attempt, AttemptState, Failure
from commerce.ports import Charge
from commerce.service.checkout import end
from commerce.service.context import Context
from commerce.service.faults import FaultPoint

CALLED_OFF_REASON = "Another part of the checkout was not paid."


class Books:
    """Writes down what happened to payment attempts."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def challenge(self, attempt: Attempt, charge: Charge) -> None:
        """The bank asks the payer something."""

        def record(unit: Unit) -> None:
            checkout, current = _current(unit, attempt)
            if current is None or current.state is AttemptState.VOIDING:
                return
            fresh_ms = unit.now_ms + self._context.settings.challenge_ttl_ms
            payments.record_challenge(
                unit, current, charge, current.challenge_expires_ms or fresh_ms
            )
            rows.touch(unit, checkout)

        if attempt.state is AttemptState.CHALLENGE and not attempt.in_doubt:
            return
        await self._context.store.write(record)
        self._context.faults(FaultPoint.CHALLENGE_RECORDED)

    async def authorised(self, attempt: Attempt, charge: Charge) -> tuple[Attempt, ...]:
        """The money is promised. When no part is missing any more, all are to be captured: those
        that are."""

        def record(unit: Unit) -> tuple[Attempt, ...]:
            waits = attempt.state in (AttemptState.PREPARED, AttemptState.CHALLENGE)
            # Of what costs nothing there may be several parts that are each the whole.
            counts = waits and attempt.amount_minor > 0
            if counts and payments.decide_alone(unit, attempt, charge):
                return (_capturing(unit, attempt),)
            checkout, current = _current(unit, attempt)
            if current is None or current.state not in (
                AttemptState.PREPARED,
                AttemptState.CHALLENGE,
                AttemptState.AUTHORISED,
            ):
                return ()
            live = [a for a in checkout.live_attempts if a.attempt_id != current.attempt_id]
            others = [other for other in live if other.state is AttemptState.AUTHORISED]
            promised = current.amount_minor + sum(other.amount_minor for other in others)
            # What costs nothing can be asked of several; none of them is left behind.
            if promised != checkout.total_minor or len(others) < len(live):
                payments.record_authorised(unit, current, charge)
                rows.touch(unit, checkout)
                return ()
            payments.decide_capture(unit, current, charge, [other.attempt_id for other in others])
            return tuple(_capturing(unit, part) for part in (*others, current))

        decided = await self._context.store.write(record)
        self._context.faults(FaultPoint.AUTHORISED_RECORDED)
        return decided

    async def captured(self, attempt: Attempt, charge: Charge) -> None:
        """The money moved: the last part makes the order. What should have been given back is."""

        def record(unit: Unit) -> None:
            checkout, current = _current(unit, attempt)
            if current is None:
                return
            if current.state is AttemptState.VOIDING:
                payments.record_captured(unit, current, charge)
                self._return(unit, current.attempt_id, current.amount_minor)
                rows.take_back(unit, checkout.checkout_id, current.amount_minor)
                self._close_if_over(unit, checkout, current)
            else:
                self._take(unit, checkout, current, charge)
            self._context.faults(FaultPoint.ORDER_DECIDED)

        await self._context.store.write(record)
        self._context.faults(FaultPoint.ORDER_COMMITTED)

    def _take(self, unit: Unit, checkout: Checkout, last: Attempt, charge: Charge) -> None:
        """Take a part down, and make the order when every part is captured."""
        # While it is paying there is no order yet that a captured part could belong to.
        parts = [a for a in checkout.attempts if a.attempt_id in checkout.captured]
        taken = {last.attempt_id, *checkout.captured}
        missing = any(attempt.attempt_id not in taken for attempt in checkout.live_attempts)
        promised = sum(part.amount_minor for part in (*parts, last))
        if missing or promised != checkout.total_minor:
            payments.record_captured(unit, last, charge)
            rows.touch(unit, checkout)
            return
        order_id = f"order-{self._context.new_id()}"
        members = cart_rows.members(unit.connection, checkout.cart_id)
        unit.gather()
        rows.step(unit, checkout, Trigger.CAPTURE)
        payers = [part.payer_id for part in sorted((*parts, last), key=lambda part: part.number)]
        people = list(dict.fromkeys((*payers, *members)))
        first = checkout.locked_by if checkout.locked_by in payers else people[0]
        orders.create(unit, order_id, checkout, first, members, people)
        payments.record_captured(unit, last, charge, order_id)
        if parts:
            payments.assign_order(unit, [part.attempt_id for part in parts], order_id)
        pieces: dict[str, int] = {}
        for line in checkout.lines:
            pieces[line.sku] = pieces.get(line.sku, 0) + line.quantity
        inventory.sell(unit, pieces, order_id, checkout.checkout_id)
        # Who has what they were let in for makes room for the next.
        counted = ((unit.kits.counted(line.sku), line.owner_id) for line in checkout.lines)
        drops.end_admissions(unit, {(sku, owner) for skus, owner in counted for sku in skus})
        cart_rows.delete_lines(unit, [line.line_id for line in checkout.lines])
        if checkout.coupon_code is not None:
            coupons.take_out(unit, checkout.cart_id)
        cart_rows.set_checkout(unit, checkout.cart_id, None)

    async def fail(self, attempt: Attempt, failure: Failure) -> None:
        """No money moved for this attempt and none will; so no other part is paid either."""

        def record(unit: Unit) -> None:
            checkout, current = _current(unit, attempt)
            if current is None:
                return
            payments.record_failure(unit, current, failure, current.payer_id)
            rows.take_back(unit, checkout.checkout_id, current.amount_minor)
            if current.state is not AttemptState.VOIDING:
                tries.fail(unit, current.attempt_id)
                hand_offs.reopen(unit, current.attempt_id)
                self.call_off(unit, checkout, failure, current.payer_id)
            self._close_if_over(unit, checkout, current)
            self._context.faults(FaultPoint.FAILURE_DECIDED)

        await self._context.store.write(record)
        self._context.faults(FaultPoint.FAILURE_COMMITTED)

    def call_off(
        self, unit: Unit, checkout: Checkout, failure: Failure, caused_by: str | None
    ) -> None:
        """Decide that all parts of a checkout are given back, those too whose money moved."""
        payments.call_off(unit, checkout.checkout_id, failure, caused_by)
        captured = payments.unordered(unit.connection, checkout.checkout_id)
        for attempt_id, amount_minor in sorted(captured.items()):
            self._return(unit, attempt_id, amount_minor)
            rows.take_back(unit, checkout.checkout_id, amount_minor)
        rows.touch(unit, checkout)

    def _return(self, unit: Unit, attempt_id: str, amount_minor: int) -> None:
        if amount_minor:
            refund_id = f"refund-{self._context.new_id()}"
            refunds.create(unit, refund_id, attempt_id, None, amount_minor, CALLED_OFF_REASON, None)

    def _close_if_over(self, unit: Unit, checkout: Checkout, ended: Attempt) -> None:
        """When the last part is given back: locked again, or released."""
        if any(a.attempt_id != ended.attempt_id for a in checkout.live_attempts):
            rows.touch(unit, checkout)
        elif unit.now_ms < checkout.expires_ms:
            rows.step(unit, checkout, Trigger.DECLINE)
        else:
            rows.step(unit, checkout, Trigger.ABANDON, ReleaseReason.PAYMENT_FAILED)
            end(unit, checkout)

    async def doubt(self, attempt_id: str) -> None:
        """The gateway did not answer."""

        def record(unit: Unit) -> None:
            attempt = payments.load(unit.connection, attempt_id)
            if attempt is None or not attempt.live or attempt.in_doubt:
                return
            payments.record_doubt(unit, attempt)
            checkout = rows.load(unit.connection, attempt.checkout_id)
            if checkout is not None:
                rows.touch(unit, checkout)

        await self._context.store.write(record)
        self._context.faults(FaultPoint.DOUBT_RECORDED)


def claim(unit: Unit, checkout_id: str) -> None:
    """Let nobody else decide about this checkout until the transaction ends. Read it afterwards."""
    cart_rows.lock_of_checkout(unit, checkout_id)


def _capturing(unit: Unit, attempt: Attempt) -> Attempt:
    return replace(attempt, state=AttemptState.CAPTURING, in_doubt=False, updated_ms=unit.now_ms)


def _current(unit: Unit, attempt: Attempt) -> tuple[Checkout, Attempt | None]:
    """The checkout, and the attempt as it is now; None when another process has ended it."""
    claim(unit, attempt.checkout_id)
    checkout = rows.load(unit.connection, attempt.checkout_id)
    if checkout is None:
        raise LookupError(attempt.checkout_id)
    current = next((a for a in checkout.attempts if a.attempt_id == attempt.attempt_id), None)
    if current is None or not current.live or checkout.state is not CheckoutState.PAYING:
        return checkout, None
    return checkout, current
