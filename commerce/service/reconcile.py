"""Asks the gateway about payments that have not come to their end, and finishes them.

Runs when the shop is opened (a crash may have been between any two steps) and on a timer (a
time-out, a question the payer did not answer, a full disk at the wrong moment).
"""

import asyncio
import logging

from sqlalchemy import Connection

from commerce.db import payments
from commerce.errors import CommerceError
from commerce.payment import Attempt, AttemptState
from commerce.service.context import Context
from commerce.service.faults import FaultPoint
from commerce.service.settlement import Settlement

log = logging.getLogger(__name__)

ABANDONED_AFTER_TIMEOUTS = 3
"""An attempt that nobody has moved for so many gateway time-outs is nobody's any more: the longest
flow asks the gateway twice."""


class Reconciler:
    """Finishes what was begun."""

    def __init__(self, context: Context, settlement: Settlement) -> None:
        self._context = context
        self._settlement = settlement

    async def reconcile(self, *, opening: bool = False) -> int:
        """One round; how many attempts were looked at.

        When the shop is being opened nobody is at work yet, so every live attempt is looked at;
        later those are left alone that somebody may be moving just now.
        """
        live = await self._context.store.read(_live)
        due = [attempt for attempt in live if self._due(attempt, opening=opening)]
        batch_max = self._context.settings.reconcile_batch_max
        for start in range(0, len(due), batch_max):
            await asyncio.gather(*(self._ask(entry) for entry in due[start : start + batch_max]))
        return len(due)

    def _due(self, attempt: Attempt, *, opening: bool) -> bool:
        if self._settlement.busy(attempt.checkout_id):
            return False
        now_ms = self._context.clock()
        if attempt.in_doubt or self._settlement.unsettled(attempt.checkout_id):
            return True
        if attempt.state is AttemptState.CHALLENGE:
            return (attempt.challenge_expires_ms or 0) <= now_ms
        patience_ms = ABANDONED_AFTER_TIMEOUTS * self._context.settings.gateway_timeout_ms
        return opening or attempt.updated_ms + patience_ms <= now_ms

    async def _ask(self, attempt: Attempt) -> None:
        gateway = self._context.gateway
        try:
            async with self._settlement.turn(attempt.checkout_id):
                await self._settlement.run(
                    attempt.checkout_id,
                    lambda: gateway.lookup(attempt.attempt_id),
                    FaultPoint.AUTHORISE_ANSWERED,
                )
        except CommerceError as error:
            # The next round asks again; the stock stays held until then.
            log.warning("payment attempt %s stays in doubt: %s", attempt.attempt_id, error.code)


def _live(connection: Connection) -> list[Attempt]:
    return payments.live(connection)
