"""Giving money back: written down and set aside first, then asked of the gateway until it answers.

    prepare     the refund is written, its amount set aside on the payment: committed
    gateway     refund, once for the id of the refund: outside any transaction
    record      how it ended: committed; `pending` is asked again

A crash between any two steps leaves a row that `settle` comes back to.
"""

import asyncio
import logging

from commerce.db import idempotency, orders
from commerce.db import refunds as rows
from commerce.db.refunds import Paid, RefundRow
from commerce.db.unit import UNNUMBERED, Unit
from commerce.errors import CommerceError, InvalidRequestError, RefundTooLargeError
from commerce.events import OrderRefunded
from commerce.ports import GatewayUnavailableError, RefundState
from commerce.service.context import Context
from commerce.service.faults import FaultPoint
from commerce.service.once import Once
from commerce.validation import check_amount, check_id, check_key, fingerprint, not_found
from commerce.views import RefundView

log = logging.getLogger(__name__)

REASON_LENGTH_MAX = 500


class Refunds:
    """Use cases of refunds."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._once: Once[tuple[RefundView, ...]] = Once()
        self._asking: set[str] = set()

    async def refund(
        self,
        staff_id: str,
        order_id: str,
        key: str,
        *,
        amount_minor: int | None,
        payment_id: str | None,
        reason: str,
    ) -> tuple[RefundView, ...]:
        """Give back so much of an order, or all that is left; of one payment, or of all of them,
        the newest first. Once for one key."""
        check_id(staff_id, "staff_id")
        check_id(order_id, "order_id")
        check_key(key)
        if amount_minor is not None and check_amount(amount_minor, "amount_minor") == 0:
            raise InvalidRequestError(
                "INVALID_AMOUNT", "There is nothing to give back.", {"field": "amount_minor"}
            )
        if len(reason) > REASON_LENGTH_MAX or not reason.isprintable():
            raise InvalidRequestError(
                "INVALID_REASON",
                f"A reason has at most {REASON_LENGTH_MAX} printable characters.",
                {"field": "reason"},
            )
        scope = f"refund:{order_id}"
        body = fingerprint(
            {"amount_minor": amount_minor, "payment_id": payment_id, "reason": reason}
        )

        def prepare(unit: Unit) -> list[str]:
            first = f"refund-{self._context.new_id()}"
            before = idempotency.claim(unit, scope, key, body, first)
            if before is not None:
                return []
            left = [
                paid for paid in self._lock(unit, order_id) if payment_id in (None, paid.attempt_id)
            ]
            if payment_id is not None and not left:
                raise not_found("payment")
            made: list[str] = []
            for paid, part in _parts(left, amount_minor):
                refund_id = first if not made else f"refund-{self._context.new_id()}"
                rows.create(unit, refund_id, paid.attempt_id, order_id, part, reason, staff_id)
                made.append(refund_id)
            return made

        async def run() -> tuple[RefundView, ...]:
            made = await self._context.store.write(prepare)
            if made:
                self._context.faults(FaultPoint.REFUND_PREPARED)
            await self._settle(made)
            return await self.of_order(order_id)

        return await self._once.run((scope, key), body, run)

    def _lock(self, unit: Unit, order_id: str) -> list[Paid]:
        """The payments of an order. What is set aside on them is guarded by the database."""
        paid = rows.payments_of(unit.connection, order_id)
        if not paid:
            raise not_found("order")
        return paid

    async def of_order(self, order_id: str) -> tuple[RefundView, ...]:
        """All refunds of an order."""
        check_id(order_id, "order_id")
        found = await self._context.store.read(lambda c: rows.of_order(c, order_id))
        return tuple(rows.view_of(refund) for refund in found)

    async def settle(self) -> int:
        """Ask the gateways about refunds that are under way; how many."""
        limit = self._context.payment.refund_batch_max
        waiting = await self._context.store.read(lambda c: rows.pending(c, limit))
        await asyncio.gather(*(self._ask(refund) for refund in waiting))
        return len(waiting)

    async def _settle(self, refund_ids: list[str]) -> None:
        for refund_id in refund_ids:
            refund = await self._context.store.read(
                lambda c, refund_id=refund_id: rows.load(c, refund_id)  # type: ignore[misc]
            )
            if refund is not None:
                await self._ask(refund)

    async def _ask(self, refund: RefundRow) -> None:
        """Ask the gateway for a refund; without an answer it stays pending and is asked again."""
        if refund.state is not RefundState.PENDING or refund.refund_id in self._asking:
            return
        self._asking.add(refund.refund_id)
        context = self._context
        try:
            gateway = context.gateway_of(refund.provider)
            async with asyncio.timeout(context.settings.gateway_timeout_ms / 1_000):
                answer = await gateway.refund(
                    refund.attempt_id, refund.refund_id, refund.amount_minor
                )
            context.faults(FaultPoint.REFUND_ANSWERED)

            def record(unit: Unit) -> None:
                if rows.record(unit, refund, answer) and refund.order_id is not None:
                    self._follow(unit, refund.order_id, refund, str(answer.state))

            await context.store.write(record)
            context.faults(FaultPoint.REFUND_RECORDED)
        except (GatewayUnavailableError, TimeoutError, CommerceError) as error:
            log.warning("refund %s is not settled yet: %s", refund.refund_id, error)
        finally:
            self._asking.discard(refund.refund_id)

    def _follow(self, unit: Unit, order_id: str, refund: RefundRow, state: str) -> None:
        """Give the order the status that its payments have now, and say so."""
        paid = rows.payments_of(unit.connection, order_id)
        taken = sum(entry.amount_minor for entry in paid)
        back = sum(entry.refunded_minor for entry in paid)
        if back == 0:
            status = orders.PAID
        else:
            status = orders.REFUNDED if back == taken else orders.PARTLY_REFUNDED
        orders.set_status(unit, order_id, status)
        unit.events.append(
            OrderRefunded(
                UNNUMBERED,
                order_id,
                refund.refund_id,
                refund.amount_minor,
                refund.currency,
                state,
            )
        )

    async def finish(self) -> None:
        """Wait for what is under way."""
        await self._once.finish()


def _parts(paid: list[Paid], amount_minor: int | None) -> list[tuple[Paid, int]]:
    """How much of each payment is given back. Raises REFUND_TOO_LARGE."""
    left_minor = sum(entry.left_minor for entry in paid)
    wanted = left_minor if amount_minor is None else amount_minor
    if wanted > left_minor or wanted == 0:
        raise RefundTooLargeError(left_minor, paid[0].currency)
    parts = []
    for entry in paid:
        part = min(entry.left_minor, wanted)
        if part:
            parts.append((entry, part))
        wanted -= part
    return parts
