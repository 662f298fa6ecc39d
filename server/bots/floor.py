"""The floor of a room as a bot sees it: where one can stand, and how to walk from here to there.

Built from the public layout (JSON of `GET /rooms/{room_id}/layout`). All lengths are metres; points
are (x, z) on the floor, y is up.
"""

import itertools
import math
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Point = tuple[float, float]

CELL_M = 0.4
# Shoulders are about 0.5 m wide; half of that, and a hand's breadth.
CLEARANCE_M = 0.35
# A distance field of a 44 x 32 m hall takes 35 kB and 10 ms; every shelf has one.
FIELDS_MAX = 512
UNREACHED = np.iinfo(np.int32).max
NEIGHBOURS = ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (1, -1), (-1, 1), (-1, -1))

Cells = NDArray[np.bool_]
Distances = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Shelf:
    """A slot with what stands on it. `stand` is the nearest good place before it."""

    slot_id: int
    product_id: str
    skus: tuple[str, ...]
    position: tuple[float, float, float]
    stand: Point


class Floor:
    """Free cells of a room, its shelves, and shortest ways by distance fields.

    A field of distances to one goal serves every bot that goes there; the ones used longest ago are
    forgotten beyond `FIELDS_MAX`.
    """

    def __init__(self, layout: Mapping[str, Any]) -> None:
        width, _height, depth = layout["size_m"]
        self._half = (width / 2, depth / 2)
        self._shape: tuple[int, int] = (
            max(1, math.ceil(width / CELL_M)),
            max(1, math.ceil(depth / CELL_M)),
        )
        self._free: Cells = np.ones(self._shape, dtype=np.bool_)
        for fixture in layout.get("fixtures", ()):
            self._block(fixture)
        self._keep_off_walls()
        self._fields: OrderedDict[tuple[int, int], Distances] = OrderedDict()
        self.waypoints: tuple[Point, ...] = tuple(
            self.nearest_free((point["position"][0], point["position"][2]))
            for point in layout.get("waypoints", ())
        )
        slots = {slot["id"]: slot for slot in layout["slots"]}
        self.shelves: tuple[Shelf, ...] = tuple(
            self._shelf(slots[placement["slot_id"]], placement)
            for placement in layout["placements"]
        )

    def is_free(self, point: Point) -> bool:
        """Whether somebody can stand there."""
        cell = self._cell(point)
        return self._inside(cell) and bool(self._free[cell])

    def nearest_free(self, point: Point) -> Point:
        """The centre of the free cell nearest to a point; the point itself when it is free."""
        if self.is_free(point):
            return point
        free = np.argwhere(self._free)
        if not len(free):
            return point
        centres = (free + 0.5) * CELL_M - np.array(self._half)
        best = centres[np.argmin(np.hypot(*(centres - np.array(point)).T))]
        return float(best[0]), float(best[1])

    def way(self, start: Point, goal: Point) -> list[Point]:
        """Corners of a short way around the fixtures; ends at `goal` or as near as one can stand.

        Two points that no way connects get the straight line: a bot that spawned in a closed
        corner must get out of it somehow.
        """
        goal = self.nearest_free(goal)
        distances = self._distances(self._cell(goal))
        cell = self._cell(self.nearest_free(start))
        if distances[cell] == UNREACHED:
            return [goal]
        cells = [cell]
        while distances[cell] > 0:
            cell = self._downhill(distances, cell)
            cells.append(cell)
        return self._corners(start, [self._centre(c) for c in cells[1:-1]] + [goal])

    def _corners(self, start: Point, points: Sequence[Point]) -> list[Point]:
        """Leave out the points that can be cut, as a person would."""
        corners: list[Point] = []
        here = start
        for index in range(len(points) - 1):
            if not self._sees(here, points[index + 1]):
                corners.append(points[index])
                here = points[index]
        return [*corners, points[-1]]

    def _sees(self, start: Point, goal: Point) -> bool:
        steps = max(1, math.ceil(math.dist(start, goal) / (CELL_M / 2)))
        return all(
            self.is_free(
                (
                    start[0] + (goal[0] - start[0]) * step / steps,
                    start[1] + (goal[1] - start[1]) * step / steps,
                )
            )
            for step in range(1, steps + 1)
        )

    def _distances(self, goal: tuple[int, int]) -> Distances:
        field = self._fields.get(goal)
        if field is not None:
            self._fields.move_to_end(goal)
            return field
        field = _flood(self._free, goal)
        self._fields[goal] = field
        if len(self._fields) > FIELDS_MAX:
            self._fields.popitem(last=False)
        return field

    def _downhill(self, distances: Distances, cell: tuple[int, int]) -> tuple[int, int]:
        """The neighbour nearest to the goal; corners of fixtures are not cut."""
        best, best_distance = cell, int(distances[cell])
        for dx, dz in NEIGHBOURS:
            beside = (cell[0] + dx, cell[1] + dz)
            if not self._inside(beside) or distances[beside] >= best_distance:
                continue
            if (
                dx
                and dz
                and not (self._free[cell[0] + dx, cell[1]] and self._free[cell[0], beside[1]])
            ):
                continue
            best, best_distance = beside, int(distances[beside])
        return best

    def _shelf(self, slot: Mapping[str, Any], placement: Mapping[str, Any]) -> Shelf:
        x, y, z = slot["position"]
        return Shelf(
            slot_id=slot["id"],
            product_id=placement["product_id"],
            skus=tuple(placement["skus"]),
            position=(x, y, z),
            stand=self.nearest_free(_before((x, z), slot.get("yaw_degrees", 0.0), 0.9)),
        )

    def _block(self, fixture: Mapping[str, Any]) -> None:
        """Take the cells of a turned box, and what is too close to it."""
        x, _y, z = fixture["position"]
        width, _height, depth = fixture["size_m"]
        angle = math.radians(fixture.get("yaw_degrees", 0.0))
        centres_x, centres_z = self._centres()
        dx, dz = centres_x - x, centres_z - z
        # Into the box's own axes: turning by -yaw about +Y.
        along = dx * math.cos(angle) - dz * math.sin(angle)
        across = dx * math.sin(angle) + dz * math.cos(angle)
        self._free &= ~(
            (np.abs(along) < width / 2 + CLEARANCE_M) & (np.abs(across) < depth / 2 + CLEARANCE_M)
        )

    def _keep_off_walls(self) -> None:
        self._free[[0, -1], :] = False
        self._free[:, [0, -1]] = False

    def _centres(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        columns, rows = np.indices(self._shape)
        return (columns + 0.5) * CELL_M - self._half[0], (rows + 0.5) * CELL_M - self._half[1]

    def _centre(self, cell: tuple[int, int]) -> Point:
        return (cell[0] + 0.5) * CELL_M - self._half[0], (cell[1] + 0.5) * CELL_M - self._half[1]

    def _cell(self, point: Point) -> tuple[int, int]:
        return (
            math.floor((point[0] + self._half[0]) / CELL_M),
            math.floor((point[1] + self._half[1]) / CELL_M),
        )

    def _inside(self, cell: tuple[int, int]) -> bool:
        return 0 <= cell[0] < self._shape[0] and 0 <= cell[1] < self._shape[1]


def _before(point: Point, yaw_degrees: float, distance_m: float) -> Point:
    """The place before a thing. Its front is towards +Z at yaw 0, counter-clockwise from above."""
    yaw = math.radians(yaw_degrees)
    return point[0] + math.sin(yaw) * distance_m, point[1] + math.cos(yaw) * distance_m


def _flood(free: Cells, goal: tuple[int, int]) -> Distances:
    """Steps from every free cell to the goal, ring by ring, over the four sides of a cell."""
    distances: Distances = np.full(free.shape, UNREACHED, dtype=np.int32)
    distances[goal] = 0
    ring = np.zeros_like(free)
    ring[goal] = True
    waiting = free.copy()
    waiting[goal] = False
    for steps in itertools.count(1):
        beside = np.zeros_like(ring)
        beside[1:] |= ring[:-1]
        beside[:-1] |= ring[1:]
        beside[:, 1:] |= ring[:, :-1]
        beside[:, :-1] |= ring[:, 1:]
        ring = beside & waiting
        if not ring.any():
            return distances
        distances[ring] = steps
        waiting &= ~ring
    raise AssertionError("a floor has an end")
