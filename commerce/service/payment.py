"""Paying a locked checkout, or a part of it: prepare, ask the gateway, finalise. Never twice.

    prepare     the attempt is written and the checkout is `paying`: committed
    gateway     authorise, perhaps confirm, then capture: outside any transaction
    finalise    order, payment and stock, or the failure: committed

The last two are in `settlement`, which a crash or a time-out comes back to.
"""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from commerce.db import checkouts as rows
from commerce.db import hand_offs, idempotency, payments, tries
from commerce.db.checkout_views import view_of
from commerce.db.unit import Unit
from commerce.errors import (
    ConflictError,
    HandOffEndedError,
    InvalidRequestError,
    NotAllowedError,
    PaymentMethodUnknownError,
    ProviderSilentError,
    TooManyPaymentsError,
)
from commerce.payment import Attempt, AttemptState
from commerce.payments.credit import CREDIT
from commerce.payments.providers import instrument_of
from commerce.ports import (
    Charge,
    GatewayUnavailableError,
    KeepingGateway,
    KeptMethod,
    StepUpGateway,
)
from commerce.service.books import claim
from commerce.service.checkout import require
from commerce.service.context import Context
from commerce.service.coupons import require_standing
from commerce.service.faults import FaultPoint
from commerce.service.once import Once
from commerce.service.payment_rules import amount_of, check_time, check_turn, done_by
from commerce.service.settlement import Settlement, turn_of
from commerce.validation import check_amount, check_id, check_key, fingerprint, not_found
from commerce.views import CheckoutView

RESPONSES = ("approve", "reject")

_UNCLEAR = (AttemptState.PREPARED, AttemptState.CAPTURING, AttemptState.VOIDING)

LOOK_AGAIN_MS = 50
"""Between two looks at what another process does."""

