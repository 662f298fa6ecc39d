"""Colours: "#rrggbb" as people write them, sRGB bytes, and the linear light that glTF wants."""

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assets.errors import InvalidParameterError

_HEX = re.compile(r"#[0-9a-fA-F]{6}")

Rgb = tuple[int, int, int]
Floats = NDArray[np.float64]


def parse_colour(text: object) -> Rgb:
    """sRGB bytes of "#rrggbb".

    Raises:
        InvalidParameterError: it is anything else.
    """
    if not isinstance(text, str) or not _HEX.fullmatch(text):
        raise InvalidParameterError(
            'A colour is written as "#rrggbb", for example "#b4552f".',
            data={"parameter": "colour", "value": str(text)[:40]},
        )
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


def blend(colour: str, other: str, share: float) -> str:
    """The colour between two: `share` 0 is the first, 1 the other. Mixed in sRGB."""
    mixed = (
        round(a + (b - a) * share)
        for a, b in zip(parse_colour(colour), parse_colour(other), strict=True)
    )
    return "#{:02x}{:02x}{:02x}".format(*mixed)


def darker(colour: str, share: float = 0.25) -> str:
    """The colour in shade, as linings, seams and recesses have it."""
    return blend(colour, "#100c0a", share)


def lighter(colour: str, share: float = 0.25) -> str:
    """The colour in light, as worn edges and insides have it."""
    return blend(colour, "#fffaf0", share)


def linear_from_srgb(srgb: NDArray[Any]) -> Floats:
    """Linear light, 0 to 1, of sRGB bytes. Transfer function of IEC 61966-2-1."""
    value = np.asarray(srgb, dtype=np.float64) / 255.0
    low = value / 12.92
    high = ((value + 0.055) / 1.055) ** 2.4
    return np.where(value <= 0.04045, low, high)


def srgb_from_linear(linear: Floats) -> NDArray[np.uint8]:
    """sRGB bytes of linear light; what lies outside of 0 to 1 is clipped."""
    value = np.clip(linear, 0.0, 1.0)
    low = value * 12.92
    high = 1.055 * value ** (1 / 2.4) - 0.055
    srgb = np.where(value <= 0.0031308, low, high)
    return np.rint(srgb * 255.0).astype(np.uint8)
