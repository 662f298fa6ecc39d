"""Stripe: cards and whatever else the account takes, by PaymentIntents with manual capture.

    stripe:pm_...          a payment method that Stripe's own form made; pays once
    stripe:save:pm_...     the same, and Stripe keeps it for the payer
    stripe:saved:pm_...    one that is kept; its bank is asked to question the payer every time,
                           and decides whether it does
    stripe:client          the payer's own device confirms, by the client secret in the challenge
    stripe:link            a page of Stripe's takes the payment: the link is the challenge

Card numbers never come here. An intent is made first and its id written down before anything is
confirmed; so whatever call stays unanswered, the charge is found again by our key, without knowing
the method. Capture and cancel need no idempotency key: an intent is captured or cancelled once
(https://docs.stripe.com/payments/paymentintents/lifecycle).
"""

import logging
from typing import Any, Self

import stripe

from commerce.errors import PaymentMethodUnknownError
from commerce.payments.settings import StripeSettings
from commerce.payments.stripe_calls import StripeCalls
from commerce.payments.stripe_customers import StripeCustomers
from commerce.payments.stripe_notices import notice_of
from commerce.payments.stripe_states import (
    ATTEMPT,
    CLIENT,
    DIRECT,
    FLOW,
    LINK,
    REFUND,
    charge_of,
    charge_of_page,
    declined,
    metadata_of,
    page_params,
    refund_of,
    refused,
)
from commerce.ports import (
    Charge,
    ChargeState,
    GatewayUnavailableError,
    KeptMethod,
    Notice,
    References,
    Refund,
    RefundState,
)

log = logging.getLogger(__name__)

API_VERSION = "2026-10-28.endive"
"""Version of the API this was written for; Stripe answers in it whatever the account's default."""

PROVIDER = "stripe"
SAVE, SAVED = "save", "saved"
SESSION_PREFIX = "cs_"
METHOD_LENGTH_MAX = 120
PAGE = 100


