"""`/regions`, where orders go, for hosts; and which warehouse is near, for shoppers."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from commerce import Place
from server.http.dependencies import GuestHere, HostHere, ServicesHere
from server.http.openapi import SIGNED_IN, STAFF, STORE, errors
from server.http.schemas import Answer
from server.http.stock import Coordinates, SkuId

router = APIRouter(tags=["Staff"])

_Country = Annotated[str, Field(min_length=2, max_length=2, examples=["AT"])]
_Prefix = Annotated[str, Field(max_length=32, examples=["10"])]


class RegionHere(BaseModel):
    """Where addresses are whose postal codes begin so."""

    model_config = ConfigDict(extra="forbid")

    country: _Country
    postal_prefix: _Prefix = Field(default="", description="Empty: the whole country.")
    place: Coordinates


class RegionShown(Answer):
    """Where a region is."""

    country: str
    postal_prefix: str
    place: Coordinates


class NearbyShown(Answer):
    """A warehouse that could ship it."""

    warehouse_id: str
    name: str
    available: int = Field(description="Pieces that could come from there.")
    distance_m: int | None = Field(description="Metres; null when it is not known.")


@router.get("/regions", responses=errors(*STAFF))
async def list_regions(_host: HostHere, services: ServicesHere) -> list[RegionShown]:
    """All regions, by country and postal code. For hosts."""
    found = await services.commerce.stock_room.regions()
    return [RegionShown.model_validate(region) for region in found]


@router.put("/regions", responses=errors(*STAFF, *STORE, "INVALID_REGION", "LIMIT_REACHED"))
async def set_region(body: RegionHere, _host: HostHere, services: ServicesHere) -> RegionShown:
    """Say where a region is: orders that go there come from the warehouses near it. For hosts."""
    place = Place(body.place.latitude_e6, body.place.longitude_e6)
    made = await services.commerce.stock_room.set_region(body.country, body.postal_prefix, place)
    return RegionShown.model_validate(made)


@router.delete(
    "/regions/{country}",
    status_code=204,
    responses=errors(*STAFF, *STORE, "INVALID_REGION", "REGION_NOT_FOUND"),
)
async def remove_region(
    country: Annotated[str, Path(max_length=2)],
    _host: HostHere,
    services: ServicesHere,
    postal_prefix: Annotated[str, Query(max_length=32)] = "",
) -> None:
    """Forget where a region is. For hosts."""
    await services.commerce.stock_room.remove_region(country, postal_prefix)


@router.get("/stock/{sku}/nearest", responses=errors(*SIGNED_IN, "SKU_NOT_FOUND", "INVALID_REGION"))
async def show_nearest(
    sku: SkuId,
    _guest: GuestHere,
    services: ServicesHere,
    country: Annotated[str, Query(max_length=2, examples=["AT"])],
    postal_code: Annotated[str, Query(max_length=32, examples=["1010"])] = "",
) -> list[NearbyShown]:
    """Which warehouses could ship this to an address, the nearest first."""
    found = await services.commerce.stock_room.nearest(sku, country, postal_code)
    return [NearbyShown.model_validate(entry) for entry in found]
