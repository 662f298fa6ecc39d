"""A rocket and a robot."""

import itertools

import numpy as np

from assets.colours import darker, lighter
from assets.shapes.curves import segments, smooth
from assets.shapes.registry import Colour, Length, Values, shape
from assets.shapes.solids import Part, cylinder, ellipsoid, revolve, rounded_box, slab, sweep

_WOOD = "#d9b483"


@shape(
    "rocket",
    0.35,
    height_m=Length(0.32, 0.15, 0.8),
    accent=Colour("#f3c13a"),
    trim=Colour("#f4f1e9"),
)
def rocket(values: Values) -> list[Part]:
    """A tin rocket on three fins, with a round window; nose and fins in the accent colour."""
    h, accent, trim = values.number("height_m"), values.text("accent"), values.text("trim")
    r = h * 0.155
    around = segments(56, values.detail, 10)
    low = h * 0.13
    body = smooth(
        [
            (r * 0.62, low),
            (r * 0.86, low + h * 0.10),
            (r, low + h * 0.28),
            (r * 0.93, low + h * 0.46),
            (r * 0.68, low + h * 0.62),
        ],
        segments(30, values.detail, 8),
    )
    heights = body[:, 1]
    shades = [
        trim if low + h * 0.07 < (a + b) / 2 < low + h * 0.115 else values.colour
        for a, b in itertools.pairwise(heights)
    ]
    parts = [revolve(body, around, shades)]
    nose = smooth(
        [
            (r * 0.70, low + h * 0.615),
            (r * 0.42, low + h * 0.745),
            (r * 0.12, low + h * 0.83),
            (0.0, h * 0.975),
        ],
        segments(16, values.detail, 5),
    )
    parts.append(revolve(nose, around, accent))
    parts.append(
        ellipsoid((h * 0.035,) * 3, segments(16, values.detail, 6), trim).moved(y=h * 0.98)
    )
    nozzle = [
        (r * 0.34, low + h * 0.02),
        (r * 0.40, low - h * 0.005),
        (r * 0.56, low - h * 0.05),
        (r * 0.40, low - h * 0.045),
        (0.0, low),
    ]
    parts.append(revolve(nozzle, segments(36, values.detail, 8), "#55585e"))
    fin = _fin(h, r, low, accent, values.detail)
    parts += [fin.turned("y", degrees) for degrees in (60, 180, 300)]
    return parts + _window(h, r, low, values, trim)


def _fin(h: float, r: float, low: float, colour: str, detail: int) -> Part:
    """A swept fin in the plane of z and y, from the body to the floor."""
    points = smooth(
        [
            (r * 0.72, low + h * 0.26),
            (r * 1.35, low + h * 0.10),
            (r * 1.72, 0.0),
            (r * 1.36, 0.0),
            (r * 1.10, low * 0.62),
            (r * 0.55, low + h * 0.015),
        ],
        segments(22, detail, 9),
    )
    outline = np.stack([np.zeros(len(points)), points[:, 1], points[:, 0]], axis=1)
    return slab(outline, r * 0.16, colour, r * 0.05)


def _window(h: float, r: float, low: float, values: Values, trim: str) -> list[Part]:
    """A bull's eye in the front of the body."""
    around = segments(36, values.detail, 8)
    size = r * 0.46
    frame = [
        (0.0, 0.0),
        (size, 0.0),
        (size * 1.05, size * 0.16),
        (size * 0.94, size * 0.30),
        (size * 0.78, size * 0.24),
        (0.0, size * 0.24),
    ]
    glass = smooth(
        [(size * 0.80, size * 0.22), (size * 0.5, size * 0.34), (0.0, size * 0.40)],
        segments(8, values.detail, 3),
    )
    y = low + h * 0.36
    parts = [revolve(frame, around, trim), revolve(glass, around, "#8fc7de")]
    return [part.turned("x", 90).moved(y=y, z=r * 0.88) for part in parts]


