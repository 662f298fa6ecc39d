"""House plants in pots: aloe, broad-leaved, palm."""

import math

import numpy as np

from assets.colours import blend, darker, lighter
from assets.shapes.curves import Floats, segments, smooth
from assets.shapes.registry import Choice, Colour, Length, Values, shape
from assets.shapes.solids import Part, loft, revolve, sweep

_SOIL = "#3d2c22"
_GOLDEN_TURN = 137.508


def pot(radius_m: float, height_m: float, values: Values) -> Part:
    """A round glazed pot with a rim, full of soil."""
    r, h = radius_m, height_m
    profile = smooth(
        [(r * 0.66, 0.0), (r * 0.70, h * 0.02), (r * 0.92, h * 0.45), (r * 0.97, h * 0.84)],
        segments(14, values.detail, 5),
    )
    rim = [
        (r * 1.02, h * 0.86),
        (r * 1.04, h * 0.98),
        (r * 1.0, h),
        (r * 0.92, h),
        (r * 0.90, h * 0.90),
        (0.0, h * 0.91),
    ]
    line = np.concatenate([[[0.0, 0.0]], profile, rim])
    shades = [darker(values.colour, 0.2)] + [values.colour] * (len(profile) - 1)
    shades += [lighter(values.colour, 0.1)] * 4 + [darker(values.colour, 0.3), _SOIL]
    return revolve(line, segments(52, values.detail, 12), shades)


def leaf(
    path: Floats, widths: Floats, thickness_m: float, fold: float, colour: str, values: Values
) -> Part:
    """A blade along `path` (m, 3), `widths` (m) wide, folded up along its middle by `fold`."""
    steps = np.gradient(path, axis=0)
    side = np.cross(steps, np.array([0.0, 1.0, 0.0]))
    length = np.linalg.norm(side, axis=1, keepdims=True)
    side = np.where(length > 1e-9, side / np.maximum(length, 1e-9), np.array([1.0, 0.0, 0.0]))
    up = np.cross(side, steps)
    up /= np.maximum(np.linalg.norm(up, axis=1, keepdims=True), 1e-9)
    across = np.linspace(-1.0, 1.0, 5 if values.detail == 0 and len(path) > 8 else 3)
    rise = fold * np.abs(across) ** 1.3
    rings = []
    for at, s, u, width in zip(path, side, up, widths, strict=True):
        half = max(float(width) / 2, 2e-4)
        top = at + half * across[:, None] * s + (half * rise)[:, None] * u
        thick = thickness_m * (1 - across**2 * 0.8)[:, None] * u * min(1.0, half / 0.01)
        rings.append(np.concatenate([top + thick / 2, (top - thick / 2)[::-1]]))
    return loft(np.array(rings), colour)


@shape(
    "plant",
    0.6,
    height_m=Length(0.5, 0.15, 1.6),
    style=Choice(("broad", "aloe", "palm")),
    leaf=Colour("#4b8a4f"),
)
def plant(values: Values) -> list[Part]:
    """A plant of this height, pot included; the main colour is that of the pot."""
    style, h = values.text("style"), values.number("height_m")
    if style == "aloe":
        return _aloe(h, values)
    if style == "palm":
        return _palm(h, values)
    return _broad(h, values)


def _aloe(h: float, values: Values) -> list[Part]:
    """Thick pointed leaves in a rosette."""
    base = h * 0.40
    parts = [pot(h * 0.24, base, values)]
    count = (19, 15, 11)[values.detail]
    green = values.text("leaf")
    for index in range(count):
        inner = index / (count - 1)
        lean = 0.95 - 0.80 * inner
        length = h * (0.50 + 0.14 * math.sin(inner * math.pi) - 0.02 * inner)
        t = np.linspace(0, 1, segments(12, values.detail, 5))
        out = length * (0.10 + lean * (t * 0.85 - 0.12 * t**3))
        y = base * 0.9 + length * (1.15 - 0.55 * lean) * t
        path = np.stack([np.zeros(len(t)), y, out * (t + 0.15)], axis=1)
        width = h * 0.115 * np.minimum(1.0, (1 - t) ** 0.62 + 0.02)
        shade = blend(green, "#a9c58f" if index % 2 else "#3d6b4b", 0.22)
        blade = leaf(path, width, h * 0.034, 0.45, shade, values)
        parts.append(blade.turned("y", index * _GOLDEN_TURN))
    return parts


