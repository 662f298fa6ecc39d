"""T-shirts, dresses and trousers on tailors' forms."""

import math
from collections.abc import Sequence

import numpy as np

from assets.colours import darker, lighter
from assets.shapes.curves import Floats, segments, smooth
from assets.shapes.registry import CLOTH, Colour, Count, Length, Share, Values, shape
from assets.shapes.solids import Part, cylinder, ellipsoid, loft, revolve, sweep

_FORM = "#d9c9b0"
_WOOD = "#7a5636"
_BRASS = "#b9975b"


def body_rings(
    table: Sequence[tuple[float, ...]],
    values: Values,
    along: int,
    around: int,
    folds: int = 0,
    levels: Sequence[float] = (),
) -> Floats:
    """Rings through rows of (height, width, depth, depth of folds as a share).

    There is a ring at each of `levels` too, so that a colour can change exactly there.
    """
    rows = smooth(np.array([(*row, 0.0)[:4] for row in table]), segments(along, values.detail, 6))
    if levels:
        rows = _with_levels(rows, np.array(levels))
    count = segments(around, values.detail, 10)
    if folds and values.detail == 2:
        count = 14
    turn = np.arange(count) * (2 * math.pi / count)
    rings = np.zeros((len(rows), count, 3))
    # Bodies are flatter than ellipses in front and behind.
    cosine = np.sign(np.cos(turn)) * np.abs(np.cos(turn)) ** 0.86
    sine = np.sign(np.sin(turn)) * np.abs(np.sin(turn)) ** 0.86
    for index, (y, width, depth, fold) in enumerate(rows):
        wave = 1 + fold * np.cos(folds * turn)
        rings[index, :, 0] = sine * width / 2 * wave
        rings[index, :, 1] = y
        rings[index, :, 2] = cosine * depth / 2 * wave
    return rings


def _with_levels(rows: Floats, levels: Floats) -> Floats:
    """Rows at these heights instead of those between and just beside them; heights must ascend."""
    heights = rows[:, 0]
    added = np.stack([np.interp(levels, heights, column) for column in rows.T], axis=1)
    gap = float(np.diff(levels).min()) / 2
    kept = rows[(heights < levels[0] - gap) | (heights > levels[-1] + gap)]
    joined = np.concatenate([kept, added])
    return joined[np.argsort(joined[:, 0])]


def stand(pole_m: float, values: Values) -> list[Part]:
    """A round wooden foot with a brass pole."""
    foot = smooth(
        [(0.15, 0.0), (0.155, 0.012), (0.13, 0.022), (0.04, 0.032), (0.014, 0.05)],
        segments(12, values.detail, 5),
    )
    return [
        revolve(foot, segments(36, values.detail, 8), _WOOD),
        cylinder(0.012, pole_m, segments(14, values.detail, 5), _BRASS),
    ]


def neck(y: float, values: Values) -> list[Part]:
    """The neck of a form with its turned cap."""
    around = segments(28, values.detail, 8)
    throat = smooth(
        [(0.064, y - 0.05), (0.060, y - 0.015), (0.056, y + 0.045)], segments(8, values.detail, 3)
    )
    knob = [(0.05, y + 0.044), (0.054, y + 0.052), (0.03, y + 0.066), (0.012, y + 0.075)]
    knob += [(0.016, y + 0.09), (0.0, y + 0.1)]
    return [revolve(throat, around, _FORM), revolve(knob, around, _WOOD)]


def sleeve(
    side: int,
    shoulder: tuple[float, float],
    length_m: float,
    values: Values,
    colour: str,
    width_m: float,
) -> Part:
    """A tube from the shoulder (x, y) outwards and down; its end is the dark of the opening."""
    x, y = shoulder
    reach = length_m
    line = [
        (side * (x - 0.13), y - 0.075, 0.0),
        (side * (x - 0.01), y - 0.062, 0.0),
        (side * (x + 0.02 + 0.26 * reach), y - 0.05 - 0.62 * reach, 0.01),
    ]
    if length_m > 0.35:
        line.append((side * (x + 0.04 + 0.28 * reach), y - 0.05 - 0.98 * reach, 0.045))
    path = smooth(line, segments(22, values.detail, 5))
    wide, narrow = width_m, width_m * (0.86 if length_m < 0.35 else 0.62)
    # Thin where it starts inside of the body, so that nothing of the start sticks out.
    radii = np.linspace(wide, narrow, len(path)) * np.interp(
        np.linspace(0, 1, len(path)), [0, 0.3, 1], [0.62, 1, 1]
    )
    path = np.concatenate([path, path[-1:], path[-1:] - (path[-1:] - path[-2:-1]) * 0.5])
    radii = np.concatenate([radii, [narrow * 0.9, narrow * 0.8]])
    count = len(path) - 1
    shades = [colour] * (count - 2) + [darker(colour, 0.1), darker(colour, 0.6)]
    return sweep(path, radii, segments(26, values.detail, 7), shades, flat=0.78)


