"""Chairs, stools, armchairs and sofas."""

import math

import numpy as np

from assets.colours import darker, lighter
from assets.shapes.curves import Floats, ring, segments, smooth
from assets.shapes.registry import CLOTH, WOOD, Colour, Count, Length, Values, shape
from assets.shapes.solids import Part, cylinder, ellipsoid, loft, revolve, rounded_box, sweep


def leg(
    low: tuple[float, float, float],
    high: tuple[float, float, float],
    radius_m: float,
    values: Values,
    colour: str,
) -> Part:
    """A round leg that is thinner at the floor."""
    path = np.linspace(low, high, 4)
    return sweep(
        path, np.linspace(radius_m * 0.62, radius_m, 4), segments(14, values.detail, 5), colour
    )


def cushion(
    size: tuple[float, float, float],
    values: Values,
    colour: str,
    fine: int = 44,
    softness: float = 3.4,
) -> Part:
    """An upholstered cushion: square from above, rounded at its edges."""
    return ellipsoid(size, segments(fine, values.detail, 8), colour, 7.0, softness)


@shape("stool", WOOD, height_m=Length(0.46, 0.3, 0.8), accent=Colour("#a9784a"))
def stool(values: Values) -> list[Part]:
    """A round cushioned seat on three splayed legs with a ring between them."""
    h, wood = values.number("height_m"), values.text("accent")
    r = 0.175
    seat = smooth(
        [
            (0.0, h - 0.075),
            (r * 0.9, h - 0.075),
            (r * 1.02, h - 0.05),
            (r, h - 0.02),
            (r * 0.8, h - 0.003),
            (0.0, h),
        ],
        segments(26, values.detail, 8),
    )
    around = segments(52, values.detail, 12)
    plate = [
        (0.0, h - 0.098),
        (r * 0.86, h - 0.098),
        (r * 0.92, h - 0.088),
        (r * 0.92, h - 0.07),
        (0.0, h - 0.07),
    ]
    parts = [revolve(seat, around, values.colour), revolve(plate, around, wood)]
    turn = np.arange(3) * (2 * math.pi / 3)
    for angle in turn:
        x, z = math.sin(angle), math.cos(angle)
        parts.append(
            leg(
                (x * 0.205, 0.0, z * 0.205), (x * 0.115, h - 0.085, z * 0.115), 0.0175, values, wood
            )
        )
    hoop = ring(segments(48, values.detail, 12), 0.335, 0.335, h * 0.34)
    parts.append(sweep(hoop, 0.008, segments(10, values.detail, 4), wood, closed=True))
    return parts


@shape("chair", WOOD, height_m=Length(0.8, 0.7, 1.0), accent=Colour("#b0804f"))
def chair(values: Values) -> list[Part]:
    """A dining chair: moulded seat, bent backrest on two posts, four tapered legs."""
    h, wood = values.number("height_m"), values.text("accent")
    seat_y, half = 0.455, 0.215
    seat = rounded_box((0.45, 0.034, 0.43), 0.016, segments(48, values.detail, 8), values.colour)
    points = seat.vertices + np.array([0.0, seat_y - 0.034, 0.0])
    middle = np.exp(-((points[:, 0] / 0.16) ** 2) - ((points[:, 2] + 0.03) / 0.17) ** 2)
    points[:, 1] -= 0.012 * middle
    points[:, 0] *= 1 - 0.10 * np.clip(-points[:, 2] / half, 0.0, 1.0)
    parts = [seat.bent(points)]
    for side in (-1, 1):
        front = (side * 0.205, 0.0, 0.20)
        parts.append(leg(front, (side * 0.175, seat_y - 0.02, 0.165), 0.019, values, wood))
        back_line = smooth(
            [
                (side * 0.195, 0.0, -0.235),
                (side * 0.168, seat_y - 0.02, -0.165),
                (side * 0.175, seat_y + 0.14, -0.185),
                (side * 0.185, h - 0.05, -0.245),
            ],
            segments(20, values.detail, 6),
        )
        radii = np.interp(np.linspace(0, 1, len(back_line)), [0, 0.45, 1], [0.012, 0.019, 0.014])
        parts.append(sweep(back_line, radii, segments(14, values.detail, 5), wood))
    rows = np.linspace(-1, 1, segments(30, values.detail, 8))
    rest = []
    for u in rows:
        bend = -0.245 - 0.055 * (1 - u * u)
        tall = 0.165 * (1 - 0.25 * u**4)
        low, high = h - 0.03 - tall, h
        edge = [(low, 0.009), (low + 0.01, 0.013), (high - 0.01, 0.013), (high, 0.006)]
        section = [(u * 0.215, y, bend + t + (y - h) * -0.10) for y, t in edge]
        section += [(u * 0.215, y, bend - t * 0.8 + (y - h) * -0.10) for y, t in reversed(edge)]
        rest.append(section)
    parts.append(loft(np.array(rest), values.colour))
    if values.detail < 2:
        for z in (0.18, -0.175):
            rail = [(-0.185, seat_y - 0.055, z), (0.185, seat_y - 0.055, z)]
            parts.append(sweep(rail, 0.011, segments(10, values.detail, 4), wood))
    return parts


