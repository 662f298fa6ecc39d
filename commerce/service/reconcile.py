"""Asks the gateways about what has not come to its end, and finishes it: payments and refunds.

Runs when the shop is opened (a crash may have been between any two steps) and on a timer (a
time-out, a question the payer did not answer or has answered where nobody tells us, a full disk at
the wrong moment). It also gives back what was promised for a checkout whose time is over before
everybody has paid.
"""

import asyncio
import logging

from sqlalchemy import Connection

from commerce.checkout import CheckoutState
from commerce.db import checkouts as checkout_rows
from commerce.db import payments
from commerce.db.unit import Unit
from commerce.errors import CommerceError
from commerce.payment import DECIDED_ATTEMPTS, TIME_OVER, Attempt, AttemptState
from commerce.ports import GatewayUnavailableError, NotifyingGateway
from commerce.service.books import Books, claim
from commerce.service.context import Context
from commerce.service.faults import FaultPoint
from commerce.service.refunds import Refunds
from commerce.service.settlement import Settlement, turn_of

log = logging.getLogger(__name__)

ABANDONED_AFTER_TIMEOUTS = 3
"""An attempt that nobody has moved for so many gateway time-outs is nobody's any more: the longest
flow asks the gateway twice."""


class Reconciler:
    """Finishes what was begun."""

    def __init__(self, context: Context, settlement: Settlement, refunds: Refunds) -> None:
        self._context = context
        self._settlement = settlement
        self._refunds = refunds
        self._books = Books(context)
        self._refunds_ms = 0

    async def reconcile(self, *, opening: bool = False) -> int:
        """One round; how many attempts were looked at.

        When the shop is being opened nobody is at work yet, so every live attempt is looked at;
        later those are left alone that somebody may be moving just now.
        """
        looked_at = await self._end_half_paid()
        live = await self._context.store.read(_live)
        due = [attempt for attempt in live if self._due(attempt, opening=opening)]
        batch_max = self._context.settings.reconcile_batch_max
        for start in range(0, len(due), batch_max):
            await asyncio.gather(*(self._ask(entry) for entry in due[start : start + batch_max]))
        now_ms = self._context.clock()
        if opening or now_ms >= self._refunds_ms:
            self._refunds_ms = now_ms + self._context.payment.refund_retry_ms
            await self._refunds.settle()
        return looked_at + len(due)

    async def _end_half_paid(self) -> int:
        """Give back what waits for parts that nobody has paid in time."""
        now_ms, limit = self._context.clock(), self._context.settings.sweep_batch_max
        over = await self._context.store.read(lambda c: checkout_rows.half_paid(c, now_ms, limit))
        for checkout_id in over:
            try:
                await self._context.store.write(
                    lambda unit, checkout_id=checkout_id: self._call_off(unit, checkout_id)  # type: ignore[misc]
                )
                self._context.faults(FaultPoint.CALLED_OFF)
                await self._settlement.carry_out(checkout_id)
            except CommerceError as error:
                log.warning("checkout %s is over, but stays: %s", checkout_id, error.code)
        return len(over)

    def _call_off(self, unit: Unit, checkout_id: str) -> None:
        claim(unit, checkout_id)
        checkout = checkout_rows.load(unit.connection, checkout_id)
        if checkout is None or checkout.state is not CheckoutState.PAYING:
            return
        if checkout.expires_ms <= unit.now_ms and all(
            attempt.state is AttemptState.AUTHORISED for attempt in checkout.live_attempts
        ):
            self._books.call_off(unit, checkout, TIME_OVER, None)

    def _due(self, attempt: Attempt, *, opening: bool) -> bool:
        if self._settlement.busy(turn_of(attempt.checkout_id, attempt.payer_id)):
            return False
        now_ms = self._context.clock()
        if attempt.in_doubt or self._settlement.unsettled(attempt.attempt_id):
            return True
        if attempt.state is AttemptState.CHALLENGE:
            return (attempt.challenge_expires_ms or 0) <= now_ms or self._untold(attempt)
        if attempt.state is AttemptState.AUTHORISED:
            # It waits for the others, and for nobody outside.
            return opening
        patience_ms = ABANDONED_AFTER_TIMEOUTS * self._context.settings.gateway_timeout_ms
        return opening or attempt.updated_ms + patience_ms <= now_ms

    def _untold(self, attempt: Attempt) -> bool:
        """Whether it is answered somewhere from where nobody tells us, such as in a wallet."""
        if attempt.challenge_url is None:
            return False
        try:
            gateway = self._context.gateway_of(attempt.provider)
        except GatewayUnavailableError:
            return False
        return not isinstance(gateway, NotifyingGateway)

    async def _ask(self, attempt: Attempt) -> None:
        left = True
        try:
            if attempt.state not in DECIDED_ATTEMPTS:
                async with self._settlement.turn(turn_of(attempt.checkout_id, attempt.payer_id)):
                    left = await self._settlement.run(
                        attempt.attempt_id,
                        lambda: self._context.gateway_of(attempt.provider).lookup(
                            attempt.attempt_id
                        ),
                        FaultPoint.AUTHORISE_ANSWERED,
                    )
            if left:
                await self._settlement.carry_out(attempt.checkout_id)
        except CommerceError as error:
            # The next round asks again; the stock stays held until then.
            log.warning("payment attempt %s stays in doubt: %s", attempt.attempt_id, error.code)


def _live(connection: Connection) -> list[Attempt]:
    return payments.live(connection)
