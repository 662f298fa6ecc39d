"""The space of a room: its layout, what stands where, and which points of the floor are free.

Metres, right-handed, +Y up, the floor is y = 0 with its centre at the origin. Yaw is in degrees, 0
faces -Z, counter-clockwise from above. A layout is data: `layout_from` takes the mapping that a
layout file or a journal header holds and refuses anything a shopper could get stuck in.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from rooms.avatars import COORDINATE_LIMIT_M, Bounds
from rooms.types import Position

T = TypeVar("T")

ENTRIES_MAX = 4_096
"""Zones, fixtures, slots, spawns or waypoints in a layout; more is refused."""

TEXT_LIMIT = 128
"""Characters of an id or a name."""


class LayoutError(ValueError):
    """A layout or placement that is not right; `where` names it, such as "slots[3].position"."""

    code = "LAYOUT_INVALID"

    def __init__(self, where: str, problem: str) -> None:
        super().__init__(f"{where}: {problem}")
        self.where = where
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Zone:
    """A department: the rectangle of floor from `minimum` to `maximum` (x, z)."""

    zone_id: str
    name: str
    minimum: tuple[float, float]
    maximum: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Fixture:
    """A table, shelf or the like: a box (width, height, depth) on `position`, turned by its yaw."""

    fixture_id: str
    kind: str
    position: Position
    size_m: Position
    yaw_degrees: float


@dataclass(frozen=True, slots=True)
class Slot:
    """The point a product stands on."""

    slot_id: int
    zone_id: str
    fixture_id: str
    position: Position
    yaw_degrees: float


@dataclass(frozen=True, slots=True)
class Spawn:
    """Where newcomers appear."""

    position: Position
    yaw_degrees: float


@dataclass(frozen=True, slots=True)
class Waypoint:
    """A place to jump to by name."""

    waypoint_id: str
    name: str
    position: Position
    yaw_degrees: float


@dataclass(frozen=True, slots=True)
class Layout:
    """A room's layout; `size_m` is width, height, depth of the hall around the origin."""

    layout_id: str
    name: str
    size_m: Position
    zones: tuple[Zone, ...]
    fixtures: tuple[Fixture, ...]
    slots: tuple[Slot, ...]
    spawns: tuple[Spawn, ...]
    waypoints: tuple[Waypoint, ...]

    @property
    def bounds(self) -> Bounds:
        """Least and largest corner of the hall."""
        width, height, depth = self.size_m
        return ((-width / 2, 0.0, -depth / 2), (width / 2, height, depth / 2))


@dataclass(frozen=True, slots=True)
class Placement:
    """A product on a slot, with the SKUs that are sold there."""

    slot_id: int
    product_id: str
    skus: tuple[str, ...]


# --- reading ------------------------------------------------------------------------------------


def layout_from(mapping: Mapping[str, Any]) -> Layout:
    """The layout of a mapping as `tomllib` or MessagePack gives it. Unknown keys are ignored.

    Raises LayoutError, which says where and what.
    """
    top = _Entry(mapping, "layout")
    layout = Layout(
        layout_id=top.text("id"),
        name=top.text("name"),
        size_m=top.size("size_m"),
        zones=top.entries("zones", _zone),
        fixtures=top.entries("fixtures", _fixture),
        slots=top.entries("slots", _slot),
        spawns=top.entries("spawns", _spawn),
        waypoints=top.entries("waypoints", _waypoint),
    )
    _check_layout(layout)
    return layout


def to_mapping(layout: Layout) -> dict[str, Any]:
    """The layout in plain types; `layout_from` gives it back."""
    return {
        "id": layout.layout_id,
        "name": layout.name,
        "size_m": list(layout.size_m),
        "zones": [
            {
                "id": z.zone_id,
                "name": z.name,
                "minimum": list(z.minimum),
                "maximum": list(z.maximum),
            }
            for z in layout.zones
        ],
        "fixtures": [
            {
                "id": f.fixture_id,
                "kind": f.kind,
                "position": list(f.position),
                "size_m": list(f.size_m),
                "yaw_degrees": f.yaw_degrees,
            }
            for f in layout.fixtures
        ],
        "slots": [
            {
                "id": s.slot_id,
                "zone": s.zone_id,
                "fixture": s.fixture_id,
                "position": list(s.position),
                "yaw_degrees": s.yaw_degrees,
            }
            for s in layout.slots
        ],
        "spawns": [
            {"position": list(s.position), "yaw_degrees": s.yaw_degrees} for s in layout.spawns
        ],
        "waypoints": [
            {
                "id": w.waypoint_id,
                "name": w.name,
                "position": list(w.position),
                "yaw_degrees": w.yaw_degrees,
            }
            for w in layout.waypoints
        ],
    }