@shape("robot", 0.6, height_m=Length(0.26, 0.15, 0.5), accent=Colour("#f2b43c"))
def robot(values: Values) -> list[Part]:
    """A wooden robot with a round-eyed head, short arms, an antenna and a dial on its chest."""
    h, accent = values.number("height_m"), values.text("accent")
    fine = segments(40, values.detail, 8)
    body = rounded_box((h * 0.44, h * 0.36, h * 0.30), h * 0.05, fine, values.colour)
    head = rounded_box((h * 0.36, h * 0.26, h * 0.28), h * 0.06, fine, lighter(values.colour, 0.22))
    parts = [body.moved(y=h * 0.22), head.moved(y=h * 0.62)]
    neck = cylinder(h * 0.075, h * 0.06, segments(20, values.detail, 6), _WOOD)
    parts.append(neck.moved(y=h * 0.57))
    for side in (-1, 1):
        parts += _limbs(side, h, values, accent)
        eye = ellipsoid((h * 0.105, h * 0.105, h * 0.05), segments(24, values.detail, 8), "#faf6ea")
        pupil = ellipsoid((h * 0.05, h * 0.05, h * 0.03), segments(16, values.detail, 6), "#22242a")
        parts.append(eye.moved(x=side * h * 0.085, y=h * 0.775, z=h * 0.135))
        parts.append(pupil.moved(x=side * h * 0.08, y=h * 0.778, z=h * 0.158))
        ear = cylinder(h * 0.05, h * 0.04, segments(20, values.detail, 6), accent)
        if values.detail < 2:
            parts.append(ear.turned("z", -90 * side).moved(x=side * h * 0.175, y=h * 0.75))
    mouth = smooth(
        [
            (-h * 0.07, h * 0.69, h * 0.142),
            (0.0, h * 0.672, h * 0.146),
            (h * 0.07, h * 0.69, h * 0.142),
        ],
        segments(12, values.detail, 4),
    )
    if values.detail < 2:
        parts.append(sweep(mouth, h * 0.011, segments(8, values.detail, 4), "#3a2f2a"))
    dial = cylinder(h * 0.085, h * 0.02, segments(32, values.detail, 10), "#faf6ea").turned("x", 90)
    parts.append(dial.moved(x=-h * 0.09, y=h * 0.43, z=h * 0.145))
    hand = rounded_box((h * 0.016, h * 0.07, h * 0.01), h * 0.004, 12, darker(values.colour, 0.5))
    if values.detail < 2:
        parts.append(hand.turned("z", -35).moved(x=-h * 0.09, y=h * 0.425, z=h * 0.166))
    for index, colour in enumerate((accent, "#d9533f", "#5aa469")[: 3 if values.detail < 2 else 0]):
        button = ellipsoid((h * 0.05, h * 0.05, h * 0.03), segments(16, values.detail, 6), colour)
        parts.append(button.moved(x=h * 0.11, y=h * (0.50 - 0.075 * index), z=h * 0.15))
    parts.append(
        cylinder(h * 0.009, h * 0.09, segments(8, values.detail, 4), "#6a6d73").moved(y=h * 0.87)
    )
    parts.append(
        ellipsoid((h * 0.06,) * 3, segments(18, values.detail, 6), accent).moved(y=h * 0.97)
    )
    return parts


def _limbs(side: int, h: float, values: Values, accent: str) -> list[Part]:
    """One arm with its hand, one leg with its foot."""
    path = smooth(
        [
            (side * h * 0.21, h * 0.51, 0.0),
            (side * h * 0.30, h * 0.46, 0.02 * h),
            (side * h * 0.31, h * 0.33, 0.09 * h),
        ],
        segments(14, values.detail, 5),
    )
    arm = sweep(path, h * 0.038, segments(14, values.detail, 6), _WOOD)
    hand = ellipsoid((h * 0.11,) * 3, segments(20, values.detail, 5), accent)
    leg = cylinder(h * 0.06, h * 0.20, segments(18, values.detail, 6), _WOOD)
    foot = rounded_box(
        (h * 0.17, h * 0.085, h * 0.25), h * 0.035, segments(28, values.detail, 8), accent
    )
    return [
        arm,
        hand.moved(side * h * 0.31, h * 0.30, 0.105 * h),
        leg.moved(x=side * h * 0.12, y=h * 0.04),
        foot.moved(x=side * h * 0.12, z=h * 0.03),
    ]
