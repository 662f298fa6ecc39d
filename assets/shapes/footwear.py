"""Sneakers, boots and loafers, always as a pair: lofts of level sections of a foot.

A section is a closed line around the foot at one height. From the sole upwards its front draws back
along the instep, up to the opening, and then goes down inside as the lining.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np

from assets.colours import darker, lighter
from assets.shapes.curves import Floats, angles, interpolate, segments, smooth
from assets.shapes.registry import LEATHER, Colour, Flag, Length, Values, shape
from assets.shapes.solids import Part, ellipsoid, loft, placed, sweep, turned

# Height, back, front, half width, footprint (1) or ellipse (0), rise at the toe. Height and rise
# are in metres, the others are shares of the length.
Section = tuple[float, float, float, float, float, float]
SectionLike = Section | Floats


def section_ring(section: SectionLike, length_m: float, around: int) -> Floats:
    """The points (around, 3) of a section, from the toe on over the outer side."""
    return section_line(section, length_m, angles(around))


def section_line(section: SectionLike, length_m: float, turn: Floats) -> Floats:
    """The points of a section at these angles: 0 is the toe, pi the heel."""
    y, back, front, half_width, foot, rise = section
    share = (1 + np.cos(turn)) / 2
    z = (back + (front - back) * share) * length_m
    waist = (
        0.80
        + 0.20 * np.clip((share - 0.30) / 0.40, 0, 1)
        - 0.06 * np.exp(-(((share - 0.4) / 0.14) ** 2))
    )
    width = half_width * length_m * (foot * waist + (1 - foot) * 0.94)
    sine = np.sin(turn)
    x = np.sign(sine) * np.abs(sine) ** (1 - 0.22 * foot) * width
    # A foot is not symmetric: its toes turn to the inner side.
    x += foot * 0.022 * length_m * np.sin(math.pi * share) * (0.35 - share)
    return np.stack([x, y + rise * np.clip(share - 0.55, 0, 1) ** 2 * 5, z], axis=1)


def shell(sections: Sequence[Section], length_m: float, values: Values, along: int) -> Floats:
    """Rings through the sections, closer together for finer details."""
    count = segments(along, values.detail, len(sections)) if values.detail < 2 else 6
    around = segments(44, values.detail, 10)
    rows = smooth(np.array(sections), count)
    return np.array([section_ring(row, length_m, around) for row in rows])


def patch(
    outside: Sequence[Section],
    length_m: float,
    side: int,
    heights_m: tuple[float, float],
    edges: Callable[[float], tuple[float, float]],
    values: Values,
    colour: str,
) -> Part:
    """A piece sewn onto a side of the upper: between two heights, from edge to edge along z.

    `edges` gives both z in metres for a share of the height from 0 to 1.
    """
    table = rising(outside)
    rows = []
    across = segments(8, values.detail, 3)
    for share in np.linspace(0.0, 1.0, segments(10, values.detail, 3)):
        y = heights_m[0] + (heights_m[1] - heights_m[0]) * float(share)
        section = interpolate(y, list(table[:, 0]), table)
        around = section_ring(section, length_m, 96)
        half = around[1:48] if side > 0 else around[49:][::-1]
        z = np.linspace(*edges(float(share)), across)
        x = np.interp(z, half[::-1, 2], half[::-1, 0])
        height = np.interp(z, half[::-1, 2], half[::-1, 1])
        outer = np.stack([x + side * 0.0022, height, z], axis=1)
        inner = np.stack([x - side * 0.0030, height, z], axis=1)
        rows.append(np.concatenate([outer, inner[::-1]]))
    return loft(np.array(rows), colour)


def rising(outside: Sequence[Section]) -> Floats:
    """The sections as a table, heights ascending."""
    table = np.array(outside)
    result: Floats = table[np.maximum.accumulate(table[:, 0]) == table[:, 0]]
    return result


def capped(
    outside: Sequence[Section],
    length_m: float,
    heights_m: tuple[float, float],
    values: Values,
    colour: str,
    *,
    toe_from: float | None = None,
    heel_to: float | None = None,
) -> Part:
    """The upper between two heights once more, a little larger: all around, or toe or heel only.

    The cut is straight, at `toe_from` or `heel_to`, a share of the length.
    """
    table = rising(outside)
    around = segments(44, values.detail, 7)
    cut = toe_from if heel_to is None else heel_to
    skins: list[list[Floats]] = [[], []]
    for y in np.linspace(*heights_m, segments(9, values.detail, 2)):
        section = interpolate(float(y), list(table[:, 0]), table)
        turn = angles(around)
        if cut is not None:
            share = (cut - section[1]) / (section[2] - section[1])
            edge = math.acos(min(max(2 * share - 1, -0.97), 0.97))
            start, end = (-edge, edge) if heel_to is None else (edge, 2 * math.pi - edge)
            turn = np.linspace(start, end, around)
        line = section_line(section, length_m, turn)
        middle = np.array([0.0, 0.0, (section[1] + section[2]) / 2 * length_m])
        for skin, grown in zip(skins, ((1.035, 1.0, 1.022), (0.93, 1.0, 0.97)), strict=True):
            skin.append(middle + (line - middle) * np.array(grown))
    # Slices across the piece, one for each angle: up its outside and down its inside.
    slices = np.array([*skins[0], *skins[1][::-1]]).transpose(1, 0, 2)
    return loft(slices, colour, closed=cut is None)


def heeled(part: Part, length_m: float, lift_m: float) -> Part:
    """Raise the heel: nothing in front of the ball of the foot, all of it under the ankle."""
    points = part.vertices.copy()
    share = np.clip((0.14 - points[:, 2] / length_m) / 0.34, 0.0, 1.0)
    points[:, 1] += lift_m * share * share * (3 - 2 * share)
    return part.bent(points)


def paired(parts: Sequence[Part], length_m: float) -> list[Part]:
    """A pair standing side by side, the other one a little turned and a little ahead."""
    gap = length_m * 0.215
    left = turned(parts, "y", 4)
    right = turned([part.scaled(x=-1.0) for part in parts], "y", -9)
    return placed(left, x=-gap) + placed(right, x=gap, z=length_m * 0.03)


def sole_part(
    length_m: float, height_m: float, values: Values, colour: str, spring_m: float = 0.012
) -> Part:
    """A sole with rounded edges, as wide as the shoe and a little more."""
    h = height_m
    sections: list[Section] = [
        (0.0, -0.470, 0.440, 0.140, 1, spring_m),
        (h * 0.22, -0.492, 0.485, 0.160, 1, spring_m),
        (h * 0.85, -0.500, 0.500, 0.166, 1, spring_m),
        (h, -0.490, 0.490, 0.160, 1, spring_m),
    ]
    around = segments(44, values.detail, 10)
    return loft(np.array([section_ring(row, length_m, around) for row in sections]), colour)


def upper_part(
    outside: Sequence[Section], lining: str, length_m: float, values: Values, along: int = 26
) -> Part:
    """The upper: up along the outside, over the edge, and down inside."""
    rings = shell(outside, length_m, values, along)
    y, back, front, half_width, _, rise = outside[-1]
    inner: list[Section] = [
        (y + 0.003, back + 0.014, front - 0.016, half_width * 0.90, 0, rise),
        (y - 0.012, back + 0.026, front - 0.022, half_width * 0.80, 0, rise),
        (max(y * 0.55, 0.03), back + 0.06, front - 0.05, half_width * 0.66, 0, 0.0),
    ]
    around = rings.shape[1]
    inside = np.array([section_ring(row, length_m, around) for row in inner])
    shades = [values.colour] * len(rings) + [lining] * (len(inner) - 1)
    return loft(np.concatenate([rings, inside]), shades)


def laces(
    outside: Sequence[Section],
    length_m: float,
    values: Values,
    colour: str,
    heights_m: Floats,
) -> list[Part]:
    """Laces across the instep at these heights, and a small bow at the last."""
    if values.detail == 2:
        return []
    table = rising(outside)
    places = table[:, 0]
    parts = []
    for y in heights_m:
        section = interpolate(float(y), list(places), table)
        around = section_ring(section, length_m, 72)
        reach = 8 if section[2] > 0.1 else 10
        front = np.concatenate([around[-reach:], around[: reach + 1]])
        path = front + np.array([0.0, 0.0012, 0.0016])
        path = path[:: max(1, len(path) // (9 if values.detail == 0 else 5))]
        parts.append(sweep(path, 0.0027, segments(8, values.detail, 4), colour, flat=0.8))
    top = interpolate(float(heights_m[-1]), list(places), table)
    at = (0.0, float(heights_m[-1]) + 0.004, float(top[2]) * length_m + 0.003)
    if values.detail == 0:
        for side in (-1, 1):
            loop = smooth(
                [
                    at,
                    (side * 0.018, at[1] + 0.008, at[2] + 0.012),
                    (side * 0.034, at[1] - 0.004, at[2] + 0.016),
                    (side * 0.02, at[1] - 0.006, at[2] + 0.013),
                    at,
                ],
                18,
            )
            parts.append(sweep(loop, 0.0022, 7, colour))
    return parts


def tongue(
    length_m: float, y: float, z: float, lean_degrees: float, values: Values, colour: str
) -> Part:
    """The flap under the laces, sticking out above the collar."""
    size = (length_m * 0.19, length_m * 0.22, length_m * 0.045)
    part = ellipsoid(size, segments(20, values.detail, 6), colour, 3.0, 2.6)
    return part.turned("x", lean_degrees).moved(y=y, z=z)


@shape(
    "sneaker",
    0.7,
    length_m=Length(0.29, 0.15, 0.36),
    collar_m=Length(0.085, 0.06, 0.2),
    accent=Colour("#f4efe6"),
    sole=Colour("#ffffff"),
)
def sneaker(values: Values) -> list[Part]:
    """A running or tennis shoe; from 0.12 m of collar on a high-top with a rubber toe."""
    size, collar = values.number("length_m"), values.number("collar_m")
    accent, sole_colour = values.text("accent"), values.text("sole")
    thick = size * 0.105
    high = collar >= 0.12

    def lean(share: float) -> tuple[float, float]:
        middle = (0.16 - 0.30 * share) * size
        return middle - 0.055 * size, middle + 0.055 * size

    outside: list[Section] = [
        (thick * 0.9, -0.474, 0.474, 0.150, 1.0, 0.010),
        (thick + 0.012, -0.478, 0.468, 0.152, 1.0, 0.010),
        (thick + 0.022, -0.478, 0.435, 0.148, 1.0, 0.008),
        (thick + 0.032, -0.474, 0.335, 0.138, 0.9, 0.004),
        (thick + 0.042, -0.468, 0.215, 0.126, 0.7, 0.0),
        (thick + 0.053, -0.462, 0.110, 0.116, 0.5, 0.0),
    ]
    if high:
        outside += [
            (thick + 0.07, -0.455, 0.035, 0.108, 0.2, 0.0),
            (collar * 0.86, -0.452, -0.010, 0.108, 0.0, 0.0),
        ]
    outside.append((collar + 0.012, -0.468, -0.02 if high else 0.02, 0.112, 0.0, 0.004))
    upper = upper_part(outside, darker(values.colour, 0.5), size, values)
    heel = (thick, outside[-1][0] - 0.012)
    trims = [capped(outside, size, heel, values, accent, heel_to=-0.37)]
    if high:
        toe = (thick, thick + 0.036)
        trims.append(capped(outside, size, toe, values, sole_colour, toe_from=0.30))
        ankle = (outside[-1][0] - 0.030, outside[-1][0] - 0.006)
        trims += [
            patch(
                outside, size, side, ankle, lambda _: (-0.36 * size, -0.12 * size), values, accent
            )
            for side in ((-1, 1) if values.detail < 2 else ())
        ]
    else:
        stripe = (thick + 0.006, thick + 0.044)
        trims += [patch(outside, size, side, stripe, lean, values, accent) for side in (-1, 1)]
    heights = np.linspace(thick + 0.034, outside[-1][0] - 0.014, 7 if high else 5)
    front = outside[-1][2] * size
    parts = [
        sole_part(size, thick, values, sole_colour),
        upper,
        *trims,
        tongue(
            size, outside[-1][0] - 0.004, front - 0.006, -34, values, lighter(values.colour, 0.12)
        ),
    ]
    if values.detail == 0:
        line = np.array([section_ring((thick * 0.45, -0.5, 0.5, 0.166, 1, 0.012), size, 64)])[0]
        parts.append(sweep(line, 0.0022, 6, darker(sole_colour, 0.18), closed=True))
    parts += laces(outside, size, values, accent, heights)
    return paired(parts, size)


@shape(
    "boot",
    LEATHER,
    length_m=Length(0.30, 0.18, 0.36),
    shaft_m=Length(0.15, 0.1, 0.42),
    accent=Colour("#3b3a3a"),
    sole=Colour("#2b2320"),
    laces=Flag(False),
)
def boot(values: Values) -> list[Part]:
    """A boot: laced, with elastic sides, or from 0.25 m of shaft on of rubber with a band."""
    size, shaft = values.number("length_m"), values.number("shaft_m")
    accent, laced = values.text("accent"), values.flag("laces")

    def wedge(share: float) -> tuple[float, float]:
        half = (0.035 + 0.085 * share) * size
        return -0.215 * size - half, -0.215 * size + half

    thick = size * (0.09 if laced else 0.055)
    outside: list[Section] = [
        (thick * 0.9, -0.474, 0.474, 0.150, 1.0, 0.008),
        (thick + 0.014, -0.478, 0.470, 0.152, 1.0, 0.008),
        (thick + 0.028, -0.474, 0.430, 0.148, 1.0, 0.006),
        (thick + 0.042, -0.466, 0.310, 0.136, 0.9, 0.002),
        (thick + 0.056, -0.458, 0.165, 0.122, 0.6, 0.0),
        (thick + 0.075, -0.448, 0.055, 0.114, 0.2, 0.0),
        (thick + 0.095, -0.444, 0.008, 0.114, 0.0, 0.0),
    ]
    if shaft > 0.2:
        outside.append((shaft * 0.62, -0.485, 0.0, 0.140, 0.0, 0.0))
    outside.append(
        (max(shaft, thick + 0.11), -0.470 if shaft < 0.2 else -0.50, 0.02, 0.138, 0.0, 0.004)
    )
    upper = upper_part(outside, darker(values.colour, 0.55), size, values, along=34)
    top = outside[-1][0]
    trims = []
    if shaft > 0.25:
        band = (top - 0.034, top - 0.001)
        trims.append(capped(outside, size, band, values, accent))
        if values.detail < 2:
            foot = (thick * 0.9, thick + 0.014)
            trims.append(capped(outside, size, foot, values, darker(values.colour, 0.2)))
    elif not laced:
        gusset = (thick + 0.050, top - 0.004)
        trims += [patch(outside, size, side, gusset, wedge, values, accent) for side in (-1, 1)]
    parts = [sole_part(size, thick, values, values.text("sole"), 0.008), upper, *trims]
    if laced:
        heights = np.linspace(thick + 0.046, top - 0.016, 8)
        parts += laces(outside, size, values, accent, heights)
        parts.append(tongue(size, top - 0.004, 0.008, -16, values, lighter(values.colour, 0.1)))
    elif values.detail < 2:
        loop = smooth([(0, top - 0.02, 0), (0, top + 0.022, -0.006), (0, top - 0.016, -0.012)], 12)
        loop[:, 2] += -0.468 * size - 0.002
        parts.append(sweep(loop, 0.004, 6, accent, flat=0.4))
    lift = size * (0.03 if laced else 0.062)
    parts = [heeled(part, size, lift) for part in parts]
    parts.append(_heel(size, lift, values))
    return paired(parts, size)


def _heel(size: float, height_m: float, values: Values) -> Part:
    """The block under the heel."""
    around = segments(28, values.detail, 6)
    rings = [
        section_ring((y, -0.486, -0.20, 0.128 * grow, 0.0, 0.0), size, around)
        for y, grow in ((0.0, 0.94), (height_m * 0.2, 0.98), (height_m + 0.006, 1.0))
    ]
    return loft(np.array(rings), darker(values.text("sole"), 0.2))


@shape(
    "loafer",
    0.45,
    length_m=Length(0.28, 0.18, 0.34),
    accent=Colour("#d3ab57"),
    sole=Colour("#33251d"),
)
def loafer(values: Values) -> list[Part]:
    """A slip-on with a raised seam around its apron and a metal bar across."""
    size = values.number("length_m")
    thick = size * 0.04
    outside: list[Section] = [
        (thick * 0.8, -0.474, 0.474, 0.148, 1.0, 0.008),
        (thick + 0.010, -0.478, 0.472, 0.150, 1.0, 0.008),
        (thick + 0.022, -0.476, 0.452, 0.146, 1.0, 0.007),
        (thick + 0.031, -0.470, 0.395, 0.136, 1.0, 0.005),
        (thick + 0.038, -0.462, 0.270, 0.124, 0.9, 0.003),
        (thick + 0.043, -0.456, 0.185, 0.116, 0.8, 0.002),
        (thick + 0.054, -0.458, 0.125, 0.110, 0.5, 0.004),
    ]
    upper = upper_part(outside, "#c9a681", size, values, along=22)
    parts = [sole_part(size, thick, values, values.text("sole"), 0.008), upper]
    around = segments(72, values.detail, 16)
    seam = section_ring(outside[3], size, around)
    seam = seam[seam[:, 2] > 0.1 * size]
    seam = seam[np.argsort(np.arctan2(seam[:, 0], seam[:, 2]))] + np.array([0.0, 0.001, 0.0])
    if values.detail < 2:
        dark = darker(values.colour, 0.3)
        parts.append(sweep(seam, 0.0028, segments(8, values.detail, 4), dark))
    ring = section_ring((thick + 0.040, -0.46, 0.215, 0.120, 0.9, 0.003), size, 72)
    band = np.concatenate([ring[-20:], ring[:21]]) + np.array([0.0, 0.001, 0.001])
    band = band[:: (2, 4, 8)[values.detail]]
    strap = segments(10, values.detail, 4)
    parts.append(
        sweep(band, 0.010, strap, darker(values.colour, 0.12), flat=0.25, up=(0.0, 0.8, 1.0))
    )
    bar = [(-0.019, 0.0, 0.0), (0.019, 0.0, 0.0)]
    at_z = 0.215 * size + 0.004
    parts.append(sweep(bar, 0.0034, strap, values.text("accent")).moved(y=thick + 0.047, z=at_z))
    lift = size * 0.06
    parts = [heeled(part, size, lift) for part in parts]
    parts.append(_heel(size, lift, values))
    return paired(parts, size)
