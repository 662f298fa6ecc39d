"""Watches, closed around a cushion as a jeweller shows them."""

import math

import numpy as np

from assets.colours import darker, lighter
from assets.shapes.curves import segments, smooth
from assets.shapes.registry import METAL, Colour, Length, Values, shape
from assets.shapes.solids import Part, cylinder, ellipsoid, loft, revolve, rounded_box, sweep

_CUSHION = "#e8dfd0"
_LEAN_DEGREES = 66.0


@shape(
    "watch",
    METAL,
    case_m=Length(0.042, 0.028, 0.06),
    accent=Colour("#d6b25e"),
    dial=Colour("#f5f1e6"),
)
def watch(values: Values) -> list[Part]:
    """A round watch: strap in the main colour, case in the accent colour."""
    case, accent, dial = values.number("case_m"), values.text("accent"), values.text("dial")
    scale = case / 0.042
    loop_high, loop_deep = 0.062 * scale, 0.050 * scale
    turn = np.linspace(0, 2 * math.pi, segments(64, values.detail, 12), endpoint=False)
    rings = []
    for angle in turn:
        wide = (0.0105 + 0.0022 * math.cos(angle)) * scale
        out = np.array([0.0, math.sin(angle) * loop_high / 2, math.cos(angle) * loop_deep / 2])
        unit = out / np.linalg.norm(out)
        corners = ((-1, -0.3), (-0.9, 0.8), (0.9, 0.8), (1, -0.3), (0.9, -0.8), (-0.9, -0.8))
        rings.append(
            [out + np.array([wide * u, 0, 0]) + unit * v * 0.0016 * scale for u, v in corners]
        )
    parts = [loft(np.array(rings), values.colour, closed=True)]
    fill = (0.026 * scale, loop_high * 0.95, loop_deep * 0.95)
    parts.append(ellipsoid(fill, segments(32, values.detail, 8), _CUSHION, 2.6, 2.2))
    face = [part.turned("x", 90) for part in _case(case, values, accent, dial)]
    parts += [part.moved(z=loop_deep / 2 - 0.001) for part in face]
    # Leaning back, so that the dial looks up at whoever stands before it.
    leaning = [part.turned("x", -(90 - _LEAN_DEGREES)) for part in parts]
    raised = [part.moved(y=loop_high * 0.56, z=0.0) for part in leaning]
    return [*raised, *_pedestal(scale, loop_high, values)]


def _pedestal(scale: float, height_m: float, values: Values) -> list[Part]:
    """A small block with a rest for the loop."""
    block = rounded_box(
        (0.060 * scale, 0.016 * scale, 0.075 * scale),
        0.004 * scale,
        segments(32, values.detail, 12),
        _CUSHION,
    )
    rest = cylinder(
        0.010 * scale, height_m * 0.5, segments(16, values.detail, 6), darker(_CUSHION, 0.2)
    )
    return [block, rest]


def _case(case: float, values: Values, accent: str, dial: str) -> list[Part]:
    """Case, bezel, dial, marks and hands; lying flat, the dial upwards."""
    r, around = case / 2, segments(64, values.detail, 12)
    tall = case * 0.24
    profile = smooth(
        [(r * 0.86, 0.0), (r * 0.98, tall * 0.25), (r, tall * 0.6), (r * 0.97, tall * 0.9)],
        segments(10, values.detail, 4),
    )
    bezel = [(r * 0.94, tall), (r * 0.84, tall * 1.02), (r * 0.82, tall * 0.86), (0.0, tall * 0.86)]
    line = np.concatenate([[[0.0, 0.0]], profile, bezel])
    shades = (
        [darker(accent, 0.2)] + [accent] * (len(profile) + 1) + [lighter(accent, 0.2)] + [dial] * 2
    )
    shades = shades[: len(line) - 1]
    parts = [revolve(line, around, shades)]
    light = sum(int(dial[i : i + 2], 16) for i in (1, 3, 5)) > 380
    ink = "#2b2622" if light else "#f2efe6"
    level = tall * 0.86
    if values.detail < 2:
        for hour in range(12):
            size = (r * 0.05, tall * 0.08, r * (0.2 if hour % 3 == 0 else 0.12))
            mark = rounded_box(size, r * 0.01, 12, ink).moved(y=level, z=-r * 0.66)
            parts.append(mark.turned("y", -30 * hour))
    for length, width, degrees in ((0.42, 0.075, -305), (0.62, 0.055, -60)):
        hand = rounded_box((r * width, tall * 0.08, r * length), r * 0.01, 12, ink)
        parts.append(hand.moved(y=level + tall * 0.05, z=-r * length * 0.42).turned("y", degrees))
    parts.append(
        cylinder(r * 0.06, tall * 0.2, segments(12, values.detail, 6), accent).moved(y=level)
    )
    crown = cylinder(r * 0.14, r * 0.2, segments(16, values.detail, 6), accent).turned("z", -90)
    parts.append(crown.moved(x=r * 0.97, y=tall * 0.5))
    for z in (-1, 1) if values.detail < 2 else ():
        for x in (-1, 1):
            start, end = (
                (x * r * 0.5, tall * 0.4, z * r * 0.8),
                (x * r * 0.5, tall * 0.1, z * r * 1.18),
            )
            lug = np.linspace(start, end, 3)
            parts.append(sweep(lug, r * 0.11, segments(8, values.detail, 4), accent))
    return parts
