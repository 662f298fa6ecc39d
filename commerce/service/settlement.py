"""Moves payment attempts to their ends by what the gateways say about the charges.

`settle` takes a gateway's word, whether it came as an answer to a payer or was asked for after a
crash or a time-out, and does what is left to do. So there is one way through, however it began:

    unknown               void it (so that it cannot arrive later), then failed
    challenge             wait for the payer; after its time void it, then failed
    authorised            write it down; the last part that was missing decides to capture all
    captured              in the books; the last part of a checkout makes the order and the sale
    declined or voided    failed: all other parts are given back; when the last is, the checkout is
                          locked again while the lock lives, else released

`carry_out` does what has been decided for the parts of a checkout: captures all, or gives all back.
No answer: the attempt is in doubt and `reconcile` asks again. Money is captured only here, and only
when it was decided in our books for every part of the checkout.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from commerce.db import payments
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
from commerce.service.books import Books
from commerce.service.context import Context
from commerce.service.faults import FaultPoint

log = logging.getLogger(__name__)

Ask = Callable[[], Awaitable[Charge | None]]


@dataclass(slots=True)
class _Turn:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    users: int = 0


def turn_of(checkout_id: str, payer_id: str) -> str:
    """Name of the turn to move what one person pays of a checkout."""
    return f"{checkout_id}/{payer_id}"


class Settlement:
    """One at a time for each payer of a checkout; several payers side by side."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._books = Books(context)
        self._turns: dict[str, _Turn] = {}
        self._unsettled: set[str] = set()

    @asynccontextmanager
    async def turn(self, name: str) -> AsyncIterator[None]:
        """Nobody else in this process moves this payment meanwhile."""
        turn = self._turns.setdefault(name, _Turn())
        turn.users += 1
        try:
            async with turn.lock:
                yield
        finally:
            turn.users -= 1
            if not turn.users:
                del self._turns[name]

    def busy(self, name: str) -> bool:
        """Whether somebody has or waits for the turn."""
        return name in self._turns

    def unsettled(self, attempt_id: str) -> bool:
        """Whether the gateway has spoken and our database could not take it down."""
        return attempt_id in self._unsettled

    async def run(self, attempt_id: str, ask: Ask, answered: FaultPoint) -> bool:
        """Ask the gateway and go as far as its answer leads. To be called within the turn of its
        payer; whether `carry_out` has to come afterwards, without the turn.

        Once the gateway was asked this does not fail any more: what cannot be finished now stays
        live in our books, and `reconcile` comes back to it.
        """
        attempt = await self._context.store.read(lambda c: payments.load(c, attempt_id), alone=True)
        self._unsettled.discard(attempt_id)
        if attempt is None or not attempt.live:
            return True
        return await self.settle(attempt, ask, answered)

    async def settle(self, attempt: Attempt, ask: Ask, answered: FaultPoint) -> bool:
        """`run` for an attempt that is known to be as it is here, since the turn was taken."""
        alone = False

        async def work() -> None:
            nonlocal alone
            decided = await self._ask_and_settle(attempt, ask, answered)
            alone = [entry.attempt_id for entry in decided] == [attempt.attempt_id]
            if alone:
                # It is all that there is, and still our turn: nobody has ended it meanwhile.
                await self._end(decided[0])

        await self._guarded(attempt, work)
        return not alone

    async def carry_out(self, checkout_id: str) -> None:
        """Capture or give back the parts of a checkout for which that is decided."""
        try:
            await self._carry_out(checkout_id)
        except UnavailableError as error:
            log.warning("checkout %s is not settled yet: %s", checkout_id, error.code)

    async def _carry_out(self, checkout_id: str) -> None:
        tried: set[tuple[str, AttemptState]] = set()
        while True:
            found = await self._context.store.read(
                lambda c: payments.decided(c, checkout_id), alone=True
            )
            left = [entry for entry in found if (entry.attempt_id, entry.state) not in tried]
            if not left:
                return
            tried |= {(entry.attempt_id, entry.state) for entry in left}
            await asyncio.gather(*(self._finish(entry) for entry in left))

    async def _finish(self, entry: Attempt) -> None:
        async with self.turn(turn_of(entry.checkout_id, entry.payer_id)):
            attempt = await self._context.store.read(lambda c: payments.load(c, entry.attempt_id))
            if attempt is not None and attempt.state is entry.state:
                await self._guarded(attempt, lambda: self._end(attempt))

    async def _guarded(self, attempt: Attempt, work: Callable[[], Awaitable[None]]) -> None:
        try:
            try:
                await work()
            except GatewayUnavailableError:
                await self._books.doubt(attempt.attempt_id)
        except UnavailableError as error:
            log.warning("attempt %s is not settled yet: %s", attempt.attempt_id, error.code)
            self._unsettled.add(attempt.attempt_id)

    async def _ask_and_settle(
        self, attempt: Attempt, ask: Ask, answered: FaultPoint
    ) -> tuple[Attempt, ...]:
        """The parts of the checkout that are to be captured because of the answer."""
        charge = await self._ask(ask)
        self._context.faults(answered)
        if attempt.state in (AttemptState.CAPTURING, AttemptState.VOIDING):
            await self._end(attempt)
            return ()
        if charge is None or self._overdue(attempt, charge) or not _fits(attempt, charge):
            charge = await self._void(attempt)
        if charge.state is ChargeState.CHALLENGE:
            await self._books.challenge(attempt, charge)
        elif charge.state in (ChargeState.AUTHORISED, ChargeState.CAPTURED):
            # A provider that cannot wait has moved the money already; capturing says so again.
            return await self._books.authorised(attempt, charge)
        else:
            await self._books.fail(attempt, _failure(attempt, charge))
        return ()

    async def _end(self, attempt: Attempt) -> None:
        """Do what was decided about an attempt."""
        gateway = self._context.gateway_of(attempt.provider)
        key = attempt.attempt_id
        if attempt.state is AttemptState.CAPTURING:
            charge = await self._ask(lambda: gateway.capture(key))
            self._context.faults(FaultPoint.CAPTURE_ANSWERED)
        else:
            charge = await self._void(attempt)
        if charge is None or charge.state in (ChargeState.CHALLENGE, ChargeState.AUTHORISED):
            raise GatewayUnavailableError("the gateway did not do as it was told")
        if charge.state is ChargeState.CAPTURED:
            await self._books.captured(attempt, charge)
        else:
            await self._books.fail(attempt, _failure(attempt, charge))

    async def _void(self, attempt: Attempt) -> Charge:
        gateway = self._context.gateway_of(attempt.provider)
        charge = await self._ask(lambda: gateway.void(attempt.attempt_id))
        self._context.faults(FaultPoint.VOID_ANSWERED)
        if charge is None:
            raise GatewayUnavailableError("a void was not answered")
        return charge

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


def _fits(attempt: Attempt, charge: Charge) -> bool:
    """Whether what is promised is what was asked for. Anything else is never captured."""
    if charge.state is not ChargeState.AUTHORISED:
        return True
    fits = (charge.amount_minor, charge.currency) == (attempt.amount_minor, attempt.currency)
    if not fits:
        log.error("attempt %s was promised another amount", attempt.attempt_id)
    return fits


def _failure(attempt: Attempt, charge: Charge) -> Failure:
    if charge.state is ChargeState.DECLINED:
        return Failure(charge.code or DECLINED.code, charge.message or DECLINED.message)
    return CHALLENGE_EXPIRED if attempt.state is AttemptState.CHALLENGE else NOT_CHARGED
