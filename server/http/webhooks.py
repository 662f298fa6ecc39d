"""`/webhooks`: what payment providers report."""

from typing import Annotated

from fastapi import APIRouter, Header, Path, Request

from commerce import WebhookRefusedError
from server.http.dependencies import ServicesHere
from server.http.openapi import STORE, errors
from server.http.payment_schemas import NoticeTaken

router = APIRouter(prefix="/webhooks", tags=["Payment"])


@router.post("/{provider}", responses=errors(*STORE, "PROVIDER_NOT_FOUND", "WEBHOOK_REFUSED"))
async def take_webhook(
    provider: Annotated[str, Path(max_length=32)],
    request: Request,
    services: ServicesHere,
    stripe_signature: Annotated[str, Header(max_length=1_000)] = "",
) -> NoticeTaken:
    """Where a payment provider reports what happened. Signed by the provider; anything else is
    refused and counted. What it says is not believed but asked for again."""
    # The signature is of the bytes as they came.
    body = await request.body()
    webhooks = services.metrics.webhooks
    try:
        outcome = await services.commerce.take_notice(provider, body, stripe_signature)
    except WebhookRefusedError:
        webhooks.labels("refused").inc()
        raise
    webhooks.labels(outcome).inc()
    return NoticeTaken(outcome=outcome)