NOTHING = f"{CREDIT}:"
"""How nothing is paid: no bank charges it, and the ledger needs no account for it."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A checked request to pay. The method is in nobody's representation of it."""

    person_id: str
    checkout_id: str
    provider: str
    expected_minor: int
    amount_minor: int | None
    key: str
    body_hash: str
    address: str | None
    hand_off: str | None
    instrument: str | None
    """What is counted of the card, without saying which it is."""
    step_up: bool

    @property
    def scope(self) -> str:
        """Within which the key is used once."""
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
        expected_minor: int,
        key: str,
        *,
        amount_minor: int | None = None,
        address: str | None = None,
        hand_off: str | None = None,
        step_up: bool = False,
    ) -> CheckoutView:
        """Pay one's part, once for one key, and with one call of the gateway however many clicks.

        `step_up`: credit and gift cards ask the payer before they pay, like a bank.

        Raises CHECKOUT_NOT_FOUND, CHECKOUT_STATE, CHECKOUT_EXPIRED, TOTAL_CHANGED, NOTHING_TO_PAY,
        TOO_MANY_PAYMENTS, COUPON_ENDED, PAYMENT_METHOD_UNKNOWN or IDEMPOTENCY_KEY_REUSED. A decline
        is no error: look at the view.
        """
        check_id(person_id, "person_id")
        check_id(checkout_id, "checkout_id")
        check_key(key)
        check_amount(expected_minor, "expected_total_minor")
        if amount_minor is not None:
            check_amount(amount_minor, "amount_minor")
        provider = self._context.providers.name_of(payment_method)
        if provider is None:
            raise PaymentMethodUnknownError
        body_hash = fingerprint(
            {
                "checkout_id": checkout_id,
                "payment_method": payment_method,
                "expected_total_minor": expected_minor,
                "amount_minor": amount_minor,
            }
        )
        instrument = instrument_of(payment_method)
        wish = Wish(
            person_id,
            checkout_id,
            provider,
            expected_minor,
            amount_minor,
            key,
            body_hash,
            address,
            hand_off,
            tries.subject_of("card", instrument) if instrument is not None else None,
            step_up,
        )

        async def run() -> CheckoutView:
            if self._clicks.running(wish.click):
                await self._claim_only(wish)
            await self._clicks.run(wish.click, body_hash, lambda: self._pay(wish, payment_method))
            return await self.view(person_id, checkout_id)

        return await self._keys.run((wish.scope, key), body_hash, run)

    async def _claim_only(self, wish: Wish) -> None:
        """Remember the key of a second click, so that a repeat of it does not pay again."""
        await self._context.store.write(
            lambda unit: idempotency.claim(
                unit, wish.scope, wish.key, wish.body_hash, wish.checkout_id
            )
        )

    async def _pay(self, wish: Wish, payment_method: str) -> None:
        context = self._context
        async with self._settlement.turn(turn_of(wish.checkout_id, wish.person_id)):
            attempt_id = f"attempt-{context.new_id()}"
            attempt = await context.store.write(lambda u: self._prepare(u, wish, attempt_id))
            if attempt is not None:
                context.faults(FaultPoint.PAYMENT_PREPARED)
                left = await self._settlement.settle(
                    attempt,
                    lambda: self._authorise(attempt, payment_method, step_up=wish.step_up),
                    FaultPoint.AUTHORISE_ANSWERED,
                )
        if attempt is None:
            await self._wait_for_others(wish)
        elif left:
            await self._settlement.carry_out(wish.checkout_id)

    async def _wait_for_others(self, wish: Wish) -> None:
        """Wait while another process is at the gateway for the same request, so that the answer is
        the same; as long as the gateway may take, and not for what is in doubt already."""
        for _ in range(self._context.settings.gateway_timeout_ms // LOOK_AGAIN_MS):
            checkout = await self._context.store.read(
                lambda c: require(c, wish.checkout_id, wish.person_id), alone=True
            )
            if not any(
                attempt.payer_id == wish.person_id
                and attempt.state in _UNCLEAR
                and not attempt.in_doubt
                for attempt in checkout.attempts
            ):
                return
            await asyncio.sleep(LOOK_AGAIN_MS / 1_000)

    async def _authorise(self, attempt: Attempt, payment_method: str, *, step_up: bool) -> Charge:
        gateway = self._context.gateway_of(attempt.provider)
        key, amount_minor, currency = attempt.attempt_id, attempt.amount_minor, attempt.currency
        if not amount_minor:
            return await gateway.authorise(key, 0, currency, NOTHING, attempt.payer_id)
        if step_up and isinstance(gateway, StepUpGateway):
            return await gateway.ask(key, amount_minor, currency, payment_method, attempt.payer_id)
        return await gateway.authorise(
            key, amount_minor, currency, payment_method, attempt.payer_id
        )

    def _prepare(self, unit: Unit, wish: Wish, attempt_id: str) -> Attempt | None:
        """Claim the key, check, and write the attempt. None when it was all done before."""
        before = idempotency.claim(unit, wish.scope, wish.key, wish.body_hash, wish.checkout_id)
        claim(unit, wish.checkout_id)
        checkout = require(unit.connection, wish.checkout_id, wish.person_id)
        if before is not None:
            return None
        if done_by(checkout, wish.person_id):
            if wish.hand_off is not None:
                # A code shows nothing to whoever finds it afterwards.
                raise HandOffEndedError("used, or not needed any more")
            return None
        part_minor = checkout.part_of(wish.person_id)
        if wish.expected_minor != part_minor:
            raise ConflictError(
                "TOTAL_CHANGED",
                "The total is not what you agreed to. Please look at it again.",
                {
                    "expected_total_minor": wish.expected_minor,
                    "total_minor": part_minor,
                    "currency": checkout.currency,
                },
            )
        check_time(checkout, unit.now_ms)
        require_standing(unit, checkout.checkout_id, checkout.coupon_code)
        check_turn(checkout, wish.person_id)
        amount_minor = amount_of(checkout, wish.person_id, wish.amount_minor)
        subjects = self._check_tries(unit, wish)
        if wish.hand_off is not None:
            subjects = (*subjects, hand_offs.use(unit, wish.hand_off, amount_minor))
        unit.gather()
        rows.ask(unit, checkout, amount_minor)
        tries.add(unit, subjects, attempt_id)
        return payments.prepare(
            unit,
            attempt_id,
            checkout.checkout_id,
            wish.person_id,
            wish.provider if amount_minor else CREDIT,
            amount_minor,
            checkout.currency,
            number=1 + max((attempt.number for attempt in checkout.attempts), default=0),
        )

    def _check_tries(self, unit: Unit, wish: Wish) -> Collection[str]:
        """What this try counts for. Raises TOO_MANY_PAYMENTS."""
        settings = self._context.payment
        since_ms = unit.now_ms - settings.tries_window_ms
        person = tries.subject_of("person", wish.person_id)
        subjects = {person: ("person", settings.tries_per_person_max)}
        if wish.address is not None:
            address = tries.subject_of("address", wish.address)
            subjects[address] = ("address", settings.tries_per_address_max)
        if wish.instrument is not None:
            subjects[wish.instrument] = ("card", settings.tries_per_card_max)
        failures = tries.failures(unit.connection, subjects, since_ms)
        for subject, (kind, maximum) in subjects.items():
            failed, oldest_ms = failures.get(subject, (0, unit.now_ms))
            if failed >= maximum:
                raise TooManyPaymentsError(kind, maximum, max(1, oldest_ms - since_ms))
        return subjects

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
            async with self._settlement.turn(turn_of(checkout_id, person_id)):
                left = await self._confirm(person_id, checkout_id, challenge_id, response)
            if left:
                await self._settlement.carry_out(checkout_id)
            return await self.view(person_id, checkout_id)

        return await self._keys.run(
            ("confirm", person_id, checkout_id, challenge_id, response), body_hash, run
        )

    async def _confirm(
        self, person_id: str, checkout_id: str, challenge_id: str, response: str
    ) -> bool:
        context = self._context

        def find(connection: Connection) -> Attempt:
            checkout = require(connection, checkout_id, person_id)
            for attempt in checkout.attempts:
                if attempt.challenge_id == challenge_id:
                    break
            else:
                raise not_found("challenge")
            if attempt.payer_id != person_id:
                raise NotAllowedError(
                    "Only the one who pays can answer the bank.", {"payer_id": attempt.payer_id}
                )
            return attempt

        attempt = await context.store.read(find)
        if attempt.state is not AttemptState.CHALLENGE:
            return True
        key, provider = attempt.attempt_id, attempt.provider
        if (attempt.challenge_expires_ms or 0) <= context.clock():
            return await self._settlement.run(
                key, lambda: context.gateway_of(provider).void(key), FaultPoint.VOID_ANSWERED
            )
        return await self._settlement.run(
            key,
            lambda: context.gateway_of(provider).confirm(key, challenge_id, response),
            FaultPoint.CONFIRM_ANSWERED,
        )

    async def look(self, attempt_id: str) -> bool:
        """Ask the gateway how an attempt stands, because something may have happened; whether it
        is one of ours."""
        context = self._context
        attempt = await context.store.read(lambda c: payments.load(c, attempt_id))
        if attempt is None:
            return False
        async with self._settlement.turn(turn_of(attempt.checkout_id, attempt.payer_id)):
            left = await self._settlement.run(
                attempt_id,
                lambda: context.gateway_of(attempt.provider).lookup(attempt_id),
                FaultPoint.AUTHORISE_ANSWERED,
            )
        if left:
            await self._settlement.carry_out(attempt.checkout_id)
        return True

    async def kept_methods(self, person_id: str) -> tuple[KeptMethod, ...]:
        """What providers keep for this person. Raises PROVIDER_SILENT."""
        check_id(person_id, "person_id")
        found: list[KeptMethod] = []
        for gateway in self._context.providers.all():
            if isinstance(gateway, KeepingGateway):
                try:
                    found += await gateway.kept_methods(person_id)
                except GatewayUnavailableError:
                    raise ProviderSilentError from None
        return tuple(found)

    async def finish(self) -> None:
        """Wait for what is under way."""
        await self._keys.finish()
        await self._clicks.finish()

    async def view(self, person_id: str, checkout_id: str) -> CheckoutView:
        """The answer to the payer: without a clear word it is in doubt, whatever the reason."""
        checkout = await self._context.store.read(
            lambda c: require(c, checkout_id, person_id), alone=True
        )
        unclear = any(
            attempt.payer_id == person_id and attempt.state in _UNCLEAR
            for attempt in checkout.attempts
        )
        view = view_of(checkout, person_id)
        return replace(view, in_doubt=True) if unclear else view
