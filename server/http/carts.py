"""`/cart`: what somebody is about to buy, alone or with their party."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from commerce import CommerceError
from server.http.dependencies import GuestHere, OptionalKey, ServicesHere
from server.http.openapi import KEYED, SIGNED_IN, STORE, errors
from server.http.payment_schemas import Address
from server.http.schemas import Cart

router = APIRouter(prefix="/cart", tags=["Cart"])

LineId = Annotated[str, Path(max_length=64)]

QUANTITY_MAX = 999
"""Of the interface; the shop's own limits are lower and answer LIMIT_REACHED."""

_HOLDING = (
    *SIGNED_IN,
    *STORE,
    *KEYED,
    "SOLD_OUT",
    "CART_LOCKED",
    "LIMIT_REACHED",
    "DISCONTINUED",
    "CURRENCY_MISMATCH",
    "WAIT_IN_LINE",
)


class NewLine(BaseModel):
    """What shall go into the cart."""

    model_config = ConfigDict(extra="forbid")

    sku: str = Field(min_length=1, max_length=64, examples=["GH-MUG-001-BLUE"])
    quantity: int = Field(default=1, ge=1, le=QUANTITY_MAX, strict=True, examples=[1])


class LineChange(BaseModel):
    """How many it shall be."""

    model_config = ConfigDict(extra="forbid")

    quantity: int = Field(ge=1, le=QUANTITY_MAX, strict=True, examples=[2])


class NewOwner(BaseModel):
    """Who shall have a line."""

    model_config = ConfigDict(extra="forbid")

    person_id: str = Field(min_length=1, max_length=128)


@router.get("", responses=errors(*SIGNED_IN))
async def show_cart(guest: GuestHere, services: ServicesHere) -> Cart:
    """Your cart; the shared one while you are in a party."""
    return Cart.of(await services.commerce.cart_of(guest.person_id))


@router.post("/items", status_code=201, responses=errors(*_HOLDING, "SKU_NOT_FOUND"))
async def add_line(
    body: NewLine, guest: GuestHere, services: ServicesHere, key: OptionalKey
) -> Cart:
    """Put something into the cart and hold it for you for some minutes.

    When it is sold out, `data` has what is left and what is like it.
    """
    try:
        view = await services.commerce.add_line(
            guest.person_id, body.sku, body.quantity, idempotency_key=key
        )
    except CommerceError:
        services.metrics.holds.labels("refused").inc()
        raise
    services.metrics.holds.labels("taken").inc()
    return Cart.of(view)


@router.put("/items/{line_id}", responses=errors(*_HOLDING, "LINE_NOT_FOUND"))
async def change_line(
    line_id: LineId, body: LineChange, guest: GuestHere, services: ServicesHere, key: OptionalKey
) -> Cart:
    """Change how many of a line you want."""
    view = await services.commerce.set_quantity(
        guest.person_id, line_id, body.quantity, idempotency_key=key
    )
    return Cart.of(view)


@router.delete(
    "/items/{line_id}", responses=errors(*SIGNED_IN, *STORE, "LINE_NOT_FOUND", "CART_LOCKED")
)
async def remove_line(line_id: LineId, guest: GuestHere, services: ServicesHere) -> Cart:
    """Take a line out; what was held is free for others at once."""
    return Cart.of(await services.commerce.remove_line(guest.person_id, line_id))


@router.delete("", responses=errors(*SIGNED_IN, *STORE, "CART_LOCKED"))
async def clear_cart(guest: GuestHere, services: ServicesHere) -> Cart:
    """Take out everything of yours; what was held is free for others at once."""
    return Cart.of(await services.commerce.clear_cart(guest.person_id))


@router.put(
    "/items/{line_id}/owner",
    responses=errors(
        *SIGNED_IN,
        *STORE,
        "LINE_NOT_FOUND",
        "MEMBER_NOT_FOUND",
        "CART_LOCKED",
        "LIMIT_REACHED",
        "SOLD_OUT",
        "INVALID_ID",
    ),
)
async def pass_line(
    line_id: LineId, body: NewOwner, guest: GuestHere, services: ServicesHere
) -> Cart:
    """Pass a line to somebody who shares the cart; what is held for you is held for them then."""
    view = await services.commerce.pass_line(guest.person_id, line_id, body.person_id)
    return Cart.of(view)


@router.put("/contact", status_code=204, responses=errors(*SIGNED_IN, *STORE, "INVALID_CONTACT"))
async def keep_contact(body: Address, guest: GuestHere, services: ServicesHere) -> None:
    """Leave the address that your orders go to: whoever locks in a headset need not type it."""
    await services.commerce.keep_contact(guest.person_id, body.contact())


@router.get("/contact", responses=errors(*SIGNED_IN, "CONTACT_NOT_FOUND"))
async def show_contact(guest: GuestHere, services: ServicesHere) -> Address:
    """The address you have left."""
    kept = await services.commerce.contact_of(guest.person_id)
    return Address.model_validate(kept.as_json())


@router.delete("/contact", status_code=204, responses=errors(*SIGNED_IN, *STORE))
async def forget_contact(guest: GuestHere, services: ServicesHere) -> None:
    """Take the address back; orders keep theirs."""
    await services.commerce.forget_contact(guest.person_id)
