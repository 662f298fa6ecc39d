"""`/warehouses` and `/stock`: where the pieces are, for hosts."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from commerce import Place
from server.http.dependencies import HostHere, ServicesHere
from server.http.openapi import STAFF, STORE, errors
from server.http.payment_schemas import Parcel
from server.http.schemas import Answer

router = APIRouter(tags=["Staff"])

SkuId = Annotated[str, Path(max_length=128, examples=["GH-MUG-001-BLUE"])]
OrderId = Annotated[str, Path(max_length=64)]

PIECES_MAX = 1_000_000

_Id = Annotated[str, Field(min_length=1, max_length=128)]
_Pieces = Annotated[int, Field(ge=1, le=PIECES_MAX, strict=True, examples=[20])]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Coordinates(Answer):
    """A point on the Earth."""

    model_config = ConfigDict(extra="forbid", from_attributes=True, frozen=True)

    latitude_e6: int = Field(strict=True, description="Millionths of a degree, north is positive.")
    longitude_e6: int = Field(strict=True, description="Millionths of a degree, east is positive.")


class NewWarehouse(_Body):
    """A warehouse to be opened."""

    id: _Id = Field(examples=["vienna"])
    name: str = Field(min_length=1, max_length=200, examples=["Vienna"])
    place: Coordinates | None = Field(default=None, description="Orders take from the nearest.")


class WarehouseShown(Answer):
    """Where stock lies."""

    id: str = Field(examples=["main"])
    name: str
    position: int = Field(description="The order of warehouses whose distance is not known.")
    place: Coordinates | None


class StockShown(Answer):
    """The books of a SKU: all that came is on hand or sold, and some of what is on hand is held."""

    sku: str
    received: int
    on_hand: int
    held: int
    sold: int
    warehouses: dict[str, int] = Field(
        description="On hand by warehouse.", examples=[{"main": 12, "vienna": 3}]
    )


class MovementShown(Answer):
    """Pieces that came, or went (below 0)."""

    sku: str
    reason: str = Field(description="seed, restock or sale.", examples=["restock"])
    reference: str = Field(description="The delivery, or the order.")
    pieces: int
    at_ms: int = Field(description="ms since the Unix epoch.")


class Arrival(_Body):
    """Pieces that have come."""

    warehouse_id: _Id = "main"
    pieces: _Pieces
    reference: _Id = Field(description="Of the delivery; the same one counts once.")


class ArrivalNoted(Answer):
    """What became of an arrival."""

    new: bool = Field(description="False: this delivery was counted before.")


class Transfer(_Body):
    """Pieces that move between warehouses."""

    from_id: _Id
    to_id: _Id
    pieces: _Pieces
    transfer_id: _Id = Field(description="Of this transfer; the same one moves once.")


class PurchaseLimit(_Body):
    """What one person can buy."""

    pieces_max: _Pieces


@router.get("/warehouses", responses=errors(*STAFF))
async def list_warehouses(_host: HostHere, services: ServicesHere) -> list[WarehouseShown]:
    """All warehouses, by their position. For hosts."""
    found = await services.commerce.stock_room.warehouses()
    return [WarehouseShown.model_validate(warehouse) for warehouse in found]


@router.post(
    "/warehouses",
    status_code=201,
    responses=errors(*STAFF, *STORE, "WAREHOUSE_EXISTS", "INVALID_WAREHOUSE", "INVALID_ID"),
)
async def add_warehouse(
    body: NewWarehouse, _host: HostHere, services: ServicesHere
) -> WarehouseShown:
    """Open a warehouse, behind those there are. For hosts."""
    place = Place(body.place.latitude_e6, body.place.longitude_e6) if body.place else None
    added = await services.commerce.stock_room.add_warehouse(body.id, body.name, place)
    return WarehouseShown.model_validate(added)


@router.get(
    "/stock/{sku}", responses=errors(*STAFF, "SKU_NOT_FOUND", "KIT_HAS_NO_STOCK", "INVALID_ID")
)
async def show_stock(sku: SkuId, _host: HostHere, services: ServicesHere) -> StockShown:
    """The books of a SKU, and where its pieces are. For hosts."""
    return StockShown.model_validate(await services.commerce.stock_room.count_of(sku))


@router.get(
    "/stock/{sku}/movements",
    responses=errors(*STAFF, "SKU_NOT_FOUND", "KIT_HAS_NO_STOCK", "INVALID_ID"),
)
async def list_movements(
    sku: SkuId,
    _host: HostHere,
    services: ServicesHere,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> list[MovementShown]:
    """Pieces that came and went, the newest first. For hosts."""
    found = await services.commerce.stock_room.movements(sku, limit)
    return [MovementShown.model_validate(entry) for entry in found]


@router.post(
    "/stock/{sku}/arrivals",
    status_code=201,
    responses=errors(
        *STAFF,
        *STORE,
        "SKU_NOT_FOUND",
        "KIT_HAS_NO_STOCK",
        "WAREHOUSE_NOT_FOUND",
        "INVALID_QUANTITY",
        "INVALID_ID",
    ),
)
async def note_arrival(
    sku: SkuId, body: Arrival, _host: HostHere, services: ServicesHere
) -> ArrivalNoted:
    """Pieces have come: they can be bought at once. For hosts."""
    new = await services.commerce.stock_room.restock(
        sku, body.warehouse_id, body.pieces, body.reference
    )
    return ArrivalNoted(new=new)


@router.post(
    "/stock/{sku}/transfers",
    status_code=204,
    responses=errors(
        *STAFF,
        *STORE,
        "SKU_NOT_FOUND",
        "KIT_HAS_NO_STOCK",
        "WAREHOUSE_NOT_FOUND",
        "NOT_ENOUGH_STOCK",
        "IDEMPOTENCY_KEY_REUSED",
        "INVALID_WAREHOUSE",
        "INVALID_ID",
    ),
)
async def transfer_stock(
    sku: SkuId, body: Transfer, _host: HostHere, services: ServicesHere
) -> None:
    """Move pieces to another warehouse; what can be bought stays the same. For hosts."""
    await services.commerce.stock_room.transfer(
        sku, body.from_id, body.to_id, body.pieces, body.transfer_id
    )


@router.put(
    "/stock/{sku}/purchase-limit",
    status_code=204,
    responses=errors(*STAFF, *STORE, "SKU_NOT_FOUND", "INVALID_QUANTITY"),
)
async def limit_purchases(
    sku: SkuId, body: PurchaseLimit, _host: HostHere, services: ServicesHere
) -> None:
    """One person can buy so many at most, over all their orders, those from before this too. Who
    has more keeps it. For hosts."""
    await services.commerce.stock_room.limit_purchases(sku, body.pieces_max)


@router.delete(
    "/stock/{sku}/purchase-limit",
    status_code=204,
    responses=errors(*STAFF, *STORE, "SKU_NOT_FOUND", "LIMIT_NOT_FOUND", "INVALID_ID"),
)
async def lift_purchase_limit(sku: SkuId, _host: HostHere, services: ServicesHere) -> None:
    """Everybody can buy as many as they like again. For hosts."""
    await services.commerce.stock_room.lift_purchase_limit(sku)


@router.get("/orders/{order_id}/parcels", responses=errors(*STAFF))
async def list_parcels(order_id: OrderId, _host: HostHere, services: ServicesHere) -> list[Parcel]:
    """What the warehouses ship for an order; several when it is split. For hosts."""
    found = await services.commerce.stock_room.parcels(order_id)
    return [Parcel.model_validate(parcel) for parcel in found]
