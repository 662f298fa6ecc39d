"""Stock by warehouse, shipments and transfers, as rows.

Whoever changes the stock of a SKU in a warehouse has changed or locked its row in `inventory`
before, so nobody does so at the same time.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from commerce.db.statement import Statement, json_list
from commerce.db.unit import ConcurrentChangeError, Unit
from commerce.views import StockCount, StockMovement
from commerce.warehouses import (
    Parcel,
    Place,
    Region,
    Warehouse,
    allocate,
    nearest_first,
    postal_key,
)

_WAREHOUSES = Statement(
    "SELECT id, name, position, latitude_e6, longitude_e6 FROM warehouses ORDER BY position, id"
)
_ADD = Statement(
    """INSERT INTO warehouses (id, name, position, latitude_e6, longitude_e6)
    VALUES (?, ?, ?, ?, ?)"""
)
_STOCK = Statement(
    "SELECT warehouse_id, sku, on_hand FROM warehouse_stock WHERE sku IN (LIST ?) ORDER BY sku"
)
_NEAR = Statement(
    """SELECT w.id, w.name, w.position, w.latitude_e6, w.longitude_e6, s.sku, s.on_hand
    FROM warehouse_stock AS s JOIN warehouses AS w ON w.id = s.warehouse_id
    WHERE s.sku IN (LIST ?)"""
)
_PUT = Statement(
    """INSERT INTO warehouse_stock (sku, warehouse_id, on_hand) VALUES (?, ?, ?)
    ON CONFLICT (sku, warehouse_id)
    DO UPDATE SET on_hand = warehouse_stock.on_hand + excluded.on_hand"""
)
_TAKE = Statement(
    """UPDATE warehouse_stock SET on_hand = on_hand - ?
    WHERE sku = ? AND warehouse_id = ? AND on_hand >= ?"""
)
_SHIP = Statement(
    "INSERT INTO shipment_lines (order_id, warehouse_id, sku, quantity) VALUES (?, ?, ?, ?)"
)
_PARCELS = Statement(
    """SELECT warehouse_id, sku, quantity FROM shipment_lines WHERE order_id = ?
    ORDER BY warehouse_id, sku"""
)
_ADDRESS = Statement("SELECT country, postal_code FROM checkout_contacts WHERE checkout_id = ?")
_PLACE = Statement(
    """SELECT latitude_e6, longitude_e6 FROM regions
    WHERE country = ? AND postal_prefix IN (LIST ?) ORDER BY LENGTH(postal_prefix) DESC LIMIT 1"""
)
_REGIONS = Statement(
    """SELECT country, postal_prefix, latitude_e6, longitude_e6 FROM regions
    ORDER BY country, postal_prefix"""
)
_SET_REGION = Statement(
    """INSERT INTO regions (country, postal_prefix, latitude_e6, longitude_e6) VALUES (?, ?, ?, ?)
    ON CONFLICT (country, postal_prefix) DO UPDATE
    SET latitude_e6 = excluded.latitude_e6, longitude_e6 = excluded.longitude_e6"""
)
_REMOVE_REGION = Statement("DELETE FROM regions WHERE country = ? AND postal_prefix = ?")
_COUNT = Statement("SELECT received, on_hand, held, sold FROM inventory WHERE sku = ?")
_MOVEMENTS = Statement(
    """SELECT sku, reason, reference, quantity, at_ms FROM stock_movements
    WHERE sku = ? ORDER BY id DESC LIMIT ?"""
)
_LOCK = Statement("SELECT sku FROM inventory WHERE sku IN (LIST ?) ORDER BY sku LOCKED")
_FIND_TRANSFER = Statement("SELECT sku, from_id, to_id, quantity FROM stock_transfers WHERE id = ?")
_NOTE_TRANSFER = Statement(
    """INSERT INTO stock_transfers (id, sku, from_id, to_id, quantity, at_ms)
    VALUES (?, ?, ?, ?, ?, ?)"""
)
_DIFFERENCES = Statement(
    """SELECT i.sku, i.on_hand, COALESCE(SUM(w.on_hand), 0) FROM inventory AS i
    LEFT JOIN warehouse_stock AS w ON w.sku = i.sku GROUP BY i.sku, i.on_hand
    HAVING i.on_hand <> COALESCE(SUM(w.on_hand), 0) ORDER BY i.sku"""
)


def load(connection: Connection) -> list[Warehouse]:
    """All warehouses, by their position."""
    return [_warehouse(row) for row in _WAREHOUSES.rows(connection)]


def _warehouse(row: Sequence[Any]) -> Warehouse:
    warehouse_id, name, position, latitude_e6, longitude_e6 = row
    place = None if latitude_e6 is None else Place(latitude_e6, longitude_e6)
    return Warehouse(warehouse_id, name, position, place)


def add(unit: Unit, warehouse: Warehouse) -> None:
    """Write a new warehouse."""
    place = warehouse.place
    _ADD.run(
        unit.connection,
        warehouse.id,
        warehouse.name,
        warehouse.position,
        place.latitude_e6 if place else None,
        place.longitude_e6 if place else None,
    )


def stock(connection: Connection, skus: Collection[str]) -> dict[str, dict[str, int]]:
    """Pieces on hand by warehouse and SKU."""
    found: dict[str, dict[str, int]] = {}
    for warehouse_id, sku, on_hand in _STOCK.rows(connection, json_list(skus)):
        found.setdefault(warehouse_id, {})[sku] = on_hand
    return found


def count(connection: Connection, sku: str) -> StockCount:
    """The books of a SKU."""
    ((received, on_hand, held, sold),) = _COUNT.rows(connection, sku)
    there = {name: pieces[sku] for name, pieces in stock(connection, (sku,)).items()}
    return StockCount(sku, received, on_hand, held, sold, there)


def movements(connection: Connection, sku: str, limit: int) -> list[StockMovement]:
    """What came and went of a SKU, the newest first."""
    return [StockMovement(*row) for row in _MOVEMENTS.rows(connection, sku, limit)]


def put(unit: Unit, warehouse_id: str, sku: str, pieces: int) -> None:
    """Pieces arrive in a warehouse."""
    _PUT.run(unit.connection, sku, warehouse_id, pieces)


def regions(connection: Connection) -> list[Region]:
    """All regions, by country and postal code."""
    return [
        Region(country, prefix, Place(latitude_e6, longitude_e6))
        for country, prefix, latitude_e6, longitude_e6 in _REGIONS.rows(connection)
    ]


def set_region(unit: Unit, region: Region) -> None:
    """Say where a region is, instead of what was said before."""
    place = region.place
    _SET_REGION.run(
        unit.connection,
        region.country,
        region.postal_prefix,
        place.latitude_e6,
        place.longitude_e6,
    )


def remove_region(unit: Unit, country: str, postal_prefix: str) -> bool:
    """Forget a region; whether it was there."""
    return _REMOVE_REGION.run(unit.connection, country, postal_prefix) == 1


def place_of(connection: Connection, country: str, postal_code: str) -> Place | None:
    """Where an address is, as well as the regions know it."""
    key = postal_key(postal_code)
    prefixes = json_list(key[:length] for length in range(len(key) + 1))
    for latitude_e6, longitude_e6 in _PLACE.rows(connection, country, prefixes):
        return Place(latitude_e6, longitude_e6)
    return None


def _destination(connection: Connection, checkout_id: str) -> Place | None:
    for country, postal_code in _ADDRESS.rows(connection, checkout_id):
        return place_of(connection, country, postal_code)
    return None


def ship(unit: Unit, pieces: Mapping[str, int], order_id: str, checkout_id: str) -> list[Parcel]:
    """Take the pieces of an order out of the warehouses, those nearest to the address of its
    checkout first.

    Raises ConcurrentChangeError when the warehouses do not have what the shop has.
    """
    found: dict[str, Warehouse] = {}
    stock: dict[str, dict[str, int]] = {}
    for *warehouse, sku, on_hand in _NEAR.rows(unit.connection, json_list(pieces)):
        entry = _warehouse(warehouse)
        found[entry.id] = entry
        stock.setdefault(entry.id, {})[sku] = on_hand
    # With one warehouse it does not matter where the order goes.
    destination = _destination(unit.connection, checkout_id) if len(found) > 1 else None
    order = [entry.id for entry in nearest_first(list(found.values()), destination)]
    try:
        parcels = allocate(pieces, stock, order)
    except ValueError as error:
        raise ConcurrentChangeError from error
    for parcel in parcels:
        _take(unit, parcel.warehouse_id, parcel.sku, parcel.quantity)
    unit.run_many(
        _SHIP,
        [(order_id, parcel.warehouse_id, parcel.sku, parcel.quantity) for parcel in parcels],
    )
    return parcels


def parcels(connection: Connection, order_id: str) -> list[Parcel]:
    """What the warehouses ship for an order; more than one warehouse: it was split."""
    return [Parcel(*row) for row in _PARCELS.rows(connection, order_id)]


def transferred(unit: Unit, transfer_id: str) -> tuple[str, str, str, int] | None:
    """What this transfer has moved already: SKU, from, to, pieces; None: nothing."""
    for sku, from_id, to_id, quantity in _FIND_TRANSFER.rows(unit.connection, transfer_id):
        return sku, from_id, to_id, quantity
    return None


def transfer(
    unit: Unit, transfer_id: str, sku: str, from_id: str, to_id: str, pieces: int
) -> tuple[str, str, str, int]:
    """Move pieces from one warehouse to another, and write that down.

    Raises ConcurrentChangeError when the one has not as many. What can be bought does not change.
    """
    _LOCK.rows(unit.connection, json_list((sku,)))
    _take(unit, from_id, sku, pieces)
    put(unit, to_id, sku, pieces)
    _NOTE_TRANSFER.run(unit.connection, transfer_id, sku, from_id, to_id, pieces, unit.now_ms)
    return sku, from_id, to_id, pieces


def differences(connection: Connection) -> Sequence[str]:
    """Sentences about SKUs of which the warehouses together have not what the shop has."""
    return [
        f"{sku}: {on_hand} on hand, but {in_warehouses} in the warehouses."
        for sku, on_hand, in_warehouses in _DIFFERENCES.rows(connection)
    ]


def _take(unit: Unit, warehouse_id: str, sku: str, pieces: int) -> None:
    unit.run(_TAKE, pieces, sku, warehouse_id, pieces, changes=1)
