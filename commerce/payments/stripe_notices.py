"""Webhooks of Stripe: is it Stripe's, is it fresh, and which attempt is it about."""

import json

import stripe

from commerce.errors import WebhookRefusedError
from commerce.payments.stripe_states import ATTEMPT
from commerce.ports import Notice


def notice_of(body: bytes, signature: str, secret: str, tolerance_ms: int, now_ms: int) -> Notice:
    """Check the signature and its age (https://docs.stripe.com/webhooks/signature).

    Raises WEBHOOK_REFUSED with the reason: signature, content or age.
    """
    try:
        # Its own check of the age would ask the machine's clock.
        stripe.WebhookSignature.verify_header(body, signature, secret, tolerance=None)
        stamp = dict(part.split("=", 1) for part in signature.split(","))["t"]
        event = json.loads(body)
        data = event["data"]["object"]
        metadata = data.get("metadata") or {}
        event_id, kind = str(event["id"])[:128], str(event["type"])
        age_ms = now_ms - int(stamp) * 1_000
    except stripe.SignatureVerificationError as error:
        raise WebhookRefusedError("signature") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise WebhookRefusedError("content") from error
    if abs(age_ms) > tolerance_ms:
        raise WebhookRefusedError("age")
    key, reference = metadata.get(ATTEMPT), data.get("payment_intent") or data.get("id")
    return Notice(
        event_id,
        kind,
        key if isinstance(key, str) else None,
        reference if isinstance(reference, str) else None,
    )
