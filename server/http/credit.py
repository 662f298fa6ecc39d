"""`/credit` and `/gift-cards`: money that is in the shop already."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from server.http.dependencies import GuestHere, HostHere, RequiredKey, ServicesHere
from server.http.openapi import KEYED, SIGNED_IN, STAFF, STORE, errors
from server.http.payment_schemas import Credit, GiftCard

router = APIRouter(tags=["Credit"])

AMOUNT_MAX = 10**12

_Amount = Annotated[int, Field(ge=1, le=AMOUNT_MAX, strict=True, examples=[2500])]
_Currency = Annotated[str, Field(min_length=3, max_length=3, examples=["EUR"])]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class CardCode(_Body):
    """The code of a gift card."""

    code: str = Field(min_length=1, max_length=64)


class Grant(_Body):
    """Store credit for somebody."""

    person_id: str = Field(min_length=1, max_length=128)
    amount_minor: _Amount
    currency: _Currency


class NewGiftCard(_Body):
    """A gift card to be made."""

    amount_minor: _Amount
    currency: _Currency
    expires_ms: int | None = Field(
        default=None, ge=0, strict=True, description="ms since the Unix epoch; null: never."
    )


@router.get(
    "/credit/{currency}", responses=errors(*SIGNED_IN, "CREDIT_NOT_FOUND", "INVALID_CURRENCY")
)
async def show_credit(
    currency: Annotated[str, Path(max_length=3)], guest: GuestHere, services: ServicesHere
) -> Credit:
    """Your store credit."""
    return Credit.model_validate(await services.commerce.credit(guest.person_id, currency))


@router.post("/gift-card", responses=errors(*SIGNED_IN, "CREDIT_NOT_FOUND"))
async def show_gift_card(body: CardCode, _guest: GuestHere, services: ServicesHere) -> Credit:
    """What is on a gift card. The code comes in the body, because addresses are logged."""
    return Credit.model_validate(await services.commerce.gift_card(body.code))


@router.post(
    "/credit",
    status_code=201,
    responses=errors(
        *STAFF,
        *STORE,
        *KEYED,
        "IDEMPOTENCY_KEY_MISSING",
        "INVALID_AMOUNT",
        "INVALID_CURRENCY",
        "INVALID_ID",
        "PERSON_NOT_FOUND",
    ),
)
async def grant_credit(
    body: Grant, _host: HostHere, services: ServicesHere, key: RequiredKey
) -> Credit:
    """Add to somebody's store credit. For hosts. Needs an Idempotency-Key."""
    return Credit.model_validate(
        await services.commerce.grant_credit(
            body.person_id,
            amount_minor=body.amount_minor,
            currency=body.currency,
            idempotency_key=key,
        )
    )


@router.post(
    "/gift-cards",
    status_code=201,
    responses=errors(*STAFF, *STORE, "INVALID_AMOUNT", "INVALID_CURRENCY"),
)
async def issue_gift_card(body: NewGiftCard, _host: HostHere, services: ServicesHere) -> GiftCard:
    """Make a gift card; its code is told this once. For hosts."""
    return GiftCard.model_validate(
        await services.commerce.issue_gift_card(
            amount_minor=body.amount_minor, currency=body.currency, expires_ms=body.expires_ms
        )
    )
