"""Lamps for floors and tables. Shades glow a little at their inside, so they look lit."""

from collections.abc import Sequence

import numpy as np

from assets.colours import blend, darker, lighter
from assets.shapes.curves import angles, segments, smooth
from assets.shapes.registry import METAL, Choice, Colour, Length, Values, shape
from assets.shapes.solids import Part, cylinder, ellipsoid, loft, revolve, sweep

_GLOW = "#fff1c9"
_CABLE = "#2e2a28"


def lamp_shade(
    low_radius_m: float, high_radius_m: float, height_m: float, values: Values, colour: str
) -> Part:
    """A fabric cone, open below and above, with a binding at both edges."""
    wall = low_radius_m * 0.02
    edge = height_m * 0.03
    slope = (low_radius_m - high_radius_m) / height_m
    outer = [
        (low_radius_m, 0.0),
        (low_radius_m - slope * edge, edge),
        (high_radius_m + slope * edge, height_m - edge),
        (high_radius_m, height_m),
    ]
    inner = [(radius - wall, height) for radius, height in reversed(outer)]
    profile = [*outer, *inner]
    binding, glow = darker(colour, 0.22), blend(colour, _GLOW, 0.75)
    shades = [binding, colour, binding, binding, glow, glow, glow]
    return _open_ring(profile, segments(64, values.detail, 12), [*shades, binding])


def _open_ring(profile: Sequence[tuple[float, float]], around: int, colours: Sequence[str]) -> Part:
    """A closed profile turned about the axis without touching it: a ring."""
    outline = np.asarray(profile)
    turn = angles(around)
    rings = np.zeros((len(outline), around, 3))
    rings[:, :, 0] = outline[:, :1] * np.sin(turn)
    rings[:, :, 1] = outline[:, 1:]
    rings[:, :, 2] = outline[:, :1] * np.cos(turn)
    return loft(rings, list(colours), closed=True)


@shape("floor-lamp", METAL, height_m=Length(1.5, 1.0, 2.0), accent=Colour("#b98c4e"))
def floor_lamp(values: Values) -> list[Part]:
    """A heavy foot, a slim stem, a wide shade with a bulb that can be seen from below."""
    h, metal = values.number("height_m"), values.text("accent")
    around = segments(40, values.detail, 8)
    foot = smooth(
        [(0.145, 0.0), (0.15, 0.012), (0.13, 0.026), (0.05, 0.034), (0.016, 0.06)],
        segments(14, values.detail, 5),
    )
    shade_height = h * 0.19
    top = h - shade_height
    parts = [
        revolve(foot, around, metal),
        cylinder(0.0115, h - 0.09, segments(16, values.detail, 5), metal).moved(y=0.03),
        lamp_shade(0.225, 0.155, shade_height, values, values.colour).moved(y=top),
        ellipsoid((0.075, 0.1, 0.075), segments(20, values.detail, 6), _GLOW).moved(y=top + 0.09),
        _finial(metal, values).moved(y=h - 0.06),
    ]
    if values.detail < 2:
        parts.append(
            cylinder(0.019, 0.05, segments(16, values.detail, 6), darker(metal)).moved(y=top - 0.01)
        )
        chain = [(0.05, top + 0.02, 0.04), (0.05, top - 0.1, 0.04)]
        parts.append(sweep(chain, 0.0016, 6, metal))
        parts.append(ellipsoid((0.014, 0.02, 0.014), 8, metal).moved(0.05, top - 0.105, 0.04))
    return parts


def _finial(colour: str, values: Values) -> Part:
    profile = [(0.006, 0.0), (0.006, 0.055), (0.012, 0.066), (0.008, 0.078), (0.0, 0.082)]
    return revolve(profile, segments(12, values.detail, 5), colour)


@shape(
    "table-lamp",
    METAL,
    height_m=Length(0.45, 0.25, 0.8),
    accent=Colour("#f6ead0"),
    style=Choice(("round", "turned")),
)
def table_lamp(values: Values) -> list[Part]:
    """A glazed round foot or a turned wooden one, under a pale cone; `accent` is the shade."""
    h = values.number("height_m")
    body = h * 0.56
    around = segments(48, values.detail, 10)
    if values.text("style") == "round":
        profile = [
            (h * 0.10, 0.0),
            (h * 0.12, h * 0.012),
            (h * 0.17, body * 0.22),
            (h * 0.185, body * 0.42),
            (h * 0.13, body * 0.7),
            (h * 0.045, body * 0.86),
            (h * 0.03, body),
        ]
    else:
        profile = [
            (h * 0.16, 0.0),
            (h * 0.16, h * 0.03),
            (h * 0.09, h * 0.06),
            (h * 0.05, body * 0.22),
            (h * 0.075, body * 0.34),
            (h * 0.105, body * 0.5),
            (h * 0.05, body * 0.66),
            (h * 0.062, body * 0.7),
            (h * 0.035, body * 0.78),
            (h * 0.028, body),
        ]
    foot = smooth(profile, segments(34, values.detail, 10))
    shades = [values.colour] * (len(foot) - 1)
    brass = "#c29a54"
    shade_height = h * 0.46
    return [
        revolve(foot, around, shades),
        cylinder(h * 0.018, h * 0.12, segments(14, values.detail, 5), brass).moved(y=body - 0.004),
        lamp_shade(h * 0.33, h * 0.18, shade_height, values, values.text("accent")).moved(
            y=h - shade_height
        ),
        ellipsoid((h * 0.12, h * 0.16, h * 0.12), segments(18, values.detail, 6), _GLOW).moved(
            y=h * 0.72
        ),
        _finial(brass, values).scaled(y=0.6).moved(y=h - 0.045),
    ]


@shape("mushroom-lamp", 0.3, height_m=Length(0.28, 0.15, 0.6), accent=Colour("#f7efdf"))
def mushroom_lamp(values: Values) -> list[Part]:
    """A dome on a stem that widens to its foot; a line of light shows under the dome."""
    h, accent = values.number("height_m"), values.text("accent")
    around = segments(56, values.detail, 12)
    stem = smooth(
        [
            (h * 0.27, 0.0),
            (h * 0.275, h * 0.02),
            (h * 0.2, h * 0.1),
            (h * 0.13, h * 0.3),
            (h * 0.14, h * 0.62),
        ],
        segments(20, values.detail, 6),
    )
    dome = smooth(
        [
            (h * 0.46, h * 0.55),
            (h * 0.475, h * 0.575),
            (h * 0.43, h * 0.76),
            (h * 0.27, h * 0.93),
            (0.0, h),
        ],
        segments(24, values.detail, 7),
    )
    under = [(0.0, h * 0.64), (h * 0.3, h * 0.62), (h * 0.43, h * 0.565)]
    shades = [_GLOW, _GLOW, _GLOW] + [values.colour] * (len(dome) - 1)
    parts = [
        revolve(stem, around, accent),
        revolve(np.concatenate([under, dome]), around, shades),
    ]
    if values.detail < 2:
        ring_colour = lighter(values.colour, 0.2)
        knob = revolve(
            [(h * 0.03, h * 0.99), (h * 0.035, h * 1.01), (0.0, h * 1.025)],
            segments(16, values.detail, 6),
            ring_colour,
        )
        parts.append(knob)
        cable = smooth(
            [(0.0, 0.006, -h * 0.2), (h * 0.1, 0.004, -h * 0.4), (h * 0.02, 0.004, -h * 0.52)],
            segments(14, values.detail, 5),
        )
        parts.append(sweep(cable, 0.003, 6, _CABLE))
    return parts
