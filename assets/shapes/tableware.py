"""Mugs, plates, bowls, teapots, pitchers and vases: turned on a wheel, handles put on later."""

import math
from collections.abc import Sequence

import numpy as np

from assets.colours import blend, darker, lighter
from assets.shapes.curves import Floats, segments, smooth
from assets.shapes.registry import GLAZED, Choice, Colour, Length, Values, shape
from assets.shapes.solids import Colours, Part, loft, revolve, sweep

_WALL_M = 0.004


def vessel(
    outside: Sequence[tuple[float, float]],
    wall_m: float,
    values: Values,
    inside: str,
    around: int = 64,
    along: int = 28,
) -> Part:
    """An open pot of an outside profile (radius, height) from its foot to its lip, with a wall.

    The foot stays unglazed, the lip is worn a little lighter, and the inside has its own colour.
    """
    detail = values.detail
    outer = smooth(outside, segments(along, detail, 7))
    inner = outer[::-1].copy()
    inner[:, 0] = np.maximum(inner[:, 0] - wall_m, 0.001)
    inner = inner[inner[:, 1] > outer[0, 1] + 2.5 * wall_m][:: (1, 1, 2)[detail]]
    bottom = (0.0, max(float(inner[-1, 1]) - wall_m, 1.5 * wall_m))
    lip_radius, lip_height = float(outer[-1, 0]), float(outer[-1, 1])
    lip = np.array([[lip_radius - wall_m / 2, lip_height + wall_m * 0.45]])
    profile = np.concatenate([[[0.0, float(outer[0, 1])]], outer, lip, inner, [bottom]])
    foot = blend(values.colour, "#b59878", 0.55)
    colours = [foot] + [values.colour] * (len(outer) - 2)
    colours += [values.colour, lighter(values.colour, 0.3)] + [inside] * len(inner)
    colours = colours[: len(profile) - 1] + [inside] * (len(profile) - 1 - len(colours))
    return revolve(profile, segments(around, detail, 10), colours)


def handle(
    points: Sequence[tuple[float, float]],
    radius_m: float,
    values: Values,
    colour: str,
    flat: float = 0.65,
) -> Part:
    """A handle through points (x, y) in the plane of z = 0."""
    line = smooth(points, segments(26, values.detail, 6))
    path = np.stack([line[:, 0], line[:, 1], np.zeros(len(line))], axis=1)
    place = np.linspace(-1, 1, len(path))
    radii = radius_m * (1 + 0.28 * place**4)
    return sweep(path, radii, segments(14, values.detail, 5), colour, flat=flat, up=(1.0, 0.0, 0.0))


@shape("mug", GLAZED, height_m=Length(0.095, 0.05, 0.20), accent=Colour("#f4ead6"))
def mug(values: Values) -> list[Part]:
    """A thrown mug, slightly bellied, its handle to the right."""
    h = values.number("height_m")
    r = h * 0.42
    body = vessel(
        [(r * 0.82, 0.0), (r * 0.9, h * 0.03), (r, h * 0.18), (r * 1.0, h * 0.5), (r * 0.95, h)],
        _WALL_M * h / 0.095,
        values,
        values.text("accent"),
    )
    grip = handle(
        [
            (r * 0.94, h * 0.82),
            (r * 1.28, h * 0.87),
            (r * 1.66, h * 0.66),
            (r * 1.56, h * 0.36),
            (r * 1.22, h * 0.22),
            (r * 0.95, h * 0.24),
        ],
        h * 0.062,
        values,
        values.colour,
    )
    return [part.turned("y", 18) for part in (body, grip)]


@shape("bowl", GLAZED, width_m=Length(0.19, 0.08, 0.4), accent=Colour("#f4ead6"))
def bowl(values: Values) -> list[Part]:
    """A deep bowl on a turned foot."""
    r = values.number("width_m") / 2
    h = r * 0.9
    return [
        vessel(
            [
                (r * 0.42, 0.0),
                (r * 0.42, h * 0.07),
                (r * 0.44, h * 0.1),
                (r * 0.72, h * 0.24),
                (r * 0.92, h * 0.55),
                (r, h),
            ],
            r * 0.05,
            values,
            values.text("accent"),
        )
    ]


