"""Handbags, totes, backpacks and suitcases."""

import math

import numpy as np

from assets.colours import blend, darker, lighter
from assets.shapes.curves import Floats, rounded_rectangle, segments, smooth
from assets.shapes.registry import Colour, Length, Values, shape
from assets.shapes.solids import (
    Colours,
    Part,
    cylinder,
    ellipsoid,
    loft,
    placed,
    revolve,
    rounded_box,
    sweep,
)

_METAL = "#b9bcc2"


def tapered(
    table: list[tuple[float, float, float, float]],
    values: Values,
    colours: Colours,
    along: int = 20,
) -> Part:
    """A skin over rounded rectangles, rows of (height, width, depth, corner radius)."""
    rows = smooth(table, segments(along, values.detail, 6)) if along else np.array(table)
    return loft(np.array([_corner_ring(row, values) for row in rows]), colours)


def _corner_ring(row: Floats, values: Values) -> Floats:
    y, width, depth, radius = row
    points = rounded_rectangle(segments(40, values.detail, 12), width, depth, radius)
    points[:, 1] = y
    return points


@shape("handbag", 0.42, width_m=Length(0.29, 0.12, 0.5), accent=Colour("#d2ac55"))
def handbag(values: Values) -> list[Part]:
    """A structured bag with a flap, a clasp and one round handle."""
    w, accent = values.number("width_m"), values.text("accent")
    h, d = w * 0.68, w * 0.40
    body = tapered(
        [
            (0.008, w * 0.90, d * 0.92, d * 0.22),
            (0.014, w * 0.97, d, d * 0.25),
            (h * 0.3, w, d * 0.98, d * 0.26),
            (h * 0.75, w * 0.92, d * 0.70, d * 0.24),
            (h * 0.97, w * 0.84, d * 0.46, d * 0.2),
            (h, w * 0.81, d * 0.40, d * 0.18),
        ],
        values,
        values.colour,
    )
    flap_colour = blend(values.colour, "#ffffff", 0.07)
    parts = [body, _flap(w, h, d, values, flap_colour)]
    clasp = ellipsoid((w * 0.13, w * 0.10, 0.014), segments(24, values.detail, 8), accent, 5, 2.6)
    parts.append(clasp.moved(y=h * 0.52, z=d * 0.47))
    bar = ellipsoid(
        (w * 0.05, w * 0.055, 0.016), segments(14, values.detail, 6), darker(accent, 0.35)
    )
    parts.append(bar.moved(y=h * 0.515, z=d * 0.485))
    turn = np.linspace(0, math.pi, segments(34, values.detail, 8))
    radius = w * 0.25
    path = np.stack(
        [radius * np.cos(turn), h * 0.99 + radius * 1.12 * np.sin(turn), np.zeros(len(turn))],
        axis=1,
    )
    grip = darker(values.colour, 0.22)
    parts.append(sweep(path, w * 0.024, segments(14, values.detail, 5), grip))
    for side in (-1, 1):
        loop = ellipsoid((w * 0.075, w * 0.075, w * 0.06), segments(16, values.detail, 6), accent)
        parts.append(loop.moved(x=side * radius, y=h * 0.995))
        if values.detail < 2:
            for z in (-1, 1):
                foot = cylinder(w * 0.018, 0.012, segments(12, values.detail, 5), accent)
                parts.append(foot.moved(x=side * w * 0.38, z=z * d * 0.34))
    return parts


def _flap(w: float, h: float, d: float, values: Values, colour: str) -> Part:
    """From the back over the top and down the front, narrowing to a rounded end."""
    line = smooth(
        [
            (h * 0.82, -d * 0.31),
            (h * 0.99, -d * 0.21),
            (h * 1.015, 0.0),
            (h * 0.99, d * 0.21),
            (h * 0.80, d * 0.345),
            (h * 0.62, d * 0.425),
            (h * 0.44, d * 0.485),
        ],
        segments(26, values.detail, 8),
    )
    rings = []
    steps = np.gradient(line, axis=0)
    normals = np.stack([-steps[:, 1], steps[:, 0]], axis=1) * -1
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    across = np.linspace(-1, 1, segments(16, values.detail, 6))
    count = len(line)
    for index, ((y, z), normal) in enumerate(zip(line, normals, strict=True)):
        share = index / (count - 1)
        half = w * (0.435 if share < 0.5 else 0.435 + 0.02 * share)
        drop = max(0.0, (share - 0.72) / 0.28)
        half *= math.sqrt(max(1 - 0.55 * drop**2.5, 0.05))
        outer = np.stack([across * half, np.full(len(across), y), np.full(len(across), z)], axis=1)
        lift = np.array([0.0, normal[0], normal[1]]) * 0.006
        rings.append(np.concatenate([outer + lift, (outer - lift * 0.6)[::-1]]))
    return loft(np.array(rings), colour)


