"""The pieces that shoes are made of: sections of a foot, uppers, patches, soles, laces.

A section is a closed line around the foot at one height. From the sole upwards its front draws back
along the instep, up to the opening, and then goes down inside as the lining.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np

from assets.shapes.curves import Floats, angles, interpolate, segments, smooth
from assets.shapes.registry import Values
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
