"""Seats are at the height of knees and turn their fronts to the shopper."""

import numpy as np
import pytest

from tests.assets.shapes.made import ACCENT, MAIN, centres, make


@pytest.mark.parametrize(
    ("shape", "height"), [("stool", 0.46), ("chair", 0.8), ("armchair", 0.78), ("sofa", 0.88)]
)
def test_heights(shape: str, height: float) -> None:
    assert make(shape).extents[1] == pytest.approx(height, abs=0.05)


@pytest.mark.parametrize("shape", ["chair", "armchair", "sofa"])
def test_backs_are_behind(shape: str) -> None:
    mesh = make(shape)
    high = mesh.vertices[mesh.vertices[:, 1] > 0.95 * mesh.extents[1]]
    assert high[:, 2].max() < 0.1


@pytest.mark.parametrize("shape", ["stool", "chair", "armchair", "sofa"])
def test_legs_reach_the_floor_apart_from_one_another(shape: str) -> None:
    mesh = make(shape, accent=ACCENT)
    wood = centres(mesh, ACCENT)
    low = wood[wood[:, 1] < 0.05]
    assert len(low) > 0
    assert np.ptp(low[:, 0]) > 0.25


def test_a_stool_has_a_round_seat() -> None:
    seat = centres(make("stool"), MAIN)
    assert np.ptp(seat[:, 0]) == pytest.approx(np.ptp(seat[:, 2]), rel=0.02)


def test_a_sofa_is_as_wide_as_ordered() -> None:
    assert make("sofa", width_m=2.2).extents[0] == pytest.approx(2.2, abs=0.02)
    assert len(make("sofa", seats=3).faces) > len(make("sofa", seats=1).faces)
