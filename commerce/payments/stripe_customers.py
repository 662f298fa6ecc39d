"""Customers at Stripe: who has kept a payment method there."""

from contextlib import suppress
from typing import Any

import stripe

from commerce.payments.stripe_calls import StripeCalls
from commerce.ports import KeptMethod, References

CUSTOMERS = "stripe-customer"
KEPT_MAX = 20
"""Methods of one person that are shown, the newest."""


class StripeCustomers:
    """The customer of each of our people who has kept a method."""

    def __init__(self, references: References, client: Any, calls: StripeCalls) -> None:
        self._references = references
        self._client = client
        self._calls = calls

    async def known(self, person_id: str) -> str | None:
        """The customer of somebody; None when nothing was ever kept for them."""
        return await self._references.find(CUSTOMERS, person_id)

    async def of(self, person_id: str) -> str:
        """The customer of somebody, made when there is none."""
        known = await self.known(person_id)
        if known:
            return known
        made = await self._calls.ask(
            self._client.v1.customers.create_async(
                {"metadata": {"galleria_person": person_id}},
                {"idempotency_key": f"customer-{person_id}"},
            )
        )
        return await self._references.remember(CUSTOMERS, person_id, made.id)

    async def owner_of(self, token: str) -> str | None:
        """The customer that a kept method belongs to; None when there is no such method."""
        try:
            kept = await self._calls.attempt(self._client.v1.payment_methods.retrieve_async(token))
        except stripe.InvalidRequestError:
            return None
        return None if kept.customer is None else str(kept.customer)

    async def forget(self, person_id: str) -> None:
        """Delete the customer and all kept methods: https://docs.stripe.com/api/customers/delete"""
        customer = await self.known(person_id)
        if customer:
            with suppress(stripe.InvalidRequestError):  # There is no such customer any more.
                await self._calls.attempt(self._client.v1.customers.delete_async(customer))

    async def kept(self, person_id: str) -> tuple[KeptMethod, ...]:
        """The cards that are kept for somebody:
        https://docs.stripe.com/api/payment_methods/customer_list"""
        customer = await self.known(person_id)
        if not customer:
            return ()
        found = await self._calls.ask(
            self._client.v1.customers.payment_methods.list_async(
                customer, {"type": "card", "limit": KEPT_MAX}
            )
        )
        return tuple(
            KeptMethod(f"stripe:saved:{entry.id}", entry.card.brand, entry.card.last4)
            for entry in found.data
        )