def placements_from(entries: Sequence[Mapping[str, Any]]) -> tuple[Placement, ...]:
    """Placements of plain mappings. Raises LayoutError."""
    return tuple(
        _placement(_Entry(entry, f"placements[{index}]")) for index, entry in enumerate(entries)
    )


def placements_to_mappings(placements: Sequence[Placement]) -> list[dict[str, Any]]:
    """Placements in plain types; `placements_from` gives them back."""
    return [
        {"slot_id": p.slot_id, "product_id": p.product_id, "skus": list(p.skus)} for p in placements
    ]


def check_placements(layout: Layout, placements: Sequence[Placement]) -> None:
    """Every product on a slot that is there, one a slot, and every SKU of one product only.

    Raises LayoutError.
    """
    slots = {slot.slot_id for slot in layout.slots}
    taken: set[int] = set()
    product_of: dict[str, str] = {}
    for index, placement in enumerate(placements):
        where = f"placements[{index}]"
        if placement.slot_id not in slots:
            raise LayoutError(where, f"there is no slot {placement.slot_id}")
        if placement.slot_id in taken:
            raise LayoutError(where, f"slot {placement.slot_id} has a product already")
        taken.add(placement.slot_id)
        if not placement.product_id:
            raise LayoutError(where, "the product id is empty")
        for sku in placement.skus:
            if product_of.setdefault(sku, placement.product_id) != placement.product_id:
                raise LayoutError(where, f"SKU {sku} belongs to {product_of[sku]} already")


def inside_footprint(fixture: Fixture, x: float, z: float, margin_m: float) -> bool:
    """Whether a point of the floor is inside a fixture or nearer than `margin_m` to its side."""
    turn = math.radians(fixture.yaw_degrees)
    dx, dz = x - fixture.position[0], z - fixture.position[2]
    across = dx * math.cos(turn) - dz * math.sin(turn)
    along = dx * math.sin(turn) + dz * math.cos(turn)
    width, _, depth = fixture.size_m
    return abs(across) < width / 2 + margin_m and abs(along) < depth / 2 + margin_m


