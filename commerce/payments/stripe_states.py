"""Stripe's words for charges and refunds, in ours."""

from typing import Any

from commerce.money import Money
from commerce.ports import (
    Charge,
    ChargeState,
    GatewayUnavailableError,
    Refund,
    RefundState,
)

ATTEMPT, REFUND, FLOW = "galleria_attempt", "galleria_refund", "galleria_flow"
"""Keys of the metadata we put on Stripe's objects."""

DIRECT, CLIENT, LINK = "direct", "client", "link"
"""Who confirms an intent: we do, the payer's device, or a page of Stripe's."""

FRAGMENT = "payment_intent_client_secret"
"""How the page of the shop gets the client secret: in the fragment, which no server logs."""

_DECLINES = {
    "insufficient_funds": (
        "INSUFFICIENT_FUNDS",
        "The bank declined: there is not enough money. Please take another card.",
    ),
    "expired_card": ("CARD_EXPIRED", "The card has run out. Please take another one."),
    "incorrect_cvc": ("CARD_CODE_WRONG", "The security code of the card is not right."),
    "resource_missing": (
        "PAYMENT_METHOD_REFUSED",
        "This card cannot be used here. Please take another one.",
    ),
    "amount_too_small": (
        "AMOUNT_TOO_SMALL",
        "This is less than a card can pay. Please pay it in another way, or more of it at once.",
    ),
    "amount_too_large": (
        "AMOUNT_TOO_LARGE",
        "This is more than a card can pay at once. Please pay it in parts, or in another way.",
    ),
    "payment_intent_authentication_failure": (
        "CHALLENGE_REJECTED",
        "The bank's question was not answered with yes. You were not charged.",
    ),
}
"""Codes we have own words for: https://docs.stripe.com/declines/codes and
https://docs.stripe.com/error-codes"""

_REFUSED = _DECLINES["resource_missing"]
"""What the payer hears when Stripe took no charge up at all, for a reason of no use to them."""

_REFUNDS = {
    "succeeded": RefundState.SUCCEEDED,
    "pending": RefundState.PENDING,
    "requires_action": RefundState.PENDING,
    "failed": RefundState.FAILED,
    "canceled": RefundState.FAILED,
}
"""https://docs.stripe.com/api/refunds/object#refund_object-status"""


def metadata_of(thing: Any) -> dict[str, str]:
    """The metadata of one of Stripe's objects."""
    found = getattr(thing, "metadata", None)
    return dict(found.to_dict()) if found is not None else {}


def declined(
    key: str, amount_minor: int, currency: str, reference: str, code: str | None
) -> Charge:
    """A charge that the bank refused."""
    known = _DECLINES.get(code or "")
    return Charge(
        key,
        ChargeState.DECLINED,
        amount_minor,
        currency,
        reference,
        code=known[0] if known else None,
        message=known[1] if known else None,
    )


def refused(key: str, amount_minor: int, currency: str, code: str | None) -> Charge:
    """A charge that Stripe did not even make, so that no bank was asked."""
    code, message = _DECLINES.get(code or "", _REFUSED)
    return Charge(key, ChargeState.DECLINED, amount_minor, currency, "", code=code, message=message)


def charge_of(key: str, intent: Any, return_url: str) -> Charge | None:
    """An intent as a charge; None when it waits for us to confirm it, so that nothing was asked of
    any bank. Raises GatewayUnavailableError while Stripe does not know yet itself.

    https://docs.stripe.com/payments/paymentintents/lifecycle
    """
    currency = intent.currency.upper()
    direct = metadata_of(intent).get(FLOW) == DIRECT
    status, amount = intent.status, intent.amount
    if status in ("requires_payment_method", "requires_confirmation") and direct:
        if intent.last_payment_error is None:
            return None
        error = intent.last_payment_error
        code = getattr(error, "decline_code", None) or getattr(error, "code", None)
        return declined(key, amount, currency, intent.id, code)
    if status in ("requires_payment_method", "requires_confirmation", "requires_action"):
        return Charge(
            key,
            ChargeState.CHALLENGE,
            amount,
            currency,
            intent.id,
            challenge_id=intent.id,
            challenge_url=_challenge_url(intent, return_url),
            instructions=f"Your bank asks whether you pay {Money(amount, currency)}.",
        )
    if status == "requires_capture":
        return Charge(key, ChargeState.AUTHORISED, amount, currency, intent.id)
    if status == "succeeded":
        return Charge(key, ChargeState.CAPTURED, intent.amount_received, currency, intent.id)
    if status == "canceled":
        return Charge(key, ChargeState.VOIDED, amount, currency, intent.id)
    raise GatewayUnavailableError(f"the intent is {status}")


def _challenge_url(intent: Any, return_url: str) -> str:
    action = getattr(intent, "next_action", None)
    redirect = getattr(action, "redirect_to_url", None) if action else None
    if redirect is not None and redirect.url:
        return str(redirect.url)
    return f"{return_url}#{FRAGMENT}={intent.client_secret}"


def page_params(key: str, amount_minor: int, currency: str, return_url: str) -> dict[str, Any]:
    """A page of Checkout that promises one amount: https://docs.stripe.com/api/checkout/sessions"""
    metadata = {ATTEMPT: key, FLOW: LINK}
    price = {
        "currency": currency.lower(),
        "unit_amount": amount_minor,
        "product_data": {"name": "Your order"},
    }
    return {
        "mode": "payment",
        "success_url": return_url,
        "cancel_url": return_url,
        "line_items": [{"quantity": 1, "price_data": price}],
        "payment_intent_data": {"capture_method": "manual", "metadata": metadata},
        "metadata": metadata,
    }


def charge_of_page(key: str, session: Any) -> Charge:
    """The charge of a page of Checkout that nobody has paid at yet."""
    amount = Money(session.amount_total, session.currency.upper())
    return Charge(
        key=key,
        state=ChargeState.CHALLENGE if session.status == "open" else ChargeState.VOIDED,
        amount_minor=amount.minor,
        currency=amount.currency,
        reference=session.id,
        challenge_id=session.id,
        challenge_url=session.url,
        instructions=f"Pay {amount} on the page that opens.",
    )


def refund_of(refund_key: str, refund: Any) -> Refund:
    """A refund of Stripe's as ours."""
    state = _REFUNDS.get(refund.status, RefundState.PENDING)
    code = str(refund.failure_reason).upper()[:64] if state is RefundState.FAILED else None
    return Refund(refund_key, state, refund.amount, refund.id, code)
