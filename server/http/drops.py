"""`/drops`: the waiting line of what everybody wants at the same moment."""

from typing import Annotated

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, ConfigDict, Field

from server.http.dependencies import GuestHere, HostHere, ServicesHere, address_of
from server.http.openapi import SIGNED_IN, STAFF, STORE, errors
from server.http.rate_limit import UNKNOWN_ADDRESS
from server.http.schemas import Answer

router = APIRouter(prefix="/drops/{sku}", tags=["Drops"])

SkuId = Annotated[str, Path(max_length=128, examples=["GH-MUG-001-BLUE"])]


class DropRules(BaseModel):
    """How a drop goes."""

    model_config = ConfigDict(extra="forbid")

    admitted_max: int = Field(
        ge=1, le=100_000, strict=True, description="People let in at the same time.", examples=[20]
    )


class PlaceInLine(Answer):
    """Where you stand."""

    sku: str
    ahead: int = Field(description="People before you; 0 when you are let in.", examples=[12])
    waiting: int = Field(description="People in the line.", examples=[140])
    estimate_ms: int | None = Field(description="How long it may take; null until it is known.")
    admitted_until_ms: int | None = Field(
        description="You are let in: put it into your cart before, ms since the Unix epoch."
    )


@router.put(
    "/place", responses=errors(*SIGNED_IN, *STORE, "DROP_NOT_FOUND", "LIMIT_REACHED", "INVALID_ID")
)
async def join_line(
    sku: SkuId, guest: GuestHere, services: ServicesHere, request: Request
) -> PlaceInLine:
    """Take a place in the line, next to your party. Asking again keeps the place you have."""
    address = address_of(request)
    network = "" if address == UNKNOWN_ADDRESS else services.guests.network_name(address)
    return PlaceInLine.model_validate(
        await services.commerce.drops.join(guest.person_id, sku, network)
    )


@router.get(
    "/place", responses=errors(*SIGNED_IN, "DROP_NOT_FOUND", "PLACE_NOT_FOUND", "INVALID_ID")
)
async def show_place(sku: SkuId, guest: GuestHere, services: ServicesHere) -> PlaceInLine:
    """Where you stand now."""
    return PlaceInLine.model_validate(await services.commerce.drops.standing(guest.person_id, sku))


@router.delete(
    "/place", status_code=204, responses=errors(*SIGNED_IN, *STORE, "DROP_NOT_FOUND", "INVALID_ID")
)
async def leave_line(sku: SkuId, guest: GuestHere, services: ServicesHere) -> None:
    """Give up your place."""
    await services.commerce.drops.leave(guest.person_id, sku)


@router.put(
    "", status_code=204, responses=errors(*STAFF, *STORE, "SKU_NOT_FOUND", "INVALID_QUANTITY")
)
async def open_drop(sku: SkuId, body: DropRules, _host: HostHere, services: ServicesHere) -> None:
    """From now on only those who were let in can hold this SKU. For hosts."""
    await services.commerce.drops.open(sku, body.admitted_max)


@router.delete("", status_code=204, responses=errors(*STAFF, *STORE, "DROP_NOT_FOUND"))
async def close_drop(sku: SkuId, _host: HostHere, services: ServicesHere) -> None:
    """End a drop: everybody can hold the SKU again. For hosts."""
    await services.commerce.drops.close(sku)
