"""Paying a locked checkout: prepare, ask the gateway, finalise. Never two of them at once.

    prepare     the attempt is written and the checkout is `paying`: committed
    gateway     authorise, perhaps confirm, then capture: outside any transaction
    finalise    order, payment and stock, or the failure: committed

The last two are in `settlement`, which a crash or a time-out comes back to.
"""

from dataclasses import dataclass, replace

from sqlalchemy import Connection

from commerce.checkout import CheckoutState, Trigger
from commerce.db import checkouts as rows
from commerce.db import idempotency, payments
from commerce.db.checkouts import Checkout
from commerce.db.unit import Unit
from commerce.errors import (
    ConflictError,
    InvalidRequestError,
    NotAllowedError,
    PaymentMethodUnknownError,
)
from commerce.payment import Attempt, AttemptState
from commerce.service.checkout import require
from commerce.service.context import Context
from commerce.service.faults import FaultPoint
from commerce.service.once import Once
from commerce.service.settlement import Settlement
from commerce.validation import check_amount, check_id, check_key, fingerprint, not_found
from commerce.views import CheckoutView

RESPONSES = ("approve", "reject")


@dataclass(frozen=True, slots=True)
class _Payment:
    """A checked request to pay. The method is in nobody's representation of it."""

    person_id: str
    checkout_id: str
    expected_total_minor: int
    key: str
    body_hash: str

    @property
    def scope(self) -> str:
        return f"pay:{self.person_id}"

    @property
    def click(self) -> tuple[str, ...]:
        """The same for clicks that mean the same, whatever their keys are."""
        return ("click", self.person_id, self.checkout_id, self.body_hash)


