"""Lines that the generators draw with: smooth curves, rings, outlines. Arrays of points, metres."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

# How many segments the coarser levels of detail keep of those of the finest.
_SHARE_KEPT = (1.0, 0.5, 0.25)


def segments(fine: int, detail: int, minimum: int = 3) -> int:
    """How many segments a curve gets that has `fine` of them at detail 0, the finest."""
    return max(minimum, round(fine * _SHARE_KEPT[detail]))


def smooth(points: ArrayLike, count: int) -> Floats:
    """`count` points on the Catmull-Rom spline through `points` (k, d), both ends included.

    Centripetal parametrisation (Yuksel, Schaefer, Keyser 2011), so that no loop appears where
    points lie unevenly. Points in a row that are equal make a sharp corner.
    """
    knots = np.asarray(points, dtype=np.float64)
    if len(knots) < 2 or count < 2:
        return knots.copy()
    pieces = [_piece(knots, index) for index in range(len(knots) - 1)]
    places = np.linspace(0.0, len(pieces), count)
    result = np.empty((count, knots.shape[1]))
    for row, place in enumerate(places):
        index = min(int(place), len(pieces) - 1)
        result[row] = pieces[index](place - index)
    return result


def _piece(knots: Floats, index: int) -> Any:
    """The function of 0..1 for the stretch between two knots."""
    p1, p2 = knots[index], knots[index + 1]
    p0 = knots[index - 1] if index > 0 else 2 * p1 - p2
    p3 = knots[index + 2] if index + 2 < len(knots) else 2 * p2 - p1
    d1, d2, d3 = (
        math.sqrt(float(np.linalg.norm(b - a))) for a, b in ((p0, p1), (p1, p2), (p2, p3))
    )
    if d2 == 0.0:
        return lambda _share: p1
    d1, d3 = d1 or d2, d3 or d2
    m1 = d2 * ((p1 - p0) / d1 - (p2 - p0) / (d1 + d2) + (p2 - p1) / d2)
    m2 = d2 * ((p2 - p1) / d2 - (p3 - p1) / (d2 + d3) + (p3 - p2) / d3)

    def at(share: float) -> Floats:
        a = 2 * p1 - 2 * p2 + m1 + m2
        b = -3 * p1 + 3 * p2 - 2 * m1 - m2
        value: Floats = ((a * share + b) * share + m1) * share + p1
        return value

    return at


def angles(count: int) -> Floats:
    """`count` angles around a circle, the first 0, in radians."""
    turn: Floats = np.arange(count, dtype=np.float64) * (2 * math.pi / count)
    return turn


def ring(count: int, width: float, depth: float, y: float = 0.0, exponent: float = 2.0) -> Floats:
    """A level closed ring (count, 3) of full `width` (x) and `depth` (z), from +Z on towards +X.

    A superellipse: exponent 2 is an ellipse, more is squarer.
    """
    turn = angles(count)
    cosine, sine = np.cos(turn), np.sin(turn)
    power = 2.0 / exponent
    x = np.sign(sine) * np.abs(sine) ** power * width / 2
    z = np.sign(cosine) * np.abs(cosine) ** power * depth / 2
    return np.stack([x, np.full(count, y), z], axis=1)


def rounded_rectangle(count: int, width: float, depth: float, radius: float) -> Floats:
    """A level ring (n, 3) at y = 0 with quarter circles at its corners; n is a multiple of four."""
    per_corner = max(2, count // 4)
    radius = min(radius, width / 2, depth / 2)
    points = []
    for corner in range(4):
        turn = math.pi / 2 * (corner + np.linspace(0.0, 1.0, per_corner))
        sign_x = 1 if corner in (0, 1) else -1
        sign_z = 1 if corner in (0, 3) else -1
        x = sign_x * (width / 2 - radius) + radius * np.sin(turn)
        z = sign_z * (depth / 2 - radius) + radius * np.cos(turn)
        points.append(np.stack([x, np.zeros(per_corner), z], axis=1))
    return np.concatenate(points)


def arc(
    centre: Sequence[float], radius_m: float, start_degrees: float, end_degrees: float, count: int
) -> Floats:
    """Points (count, 2) on a circle in a plane, counter-clockwise when the end is the larger."""
    turn = np.radians(np.linspace(start_degrees, end_degrees, count))
    return np.stack(
        [centre[0] + radius_m * np.cos(turn), centre[1] + radius_m * np.sin(turn)], axis=1
    )


def in_plane(points: Floats, plane: str, offset: float = 0.0) -> Floats:
    """Put points (n, 2) into a plane, "xy", "zy" or "xz", at `offset` from the origin."""
    first, second = ("xyz".index(axis) for axis in plane)
    placed = np.full((len(points), 3), offset)
    placed[:, first] = points[:, 0]
    placed[:, second] = points[:, 1]
    return placed


def interpolate(at: float, places: Sequence[float], values: ArrayLike) -> Floats:
    """Linear interpolation of rows of `values` (k, d) that are given at ascending `places` (k)."""
    table = np.asarray(values, dtype=np.float64)
    return np.array([np.interp(at, places, column) for column in table.T])