@shape("tote", 0.85, height_m=Length(0.38, 0.2, 0.6), accent=Colour("#8a5a3c"))
def tote(values: Values) -> list[Part]:
    """An open bag with two long handles; the inside can be seen."""
    h, accent = values.number("height_m"), values.text("accent")
    w, d = h * 0.94, h * 0.36
    outer = [
        (0.0, w * 0.80, d * 0.84, d * 0.1),
        (0.006, w * 0.83, d * 0.9, d * 0.12),
        (h * 0.4, w * 0.90, d * 0.94, d * 0.2),
        (h * 0.94, w * 1.0, d * 0.74, d * 0.3),
        (h, w * 1.0, d * 0.72, d * 0.3),
    ]
    rows = list(smooth(outer, segments(18, values.detail, 6)))
    wall = 0.004
    inner = [
        np.array([y + 0.003, a - 2 * wall, b - 2 * wall, r - wall]) for y, a, b, r in rows[::-1]
    ]
    inner = [row for row in inner if row[0] > 0.03]
    points = np.array([_corner_ring(row, values) for row in [*rows, *inner]])
    # Full bags hang: the sides dip between the handles.
    high = np.clip(points[:, :, 1] / h, 0, 1) ** 6
    points[:, :, 1] -= high * 0.055 * h * (points[:, :, 0] / (w / 2)) ** 2
    bottom = sum(1 for row in rows if row[0] < h * 0.2)
    base = [accent] * bottom + [values.colour] * (len(rows) - bottom)
    shades = [*base, *[darker(values.colour, 0.35)] * (len(inner) - 1)]
    parts = [loft(points, shades)]
    for side in (-1, 1):
        z = side * d * 0.385
        path = smooth(
            [
                (-w * 0.24, h * 0.66, z * 1.14),
                (-w * 0.24, h * 0.98, z),
                (-w * 0.20, h * 1.28, z * 0.9),
                (0.0, h * 1.48, z * 0.8),
                (w * 0.20, h * 1.28, z * 0.9),
                (w * 0.24, h * 0.98, z),
                (w * 0.24, h * 0.66, z * 1.14),
            ],
            segments(40, values.detail, 10),
        )
        around = segments(10, values.detail, 4)
        parts.append(sweep(path, h * 0.030, around, accent, flat=0.22))
    return parts


@shape("backpack", 0.8, height_m=Length(0.44, 0.25, 0.6), accent=Colour("#c8803f"))
def backpack(values: Values) -> list[Part]:
    """A rounded pack with a front pocket, a loop on top and padded straps behind."""
    h, accent = values.number("height_m"), values.text("accent")
    w, d = h * 0.66, h * 0.36
    body = tapered(
        [
            (0.0, w * 0.80, d * 0.74, d * 0.3),
            (h * 0.02, w * 0.93, d * 0.92, d * 0.4),
            (h * 0.2, w, d, d * 0.44),
            (h * 0.6, w * 0.97, d * 0.94, d * 0.44),
            (h * 0.86, w * 0.84, d * 0.78, d * 0.38),
            (h * 0.97, w * 0.56, d * 0.46, d * 0.22),
            (h, w * 0.30, d * 0.22, d * 0.1),
        ],
        values,
        values.colour,
        26,
    )
    pocket = ellipsoid(
        (w * 0.74, h * 0.40, d * 0.42),
        segments(40, values.detail, 10),
        lighter(values.colour, 0.07),
        4.0,
        3.2,
    )
    flap = ellipsoid(
        (w * 0.78, h * 0.10, d * 0.46), segments(36, values.detail, 8), accent, 4.5, 3.0
    )
    parts = [body, pocket.moved(y=h * 0.27, z=d * 0.44), flap.moved(y=h * 0.45, z=d * 0.43)]
    loop = smooth(
        [
            (-w * 0.11, h * 0.965, -d * 0.1),
            (0.0, h * 1.065, -d * 0.14),
            (w * 0.11, h * 0.965, -d * 0.1),
        ],
        segments(16, values.detail, 6),
    )
    parts.append(sweep(loop, h * 0.017, segments(8, values.detail, 4), accent, flat=0.5))
    if values.detail < 2:
        parts += _fastenings(w, h, d, values, accent)
    for side in (-1, 1):
        parts += _pack_side(side, w, h, d, values)
    return parts


def _fastenings(w: float, h: float, d: float, values: Values, accent: str) -> list[Part]:
    """The zip with its pull, and the buckle of the pocket."""
    zip_line = smooth(
        [
            (-w * 0.49, h * 0.52, d * 0.24),
            (-w * 0.44, h * 0.76, d * 0.26),
            (-w * 0.24, h * 0.90, d * 0.25),
            (0.0, h * 0.935, d * 0.245),
            (w * 0.24, h * 0.90, d * 0.25),
            (w * 0.44, h * 0.76, d * 0.26),
            (w * 0.49, h * 0.52, d * 0.24),
        ],
        segments(36, values.detail, 8),
    )
    pull = ellipsoid((0.012, 0.03, 0.008), 10, accent)
    buckle = rounded_box((w * 0.09, h * 0.085, 0.012), 0.004, 16, accent)
    return [
        sweep(zip_line, h * 0.008, segments(8, values.detail, 4), darker(values.colour, 0.5)),
        pull.moved(x=w * 0.45, y=h * 0.70, z=d * 0.30),
        buckle.moved(y=h * 0.36, z=d * 0.645),
    ]