class Payments:
    """Use cases of payment."""

    def __init__(self, context: Context, settlement: Settlement) -> None:
        self._context = context
        self._settlement = settlement
        self._keys: Once[CheckoutView] = Once()
        self._clicks: Once[None] = Once()

    async def pay(
        self,
        person_id: str,
        checkout_id: str,
        payment_method: str,
        expected_total_minor: int,
        key: str,
    ) -> CheckoutView:
        """Pay, once for one key, and with one call of the gateway however many clicks come.

        Raises CHECKOUT_NOT_FOUND, CHECKOUT_STATE, CHECKOUT_EXPIRED, TOTAL_CHANGED,
        PAYMENT_METHOD_UNKNOWN or IDEMPOTENCY_KEY_REUSED. A decline is no error: look at the view.
        """
        check_id(person_id, "person_id")
        check_id(checkout_id, "checkout_id")
        check_key(key)
        check_amount(expected_total_minor, "expected_total_minor")
        if not isinstance(payment_method, str) or not self._context.gateway.accepts(payment_method):
            raise PaymentMethodUnknownError
        body_hash = fingerprint(
            {
                "checkout_id": checkout_id,
                "payment_method": payment_method,
                "expected_total_minor": expected_total_minor,
            }
        )
        payment = _Payment(person_id, checkout_id, expected_total_minor, key, body_hash)

        async def run() -> CheckoutView:
            if self._clicks.running(payment.click):
                await self._claim_only(payment)
            await self._clicks.run(
                payment.click, body_hash, lambda: self._pay(payment, payment_method)
            )
            return await self._view(person_id, checkout_id)

        return await self._keys.run((payment.scope, key), body_hash, run)

    async def _claim_only(self, payment: _Payment) -> None:
        """Remember the key of a second click, so that a repeat of it does not pay again."""
        await self._context.store.write(
            lambda unit: idempotency.claim(
                unit, payment.scope, payment.key, payment.body_hash, payment.checkout_id
            )
        )

    async def _pay(self, payment: _Payment, payment_method: str) -> None:
        context = self._context
        async with self._settlement.turn(payment.checkout_id):
            attempt_id = f"attempt-{context.new_id()}"
            if not await context.store.write(lambda u: self._prepare(u, payment, attempt_id)):
                return
            context.faults(FaultPoint.PAYMENT_PREPARED)
            checkout = await context.store.read(
                lambda c: require(c, payment.checkout_id, payment.person_id)
            )
            await self._settlement.run(
                payment.checkout_id,
                lambda: context.gateway.authorise(
                    attempt_id, checkout.total_minor, checkout.currency, payment_method
                ),
                FaultPoint.AUTHORISE_ANSWERED,
            )

    def _prepare(self, unit: Unit, payment: _Payment, attempt_id: str) -> bool:
        """Claim the key, check, and write the attempt; False when it was all done before."""
        before = idempotency.claim(
            unit, payment.scope, payment.key, payment.body_hash, payment.checkout_id
        )
        checkout = require(unit.connection, payment.checkout_id, payment.person_id)
        if before is not None or _paid_by(checkout, payment.person_id):
            return False
        if payment.expected_total_minor != checkout.total_minor:
            raise ConflictError(
                "TOTAL_CHANGED",
                "The total is not what you agreed to. Please look at it again.",
                {
                    "expected_total_minor": payment.expected_total_minor,
                    "total_minor": checkout.total_minor,
                    "currency": checkout.currency,
                },
            )
        if checkout.state is CheckoutState.LOCKED and unit.now_ms >= checkout.expires_ms:
            raise ConflictError(
                "CHECKOUT_EXPIRED",
                "The time of this checkout has run out. Lock the cart again.",
                {"expires_ms": checkout.expires_ms},
            )
        rows.step(unit, checkout, Trigger.PAY)
        payments.prepare(
            unit,
            attempt_id,
            checkout.checkout_id,
            payment.person_id,
            checkout.total_minor,
            checkout.currency,
        )
        return True

    async def confirm(
        self, person_id: str, checkout_id: str, challenge_id: str, response: str
    ) -> CheckoutView:
        """Hand the payer's answer to the bank. Raises NOT_ALLOWED for anybody but the payer."""
        check_id(person_id, "person_id")
        check_id(checkout_id, "checkout_id")
        check_id(challenge_id, "challenge_id")
        if response not in RESPONSES:
            raise InvalidRequestError(
                "INVALID_RESPONSE",
                "The answer to the bank is approve or reject.",
                {"field": "response"},
            )
        body_hash = fingerprint({"response": response})

        async def run() -> CheckoutView:
            async with self._settlement.turn(checkout_id):
                await self._confirm(person_id, checkout_id, challenge_id, response)
            return await self._view(person_id, checkout_id)

        return await self._keys.run(
            ("confirm", person_id, checkout_id, challenge_id, response), body_hash, run
        )

    async def _confirm(
        self, person_id: str, checkout_id: str, challenge_id: str, response: str
    ) -> None:
        context = self._context

        def find(connection: Connection) -> Attempt:
            checkout = require(connection, checkout_id, person_id)
            attempt = checkout.attempt
            if attempt is None or attempt.challenge_id != challenge_id:
                raise not_found("challenge")
            if attempt.payer_id != person_id:
                raise NotAllowedError(
                    "Only the one who pays can answer the bank.", {"payer_id": attempt.payer_id}
                )
            return attempt

        attempt = await context.store.read(find)
        if attempt.state is not AttemptState.CHALLENGE:
            return
        key = attempt.attempt_id
        if (attempt.challenge_expires_ms or 0) <= context.clock():
            await self._settlement.run(
                checkout_id, lambda: context.gateway.void(key), FaultPoint.VOID_ANSWERED
            )
            return
        await self._settlement.run(
            checkout_id,
            lambda: context.gateway.confirm(key, challenge_id, response),
            FaultPoint.CONFIRM_ANSWERED,
        )

    async def finish(self) -> None:
        """Wait for what is under way."""
        await self._keys.finish()
        await self._clicks.finish()

    async def _view(self, person_id: str, checkout_id: str) -> CheckoutView:
        """The answer to the payer: without a clear word it is in doubt, whatever the reason."""
        view = rows.view_of(
            await self._context.store.read(lambda c: require(c, checkout_id, person_id))
        )
        unclear = view.state is CheckoutState.PAYING and view.challenge is None
        return replace(view, in_doubt=True) if unclear else view


def _paid_by(checkout: Checkout, person_id: str) -> bool:
    attempt = checkout.attempt
    return (
        checkout.state is CheckoutState.PAID
        and attempt is not None
        and attempt.payer_id == person_id
    )
