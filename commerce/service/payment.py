"""Paying a locked checkout: prepare, ask the gateway, finalise. Never two of them at once.

    prepare     the attempt is written and the checkout is `paying`: committed
    gateway     authorise, perhaps confirm, then capture: outside any transaction
    finalise    order, payment and stock, or the failure: committed

The gateway's word about the charge decides (`settle`), whether it came as an answer to a payer or was
asked for by `reconcile` after a crash or a time-out; so there is one way through, however it began.
"""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

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
from commerce.ports import Charge, GatewayUnavailableError
from commerce.service.checkout import require
from commerce.service.context import Context
from commerce.service.faults import FaultPoint
from commerce.service.once import Once
from commerce.service.settlement import Settlement
from commerce.validation import check_amount, check_id, check_key, fingerprint, not_found
from commerce.views import CheckoutView

T = TypeVar("T")

RESPONSES = ("approve", "reject")


class Payments:
    """Use cases of payment."""

    def __init__(self, context: Context, settlement: Settlement) -> None:
        self._context = context
        self._settlement = settlement
        self._once: Once[CheckoutView] = Once()

    async def pay(
        self,
        person_id: str,
        checkout_id: str,
        payment_method: str,
        expected_total_minor: int,
        key: str,
    ) -> CheckoutView:
        """Pay, once for one key, and once for one checkout however many keys there are."""
        check_id(person_id, "person_id")
        check_id(checkout_id, "checkout_id")
        check_key(key)
        check_amount(expected_total_minor, "expected_total_minor")
        if not isinstance(payment_method, str) or not self._context.gateway.accepts(payment_method):
            raise PaymentMethodUnknownError
        body = fingerprint(
            {
                "checkout_id": checkout_id,
                "payment_method": payment_method,
                "expected_total_minor": expected_total_minor,
            }
        )
        # A second click with a key of its own is the same click: it waits for the first.
        joined = ("pay", person_id, checkout_id)
        if self._once.same(joined, body):
            return await self._once.run(joined, body, self._never)

        async def claimed() -> CheckoutView:
            return await self._pay(person_id, checkout_id, payment_method, key, body)

        async def checked() -> CheckoutView:
            await self._context.store.read(
                lambda c: _check_total(require(c, checkout_id, person_id), expected_total_minor)
            )
            return await claimed()

        async def run() -> CheckoutView:
            if self._once.same(joined, body):
                return await self._once.run(joined, body, self._never)
            return await self._once.run(("attempt", key, *joined), body, checked)

        return await self._once.run(("key", person_id, key), body, run)

    async def _never(self) -> CheckoutView:
        raise RuntimeError("a run that was under way has vanished")
