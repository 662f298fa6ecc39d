"""Sneakers, boots and loafers, always as a pair."""

import numpy as np

from assets.colours import darker, lighter
from assets.shapes.curves import segments, smooth
from assets.shapes.registry import LEATHER, Colour, Flag, Length, Values, shape
from assets.shapes.solids import Part, loft, sweep
from assets.shapes.uppers import (
    Section,
    capped,
    heeled,
    laces,
    paired,
    patch,
    section_ring,
    sole_part,
    tongue,
    upper_part,
)


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
