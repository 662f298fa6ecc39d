"""What staff do with stock: warehouses, arrivals, transfers, where orders go, and limits of what
one person buys."""

import re

from sqlalchemy import Connection

from commerce.cart import limit_reached
from commerce.catalog import STOCK_MAX
from commerce.contact import COUNTRY
from commerce.db import catalog as catalog_rows
from commerce.db import inventory, purchases
from commerce.db import warehouses as rows
from commerce.db.unit import Unit
from commerce.errors import ConflictError, IdempotencyKeyReusedError, InvalidRequestError
from commerce.service.context import Context
from commerce.validation import check_id, check_page, check_quantity, not_found
from commerce.views import StockCount, StockMovement
from commerce.warehouses import (
    LATITUDE_MAX_E6,
    LONGITUDE_MAX_E6,
    REGIONS_MAX,
    Nearby,
    Parcel,
    Place,
    Region,
    Warehouse,
    distance_m,
    nearest_first,
    postal_key,
)

NAME_LENGTH_MAX = 200

_POSTAL = re.compile(r"[A-Za-z0-9 -]{0,32}")


class StockRoom:
    """Use cases of stock."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def warehouses(self) -> tuple[Warehouse, ...]:
        """All warehouses, by their position."""
        return tuple(await self._context.store.read(rows.load))

    async def add_warehouse(
        self, warehouse_id: str, name: str, place: Place | None = None
    ) -> Warehouse:
        """Open a warehouse, behind those there are.

        Raises WAREHOUSE_EXISTS or INVALID_WAREHOUSE.
        """
        check_id(warehouse_id, "warehouse_id")
        if not isinstance(name, str) or not 1 <= len(name) <= NAME_LENGTH_MAX:
            raise _invalid("name", f"The name has 1 to {NAME_LENGTH_MAX} characters.")
        if place is not None:
            _check_degrees(place.latitude_e6, "latitude_e6", LATITUDE_MAX_E6)
            _check_degrees(place.longitude_e6, "longitude_e6", LONGITUDE_MAX_E6)

        def add(unit: Unit) -> Warehouse:
            known = rows.load(unit.connection)
            if any(entry.id == warehouse_id for entry in known):
                raise ConflictError(
                    "WAREHOUSE_EXISTS",
                    "There is a warehouse with this id already.",
                    {"warehouse_id": warehouse_id},
                )
            position = 1 + max((entry.position for entry in known), default=0)
            warehouse = Warehouse(warehouse_id, name, position, place)
            rows.add(unit, warehouse)
            return warehouse

        return await self._context.store.write(add)

    async def stock_of(self, sku: str) -> dict[str, int]:
        """Pieces on hand by warehouse; held ones are among them. Raises SKU_NOT_FOUND, or
        KIT_HAS_NO_STOCK."""
        self._require_pieces(sku)
        found = await self._context.store.read(lambda c: rows.stock(c, (sku,)))
        return {warehouse_id: pieces[sku] for warehouse_id, pieces in found.items()}

    async def count_of(self, sku: str) -> StockCount:
        """The books of a SKU: received, on hand, held, sold. Raises SKU_NOT_FOUND, or
        KIT_HAS_NO_STOCK."""
        self._require_pieces(sku)
        return await self._context.store.read(lambda c: rows.count(c, sku))

    async def movements(self, sku: str, limit: int = 100) -> tuple[StockMovement, ...]:
        """What came and went of a SKU, the newest first. Raises SKU_NOT_FOUND, KIT_HAS_NO_STOCK or
        INVALID_PAGE."""
        self._require_pieces(sku)
        check_page(1, limit, self._context.settings.page_size_max)
        return tuple(await self._context.store.read(lambda c: rows.movements(c, sku, limit)))

    async def restock(self, sku: str, warehouse_id: str, pieces: int, reference: str) -> bool:
        """Pieces have arrived, once for one reference (a delivery note); whether it was new.

        Raises SKU_NOT_FOUND, KIT_HAS_NO_STOCK, WAREHOUSE_NOT_FOUND or INVALID_QUANTITY.
        """
        self._require_pieces(sku)
        check_id(warehouse_id, "warehouse_id")
        check_id(reference, "reference")
        if check_quantity(pieces) > STOCK_MAX:
            raise InvalidRequestError(
                "INVALID_QUANTITY", f"At most {STOCK_MAX} pieces.", {"field": "quantity"}
            )

        def restock(unit: Unit) -> bool:
            _require(unit, warehouse_id)
            return inventory.restock(unit, sku, warehouse_id, pieces, reference)

        return await self._context.store.write(restock)

    async def transfer(
        self, sku: str, from_id: str, to_id: str, pieces: int, transfer_id: str
    ) -> None:
        """Move pieces between two warehouses, once for one id. What can be bought stays the same.

        Raises SKU_NOT_FOUND, KIT_HAS_NO_STOCK, WAREHOUSE_NOT_FOUND, INVALID_QUANTITY,
        NOT_ENOUGH_STOCK with what is there, or IDEMPOTENCY_KEY_REUSED when this id has moved
        something else.
        """
        for name, value in (("from_id", from_id), ("to_id", to_id), ("transfer_id", transfer_id)):
            check_id(value, name)
        self._require_pieces(sku)
        check_quantity(pieces)
        if from_id == to_id:
            raise _invalid("to_id", "A transfer leads to another warehouse.")

        def transfer(unit: Unit) -> None:
            _require(unit, from_id)
            _require(unit, to_id)
            wanted = (sku, from_id, to_id, pieces)
            there = rows.stock(unit.connection, (sku,)).get(from_id, {}).get(sku, 0)
            known = rows.transferred(unit, transfer_id)
            if known is None and there < pieces:
                raise ConflictError(
                    "NOT_ENOUGH_STOCK",
                    f"The warehouse has {there} of these, not {pieces}.",
                    {"sku": sku, "warehouse_id": from_id, "on_hand": there},
                )
            if (known or rows.transfer(unit, transfer_id, *wanted)) != wanted:
                raise IdempotencyKeyReusedError

        await self._context.store.write(transfer)

    async def set_region(self, country: str, postal_prefix: str, place: Place) -> Region:
        """Say where addresses of a country are whose postal codes begin so: all of them, with an
        empty `postal_prefix`. Orders come from the warehouses nearest to there.

        Raises INVALID_REGION, or LIMIT_REACHED when there are too many.
        """
        region = _region(country, postal_prefix, place)

        def put(unit: Unit) -> Region:
            known = {
                (entry.country, entry.postal_prefix) for entry in rows.regions(unit.connection)
            }
            if len(known | {(region.country, region.postal_prefix)}) > REGIONS_MAX:
                raise limit_reached(
                    "regions_max", REGIONS_MAX, f"A shop can tell {REGIONS_MAX} regions apart."
                )
            rows.set_region(unit, region)
            return region

        return await self._context.store.write(put)

    async def remove_region(self, country: str, postal_prefix: str) -> None:
        """Forget where a region is. Raises INVALID_REGION or REGION_NOT_FOUND."""
        region = _region(country, postal_prefix, Place(0, 0))

        def remove(unit: Unit) -> None:
            if not rows.remove_region(unit, region.country, region.postal_prefix):
                raise not_found("region")

        await self._context.store.write(remove)

    async def regions(self) -> tuple[Region, ...]:
        """All regions, by country and postal code."""
        return tuple(await self._context.store.read(rows.regions))

    async def nearest(self, sku: str, country: str, postal_code: str = "") -> tuple[Nearby, ...]:
        """Which warehouses could ship a SKU to an address, the nearest first. For shoppers.

        What is held for others may come from any warehouse, so each shows no more than can be
        bought. Raises SKU_NOT_FOUND or INVALID_REGION.
        """
        kits = self._context.catalogue.kits
        self._context.catalogue.sku(check_id(sku, "sku"))
        region = _region(country, postal_code, Place(0, 0))

        def look(connection: Connection) -> tuple[Nearby, ...]:
            left = catalog_rows.stock(connection, [sku], kits)[sku].available
            there = rows.stock(connection, kits.pieces(sku))
            place = rows.place_of(connection, region.country, region.postal_prefix)
            return tuple(
                Nearby(
                    entry.id,
                    entry.name,
                    min(left, kits.available(sku, there.get(entry.id, {}))),
                    None
                    if place is None or entry.place is None
                    else round(distance_m(place, entry.place)),
                )
                for entry in nearest_first(rows.load(connection), place)
            )

        return await self._context.store.read(look)

    async def parcels(self, order_id: str) -> tuple[Parcel, ...]:
        """What the warehouses ship for an order; from more than one when it was split."""
        check_id(order_id, "order_id")
        return tuple(await self._context.store.read(lambda c: rows.parcels(c, order_id)))

    async def limit_purchases(self, sku: str, pieces_max: int) -> None:
        """One person can buy so many pieces of a SKU at most, over all their orders, those from
        before the limit too; who has more already keeps it and gets no more.

        Raises SKU_NOT_FOUND or INVALID_QUANTITY.
        """
        self._context.catalogue.sku(check_id(sku, "sku"))
        check_quantity(pieces_max)
        await self._context.store.write(
            lambda unit: purchases.set_limit(unit, sku, pieces_max), long=True
        )
        self._context.catalogue = await self._context.store.read(catalog_rows.load)

    async def lift_purchase_limit(self, sku: str) -> None:
        """Everybody can buy as many pieces of a SKU as they like again. Raises SKU_NOT_FOUND or
        LIMIT_NOT_FOUND."""
        self._context.catalogue.sku(check_id(sku, "sku"))

        def lift(unit: Unit) -> None:
            if not purchases.lift_limit(unit, sku):
                raise not_found("limit")

        await self._context.store.write(lift)
        self._context.catalogue = await self._context.store.read(catalog_rows.load)

    def _require_pieces(self, sku: str) -> None:
        """Raises KIT_HAS_NO_STOCK with what is in it, when this SKU is a kit."""
        _, entry = self._context.catalogue.sku(check_id(sku, "sku"))
        if entry.components:
            raise ConflictError(
                "KIT_HAS_NO_STOCK",
                "A kit has no stock of its own. Look at what is in it.",
                {"sku": sku, "components": dict(entry.components)},
            )


def _require(unit: Unit, warehouse_id: str) -> None:
    if all(entry.id != warehouse_id for entry in rows.load(unit.connection)):
        raise not_found("warehouse")


def _region(country: object, postal_prefix: object, place: Place) -> Region:
    if not (isinstance(country, str) and COUNTRY.fullmatch(country)):
        raise _invalid_region("country", "A country is a code of two capital letters, such as DE.")
    if not (isinstance(postal_prefix, str) and _POSTAL.fullmatch(postal_prefix)):
        raise _invalid_region(
            "postal_prefix", "A postal code has 32 letters, digits, blanks and hyphens at most."
        )
    for name, maximum_e6 in (("latitude_e6", LATITUDE_MAX_E6), ("longitude_e6", LONGITUDE_MAX_E6)):
        if not _is_degrees(getattr(place, name), maximum_e6):
            raise _invalid_region(name, f"{name} is a whole number of millionths of a degree.")
    return Region(country, postal_key(postal_prefix), place)


def _invalid_region(name: str, message: str) -> InvalidRequestError:
    return InvalidRequestError("INVALID_REGION", message, {"field": name})


def _is_degrees(value: object, maximum_e6: int) -> bool:
    return type(value) is int and -maximum_e6 <= value <= maximum_e6


def _check_degrees(value: object, name: str, maximum_e6: int) -> None:
    if not _is_degrees(value, maximum_e6):
        raise _invalid(name, f"{name} is a whole number of millionths of a degree.")


def _invalid(name: str, message: str) -> InvalidRequestError:
    return InvalidRequestError("INVALID_WAREHOUSE", message, {"field": name})