def _broad(h: float, values: Values) -> list[Part]:
    """Large split leaves on long stems."""
    base = min(h * 0.30, 0.26)
    parts = [pot(base * 0.62, base, values)]
    green = values.text("leaf")
    # Far away some leaves are left out; the others stay where and as they are.
    for index in range(9) if values.detail < 2 else (0, 1, 2, 3, 4, 5, 8):
        share = index / 8
        tall = h * (0.52 + 0.36 * share)
        reach = h * (0.34 - 0.26 * share)
        stem = smooth(
            [(0.0, base * 0.9, 0.0), (0.0, tall * 0.72, reach * 0.28), (0.0, tall, reach)],
            segments(12, values.detail, 4),
        )
        turn = index * _GOLDEN_TURN + 20
        thin = segments(8, values.detail, 3)
        parts.append(
            sweep(stem, np.linspace(0.007, 0.004, len(stem)) * h, thin, darker(green, 0.12)).turned(
                "y", turn
            )
        )
        size = h * (0.34 - 0.08 * share)
        shade = lighter(green, 0.05 + 0.14 * share) if index % 2 else green
        parts += [part.turned("y", turn) for part in _heart(stem[-1], size, shade, values)]
    return parts


def _heart(at: Floats, size: float, colour: str, values: Values) -> list[Part]:
    """A heart-shaped blade, split along its edges, hanging out from the end of its stem."""
    count = (40, 16, 6)[values.detail]
    t = np.linspace(0.0, 1.0, count)
    out = size * (t - 0.12)
    drop = -size * (0.30 * t**2) + size * 0.06
    path = np.stack([np.zeros(count), at[1] + drop, at[2] + out], axis=1)
    width = size * 0.92 * np.sin(np.pi * np.clip(t * 0.93 + 0.07, 0, 1)) ** 0.62 * (1.08 - 0.45 * t)
    if values.detail == 0:
        # Every few steps the blade is cut in: the splits that the plant is known for.
        cut = (np.arange(count) % 6 == 3) & (t > 0.2) & (t < 0.88)
        width = np.where(cut, width * 0.52, width)
    width[-1] = size * 0.01
    blade = leaf(path, width, 0.004, 0.16, colour, values)
    if values.detail == 2:
        return [blade]
    vein = sweep(
        path[:: max(1, count // 8)] + np.array([0.0, 0.003, 0.0]), 0.003, 5, lighter(colour, 0.3)
    )
    return [blade, vein]


def _palm(h: float, values: Values) -> list[Part]:
    """Arching fronds of narrow leaflets."""
    base = min(h * 0.30, 0.24)
    parts = [pot(base * 0.60, base, values)]
    green = values.text("leaf")
    fronds = (9, 8, 8)[values.detail]
    for index in range(fronds):
        share = index / 8
        tall = (h - base) * (0.72 + 0.28 * share)
        reach = h * (0.46 - 0.30 * share)
        spine = smooth(
            [
                (0.0, base * 0.9, 0.0),
                (0.0, base + tall * 0.55, reach * 0.22),
                (0.0, base + tall * 0.98, reach * 0.72),
                (0.0, base + tall * (0.72 + 0.2 * share), reach * 1.25),
            ],
            segments(22, values.detail, 6),
        )
        shade = blend(green, "#8fbf5d", 0.10 + 0.16 * (index % 3))
        turn = index * _GOLDEN_TURN
        radii = np.linspace(0.006, 0.0015, len(spine)) * (h / 0.75)
        parts.append(
            sweep(spine, radii, segments(6, values.detail, 3), darker(shade, 0.15)).turned(
                "y", turn
            )
        )
        parts += [part.turned("y", turn) for part in _leaflets(spine, h, shade, values)]
    return parts


def _leaflets(spine: Floats, h: float, colour: str, values: Values) -> list[Part]:
    """Pairs of leaflets along the outer part of a frond; one wide blade at coarse detail."""
    start = len(spine) // 3
    if values.detail == 2:
        path = spine[start:]
        t = np.linspace(0, 1, len(path))
        return [
            leaf(path, h * 0.16 * np.sin(np.pi * (0.15 + 0.82 * t)), 0.004, 0.3, colour, values)
        ]
    parts = []
    places = np.linspace(0.36, 1.0, 11 if values.detail == 0 else 6)
    for share in places:
        at = spine[min(int(share * (len(spine) - 1)), len(spine) - 1)]
        length = h * 0.21 * math.sin(math.pi * (0.30 + 0.62 * (share - 0.36) / 0.64))
        for side in (-1, 1):
            t = np.linspace(0, 1, 6 if values.detail == 0 else 3)
            path = np.stack(
                [
                    at[0] + side * length * t * 0.80,
                    at[1] + length * (0.10 * t - 0.34 * t**2),
                    at[2] + length * t * 0.55,
                ],
                axis=1,
            )
            width = h * 0.034 * np.sin(np.pi * (0.12 + 0.86 * t)) ** 0.8
            parts.append(leaf(path, width, 0.002, 0.2, colour, values))
    return parts
