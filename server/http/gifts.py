"""`/gifts`: lines of a cart that one pays and another receives."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from server.http.dependencies import GuestHere, ServicesHere
from server.http.openapi import SIGNED_IN, STORE, errors
from server.http.payment_schemas import Gift

router = APIRouter(prefix="/gifts", tags=["Gifts"])

LineId = Annotated[str, Path(max_length=128)]

_OFFER = (*SIGNED_IN, *STORE, "LINE_NOT_FOUND", "NOT_ALLOWED", "CART_LOCKED", "INVALID_ID")


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class GiftOffer(_Body):
    """Who shall get a line of the cart."""

    receiver_id: str = Field(min_length=1, max_length=128)


class GiftAnswer(_Body):
    """Whether a gift is accepted."""

    accept: bool = Field(strict=True)


@router.get("", responses=errors(*SIGNED_IN))
async def list_gifts(guest: GuestHere, services: ServicesHere) -> list[Gift]:
    """Gifts that wait for your answer."""
    found = await services.commerce.gifts_for(guest.person_id)
    return [Gift.model_validate(gift) for gift in found]


@router.put("/{line_id}", status_code=204, responses=errors(*_OFFER, "INVALID_RECEIVER"))
async def offer_gift(
    line_id: LineId, body: GiftOffer, guest: GuestHere, services: ServicesHere
) -> None:
    """Offer a line you put in to somebody who shares the cart: you pay, they do not see the price
    at the till."""
    await services.commerce.offer_gift(guest.person_id, line_id, receiver_id=body.receiver_id)


@router.delete("/{line_id}", status_code=204, responses=errors(*_OFFER))
async def take_gift_back(line_id: LineId, guest: GuestHere, services: ServicesHere) -> None:
    """Take an offer back; the line stays yours."""
    await services.commerce.offer_gift(guest.person_id, line_id, receiver_id=None)


@router.post(
    "/{line_id}/answer",
    status_code=204,
    responses=errors(*SIGNED_IN, *STORE, "GIFT_NOT_FOUND", "CART_LOCKED", "INVALID_ID"),
)
async def answer_gift(
    line_id: LineId, body: GiftAnswer, guest: GuestHere, services: ServicesHere
) -> None:
    """Accept a gift, or decline it."""
    await services.commerce.answer_gift(guest.person_id, line_id, accept=body.accept)
