"""Hats, caps and beanies, each on a small wooden stand as hatters have them."""

import math

import numpy as np

from assets.colours import darker, lighter
from assets.shapes.curves import Floats, angles, segments, smooth
from assets.shapes.registry import CLOTH, Colour, Flag, Length, Share, Values, shape
from assets.shapes.solids import Part, ellipsoid, loft, placed, revolve, sweep

_HEAD_RADIUS_M = 0.088
_HEAD_LENGTHENING = 1.16
_WOOD = "#a87b4c"


def hat_stand(values: Values, height_m: float) -> list[Part]:
    """A turned foot, a post, and a dome that fills the crown."""
    around = segments(32, values.detail, 8)
    post = smooth(
        [
            (0.062, 0.0),
            (0.066, 0.008),
            (0.05, 0.016),
            (0.016, 0.028),
            (0.012, height_m * 0.6),
            (0.02, height_m),
        ],
        segments(18, values.detail, 6),
    )
    return [revolve(post, around, _WOOD)]


def _inside(values: Values, y: float) -> Part:
    """What one sees looking up into a hat: a dark closed disc just above the edge."""
    disc = ellipsoid(
        (_HEAD_RADIUS_M * 1.9, 0.02, _HEAD_RADIUS_M * 1.9 * _HEAD_LENGTHENING),
        segments(28, values.detail, 8),
        darker(values.colour, 0.65),
    )
    return disc.moved(y=y)


