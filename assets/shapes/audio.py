"""Headphones on their stand, and loudspeakers."""

import numpy as np

from assets.colours import darker, lighter
from assets.shapes.curves import angles, segments, smooth
from assets.shapes.registry import LEATHER, Colour, Length, Values, shape
from assets.shapes.solids import Part, ellipsoid, revolve, rounded_box, sweep

_BLACK = "#1f2023"
_WOOD = "#a07448"


@shape("headphones", LEATHER, width_m=Length(0.175, 0.14, 0.2), accent=Colour("#d2b06a"))
def headphones(values: Values) -> list[Part]:
    """Over-ear headphones hanging from a small wooden stand."""
    w, accent = values.number("width_m"), values.text("accent")
    half, top = w / 2, 0.265
    turn = np.radians(np.linspace(-8, 188, segments(44, values.detail, 10)))
    arch = np.stack(
        [half * np.cos(turn), top - half * 1.02 + half * 1.02 * np.sin(turn), np.zeros(len(turn))],
        axis=1,
    )
    place = np.linspace(-1, 1, len(arch))
    thick = 0.0135 - 0.004 * place**4
    parts = [
        sweep(arch, thick, segments(18, values.detail, 5), values.colour, flat=0.42, up=(1, 0, 0))
    ]
    inner = arch[np.abs(place) < 0.62] * np.array([0.945, 1.0, 1.0]) - np.array([0.0, 0.006, 0.0])
    parts.append(
        sweep(
            inner,
            0.0125,
            segments(14, values.detail, 5),
            darker(values.colour, 0.25),
            flat=0.6,
            up=(1, 0, 0),
        )
    )
    for side in (-1, 1):
        parts += _cup(side, half, top - half * 1.30, values, accent)
        yoke = smooth(
            [
                (side * half * 1.0, top - half * 1.0, 0.0),
                (side * half * 1.10, top - half * 1.12, 0.0),
                (side * half * 1.10, top - half * 1.28, 0.0),
            ],
            segments(12, values.detail, 4),
        )
        if values.detail < 2:
            parts.append(sweep(yoke, 0.0055, segments(10, values.detail, 4), accent))
    return parts + _stand(top - 0.022, values)


def _cup(side: int, half: float, y: float, values: Values, accent: str) -> list[Part]:
    """An ear cup: shell outside, a ring of metal, a soft cushion inside."""
    around = segments(44, values.detail, 8)
    shell = [
        (0.0, 0.0),
        (0.034, 0.0),
        (0.041, 0.006),
        (0.041, 0.018),
        (0.034, 0.027),
        (0.022, 0.030),
        (0.0, 0.031),
    ]
    rim = [
        (0.0, -0.003),
        (0.0425, -0.003),
        (0.0435, 0.0),
        (0.0435, 0.004),
        (0.0425, 0.007),
        (0.0, 0.007),
    ]
    cap = [(0.0, 0.030), (0.021, 0.030), (0.021, 0.0325), (0.017, 0.034), (0.0, 0.034)]
    parts = []
    profile = smooth(shell, segments(20, values.detail, 6))
    for line, colour in (
        (profile, values.colour),
        (np.array(rim), accent),
        (np.array(cap), accent),
    )[: 3 if values.detail < 2 else 2]:
        parts.append(revolve(line, around, colour))
    loop = angles(around)
    path = np.stack([0.028 * np.sin(loop), np.full(around, -0.011), 0.030 * np.cos(loop)], axis=1)
    parts.append(
        sweep(
            path,
            0.0125,
            segments(16, values.detail, 4),
            darker(values.colour, 0.35),
            closed=True,
            up=(0, 1, 0),
        )
    )
    if values.detail < 2:
        grille = ellipsoid((0.046, 0.006, 0.050), segments(24, values.detail, 8), _BLACK)
        parts.append(grille.moved(y=-0.006))
    placed = [part.scaled(z=1.14).turned("z", -90 * side) for part in parts]
    return [part.turned("y", side * -6).moved(x=side * half * 1.0, y=y) for part in placed]


def _stand(height_m: float, values: Values) -> list[Part]:
    """A foot, a post behind the arch, and a bar that carries it."""
    foot = smooth(
        [(0.062, 0.0), (0.066, 0.006), (0.062, 0.013), (0.02, 0.018), (0.010, 0.03)],
        segments(14, values.detail, 5),
    )
    around = segments(36, values.detail, 8)
    post = smooth(
        [(0.009, 0.02), (0.008, height_m * 0.6), (0.012, height_m)], segments(8, values.detail, 3)
    )
    bar = ellipsoid((0.05, 0.022, 0.045), segments(20, values.detail, 8), _WOOD, 3, 2.4)
    return [
        revolve(foot, around, _WOOD),
        revolve(post, segments(14, values.detail, 5), _WOOD),
        bar.moved(y=height_m),
    ]


@shape("speaker", 0.5, height_m=Length(0.3, 0.12, 0.6), accent=Colour("#c58b4a"))
def speaker(values: Values) -> list[Part]:
    """A cabinet with a woofer below and a tweeter above, on its dark front."""
    h, accent = values.number("height_m"), values.text("accent")
    w, d = h * 0.60, h * 0.64
    foot = h * 0.025
    box = rounded_box((w, h - foot, d), h * 0.05, segments(48, values.detail, 8), values.colour)
    parts = [box.moved(y=foot)]
    front = d / 2
    panel = rounded_box(
        (w * 0.88, h * 0.90, h * 0.02), h * 0.012, segments(40, values.detail, 8), "#26272a"
    )
    parts.append(panel.moved(y=foot + h * 0.035, z=front))
    cone = lighter(accent, 0.05)
    parts += _driver(w * 0.37, values, cone, foot + h * 0.33, front + h * 0.006)
    parts += _driver(
        w * 0.20, values, lighter("#26272a", 0.25), foot + h * 0.735, front + h * 0.006
    )
    if values.detail < 2:
        light = ellipsoid((h * 0.02, h * 0.02, h * 0.02), 12, accent)
        parts.append(light.moved(x=w * 0.34, y=foot + h * 0.07, z=front + h * 0.012))
    for x in (-1, 1):
        for z in (-1, 1):
            pad = ellipsoid(
                (w * 0.13, foot * 2.4, w * 0.13), segments(16, values.detail, 6), _BLACK
            )
            parts.append(pad.moved(x=x * w * 0.36, y=foot * 0.9, z=z * d * 0.36))
    return parts


def _driver(radius_m: float, values: Values, colour: str, y: float, z: float) -> list[Part]:
    """A round driver facing +Z: metal ring, rubber surround, cone and dust cap."""
    r, around = radius_m, segments(56, values.detail, 12)
    profile = [
        (0.0, r * 0.02),
        (r, r * 0.02),
        (r, r * 0.10),
        (r * 0.95, r * 0.13),
        (r * 0.90, r * 0.10),
        (r * 0.82, r * 0.15),
        (r * 0.74, r * 0.09),
        (r * 0.30, -r * 0.12),
        (r * 0.28, -r * 0.06),
        (r * 0.16, r * 0.0),
        (0.0, r * 0.02),
    ]
    metal, rubber = "#a9adb3", "#17181a"
    shades = [metal] * 4 + [rubber] * 2 + [colour] * 1 + [darker(colour, 0.45)] * 3
    lifted = np.array(profile) + np.array([0.0, r * 0.13])
    turned = revolve(lifted, around, shades).turned("x", 90)
    return [turned.moved(y=y, z=z)]