class _Entry:
    """Reads the fields of one mapping and says where when one is wrong."""

    def __init__(self, mapping: object, where: str) -> None:
        if not isinstance(mapping, Mapping):
            raise LayoutError(where, "is not a table")
        self._mapping = mapping
        self.where = where

    def _value(self, key: str) -> Any:
        if key not in self._mapping:
            raise LayoutError(self.where, f"{key} is missing")
        return self._mapping[key]

    def text(self, key: str) -> str:
        value = self._value(key)
        if not isinstance(value, str) or not 0 < len(value) <= TEXT_LIMIT:
            raise LayoutError(f"{self.where}.{key}", f"must be a text of 1 to {TEXT_LIMIT} signs")
        return value

    def whole(self, key: str) -> int:
        value = self._value(key)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 1 << 32:
            raise LayoutError(f"{self.where}.{key}", "must be a whole number from 1 to 2^32 - 1")
        return value

    def number(self, key: str) -> float:
        return self._number(self._value(key), key)

    def _number(self, value: object, key: str) -> float:
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not math.isfinite(value)
        ):
            raise LayoutError(f"{self.where}.{key}", "must be a finite number")
        return float(value)

    def numbers(self, key: str, count: int, limit: float) -> tuple[float, ...]:
        value = self._value(key)
        if not isinstance(value, list | tuple) or len(value) != count:
            raise LayoutError(f"{self.where}.{key}", f"must be {count} numbers")
        result = tuple(self._number(part, key) for part in value)
        if any(abs(part) > limit for part in result):
            raise LayoutError(f"{self.where}.{key}", f"must be within {limit} m")
        return result

    def point(self, key: str) -> Position:
        x, y, z = self.numbers(key, 3, COORDINATE_LIMIT_M)
        return (x, y, z)

    def flat_point(self, key: str) -> tuple[float, float]:
        x, z = self.numbers(key, 2, COORDINATE_LIMIT_M)
        return (x, z)

    def size(self, key: str) -> Position:
        width, height, depth = self.numbers(key, 3, 2 * COORDINATE_LIMIT_M)
        if min(width, height, depth) <= 0:
            raise LayoutError(f"{self.where}.{key}", "must be above 0")
        return (width, height, depth)

    def texts(self, key: str) -> tuple[str, ...]:
        value = self._value(key)
        if not isinstance(value, list | tuple) or not all(isinstance(t, str) and t for t in value):
            raise LayoutError(f"{self.where}.{key}", "must be a list of texts")
        return tuple(value)

    def entries(self, key: str, read: Callable[["_Entry"], T]) -> tuple[T, ...]:
        value = self._mapping.get(key, [])
        if not isinstance(value, list | tuple) or len(value) > ENTRIES_MAX:
            raise LayoutError(f"{self.where}.{key}", f"must be at most {ENTRIES_MAX} tables")
        return tuple(read(_Entry(entry, f"{key}[{index}]")) for index, entry in enumerate(value))


def _zone(e: _Entry) -> Zone:
    return Zone(e.text("id"), e.text("name"), e.flat_point("minimum"), e.flat_point("maximum"))


def _fixture(e: _Entry) -> Fixture:
    return Fixture(
        e.text("id"), e.text("kind"), e.point("position"), e.size("size_m"), e.number("yaw_degrees")
    )


def _slot(e: _Entry) -> Slot:
    return Slot(
        e.whole("id"),
        e.text("zone"),
        e.text("fixture"),
        e.point("position"),
        e.number("yaw_degrees"),
    )


def _spawn(e: _Entry) -> Spawn:
    return Spawn(e.point("position"), e.number("yaw_degrees"))


def _waypoint(e: _Entry) -> Waypoint:
    return Waypoint(e.text("id"), e.text("name"), e.point("position"), e.number("yaw_degrees"))


def _placement(e: _Entry) -> Placement:
    return Placement(e.whole("slot_id"), e.text("product_id"), e.texts("skus"))


def _check_layout(layout: Layout) -> None:
    """What no single entry can show: unique ids, references, and room to stand."""
    for name, ids in (
        ("zones", [zone.zone_id for zone in layout.zones]),
        ("fixtures", [fixture.fixture_id for fixture in layout.fixtures]),
        ("slots", [slot.slot_id for slot in layout.slots]),
        ("waypoints", [waypoint.waypoint_id for waypoint in layout.waypoints]),
    ):
        if len(set(ids)) != len(ids):
            raise LayoutError(name, "an id is used twice")
    zones = {zone.zone_id for zone in layout.zones}
    fixtures = {fixture.fixture_id for fixture in layout.fixtures}
    for index, slot in enumerate(layout.slots):
        if slot.zone_id not in zones:
            raise LayoutError(f"slots[{index}].zone", f"there is no zone {slot.zone_id}")
        if slot.fixture_id not in fixtures:
            raise LayoutError(f"slots[{index}].fixture", f"there is no fixture {slot.fixture_id}")
    if not layout.spawns:
        raise LayoutError("spawns", "at least one is needed")
    width, _, depth = layout.size_m
    for index, spawn in enumerate(layout.spawns):
        x, y, z = spawn.position
        if abs(x) > width / 2 or abs(z) > depth / 2 or y != 0:
            raise LayoutError(f"spawns[{index}]", "is not on the floor of the hall")
        for fixture in layout.fixtures:
            if inside_footprint(fixture, x, z, 0.0):
                raise LayoutError(f"spawns[{index}]", f"is inside fixture {fixture.fixture_id}")
