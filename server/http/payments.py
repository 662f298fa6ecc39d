"""Buy now, and paid together: who pays which part of a checkout."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from server.http.dependencies import GuestHere, OptionalKey, ServicesHere
from server.http.openapi import KEYED, SIGNED_IN, STORE, errors
from server.http.payment_schemas import Address, KeptMethod, Till

router = APIRouter(tags=["Payment"])

CheckoutId = Annotated[str, Path(max_length=64)]
PersonId = Annotated[str, Path(max_length=128)]

_CHECKOUT = (*SIGNED_IN, *STORE, "CHECKOUT_NOT_FOUND", "CHECKOUT_STATE", "NOT_ALLOWED")


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class BuyNowRequest(_Body):
    """One thing, bought at once."""

    sku: str = Field(min_length=1, max_length=128, examples=["GH-MUG-001-BLUE"])
    quantity: int = Field(default=1, ge=1, le=1_000, strict=True)
    contact: Address | None = None


class SplitRequest(_Body):
    """How a total is divided."""

    plan: str = Field(max_length=32, description="own_lines, equal or custom.", examples=["equal"])
    amounts: dict[str, int] | None = Field(
        default=None, max_length=64, description="For custom: minor units by person."
    )
    people: list[str] | None = Field(
        default=None, max_length=64, description="Who pays; all members when left out."
    )


@router.post(
    "/buy-now",
    status_code=201,
    responses=errors(
        *SIGNED_IN,
        *STORE,
        *KEYED,
        "CHECKOUT_PROBLEMS",
        "SKU_NOT_FOUND",
        "LIMIT_REACHED",
        "INVALID_QUANTITY",
        "INVALID_CONTACT",
    ),
)
async def buy_now(
    body: BuyNowRequest, guest: GuestHere, services: ServicesHere, key: OptionalKey
) -> Till:
    """Lock a checkout of one thing; the cart keeps its lines.

    Problems come as with `POST /checkout`. When nothing else is left, what your cart holds of the
    same is taken.
    """
    view = await services.commerce.buy_now(
        guest.person_id,
        body.sku,
        body.quantity,
        idempotency_key=key,
        contact=body.contact.contact() if body.contact else None,
    )
    services.metrics.checkouts.labels("locked").inc()
    return Till.model_validate(view)


@router.get("/payment-methods", responses=errors(*SIGNED_IN, "PROVIDER_SILENT"))
async def show_payment_methods(guest: GuestHere, services: ServicesHere) -> list[KeptMethod]:
    """The cards that are kept for you, the newest first. One is kept by paying with
    `stripe:save:pm_...`. When you pay with one that is kept, its bank is asked to question you."""
    kept = await services.commerce.payment_methods(guest.person_id)
    return [KeptMethod.model_validate(entry) for entry in kept]


@router.put(
    "/checkout/{checkout_id}/shares", responses=errors(*_CHECKOUT, "INVALID_SPLIT", "INVALID_ID")
)
async def split_checkout(
    checkout_id: CheckoutId, body: SplitRequest, guest: GuestHere, services: ServicesHere
) -> Till:
    """Divide a locked checkout among the party; by the one who locked it, before anybody pays."""
    view = await services.commerce.split(
        guest.person_id, checkout_id, plan=body.plan, amounts=body.amounts, people=body.people
    )
    return Till.model_validate(view)


@router.put(
    "/checkout/{checkout_id}/shares/{person_id}/cover",
    responses=errors(*_CHECKOUT, "SHARE_NOT_FOUND", "INVALID_ID"),
)
async def cover_share(
    checkout_id: CheckoutId, person_id: PersonId, guest: GuestHere, services: ServicesHere
) -> Till:
    """Pay somebody else's part too."""
    view = await services.commerce.cover(guest.person_id, checkout_id, for_person_id=person_id)
    return Till.model_validate(view)


@router.delete(
    "/checkout/{checkout_id}/shares/{person_id}/cover",
    responses=errors(*_CHECKOUT, "SHARE_NOT_FOUND", "INVALID_ID"),
)
async def uncover_share(
    checkout_id: CheckoutId, person_id: PersonId, guest: GuestHere, services: ServicesHere
) -> Till:
    """Leave a part to its own person again."""
    view = await services.commerce.cover(
        guest.person_id, checkout_id, for_person_id=person_id, covers=False
    )
    return Till.model_validate(view)


@router.delete("/checkout/{checkout_id}/payment", responses=errors(*_CHECKOUT))
async def give_up_payment(
    checkout_id: CheckoutId, guest: GuestHere, services: ServicesHere
) -> Till:
    """Give back all parts that wait for others; the cart stays locked while its time lasts."""
    return Till.model_validate(await services.commerce.give_up(guest.person_id, checkout_id))
