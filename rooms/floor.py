"""Which points of the floor are free, and where to put people: spawns, and rings around a host."""

import math

import numpy as np
from numpy.typing import NDArray

from rooms.settings import RoomSettings
from rooms.space import Layout, Spawn
from rooms.types import Position

Points = NDArray[np.float64]
"""Points of the floor, x and z in metres, shape (n, 2)."""

_ROUNDING_M = 0.005
"""Added to distances between spots, so that rounding to millimetres cannot bring them too close."""

FLOOR_TOLERANCE_M = 0.05
"""How far from y = 0 a point still counts as on the floor."""


def yaw_towards(x: float, z: float, target_x: float, target_z: float) -> float:
    """The yaw in degrees of somebody at (x, z) who faces the target; 0 is -Z, counter-clockwise."""
    return math.degrees(math.atan2(x - target_x, z - target_z))


class Floor:
    """The floor of a layout, its fixtures as arrays, so that many points are tried in one pass."""

    def __init__(self, layout: Layout, settings: RoomSettings) -> None:
        self._spawns = layout.spawns
        self._settings = settings
        margin = settings.body_radius_m
        self._half_width = layout.size_m[0] / 2 - margin
        self._half_depth = layout.size_m[2] / 2 - margin
        fixtures = layout.fixtures
        turns = np.radians([fixture.yaw_degrees for fixture in fixtures])
        self._cosines, self._sines = np.cos(turns), np.sin(turns)
        self._centres_x = np.array([fixture.position[0] for fixture in fixtures])
        self._centres_z = np.array([fixture.position[2] for fixture in fixtures])
        self._halves_x = np.array([fixture.size_m[0] / 2 for fixture in fixtures]) + margin
        self._halves_z = np.array([fixture.size_m[2] / 2 for fixture in fixtures]) + margin
        self._grid: Points | None = None

    def free(self, points: Points) -> NDArray[np.bool_]:
        """Which points are inside the walls and outside all fixtures, with room for a body."""
        x, z = points[:, 0:1], points[:, 1:2]
        inside = (np.abs(x) <= self._half_width) & (np.abs(z) <= self._half_depth)
        dx, dz = x - self._centres_x, z - self._centres_z
        across = np.abs(dx * self._cosines - dz * self._sines)
        along = np.abs(dx * self._sines + dz * self._cosines)
        blocked = ((across < self._halves_x) & (along < self._halves_z)).any(axis=1)
        free: NDArray[np.bool_] = inside[:, 0] & ~blocked
        return free

    def can_stand(self, position: Position) -> bool:
        """Whether feet can be at this point; False for anything that is not finite."""
        x, y, z = position
        if not (math.isfinite(x) and math.isfinite(z) and abs(y) <= FLOOR_TOLERANCE_M):
            return False
        return bool(self.free(np.array([[x, z]]))[0])

    def spawn(self, people: Points) -> Spawn:
        """A free place for a newcomer: the emptiest spawn; when all are taken, a spot next to one;
        when there is none either, the emptiest spawn all the same."""
        places = np.array([[spawn.position[0], spawn.position[2]] for spawn in self._spawns])
        distances = _nearest(places, people)
        emptiest = self._spawns[int(distances.argmax())]
        if distances.max() >= self._settings.personal_space_m:
            return emptiest
        for spawn in self._spawns:
            x, _, z = spawn.position
            for spot in self.spots_around(x, z, spawn.yaw_degrees, 1, people):
                return Spawn((spot[0], 0.0, spot[1]), spawn.yaw_degrees)
        return emptiest

    def refuge(self, x: float, z: float, people: Points) -> tuple[float, float]:
        """The free point nearest to (x, z) that is `retreat_distance_m` from all people; when there
        is none, the one furthest from them. Points are a metre apart."""
        if self._grid is None:
            xs, zs = (
                np.arange(-half + (half % 1), half + _ROUNDING_M)
                for half in (self._half_width, self._half_depth)
            )
            grid = np.stack(np.meshgrid(xs, zs), axis=-1).reshape(-1, 2)
            spawns = [[spawn.position[0], spawn.position[2]] for spawn in self._spawns]
            # Spawns are free in any layout, however narrow.
            self._grid = np.round(np.concatenate([grid[self.free(grid)], spawns]), 3)
        distances = _nearest(self._grid, people)
        wanted_m = min(self._settings.retreat_distance_m, float(distances.max()))
        good = self._grid[distances >= wanted_m]
        nearest = good[int(((good - [x, z]) ** 2).sum(axis=1).argmin())]
        return float(nearest[0]), float(nearest[1])

    def spots_around(
        self, x: float, z: float, yaw_degrees: float, count: int, people: Points
    ) -> list[tuple[float, float]]:
        """Up to `count` free spots (x, z) in rings around a point: nearest ring first, in a ring
        those before the eyes first, each at least `personal_space_m` from the others, from the
        point and from `people`.

        On a circle of radius r, spots that are a chord s apart are 2·asin(s / 2r) apart in angle.
        """
        settings = self._settings
        spacing = settings.personal_space_m + _ROUNDING_M
        radius = settings.gather_first_ring_m
        spots: list[tuple[float, float]] = []
        while radius <= settings.gather_radius_m and len(spots) < count:
            places = math.floor(math.pi / math.asin(min(1.0, spacing / (2 * radius))))
            # 0, 1, -1, 2, -2 ...: from straight ahead to both sides, and behind at last.
            steps = sorted(range(places), key=lambda k, n=places: (min(k, n - k), k))  # type: ignore[misc]
            angles = np.radians(yaw_degrees) + np.array(steps) * (2 * math.pi / places)
            ring = np.column_stack([x - radius * np.sin(angles), z - radius * np.cos(angles)])
            ring = np.round(ring, 3)
            good = self.free(ring) & (_nearest(ring, people) >= spacing)
            spots += [(float(spot[0]), float(spot[1])) for spot in ring[good]]
            radius += spacing
        return spots[:count]


def _nearest(points: Points, others: Points) -> NDArray[np.float64]:
    """Distance of each point to the nearest of the others; infinite when there are none."""
    if not len(others):
        return np.full(len(points), np.inf)
    between = points[:, None, :] - others[None, :, :]
    nearest: NDArray[np.float64] = np.sqrt((between * between).sum(axis=2)).min(axis=1)
    return nearest