@shape("plate", GLAZED, width_m=Length(0.27, 0.12, 0.45), accent=Colour("#f4ead6"))
def plate(values: Values) -> list[Part]:
    """A dinner plate with a coloured rim, leaning on a wooden stand so that people see it."""
    r = values.number("width_m") / 2
    around = segments(72, values.detail, 14)
    profile = [
        (0.0, 0.0),
        (r * 0.55, 0.0),
        (r * 0.6, r * 0.04),
        (r * 0.97, r * 0.16),
        (r, r * 0.19),
        (r * 0.96, r * 0.21),
        (r * 0.7, r * 0.12),
        (r * 0.64, r * 0.085),
        (r * 0.58, r * 0.065),
        (0.0, r * 0.06),
    ]
    rim, accent = values.colour, values.text("accent")
    colours = [darker(accent, 0.1)] + [rim] * 6 + [blend(rim, accent, 0.5)] + [accent] * 1
    disc = revolve(profile, around, colours).turned("x", 72).moved(y=r * 1.0, z=-r * 0.12)
    wood = "#8c6239"
    thick = r * 0.045
    parts = [disc]
    for side in (-1, 1):
        x = side * r * 0.45
        path = smooth(
            [
                (x, r * 0.05, r * 0.42),
                (x, r * 0.14, r * 0.36),
                (x, thick, r * 0.16),
                (x, thick, -r * 0.4),
                (x, r * 0.55, -r * 0.48),
                (x, r * 0.9, -r * 0.5),
            ],
            segments(20, values.detail, 6),
        )
        parts.append(sweep(path, thick, segments(8, values.detail, 4), wood))
    bar = [(-r * 0.45, thick, -r * 0.3), (r * 0.45, thick, -r * 0.3)]
    parts.append(sweep(bar, thick * 0.8, segments(8, values.detail, 4), wood))
    return parts


@shape("teapot", GLAZED, height_m=Length(0.17, 0.1, 0.3), accent=Colour("#caa25a"))
def teapot(values: Values) -> list[Part]:
    """A round pot: spout to the right, handle to the left, a lid with a knob."""
    h = values.number("height_m")
    r = h * 0.56
    around = segments(60, values.detail, 12)
    body = smooth(
        [
            (r * 0.55, 0.0),
            (r * 0.62, h * 0.03),
            (r * 0.95, h * 0.22),
            (r, h * 0.42),
            (r * 0.82, h * 0.66),
            (r * 0.5, h * 0.78),
            (r * 0.42, h * 0.8),
        ],
        segments(24, values.detail, 7),
    )
    glaze, accent = values.colour, values.text("accent")
    foot = blend(glaze, "#b59878", 0.5)
    shades: Colours = [foot] + [glaze] * (len(body) - 1)
    parts = [revolve(np.concatenate([[[0.0, 0.0]], body]), around, shades)]
    lid = smooth(
        [
            (r * 0.46, h * 0.775),
            (r * 0.47, h * 0.805),
            (r * 0.36, h * 0.85),
            (r * 0.12, h * 0.89),
            (r * 0.08, h * 0.9),
        ],
        segments(10, values.detail, 4),
    )
    parts.append(revolve(lid, around, lighter(glaze, 0.1)))
    knob = smooth(
        [
            (r * 0.07, h * 0.88),
            (r * 0.08, h * 0.91),
            (r * 0.15, h * 0.95),
            (r * 0.1, h * 0.995),
            (0.0, h),
        ],
        segments(12, values.detail, 5),
    )
    parts.append(revolve(knob, segments(24, values.detail, 6), accent))
    parts.append(_spout(r, h, values))
    grip = [
        (-r * 0.72, h * 0.72),
        (-r * 1.2, h * 0.82),
        (-r * 1.62, h * 0.62),
        (-r * 1.5, h * 0.3),
        (-r * 0.9, h * 0.2),
    ]
    parts.append(handle(grip, h * 0.048, values, glaze))
    return [part.turned("y", 12) for part in parts]


def _spout(r: float, h: float, values: Values) -> Part:
    line = smooth(
        [(r * 0.75, h * 0.26), (r * 1.2, h * 0.36), (r * 1.42, h * 0.62), (r * 1.72, h * 0.8)],
        segments(18, values.detail, 5),
    )
    path = np.stack([line[:, 0], line[:, 1], np.zeros(len(line))], axis=1)
    radii = np.linspace(h * 0.125, h * 0.045, len(path))
    radii[-1] = h * 0.05
    # An end of its own, darker and a little inside, is the opening.
    path = np.concatenate([path, path[-1:] - (path[-1:] - path[-2:-1]) * 0.3])
    radii = np.append(radii, h * 0.032)
    shades = [values.colour] * (len(path) - 2) + [darker(values.colour, 0.7)]
    return sweep(path, radii, segments(20, values.detail, 6), shades, up=(0.0, 1.0, 0.0))