@shape(
    "brimmed-hat",
    CLOTH,
    crown_m=Length(0.12, 0.06, 0.2),
    brim_m=Length(0.065, 0.02, 0.2),
    pinch=Share(0.0, 0.0, 1.0),
    accent=Colour("#3a2a22"),
)
def brimmed_hat(values: Values) -> list[Part]:
    """A fedora (pinched), a bowler (round, narrow) or a sun hat (wide)."""
    crown, brim = values.number("crown_m"), values.number("brim_m")
    pinch, r = values.number("pinch"), _HEAD_RADIUS_M
    around = segments(72, values.detail, 16)
    band_top = 0.030
    # From the middle below, out along the underside of the brim, back along its top, up the crown.
    brim_line = smooth(
        [
            (r * 1.02, -0.002),
            (r + brim * 0.5, -0.005),
            (r + brim * 0.97, -0.002),
            (r + brim, 0.002),
            (r + brim * 0.97, 0.004),
            (r + brim * 0.5, 0.0),
            (r * 1.05, 0.004),
        ],
        segments(22, values.detail, 8),
    )
    band = [(r * 1.045, 0.005), (r * 1.045, band_top)]
    if pinch > 0.0:
        top = [(r * 1.0, band_top), (r * 0.92, crown * 0.78), (r * 0.80, crown * 0.97)]
        top += [(r * 0.58, crown), (r * 0.3, crown * 0.985), (0.0, crown * 0.98)]
    else:
        top = [(r * 1.0, band_top), (r * 1.02, crown * 0.5), (r * 0.86, crown * 0.82)]
        top += [(r * 0.5, crown * 0.975), (0.0, crown)]
    crown_line = smooth(top, segments(22, values.detail, 7))
    profile = np.concatenate([[[0.0, 0.0]], brim_line, band, crown_line])
    under, accent = darker(values.colour, 0.18), values.text("accent")
    shades = [darker(values.colour, 0.6)]
    shades += [under if i < len(brim_line) // 2 else values.colour for i in range(len(brim_line))]
    shades += [accent] + [values.colour] * len(crown_line)
    hat = revolve(profile, around, shades)
    points = hat.vertices.copy()
    points[:, 2] *= _HEAD_LENGTHENING
    reach = np.clip((np.hypot(points[:, 0], points[:, 2]) - r) / max(brim, 0.03), 0.0, 1.4)
    turn = np.arctan2(points[:, 0], points[:, 2])
    curl = 0.16 * brim * (1 if brim < 0.1 else 0.55)
    points[:, 1] += np.where(
        points[:, 1] < 0.01, reach**2 * curl * (-0.6 * np.cos(2 * turn) + 0.2), 0.0
    )
    high = np.clip((points[:, 1] - crown * 0.55) / (crown * 0.45), 0.0, 1.0)
    points[:, 1] -= pinch * 0.034 * high * np.exp(-((points[:, 0] / 0.026) ** 2))
    squeeze = pinch * 0.42 * high * np.clip(points[:, 2] / r, 0.0, 1.0)
    points[:, 0] *= 1 - squeeze
    height = 0.15 if brim < 0.1 else 0.17
    parts = placed([hat.bent(points)], y=height)
    if values.detail < 2:
        knot = ellipsoid((0.014, 0.026, 0.034), segments(16, values.detail, 6), accent, 3, 3)
        parts.append(knot.moved(x=r * 1.05, y=height + 0.018))
    return [part.turned("x", 7) for part in parts] + hat_stand(values, height + 0.02)


@shape("cap", CLOTH, brim_m=Length(0.075, 0.04, 0.12), accent=Colour("#f3efe4"))
def cap(values: Values) -> list[Part]:
    """A six-panel cap with a curved peak to the front."""
    r, crown, brim = _HEAD_RADIUS_M, 0.105, values.number("brim_m")
    accent = values.text("accent")
    dome = smooth(
        [
            (r, 0.0),
            (r * 1.03, 0.03),
            (r * 0.97, crown * 0.6),
            (r * 0.72, crown * 0.88),
            (r * 0.36, crown * 0.985),
            (0.0, crown),
        ],
        segments(26, values.detail, 8),
    )
    profile = np.concatenate([[[0.0, 0.004], [r * 0.97, 0.0]], dome])
    shades = [darker(values.colour, 0.6)] * 2 + [values.colour] * (len(dome) - 1)
    parts = [revolve(profile, segments(60, values.detail, 12), shades).scaled(z=_HEAD_LENGTHENING)]
    parts.append(_peak(values, r, brim))
    button = ellipsoid((0.018, 0.011, 0.018), segments(14, values.detail, 6), accent)
    parts.append(button.moved(y=crown + 0.002))
    if values.detail < 2:
        seam = lighter(values.colour, 0.16)
        parts += [_seam(dome, index * 60 + 30, values, seam) for index in range(6)]
        badge = ellipsoid((0.042, 0.036, 0.008), segments(20, values.detail, 8), accent, 2.6, 2.2)
        front = r * _HEAD_LENGTHENING
        parts.append(badge.turned("x", -16).moved(y=crown * 0.5, z=front * 0.985))
    return placed([p.turned("x", 8) for p in parts], y=0.14) + hat_stand(values, 0.16)


def _seam(dome: Floats, degrees: float, values: Values, colour: str) -> Part:
    """A stitched line from the edge to the button."""
    turn = math.radians(degrees)
    line = dome[:: 2 if len(dome) > 8 else 1]
    grown = line[:, 0] + 0.0006
    path = np.stack(
        [
            grown * math.sin(turn),
            line[:, 1] + 0.0006,
            grown * math.cos(turn) * _HEAD_LENGTHENING,
        ],
        axis=1,
    )
    return sweep(path, 0.0012, segments(6, values.detail, 4), colour)


def _peak(values: Values, r: float, brim: float) -> Part:
    """The peak: a crescent, thin, bent down at its sides."""
    steps = segments(28, values.detail, 8)
    across = np.linspace(-1.0, 1.0, steps + 1)
    rings = []
    for u in across:
        turn = u * math.radians(68)
        inner = np.array(
            [r * 0.97 * math.sin(turn), 0.0, r * 0.97 * _HEAD_LENGTHENING * math.cos(turn)]
        )
        length = brim * max(1 - abs(u) ** 3.2, 0.02)
        outward = np.array([0.30 * math.sin(turn), 0.0, 1.0])
        outer = inner + outward / np.linalg.norm(outward) * length
        middle = (inner + outer) / 2
        points = np.array([inner, middle, outer, outer, middle, inner])
        points[:, 1] = 0.010 - 3.4 * points[:, 0] ** 2 - 0.25 * (points[:, 2] - inner[2])
        points[:3, 1] += 0.0032
        points[2, 2] -= 0.001
        rings.append(points)
    return loft(np.array(rings), values.colour)


@shape("beanie", 0.95, accent=Colour("#e9dfcc"), pompom=Flag(True))
def beanie(values: Values) -> list[Part]:
    """A ribbed knitted hat with a deep cuff, with or without a pompom."""
    r = 0.092
    ribs = 30
    around = ribs * (4, 2, 1)[values.detail]
    dome = smooth(
        [
            (r * 1.0, 0.052),
            (r * 1.05, 0.085),
            (r * 0.98, 0.125),
            (r * 0.72, 0.168),
            (r * 0.32, 0.19),
            (0.004, 0.196),
        ],
        segments(20, values.detail, 6),
    )
    cuff = smooth(
        [
            (r * 0.96, 0.0),
            (r * 1.09, 0.006),
            (r * 1.13, 0.03),
            (r * 1.09, 0.058),
            (r * 1.0, 0.060),
        ],
        segments(10, values.detail, 5),
    )
    turn = angles(around)
    parts = []
    for profile, depth, colour in (
        (dome, 0.030, values.colour),
        (cuff, 0.045, darker(values.colour, 0.14)),
    ):
        wave = 1 + depth * (np.cos(ribs * turn) - 1) / 2
        rings = np.zeros((len(profile), around, 3))
        rings[:, :, 0] = profile[:, :1] * wave * np.sin(turn)
        rings[:, :, 1] = profile[:, 1:]
        rings[:, :, 2] = profile[:, :1] * wave * np.cos(turn) * 1.1
        parts.append(loft(rings, colour))
    if values.flag("pompom"):
        parts.append(_pompom(values).moved(y=0.215))
    return placed(parts, y=0.07) + hat_stand(values, 0.10)


def _pompom(values: Values) -> Part:
    """A ball of wool: a sphere with many small bumps."""
    ball = ellipsoid((0.068, 0.066, 0.068), segments(36, values.detail, 8), values.text("accent"))
    if values.detail == 2:
        return ball
    points = ball.vertices
    unit = points / np.maximum(np.linalg.norm(points, axis=1, keepdims=True), 1e-9)
    bumps = np.sin(unit[:, 0] * 17) * np.sin(unit[:, 1] * 15 + 1) * np.sin(unit[:, 2] * 16 + 2)
    return ball.bent(points * (1 + 0.11 * bumps)[:, None])
