"""Moves a payment attempt to its end by what the gateway says about the charge.

`settle` takes the gateway's word, whether it came as an answer to a payer or was asked for after a
crash or a time-out, and does what is left to do. So there is one way through, however it began:

    unknown               void it (so that it cannot arrive later), then failed
    challenge             wait for the payer; after its time void it, then failed
    authorised            write it down, capture it, go on as captured
    captured              order, payment and stock in one transaction
    declined or voided    failed: back to locked while the lock lives, else released

No answer: the attempt is in doubt and `reconcile` asks again. Money is captured only here, and only
while the attempt is live in our books.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from commerce.checkout import ReleaseReason, Trigger
from commerce.db import carts as cart_rows
from commerce.db import checkouts as rows
from commerce.db import inventory, orders, payments
from commerce.db.checkouts import Checkout
from commerce.db.unit import Unit
from commerce.errors import UnavailableError
from commerce.payment import (
    CHALLENGE_EXPIRED,
    DECLINED,
    NOT_CHARGED,
    Attempt,
    AttemptState,
    Failure,
)
from commerce.ports import Charge, ChargeState, GatewayUnavailableError
from commerce.service.checkout import end
from commerce.service.context import Context
from commerce.service.faults import FaultPoint

log = logging.getLogger(__name__)

Ask = Callable[[], Awaitable[Charge | None]]


@dataclass(slots=True)
class _Turn:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    users: int = 0


class Settlement:
    """One at a time for each checkout."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._turns: dict[str, _Turn] = {}
        self._unsettled: set[str] = set()

    @asynccontextmanager
    async def turn(self, checkout_id: str) -> AsyncIterator[None]:
        """Nobody else in this process moves the payment of this checkout meanwhile."""
        turn = self._turns.setdefault(checkout_id, _Turn())
        turn.users += 1
        try:
            async with turn.lock:
                yield
        finally:
            turn.users -= 1
            if not turn.users:
                del self._turns[checkout_id]

    def busy(self, checkout_id: str) -> bool:
        """Whether somebody has or waits for the turn."""
        return checkout_id in self._turns

    def unsettled(self, checkout_id: str) -> bool:
        """Whether the gateway has spoken and our database could not take it down."""
        return checkout_id in self._unsettled

    async def run(self, checkout_id: str, ask: Ask, answered: FaultPoint) -> None:
        """Ask the gateway and go as far as its answer leads. To be called within `turn`.

        Once the gateway was asked this does not fail any more: what cannot be finished now stays
        live in our books, and `reconcile` comes back to it.
        """
        attempt = await self._live(checkout_id)
        self._unsettled.discard(checkout_id)
        if attempt is None:
            return
        try:
            try:
                charge = await self._ask(ask)
                self._context.faults(answered)
                await self._settle(attempt, charge)
            except GatewayUnavailableError:
                await self._doubt(checkout_id)
        except UnavailableError as error:
            log.warning("attempt %s is not settled yet: %s", attempt.attempt_id, error.code)
            self._unsettled.add(checkout_id)

    async def _settle(self, attempt: Attempt, charge: Charge | None) -> None:
        gateway = self._context.gateway
        key = attempt.attempt_id
        if charge is None or self._overdue(attempt, charge):
            charge = await self._ask(lambda: gateway.void(key))
            self._context.faults(FaultPoint.VOID_ANSWERED)
        if charge is not None and charge.state is ChargeState.CHALLENGE:
            await self._challenge(attempt, charge)
            return
        if charge is not None and charge.state is ChargeState.AUTHORISED:
            await self._authorised(attempt, charge)
            charge = await self._ask(lambda: gateway.capture(key))
            self._context.faults(FaultPoint.CAPTURE_ANSWERED)
        if charge is not None and charge.state is ChargeState.CAPTURED:
            await self._finalise(attempt, charge)
            return
        await self._fail(attempt, _failure(attempt, charge))

    def _overdue(self, attempt: Attempt, charge: Charge) -> bool:
        return (
            charge.state is ChargeState.CHALLENGE
            and attempt.challenge_expires_ms is not None
            and attempt.challenge_expires_ms <= self._context.clock()
        )

    async def _ask(self, ask: Ask) -> Charge | None:
        """Call the gateway, but do not wait longer than its time."""
        try:
            async with asyncio.timeout(self._context.settings.gateway_timeout_ms / 1_000):
                return await ask()
        except TimeoutError as error:
            raise GatewayUnavailableError("no answer in time") from error

    async def _live(self, checkout_id: str) -> Attempt | None:
        attempt = await self._context.store.read(lambda c: payments.latest(c, checkout_id))
        return attempt if attempt is not None and attempt.live else None

    async def _challenge(self, attempt: Attempt, charge: Charge) -> None:
        def record(unit: Unit) -> None:
            checkout, current = _current(unit, attempt)
            if current is None:
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

    async def _authorised(self, attempt: Attempt, charge: Charge) -> None:
        def record(unit: Unit) -> None:
            _, current = _current(unit, attempt)
            if current is not None:
                payments.record_authorised(unit, current, charge)

        await self._context.store.write(record)
        self._context.faults(FaultPoint.AUTHORISED_RECORDED)

    async def _finalise(self, attempt: Attempt, charge: Charge) -> None:
        context = self._context

        def finalise(unit: Unit) -> None:
            checkout, current = _current(unit, attempt)
            if current is None:
                return
            order_id = f"order-{context.new_id()}"
            cart = cart_rows.load(unit.connection, [checkout.cart_id])[checkout.cart_id]
            rows.step(unit, checkout, Trigger.CAPTURE)
            orders.create(unit, order_id, checkout, current.payer_id, cart.members)
            payments.record_captured(unit, current, charge, order_id)
            pieces: dict[str, int] = {}
            for line in checkout.lines:
                pieces[line.sku] = pieces.get(line.sku, 0) + line.quantity
            inventory.sell(unit, pieces, order_id)
            cart_rows.delete_lines(unit, [line.line_id for line in checkout.lines])
            cart_rows.set_checkout(unit, checkout.cart_id, None)
            cart_rows.touch(unit, checkout.cart_id)
            context.faults(FaultPoint.ORDER_DECIDED)

        await context.store.write(finalise)
        context.faults(FaultPoint.ORDER_COMMITTED)

    async def _fail(self, attempt: Attempt, failure: Failure) -> None:
        def fail(unit: Unit) -> None:
            checkout, current = _current(unit, attempt)
            if current is None:
                return
            payments.record_failure(unit, current, failure)
            if unit.now_ms < checkout.expires_ms:
                rows.step(unit, checkout, Trigger.DECLINE)
            else:
                rows.step(unit, checkout, Trigger.ABANDON, ReleaseReason.PAYMENT_FAILED)
                end(unit, checkout)
            self._context.faults(FaultPoint.FAILURE_DECIDED)

        await self._context.store.write(fail)
        self._context.faults(FaultPoint.FAILURE_COMMITTED)

    async def _doubt(self, checkout_id: str) -> None:
        def record(unit: Unit) -> None:
            checkout = rows.load(unit.connection, checkout_id)
            attempt = checkout.attempt if checkout else None
            if checkout is None or attempt is None or not attempt.live or attempt.in_doubt:
                return
            payments.record_doubt(unit, attempt)
            rows.touch(unit, checkout)

        await self._context.store.write(record)
        self._context.faults(FaultPoint.DOUBT_RECORDED)


def _current(unit: Unit, attempt: Attempt) -> tuple[Checkout, Attempt | None]:
    """The checkout, and the attempt as it is now; None when another process has ended it."""
    checkout = rows.load(unit.connection, attempt.checkout_id)
    if checkout is None:
        raise LookupError(attempt.checkout_id)
    current = checkout.attempt
    if current is None or current.attempt_id != attempt.attempt_id or not current.live:
        return checkout, None
    return checkout, current


def _failure(attempt: Attempt, charge: Charge | None) -> Failure:
    if charge is not None and charge.state is ChargeState.DECLINED:
        return Failure(charge.code or DECLINED.code, charge.message or DECLINED.message)
    return CHALLENGE_EXPIRED if attempt.state is AttemptState.CHALLENGE else NOT_CHARGED
