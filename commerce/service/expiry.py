"""Lets go of holds and locks whose time is over, and forgets what is too old.

A checkout that is being paid is never touched: its stock stays held until the gateway has spoken.
"""

from dataclasses import dataclass

from sqlalchemy import Connection

from commerce.checkout import CheckoutState, ReleaseReason, Trigger
from commerce.db import carts as cart_rows
from commerce.db import checkouts as rows
from commerce.db import contacts, holds, idempotency, outbox
from commerce.db.locking import locks_rows
from commerce.db.statement import Statement
from commerce.db.unit import Unit
from commerce.service.checkout import end
from commerce.service.context import Context
from commerce.service.faults import FaultPoint

_NEXT_DUE = Statement(
    """SELECT (SELECT MIN(expires_ms) FROM holds WHERE firm = FALSE),
    (SELECT MIN(expires_ms) FROM checkouts WHERE state = ?)"""
)


@dataclass(frozen=True, slots=True)
class Swept:
    """What one round let go."""

    holds: int
    checkouts: int


class Expiry:
    """The sweeper."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def sweep(self) -> Swept:
        """Let go of everything that is over now. Costs one small read when there is nothing."""
        swept_holds = swept_checkouts = 0
        while await self._context.store.read(self._anything):
            held, locked = await self._context.store.write(self._round)
            self._context.faults(FaultPoint.EXPIRY_COMMITTED)
            swept_holds += held
            swept_checkouts += locked
            if not held and not locked:
                break
        return Swept(swept_holds, swept_checkouts)

    async def quiet_ms(self) -> int:
        """For how long nothing can run out, so far as is known now: at least until the next sweep
        and at most `sweep_quiet_ms`, because what other processes do is not heard of here."""
        settings = self._context.settings
        most_ms = min(
            settings.sweep_quiet_ms, settings.light_hold_ttl_ms, settings.firm_hold_ttl_ms
        )
        next_ms = await self._context.store.read(_next_due_ms)
        due_in_ms = most_ms if next_ms is None else next_ms - self._context.clock()
        return max(settings.sweep_interval_ms, min(most_ms, due_in_ms))

    async def prune(self) -> None:
        """Delete delivered events, idempotency keys, positions and kept addresses older than their
        retention."""
        settings = self._context.settings

        def prune(unit: Unit) -> None:
            outbox.forget_silent(unit, unit.now_ms - settings.position_retention_ms)
            outbox.prune(unit, unit.now_ms - settings.outbox_retention_ms)
            idempotency.prune(unit, unit.now_ms - settings.idempotency_retention_ms)
            contacts.forget_old(unit, unit.now_ms - settings.contact_retention_ms)

        await self._context.store.write(prune, long=True)

    def _anything(self, connection: Connection) -> bool:
        now_ms = self._context.clock()
        return bool(holds.overdue(connection, now_ms, 1) or rows.overdue(connection, now_ms, 1))

    def _round(self, unit: Unit) -> tuple[int, int]:
        limit = self._context.settings.sweep_batch_max
        expired = holds.overdue(unit.connection, unit.now_ms, limit)
        locked = cart_rows.lock(unit, {hold.cart_id for hold in expired})
        if locks_rows(unit.connection):
            # Somebody may have been faster: only what is overdue under the lock is let go.
            again = holds.overdue(unit.connection, unit.now_ms, limit)
            expired = [hold for hold in again if hold.cart_id in locked]
        if expired:
            holds.expire(unit, expired)
            for cart_id in sorted({hold.cart_id for hold in expired}):
                cart_rows.touch(unit, cart_id)
        released = rows.overdue(unit.connection, unit.now_ms, limit)
        for checkout_id in released:
            checkout = rows.load(unit.connection, checkout_id)
            if checkout is not None:
                rows.step(unit, checkout, Trigger.EXPIRE, ReleaseReason.EXPIRED)
                end(unit, checkout)
        self._context.faults(FaultPoint.EXPIRY_DECIDED)
        return len(expired), len(released)


def _next_due_ms(connection: Connection) -> int | None:
    """When the next light hold or lock runs out; None when there is none."""
    (times,) = _NEXT_DUE.rows(connection, CheckoutState.LOCKED.value)
    return min((due_ms for due_ms in times if due_ms is not None), default=None)