@shape("armchair", CLOTH, width_m=Length(0.84, 0.6, 1.1), accent=Colour("#6e4a30"))
def armchair(values: Values) -> list[Part]:
    """A tub: its back runs around and comes down to low arms."""
    w, wood = values.number("width_m"), values.text("accent")
    d, seat_y, lift = w * 0.94, w * 0.47, w * 0.16
    thick = w * 0.085
    steps = segments(48, values.detail, 12)
    sweep_rows = np.linspace(-1, 1, steps)
    rings = []
    for u in sweep_rows:
        angle = u * math.radians(128)
        x = math.sin(angle) * (w / 2 - thick)
        z = -math.cos(angle) * (d / 2 - thick)
        back = math.cos(angle / 2) ** 2
        top = w * (0.55 + 0.36 * back**1.6)
        outward = np.array([math.sin(angle), 0.0, -math.cos(angle)])
        lean = outward * w * 0.05 * back
        end = min(1.0, (1 - abs(u)) / 0.06 + 0.45)
        rings.append(
            _tub_section(np.array([x, 0.0, z]), outward, lean, lift, top, thick * end, values)
        )
    parts = [loft(np.array(rings), values.colour)]
    seat = cushion((w * 0.80, w * 0.20, d * 0.80), values, lighter(values.colour, 0.07))
    parts.append(seat.moved(y=seat_y - w * 0.06, z=w * 0.045))
    base = ellipsoid(
        (w * 0.90, w * 0.20, d * 0.88),
        segments(40, values.detail, 10),
        darker(values.colour, 0.1),
        3.2,
        3.0,
    )
    parts.append(base.moved(y=lift + w * 0.11, z=w * 0.0))
    for x in (-1, 1):
        for z in (-1, 1):
            low = (x * w * 0.36, 0.0, z * d * 0.33)
            parts.append(
                leg(low, (x * w * 0.31, lift + 0.04, z * d * 0.29), w * 0.026, values, wood)
            )
    pillow = cushion((w * 0.42, w * 0.30, w * 0.13), values, lighter(values.colour, 0.16), 36, 2.4)
    parts.append(pillow.turned("x", -20).moved(y=seat_y + w * 0.17, z=-d * 0.24))
    return parts


def _tub_section(
    at: Floats,
    outward: Floats,
    lean: Floats,
    low: float,
    high: float,
    thick: float,
    values: Values,
) -> Floats:
    """A rounded upright slice of the wall of a tub."""
    count = segments(20, values.detail, 8)
    turn = np.arange(count) * (2 * math.pi / count)
    up = np.sign(np.sin(turn)) * np.abs(np.sin(turn)) ** 0.35
    side = np.sign(np.cos(turn)) * np.abs(np.cos(turn)) ** 0.55
    y = low + (high - low) * (up + 1) / 2
    share = (y - low) / (high - low)
    points: Floats = at + side[:, None] * thick * outward + share[:, None] ** 2 * lean
    points[:, 1] = y
    return points


@shape(
    "sofa", CLOTH, width_m=Length(1.95, 1.2, 2.6), seats=Count(2, 1, 3), accent=Colour("#8b6440")
)
def sofa(values: Values) -> list[Part]:
    """Seat and back cushions between rounded arms, on short wooden legs."""
    w, wood, seats = values.number("width_m"), values.text("accent"), values.count("seats")
    d, lift, arm = 0.88, 0.13, 0.20
    colour = values.colour
    inner = w - 2 * arm
    base = rounded_box(
        (w - 0.06, 0.20, d - 0.06), 0.05, segments(40, values.detail, 8), darker(colour, 0.1)
    )
    parts = [base.moved(y=lift)]
    for side in (-1, 1):
        box = rounded_box((arm, 0.48, d), arm * 0.44, segments(40, values.detail, 8), colour)
        parts.append(box.moved(x=side * (w - arm) / 2, y=lift))
    back = rounded_box((w - 0.10, 0.60, 0.22), 0.09, segments(40, values.detail, 8), colour)
    parts.append(back.turned("x", -5).moved(y=lift + 0.05, z=-d / 2 + 0.11))
    each = inner / seats
    for index in range(seats):
        x = -inner / 2 + each * (index + 0.5)
        seat = cushion((each * 1.0, 0.20, d - 0.24), values, lighter(colour, 0.05), 44, 4.2)
        parts.append(seat.moved(x=x, y=lift + 0.27, z=0.09))
        rest = cushion((each * 0.98, 0.46, 0.24), values, lighter(colour, 0.05), 44, 3.0)
        parts.append(rest.turned("x", -13).moved(x=x, y=lift + 0.53, z=-0.14))
    if values.detail < 2:
        for side, tint in ((-1, 0.3), (1, 0.18)):
            pillow = cushion((0.40, 0.40, 0.15), values, lighter(colour, tint), 32, 2.3)
            leaning = pillow.turned("x", -22).turned("y", -side * 16)
            parts.append(leaning.moved(x=side * (inner / 2 - 0.21), y=lift + 0.55, z=0.03))
    for x in (-1, 1):
        for z in (-1, 1):
            foot = cylinder(0.018, lift + 0.02, segments(14, values.detail, 5), wood, 0.03)
            parts.append(foot.moved(x=x * (w / 2 - 0.12), z=z * (d / 2 - 0.11)))
    return parts
