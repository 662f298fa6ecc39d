"""Books, standing a little open so that cover and pages show."""

import math

import numpy as np

from assets.colours import darker
from assets.shapes.curves import segments
from assets.shapes.registry import Colour, Length, Values, shape
from assets.shapes.solids import Part, loft, rounded_box

_PAGES = "#f3ead6"
_BOARD_M = 0.004


@shape(
    "book",
    0.7,
    height_m=Length(0.27, 0.15, 0.4),
    thickness_m=Length(0.04, 0.015, 0.08),
    accent=Colour("#e9cf8c"),
)
def book(values: Values) -> list[Part]:
    """A hardback with its front cover to the viewer and its spine to the left."""
    h, thick, accent = (
        values.number("height_m"),
        values.number("thickness_m"),
        values.text("accent"),
    )
    w = h * 0.76
    opening = 34.0
    parts = [_spine(h, thick, values)]
    for side in (-1, 1):
        half = [*_board(h, w, values, accent, front=side < 0), _block(h, w, thick, side, values)]
        # Each half hangs on the spine: outwards along +Z, then turned open.
        hinged = [part.moved(x=side * thick * 0.42) for part in half]
        parts += [part.turned("y", side * opening) for part in hinged]
    return [part.turned("y", 141) for part in parts]


def _board(h: float, w: float, values: Values, accent: str, *, front: bool) -> list[Part]:
    """A cover in the plane of y and z; the front one has a band, a title and a round picture."""
    fine = segments(24, values.detail, 12)
    board = rounded_box((_BOARD_M, h, w), 0.0018, fine, values.colour).moved(z=w / 2)
    if not front:
        return [board]
    outside = -_BOARD_M * 0.62
    parts = [board]
    for y, height in ((0.80, 0.085), (0.70, 0.04)):
        stripe = rounded_box((0.0022, h * height, w * 0.70), 0.0008, fine, accent)
        parts.append(stripe.moved(x=outside, y=h * y, z=w * 0.52))
    around = segments(48, values.detail, 12)
    turn = np.arange(around) * (2 * math.pi / around)
    for radius, colour, lift in ((0.25, accent, 0.0), (0.19, darker(values.colour, 0.3), 0.0006)):
        disc = np.stack(
            [
                np.zeros(around),
                h * 0.38 + np.cos(turn) * w * radius,
                w * 0.52 + np.sin(turn) * w * radius,
            ],
            axis=1,
        )
        step = np.array([0.0012, 0.0, 0.0])
        parts.append(loft(np.array([disc - step, disc + step]), colour).moved(x=outside - lift))
    return parts


def _block(h: float, w: float, thick: float, side: int, values: Values) -> Part:
    """Half of the pages: thick at the spine, fanned out towards the open edge."""
    rows = np.linspace(0.0, 1.0, segments(14, values.detail, 5))
    rings = []
    for share in rows:
        z = w * (0.01 + 0.93 * share)
        depth = thick * (0.42 + 0.30 * share)
        inner = -side * depth
        belly = -side * thick * 0.20 * math.sin(math.pi * share)
        low, high = h * 0.02, h * 0.98
        rings.append(
            [(0.0, low, z), (inner + belly, low, z), (inner + belly, high, z), (0.0, high, z)]
        )
    return loft(np.array(rings), _PAGES)


def _spine(h: float, thick: float, values: Values) -> Part:
    """A rounded back."""
    steps = segments(16, values.detail, 6)
    turn = np.linspace(-math.pi / 2, math.pi / 2, steps)
    outer = np.stack([np.sin(turn) * thick * 0.5, -np.cos(turn) * thick * 0.22], axis=1)
    inner = outer[::-1] * np.array([0.9, 0.55])
    line = np.concatenate([outer, inner])
    rings = [np.stack([line[:, 0], np.full(len(line), y), line[:, 1]], axis=1) for y in (0.0, h)]
    return loft(np.array(rings), darker(values.colour, 0.12))