@shape("pitcher", GLAZED, height_m=Length(0.25, 0.12, 0.4), accent=Colour("#f1ead8"))
def pitcher(values: Values) -> list[Part]:
    """A tall jug with a lip drawn out to the right."""
    h = values.number("height_m")
    r = h * 0.3
    body = vessel(
        [
            (r * 0.72, 0.0),
            (r * 0.78, h * 0.02),
            (r, h * 0.25),
            (r * 0.92, h * 0.48),
            (r * 0.62, h * 0.74),
            (r * 0.62, h * 0.86),
            (r * 0.74, h),
        ],
        h * 0.018,
        values,
        values.text("accent"),
        along=32,
    )
    points = body.vertices.copy()
    high = np.clip((points[:, 1] / h - 0.74) / 0.26, 0.0, 1.0)
    angle = np.arctan2(points[:, 2], points[:, 0])
    pull = high**2 * np.exp(-((angle / 0.42) ** 2))
    reach = np.hypot(points[:, 0], points[:, 2])
    grown = 1 + np.where(reach > 1e-6, pull * r * 0.62 / np.maximum(reach, 1e-6), 0.0)
    points[:, 0] *= grown
    points[:, 2] *= np.where(grown > 1, 1 / np.sqrt(grown), 1.0)
    points[:, 1] += pull * h * 0.025
    grip = handle(
        [
            (-r * 0.6, h * 0.9),
            (-r * 1.1, h * 0.95),
            (-r * 1.62, h * 0.74),
            (-r * 1.5, h * 0.45),
            (-r * 0.92, h * 0.3),
        ],
        h * 0.034,
        values,
        values.colour,
    )
    return [part.turned("y", 15) for part in (body.bent(points), grip)]


@shape(
    "vase",
    0.2,
    height_m=Length(0.32, 0.1, 0.7),
    accent=Colour("#f0e3c4"),
    style=Choice(("bottle", "fluted")),
)
def vase(values: Values) -> list[Part]:
    """A bottle with a narrow neck, or a fluted vase that opens like a flower."""
    if values.text("style") == "fluted":
        return _fluted_vase(values)
    h = values.number("height_m")
    r = h * 0.3
    profile = [
        (r * 0.55, 0.0),
        (r * 0.62, h * 0.01),
        (r * 0.98, h * 0.2),
        (r * 0.92, h * 0.38),
        (r * 0.42, h * 0.58),
        (r * 0.22, h * 0.74),
        (r * 0.22, h * 0.92),
        (r * 0.34, h),
    ]
    body = vessel(profile, h * 0.014, values, darker(values.colour, 0.35), along=40)
    height = h * 0.66
    collar = revolve(
        [(r * 0.24, height), (r * 0.36, height + h * 0.012), (r * 0.24, height + h * 0.024)],
        segments(40, values.detail, 8),
        values.text("accent"),
    )
    return [body, collar]


def _fluted_vase(values: Values) -> list[Part]:
    h, detail = values.number("height_m"), values.detail
    r = h * 0.26
    folds = 12
    around = folds * (8, 4, 2)[detail]
    outer = smooth(
        [
            (r * 0.62, 0.0),
            (r * 0.7, h * 0.03),
            (r * 0.86, h * 0.3),
            (r * 0.74, h * 0.58),
            (r * 0.95, h * 0.82),
            (r * 1.55, h),
        ],
        segments(34, detail, 9),
    )
    inner = outer[len(outer) // 6 :][::-1].copy()
    inner[:, 0] = np.maximum(inner[:, 0] - h * 0.016, 0.002)
    inner[:, 1] += h * 0.004
    turn = np.arange(around) * (2 * math.pi / around)
    rings: list[Floats] = []
    for profile in (outer, inner):
        for radius, y in profile:
            depth = 0.05 + 0.08 * (y / h) ** 2
            wave = 1 - depth * (0.5 - 0.5 * np.cos(folds * turn))
            rise = np.full(around, y) + h * 0.03 * (y / h) ** 4 * np.cos(folds * turn)
            rings.append(
                np.stack([radius * wave * np.sin(turn), rise, radius * wave * np.cos(turn)], axis=1)
            )
    lip = lighter(values.colour, 0.35)
    inside = blend(values.colour, values.text("accent"), 0.45)
    shades = [values.colour] * (len(outer) - 1) + [lip] + [inside] * (len(inner) - 1)
    return [loft(np.array(rings), shades)]
