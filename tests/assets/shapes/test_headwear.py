"""Hats fit a head, their brims are as wide as ordered, and peaks point to the front."""

import numpy as np
import pytest

from tests.assets.shapes.made import ACCENT, MAIN, centres, make


def test_brims() -> None:
    narrow, wide = make("brimmed-hat", brim_m=0.04), make("brimmed-hat", brim_m=0.14)
    assert wide.extents[0] - narrow.extents[0] == pytest.approx(0.2, abs=0.02)


def test_a_pinch_lowers_the_middle_of_the_crown() -> None:
    plain, pinched = make("brimmed-hat", pinch=0.0), make("brimmed-hat", pinch=1.0)
    assert plain.volume > pinched.volume


def test_the_ribbon_goes_around() -> None:
    ribbon = centres(make("brimmed-hat", accent=ACCENT), ACCENT)
    assert np.ptp(ribbon[:, 0]) > 0.17
    assert np.ptp(ribbon[:, 2]) > 0.17


def test_a_peak_points_to_the_front() -> None:
    mesh = make("cap", brim_m=0.08, accent=ACCENT)
    cloth, trims = centres(mesh, MAIN), centres(mesh, ACCENT)
    button = trims[trims[:, 1] > 0.9 * mesh.extents[1]].mean(axis=0)
    assert cloth[:, 2].max() - button[2] > button[2] - cloth[:, 2].min() + 0.03


def test_pompoms_can_be_left_out() -> None:
    assert make("beanie").extents[1] > make("beanie", pompom=False).extents[1] + 0.02
    assert centres(make("beanie", accent=ACCENT), ACCENT)[:, 1].min() > 0.2


@pytest.mark.parametrize("shape", ["cap", "beanie", "brimmed-hat"])
def test_hats_are_as_large_as_heads(shape: str) -> None:
    cloth = centres(make(shape, detail=1), MAIN)
    assert 0.15 < np.ptp(cloth[:, 0]) < 0.4