@shape(
    "t-shirt",
    CLOTH,
    length_m=Length(0.66, 0.4, 0.9),
    sleeve_m=Length(0.2, 0.08, 0.6),
    stripes=Count(0, 0, 12),
    accent=Colour("#e9e3d6"),
)
def t_shirt(values: Values) -> list[Part]:
    """A shirt on a torso; stripes are bands across the body in the accent colour."""
    length, accent, stripes = (
        values.number("length_m"),
        values.text("accent"),
        # Far away, fewer and broader stripes are more like many than some of them are.
        min(values.count("stripes"), (12, 12, 3)[values.detail]),
    )
    hem = 0.20
    top = hem + length
    table = [
        (hem, 0.425, 0.25),
        (hem + 0.008, 0.43, 0.255),
        (hem + length * 0.35, 0.395, 0.235),
        (hem + length * 0.66, 0.43, 0.25),
        (top - 0.10, 0.425, 0.22),
        (top - 0.06, 0.39, 0.19),
        (top - 0.03, 0.29, 0.16),
        (top - 0.008, 0.175, 0.14),
        (top, 0.15, 0.132),
    ]
    bands = _stripe_bands(hem, top, stripes)
    levels = [edge for band in bands for edge in band]
    rings = body_rings(table, values, 30, 52, levels=levels)
    heights = rings[:, 0, 1]
    shades = [
        accent if any(low < y < high for low, high in bands) else values.colour
        for y in (heights[1:] + heights[:-1]) / 2
    ]
    shades[-1] = accent if not stripes else darker(values.colour, 0.15)
    shades[0] = darker(values.colour, 0.1)
    body = loft(rings, shades)
    # The underside of the hem is dark: one looks into the shirt.
    under = ellipsoid(
        (0.40, 0.02, 0.225), segments(30, values.detail, 8), darker(values.colour, 0.6)
    )
    torso = body_rings(
        [(hem - 0.055, 0.20, 0.14), (hem - 0.05, 0.30, 0.19), (hem + 0.05, 0.34, 0.2)],
        values,
        8,
        40,
    )
    width = 0.082
    sleeves = [
        sleeve(side, (0.195, top - 0.03), values.number("sleeve_m"), values, values.colour, width)
        for side in (-1, 1)
    ]
    return [
        body,
        under.moved(y=hem + 0.002),
        loft(torso, _FORM),
        *sleeves,
        *neck(top, values),
        *stand(hem, values),
    ]


def _stripe_bands(hem: float, top: float, stripes: int) -> list[tuple[float, float]]:
    """From where to where each stripe goes: one across the chest, or several from hem to chest."""
    if stripes == 1:
        return [(hem + 0.56 * (top - hem), hem + 0.72 * (top - hem))]
    low, high = hem + 0.06, top - 0.11
    step = (high - low) / max(stripes, 1)
    return [(low + step * index, low + step * (index + 0.45)) for index in range(stripes)]


@shape(
    "dress",
    CLOTH,
    length_m=Length(1.02, 0.7, 1.3),
    flare=Share(0.6, 0.0, 1.0),
    sleeve_m=Length(0.14, 0.0, 0.3),
    accent=Colour("#f1e3cf"),
)
def dress(values: Values) -> list[Part]:
    """A dress on a full form; without sleeves it hangs from two straps."""
    length, flare, accent = values.number("length_m"), values.number("flare"), values.text("accent")
    sleeves = values.number("sleeve_m")
    top = 1.46
    hem = top - length
    waist = top - 0.40
    wide = 0.40 + 0.42 * flare
    fold = 0.02 + 0.06 * flare
    table: list[tuple[float, ...]] = [
        (hem, wide, wide * 0.74, fold),
        (hem + (waist - hem) * 0.4, 0.37 + 0.24 * flare, 0.28 + 0.16 * flare, fold * 0.7),
        (waist - 0.16, 0.365 + 0.06 * flare, 0.25, fold * 0.3),
        (waist, 0.27, 0.20, 0.0),
        (waist + 0.09, 0.30, 0.22, 0.0),
        (waist + 0.19, 0.345, 0.245, 0.0),
    ]
    bare = sleeves < 0.03
    if bare:
        table.append((waist + 0.245, 0.335, 0.22, 0.0))
    else:
        table += [
            (top - 0.10, 0.36, 0.20, 0.0),
            (top - 0.04, 0.30, 0.155, 0.0),
            (top - 0.005, 0.17, 0.13, 0.0),
        ]
    rings = body_rings(table, values, 40, 84, folds=7)
    heights = rings[:, 0, 1]
    shades = [
        accent if abs(y - waist) < 0.018 else values.colour
        for y in (heights[1:] + heights[:-1]) / 2
    ]
    form_table = [
        (waist, 0.25, 0.18),
        (waist + 0.19, 0.325, 0.225),
        (top - 0.10, 0.35, 0.185),
        (top - 0.04, 0.28, 0.14),
        (top + 0.0, 0.13, 0.11),
    ]
    parts = [loft(rings, shades)]
    size = (wide * 0.86, 0.02, wide * 0.62)
    under = ellipsoid(size, segments(30, values.detail, 8), darker(values.colour, 0.6))
    parts.append(under.moved(y=hem + 0.006))
    if bare:
        parts.append(loft(body_rings(form_table, values, 18, 44), _FORM))
        parts += _straps(waist + 0.24, top - 0.02, values)
    else:
        parts += [
            sleeve(side, (0.165, top - 0.035), sleeves, values, values.colour, 0.068)
            for side in (-1, 1)
        ]
    return [*parts, *neck(top + 0.005, values), *stand(hem + 0.05, values)]


