"""Colours survive the way into linear light and back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.colours import (
    blend,
    darker,
    lighter,
    linear_from_srgb,
    parse_colour,
    srgb_from_linear,
)
from assets.errors import InvalidParameterError

BYTES = st.integers(0, 255)


@given(BYTES, BYTES, BYTES)
def test_every_colour_is_read(red: int, green: int, blue: int) -> None:
    assert parse_colour(f"#{red:02x}{green:02X}{blue:02x}") == (red, green, blue)


@pytest.mark.parametrize(
    "text",
    ["", "#fff", "ff0000", "#ff00000", "#gg0000", " #ff0000", "#ff0000\n", None, 5, "#ff٠0000"],
)
def test_anything_else_is_refused(text: object) -> None:
    with pytest.raises(InvalidParameterError) as caught:
        parse_colour(text)
    assert caught.value.code == "SHAPE_PARAMETER_INVALID"


def test_every_byte_survives_linear_light() -> None:
    every = np.arange(256, dtype=np.uint8)
    linear = linear_from_srgb(every)
    assert np.array_equal(srgb_from_linear(linear), every)
    assert np.all(np.diff(linear) > 0)
    assert (linear[0], linear[-1]) == (0.0, 1.0)
    # Middle grey of the standard: 188 is half of the light.
    assert linear[188] == pytest.approx(0.5029, abs=1e-4)


def test_sixteen_bits_of_linear_light_keep_every_byte() -> None:
    every = np.arange(256, dtype=np.uint8)
    stored = np.rint(linear_from_srgb(every) * 65535) / 65535
    assert np.array_equal(srgb_from_linear(stored), every)


def test_blends() -> None:
    assert blend("#000000", "#ffffff", 0.5) == "#808080"
    assert blend("#123456", "#ffffff", 0.0) == "#123456"
    assert blend("#123456", "#abcdef", 1.0) == "#abcdef"
    assert sum(parse_colour(darker("#888888"))) < 3 * 0x88 < sum(parse_colour(lighter("#888888")))
