"""`/orders/.../refunds`: money given back, by hosts."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from server.http.dependencies import HostHere, RequiredKey, ServicesHere
from server.http.openapi import KEYED, STAFF, STORE, errors
from server.http.payment_schemas import Refund

router = APIRouter(prefix="/orders/{order_id}/refunds", tags=["Staff"])

OrderId = Annotated[str, Path(max_length=64)]

AMOUNT_MAX = 10**12


class RefundRequest(BaseModel):
    """What is given back."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    amount_minor: int | None = Field(
        default=None, ge=1, le=AMOUNT_MAX, strict=True, description="All that is left when absent."
    )
    payment_id: str | None = Field(default=None, max_length=128)
    reason: str = Field(default="", max_length=500)


@router.post(
    "",
    status_code=201,
    responses=errors(
        *STAFF,
        *STORE,
        *KEYED,
        "IDEMPOTENCY_KEY_MISSING",
        "ORDER_NOT_FOUND",
        "PAYMENT_NOT_FOUND",
        "REFUND_TOO_LARGE",
        "INVALID_AMOUNT",
        "INVALID_REASON",
    ),
)
async def refund_order(
    order_id: OrderId,
    body: RefundRequest,
    host: HostHere,
    services: ServicesHere,
    key: RequiredKey,
) -> list[Refund]:
    """Give back a part of an order, or all that is left. For hosts. Needs an Idempotency-Key."""
    made = await services.commerce.refund(
        host.person_id,
        order_id,
        idempotency_key=key,
        amount_minor=body.amount_minor,
        payment_id=body.payment_id,
        reason=body.reason,
    )
    return [Refund.model_validate(view) for view in made]


@router.get("", responses=errors(*STAFF))
async def list_refunds(order_id: OrderId, _host: HostHere, services: ServicesHere) -> list[Refund]:
    """All refunds of an order. For hosts."""
    return [Refund.model_validate(view) for view in await services.commerce.refunds(order_id)]
