"""Warehouses: which one is near, and from which of them the pieces of an order come.

What can be bought is counted over all warehouses together; where it comes from is decided when it
is sold. The nearest warehouse gives what it has, the next one the remainder, and so on: so an order
can be split into several shipments, and their pieces are exactly those of the order.

Where an order goes is known by its address, and where that is by *regions*: the shop says where a
country is, or the part of it whose postal codes begin in some way; the longest beginning counts. An
address in no region gets its order from the warehouses in their order.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

EARTH_RADIUS_M = 6_371_009
"""Mean radius of the Earth, (2a + b) / 3 of the WGS 84 ellipsoid."""

_DEGREE_E6 = 1_000_000
LATITUDE_MAX_E6 = 90 * _DEGREE_E6
LONGITUDE_MAX_E6 = 180 * _DEGREE_E6

MAIN = "main"
"""The warehouse that every shop has."""


@dataclass(frozen=True, slots=True)
class Place:
    """A point on the Earth, in millionths of a degree: north and east are positive."""

    latitude_e6: int
    longitude_e6: int


@dataclass(frozen=True, slots=True)
class Warehouse:
    """Where stock lies. `position` orders warehouses whose distance is not known."""

    id: str
    name: str
    position: int
    place: Place | None = None


REGIONS_MAX = 20_000
"""Regions that a shop can tell apart."""


@dataclass(frozen=True, slots=True)
class Region:
    """Where addresses of a country are whose postal codes begin so; all of it, with an empty
    `postal_prefix`. `country` is an ISO 3166-1 code of two letters."""

    country: str
    postal_prefix: str
    place: Place


@dataclass(frozen=True, slots=True)
class Nearby:
    """How many of a SKU a warehouse could ship, and how far it is: metres, None: not known."""

    warehouse_id: str
    name: str
    available: int
    distance_m: int | None


@dataclass(frozen=True, slots=True)
class Parcel:
    """Pieces of a SKU that one warehouse ships."""

    warehouse_id: str
    sku: str
    quantity: int


def postal_key(postal_code: str) -> str:
    """A postal code as it is compared: capitals, without blanks and hyphens."""
    return postal_code.upper().replace(" ", "").replace("-", "")


def distance_m(one: Place, other: Place) -> float:
    """Metres along the surface, by the haversine formula.

    R. W. Sinnott, "Virtues of the Haversine", Sky and Telescope 68 (1984), page 159.
    """
    latitude, other_latitude = (math.radians(p.latitude_e6 / _DEGREE_E6) for p in (one, other))
    across = math.radians((other.longitude_e6 - one.longitude_e6) / _DEGREE_E6)
    half = (
        math.sin((other_latitude - latitude) / 2) ** 2
        + math.cos(latitude) * math.cos(other_latitude) * math.sin(across / 2) ** 2
    )
    return 2 * EARTH_RADIUS_M * math.asin(math.sqrt(min(1.0, half)))


def nearest_first(
    warehouses: Sequence[Warehouse], destination: Place | None = None
) -> list[Warehouse]:
    """Warehouses by their distance; those whose place is not known come last, by position."""

    def far(warehouse: Warehouse) -> tuple[float, int, str]:
        known = destination is not None and warehouse.place is not None
        metres = distance_m(destination, warehouse.place) if known else math.inf  # type: ignore[arg-type]
        return (metres, warehouse.position, warehouse.id)

    return sorted(warehouses, key=far)


def allocate(
    pieces: Mapping[str, int], stock: Mapping[str, Mapping[str, int]], order: Sequence[str]
) -> list[Parcel]:
    """Where these pieces come from: from the first warehouse in `order` what it has, and so on.

    `stock` has the pieces by warehouse and SKU. Raises ValueError when there are not enough.
    """
    parcels: list[Parcel] = []
    for sku in sorted(pieces):
        missing = pieces[sku]
        for warehouse_id in order:
            taken = min(missing, stock.get(warehouse_id, {}).get(sku, 0))
            if taken > 0:
                parcels.append(Parcel(warehouse_id, sku, taken))
                missing -= taken
        if missing:
            raise ValueError(f"{missing} pieces of {sku} are in no warehouse")
    return parcels