class StripeCards:
    """A `NotifyingGateway` over the client of Stripe."""

    def __init__(
        self,
        settings: StripeSettings,
        references: References,
        client: Any,
        http: stripe.HTTPXClient,
    ) -> None:
        self._settings = settings
        self._references = references
        self._client = client
        self._http = http
        self._calls = StripeCalls(settings.request_timeout_ms)
        self._customers = StripeCustomers(references, client, self._calls)

    @classmethod
    def open(cls, settings: StripeSettings, references: References) -> Self:
        """Make the client; nothing is asked yet. It repeats nothing by itself: what is in doubt is
        for `reconcile`."""
        http = stripe.HTTPXClient(timeout=settings.request_timeout_ms / 1_000)
        addresses: Any = {"api": settings.base_address} if settings.base_address else {}
        client = stripe.StripeClient(
            settings.secret_key,
            stripe_version=API_VERSION,
            base_addresses=addresses,
            max_network_retries=0,
            http_client=http,
        )
        return cls(settings, references, client, http)

    async def close(self) -> None:
        """Let go of the connections."""
        await self._http.close_async()  # type: ignore[no-untyped-call]

    def accepts(self, payment_method: str) -> bool:
        """Whether it has one of the forms above."""
        prefix, _, rest = payment_method.partition(":")
        if prefix != PROVIDER or len(payment_method) > METHOD_LENGTH_MAX:
            return False
        if rest in (CLIENT, LINK):
            return True
        form, _, token = rest.rpartition(":")
        plain = token.removeprefix("pm_")
        return (
            form in ("", SAVE, SAVED)
            and plain != token
            and plain.isascii()
            and plain.replace("_", "").isalnum()
        )

    async def authorise(
        self, key: str, amount_minor: int, currency: str, payment_method: str, payer_id: str
    ) -> Charge:
        """Ask for the money, once for one key."""
        if not self.accepts(payment_method):
            raise PaymentMethodUnknownError
        if await self._references.find(PROVIDER, key) is not None:
            return await self._known(key)
        form, _, token = payment_method.removeprefix(f"{PROVIDER}:").rpartition(":")
        try:
            if token == LINK:
                return await self._authorise_link(key, amount_minor, currency)
            return await self._authorise_card(key, amount_minor, currency, form, token, payer_id)
        except stripe.InvalidRequestError as error:
            # Such as too little money: nothing was made, so nobody is charged.
            log.warning("stripe made no charge: %s", error.code)
            return refused(key, amount_minor, currency, error.code)

    async def _authorise_card(
        self, key: str, amount_minor: int, currency: str, form: str, token: str, payer_id: str
    ) -> Charge:
        """Make an intent, write it down, confirm it."""
        params: dict[str, Any] = {
            "amount": amount_minor,
            "currency": currency.lower(),
            "capture_method": "manual",
            "payment_method_types": ["card"],
            "metadata": {ATTEMPT: key, FLOW: CLIENT if token == CLIENT else DIRECT},
        }
        if form == SAVED:
            customer = await self._customers.known(payer_id)
            if customer is None or await self._customers.owner_of(token) != customer:
                return declined(key, amount_minor, currency, "", "resource_missing")
            params["customer"] = customer
            # https://docs.stripe.com/payments/3d-secure/authentication-flow#manual-three-ds
            params["payment_method_options"] = {"card": {"request_three_d_secure": "challenge"}}
        elif form == SAVE:
            params["customer"] = await self._customers.of(payer_id)
            params["setup_future_usage"] = "on_session"
        intent = await self._calls.attempt(
            self._client.v1.payment_intents.create_async(
                params, {"idempotency_key": f"{key}-create"}
            )
        )
        kept_reference = await self._references.remember(PROVIDER, key, intent.id)
        if kept_reference != intent.id:
            # It was given up meanwhile; this intent was never confirmed and is let go.
            await self._cancel(intent.id)
            return await self.void(key)
        if token == CLIENT:
            return charge_of(key, intent, self._settings.return_url) or await self._known(key)
        return await self._confirm(key, intent, token)

    async def _confirm(self, key: str, intent: Any, token: str) -> Charge:
        try:
            confirmed = await self._calls.attempt(
                self._client.v1.payment_intents.confirm_async(
                    intent.id,
                    {"payment_method": token, "return_url": self._settings.return_url},
                )
            )
        except stripe.CardError as error:
            code = getattr(error.error, "decline_code", None) or error.code
            return declined(key, intent.amount, intent.currency.upper(), intent.id, code)
        except stripe.InvalidRequestError as error:
            # Such as a method that does not exist: Stripe changed nothing.
            return declined(key, intent.amount, intent.currency.upper(), intent.id, error.code)
        return charge_of(key, confirmed, self._settings.return_url) or await self._known(key)

    async def _authorise_link(self, key: str, amount_minor: int, currency: str) -> Charge:
        """Make a page of Checkout and write it down."""
        params = page_params(key, amount_minor, currency, self._settings.return_url)
        sessions = self._client.v1.checkout.sessions
        session = await self._calls.attempt(
            sessions.create_async(params, {"idempotency_key": f"{key}-create"})
        )
        if await self._references.remember(PROVIDER, key, session.id) != session.id:
            await self._calls.ask(sessions.expire_async(session.id))
            return await self.void(key)
        return charge_of_page(key, session)

    async def forget_payer(self, payer_id: str) -> None:
        """Delete the customer and all kept methods."""
        await self._customers.forget(payer_id)

    async def confirm(self, key: str, challenge_id: str, response: str) -> Charge:  # noqa: ARG002 - one question at a time
        """The bank was answered on its own page: look how it went. "reject" gives the charge up."""
        if response == "approve":
            return await self._known(key)
        given_up = await self.void(key)
        if given_up.state is not ChargeState.VOIDED:
            return given_up
        return Charge(
            key,
            ChargeState.DECLINED,
            given_up.amount_minor,
            given_up.currency,
            given_up.reference,
            code="CHALLENGE_REJECTED",
            message="The payment was given up. You were not charged.",
        )

    async def capture(self, key: str, amount_minor: int | None = None) -> Charge:
        """Take the money of an intent that waits for it, all or so much; the rest is let go."""
        charge = await self._known(key)
        if charge.state is not ChargeState.AUTHORISED:
            return charge
        params: dict[str, Any] = {}
        if amount_minor is not None:
            params["amount_to_capture"] = amount_minor
        try:
            intent = await self._calls.attempt(
                self._client.v1.payment_intents.capture_async(charge.reference, params)
            )
        except stripe.InvalidRequestError:
            # Somebody was faster, or it was cancelled: how it is now is what counts.
            return await self._known(key)
        return charge_of(key, intent, self._settings.return_url) or await self._known(key)

    async def void(self, key: str) -> Charge:
        """Cancel the intent, or expire the page; a key without one never gets one."""
        reference = await self._references.remember(PROVIDER, key, "")
        if not reference:
            return _never(key)
        if reference.startswith(SESSION_PREFIX):
            session = await self._session(reference)
            if session.status == "open":
                session = await self._calls.ask(
                    self._client.v1.checkout.sessions.expire_async(reference)
                )
            if not session.payment_intent or session.status != "complete":
                return charge_of_page(key, session)
            reference = session.payment_intent
        return charge_of(key, await self._cancel(reference), "") or Charge(
            key, ChargeState.VOIDED, 0, "XXX", reference
        )

    async def _cancel(self, intent_id: str) -> Any:
        intent = await self._intent(intent_id)
        if intent.status in ("succeeded", "canceled"):
            return intent
        try:
            return await self._calls.attempt(
                self._client.v1.payment_intents.cancel_async(intent_id)
            )
        except stripe.InvalidRequestError:
            return await self._intent(intent_id)

    async def refund(self, key: str, refund_key: str, amount_minor: int) -> Refund:
        """Give back a part, once for one refund key.

        The refund is looked for before it is made, because Stripe forgets idempotency keys after a
        day (https://docs.stripe.com/api/idempotent_requests).
        """
        intent = await self._intent_of(key)
        if intent is None:
            raise GatewayUnavailableError("nothing was captured")
        made = await self._calls.ask(
            self._client.v1.refunds.list_async({"payment_intent": intent.id, "limit": PAGE})
        )
        for refund in made.data:
            if metadata_of(refund).get(REFUND) == refund_key:
                return refund_of(refund_key, refund)
        try:
            refund = await self._calls.attempt(
                self._client.v1.refunds.create_async(
                    {
                        "payment_intent": intent.id,
                        "amount": amount_minor,
                        "metadata": {REFUND: refund_key},
                    },
                    {"idempotency_key": refund_key},
                )
            )
        except stripe.InvalidRequestError as error:
            code = (error.code or "refund_refused").upper()[:64]
            return Refund(refund_key, RefundState.FAILED, amount_minor, "", code)
        return refund_of(refund_key, refund)

    async def lookup(self, key: str) -> Charge | None:
        """The charge as Stripe has it; None when nothing was confirmed by anybody."""
        reference = await self._references.find(PROVIDER, key)
        if reference is None:
            return None
        if not reference:
            return _never(key)
        if reference.startswith(SESSION_PREFIX):
            session = await self._session(reference)
            if session.status != "complete" or not session.payment_intent:
                return charge_of_page(key, session)
            reference = session.payment_intent
        return charge_of(key, await self._intent(reference), self._settings.return_url)

    async def kept_methods(self, payer_id: str) -> tuple[KeptMethod, ...]:
        """The cards that a payer has kept, the newest first."""
        return await self._customers.kept(payer_id)

    async def key_of(self, reference: str) -> str | None:
        """The attempt an intent or a page belongs to."""
        return await self._references.key_of(PROVIDER, reference)

    async def captured(self) -> dict[str, tuple[int, str]]:
        """All captured intents that are ours, the newest `audit_charges_max` at most."""
        found: dict[str, tuple[int, str]] = {}
        for intent in await self._listed(self._client.v1.payment_intents):
            key = metadata_of(intent).get(ATTEMPT)
            if key and intent.status == "succeeded":
                found[key] = (intent.amount_received, intent.currency.upper())
        return found

    async def refunded(self) -> dict[str, int]:
        """All refunds that are ours and made."""
        return {
            metadata_of(refund)[REFUND]: refund.amount
            for refund in await self._listed(self._client.v1.refunds)
            if refund.status == "succeeded" and metadata_of(refund).get(REFUND)
        }

    async def _listed(self, service: Any) -> list[Any]:
        found: list[Any] = []
        page = await self._calls.ask(service.list_async({"limit": PAGE}))
        while True:
            found += page.data
            if not page.has_more:
                return found
            if len(found) >= self._settings.audit_charges_max:
                raise GatewayUnavailableError("more than the audit may ask for")
            last = found[-1].id
            page = await self._calls.ask(
                service.list_async({"limit": PAGE, "starting_after": last})
            )

    def notice(self, body: bytes, signature: str, now_ms: int) -> Notice:
        """Check the signature and its age (https://docs.stripe.com/webhooks/signature)."""
        settings = self._settings
        return notice_of(
            body, signature, settings.webhook_secret, settings.webhook_tolerance_ms, now_ms
        )

    async def _known(self, key: str) -> Charge:
        charge = await self.lookup(key)
        if charge is None:
            raise GatewayUnavailableError("an intent that nobody has confirmed yet")
        return charge

    async def _intent_of(self, key: str) -> Any:
        charge = await self.lookup(key)
        if charge is None or charge.state is not ChargeState.CAPTURED:
            return None
        return await self._intent(charge.reference)

    async def _intent(self, intent_id: str) -> Any:
        return await self._calls.ask(self._client.v1.payment_intents.retrieve_async(intent_id))

    async def _session(self, session_id: str) -> Any:
        return await self._calls.ask(self._client.v1.checkout.sessions.retrieve_async(session_id))


def _never(key: str) -> Charge:
    """A key that was given up before it had an intent."""
    return Charge(key, ChargeState.VOIDED, 0, "XXX", "")