def _pack_side(side: int, w: float, h: float, d: float, values: Values) -> list[Part]:
    """One padded strap behind, and the pocket for a bottle on its side."""
    strap = smooth(
        [
            (side * w * 0.16, h * 0.93, -d * 0.30),
            (side * w * 0.26, h * 0.80, -d * 0.66),
            (side * w * 0.31, h * 0.50, -d * 0.80),
            (side * w * 0.36, h * 0.22, -d * 0.62),
            (side * w * 0.40, h * 0.10, -d * 0.36),
        ],
        segments(22, values.detail, 6),
    )
    around = segments(10, values.detail, 4)
    padding = darker(values.colour, 0.2)
    pocket = ellipsoid(
        (w * 0.2, h * 0.3, d * 0.55),
        segments(24, values.detail, 8),
        darker(values.colour, 0.15),
        3.0,
        3.0,
    )
    return [
        sweep(strap, h * 0.052, around, padding, flat=0.3, up=(0.0, 0.0, -1.0)),
        pocket.moved(x=side * w * 0.45, y=h * 0.2),
    ]


@shape("suitcase", 0.4, height_m=Length(0.54, 0.35, 0.8), accent=Colour("#e9e6df"))
def suitcase(values: Values) -> list[Part]:
    """A ribbed hard shell on four wheels, its handle pulled out."""
    h, accent = values.number("height_m"), values.text("accent")
    w, d = h * 0.68, h * 0.42
    lift = h * 0.075
    parts = [
        rounded_box((w, h - lift, d), d * 0.2, segments(48, values.detail, 8), values.colour).moved(
            y=lift
        )
    ]
    rib = segments(8, values.detail, 4)
    if values.detail < 2:
        for index in range(6):
            x = (index - 2.5) * w * 0.135
            for side in (-1, 1):
                z = side * d * 0.5
                path = [(x, lift + h * 0.1, z), (x, lift + (h - lift) - h * 0.1, z)]
                parts.append(sweep(path, w * 0.026, rib, lighter(values.colour, 0.08), flat=0.45))
    outline = rounded_rectangle(segments(40, values.detail, 12), w * 1.006, h - lift, d * 0.2)
    seam = np.stack([outline[:, 0], outline[:, 2] + lift + (h - lift) / 2, outline[:, 1]], axis=1)
    parts.append(sweep(seam, d * 0.020, rib, darker(values.colour, 0.45), closed=True))
    top = h
    for side in (-1, 1):
        pole = cylinder(w * 0.018, h * 0.32, segments(12, values.detail, 5), _METAL)
        parts.append(pole.moved(x=side * w * 0.2, y=top - 0.01, z=-d * 0.28))
        for front in (-1, 1):
            parts += placed(_wheel(values, lift), x=side * w * 0.36, z=front * d * 0.30)
    bar = [(-w * 0.25, 0.0, 0.0), (w * 0.25, 0.0, 0.0)]
    grip = sweep(bar, w * 0.038, segments(16, values.detail, 6), "#2b2c30")
    parts.append(grip.moved(y=top + h * 0.31, z=-d * 0.28))
    carry = smooth(
        [
            (-w * 0.15, 0.0, 0.0),
            (-w * 0.11, 0.026, 0.0),
            (w * 0.11, 0.026, 0.0),
            (w * 0.15, 0.0, 0.0),
        ],
        segments(16, values.detail, 6),
    )
    parts.append(sweep(carry, w * 0.026, rib, "#2b2c30").moved(y=top - 0.002, z=d * 0.08))
    badge = rounded_box((w * 0.16, w * 0.05, 0.008), 0.003, 16, accent)
    parts.append(badge.moved(y=lift + h * 0.74, z=d * 0.505))
    return parts


def _wheel(values: Values, height_m: float) -> list[Part]:
    """A small double wheel in its fork."""
    r = height_m * 0.42
    disc = [
        (0.0, -r * 0.5),
        (r * 0.8, -r * 0.5),
        (r, -r * 0.3),
        (r, r * 0.3),
        (r * 0.8, r * 0.5),
        (0.0, r * 0.5),
    ]
    tyre = revolve(disc, segments(20, values.detail, 8), "#26272b").turned("z", 90).moved(y=r)
    fork = cylinder(r * 0.9, height_m * 0.66, segments(14, values.detail, 6), "#3a3b40", r * 1.2)
    return [tyre, fork.moved(y=height_m * 0.42)]