def _straps(low: float, high: float, values: Values) -> list[Part]:
    """Two thin straps over the shoulders."""
    colour = lighter(values.colour, 0.12)
    parts = []
    for side in (-1, 1):
        path = smooth(
            [
                (side * 0.095, low - 0.01, 0.108),
                (side * 0.10, (low + high) / 2, 0.102),
                (side * 0.098, high - 0.008, 0.03),
                (side * 0.098, high - 0.012, -0.04),
                (side * 0.095, low, -0.108),
            ],
            segments(18, values.detail, 6),
        )
        parts.append(sweep(path, 0.008, segments(8, values.detail, 4), colour, flat=0.4))
    return parts


@shape(
    "trousers",
    CLOTH,
    length_m=Length(1.04, 0.6, 1.2),
    flare=Share(0.25, 0.0, 1.0),
    accent=Colour("#5a4331"),
)
def trousers(values: Values) -> list[Part]:
    """Trousers on a hip form, with a belt and a pressed crease."""
    length, flare, accent = values.number("length_m"), values.number("flare"), values.text("accent")
    hem = 0.10
    waist = hem + length
    crotch = waist - 0.27
    parts: list[Part] = []
    cuff = 0.155 + 0.10 * flare
    for side in (-1, 1):
        rows = smooth(
            [
                (hem, cuff, side * 0.105),
                (hem + 0.3, 0.150 + 0.04 * flare, side * 0.102),
                (hem + 0.5, 0.158, side * 0.1),
                (crotch - 0.02, 0.185, side * 0.094),
                (crotch + 0.08, 0.185, side * 0.088),
            ],
            segments(24, values.detail, 5),
        )
        rings = [_leg_ring(row, segments(36, values.detail, 8)) for row in rows]
        shades = [values.colour] * (len(rings) - 1)
        shades[0] = darker(values.colour, 0.12)
        parts.append(loft(np.array(rings), shades))
        hole = ellipsoid(
            (cuff * 0.9, 0.012, cuff * 1.05), segments(24, values.detail, 8), "#1d1917"
        )
        parts.append(hole.moved(x=side * 0.105, y=hem))
    hips = [
        (crotch - 0.012, 0.345, 0.205),
        (crotch + 0.05, 0.375, 0.245),
        (crotch + 0.12, 0.372, 0.25),
        (waist - 0.05, 0.315, 0.215),
        (waist, 0.305, 0.205),
    ]
    parts.append(loft(body_rings(hips, values, 16, 44), values.colour))
    belt = [
        (waist - 0.042, 0.328, 0.226),
        (waist - 0.038, 0.332, 0.23),
        (waist - 0.008, 0.322, 0.222),
    ]
    belt.append((waist - 0.005, 0.318, 0.218))
    parts.append(loft(body_rings(belt, values, 6, 44), accent))
    buckle = ellipsoid((0.05, 0.036, 0.014), segments(18, values.detail, 8), _BRASS, 6.0, 2.5)
    parts.append(buckle.moved(y=waist - 0.024, z=0.114))
    form = [(waist - 0.02, 0.29, 0.19), (waist + 0.03, 0.275, 0.18), (waist + 0.05, 0.25, 0.16)]
    parts.append(loft(body_rings(form, values, 8, 40), _FORM))
    knob = [(0.05, waist + 0.045), (0.05, waist + 0.055), (0.012, waist + 0.07)]
    knob += [(0.02, waist + 0.09), (0.0, waist + 0.102)]
    parts.append(revolve(knob, segments(24, values.detail, 8), _WOOD))
    return [*parts, *stand(crotch + 0.05, values)]


def _leg_ring(row: Floats, around: int) -> Floats:
    """A round with a slight crease in front and behind; `row` is (height, width, x)."""
    y, width, x = row
    turn = np.arange(around) * (2 * math.pi / around)
    crease = 1 + 0.10 * np.abs(np.cos(turn)) ** 10
    return np.stack(
        [
            x + np.sin(turn) * width / 2,
            np.full(around, y),
            np.cos(turn) * width / 2 * 1.16 * crease,
        ],
        axis=1,
    )
