"""Shoes come in pairs, toes to the front, and open where feet go in."""

import numpy as np
import pytest

from tests.assets.shapes.made import ACCENT, centres, make, within


@pytest.mark.parametrize("shape", ["sneaker", "boot", "loafer"])
def test_a_pair(shape: str) -> None:
    mesh = make(shape, length_m=0.29)
    assert mesh.extents[2] == pytest.approx(0.29, rel=0.12)
    middle = mesh.vertices[np.abs(mesh.vertices[:, 0]) < 0.004]
    assert len(middle) == 0
    left = mesh.vertices[mesh.vertices[:, 0] < 0]
    right = mesh.vertices[mesh.vertices[:, 0] > 0]
    assert len(left) == len(right)


@pytest.mark.parametrize("shape", ["sneaker", "boot", "loafer"])
def test_the_toe_is_in_front_and_the_ankle_behind(shape: str) -> None:
    mesh = make(shape)
    high = mesh.vertices[mesh.vertices[:, 1] > 0.8 * mesh.extents[1]]
    assert high[:, 2].mean() < 0


def test_a_collar_makes_a_high_top_and_a_shaft_a_rain_boot() -> None:
    assert make("sneaker", collar_m=0.15).extents[1] > make("sneaker").extents[1] + 0.04
    assert make("boot", shaft_m=0.32).extents[1] == pytest.approx(0.34, abs=0.04)


def test_rain_boots_have_a_band_on_top() -> None:
    mesh = make("boot", shaft_m=0.31, accent=ACCENT)
    assert centres(mesh, ACCENT)[:, 1].min() > 0.7 * 0.31


def test_laces_lie_on_the_instep() -> None:
    mesh = make("boot", laces=True, accent=ACCENT)
    lace = centres(mesh, ACCENT)
    assert len(lace) > 400
    assert lace[:, 1].min() > 0.04


def test_soles_are_as_wide_as_the_shoe() -> None:
    mesh = make("sneaker", sole=ACCENT)
    sole = centres(mesh, ACCENT)
    assert sole[:, 1].max() < 0.05
    assert np.ptp(sole[:, 0]) == pytest.approx(within(mesh, 0.2)[0], rel=0.05)
