"""Sections of a foot, and what is sewn from them."""

import numpy as np
import pytest

from assets.shapes.registry import Values
from assets.shapes.uppers import (
    Section,
    capped,
    heeled,
    paired,
    patch,
    rising,
    section_ring,
    shell,
    sole_part,
)

FOOT: Section = (0.02, -0.5, 0.5, 0.16, 1.0, 0.0)
OUTSIDE: list[Section] = [
    FOOT,
    (0.06, -0.48, 0.2, 0.13, 0.5, 0.0),
    (0.1, -0.46, 0.0, 0.11, 0.0, 0.0),
]
VALUES = Values({}, "#b4552f", 0)


def test_a_section_is_as_long_and_wide_as_it_says() -> None:
    line = section_ring(FOOT, 0.3, 96)
    assert np.ptp(line[:, 2]) == pytest.approx(0.3, abs=0.001)
    assert np.ptp(line[:, 0]) == pytest.approx(2 * 0.16 * 0.3, rel=0.08)
    # The ball of the foot is wider than the heel.
    front, back = line[line[:, 2] > 0.02], line[line[:, 2] < -0.02]
    assert np.ptp(front[:, 0]) > np.ptp(back[:, 0])


def test_the_toe_can_rise() -> None:
    line = section_ring((0.02, -0.5, 0.5, 0.16, 1.0, 0.01), 0.3, 96)
    assert line[0, 1] > 0.025
    assert line[48, 1] == pytest.approx(0.02)


def test_a_shell_goes_through_its_sections() -> None:
    rings = shell(OUTSIDE, 0.3, VALUES, 21)
    assert rings.shape[0] == 21
    assert rings[0, :, 1].min() == pytest.approx(0.02)
    assert rings[-1, :, 1].max() == pytest.approx(0.1)


def test_rising_leaves_out_what_goes_down_again() -> None:
    table = rising([*OUTSIDE, (0.05, 0, 0, 0, 0, 0)])
    assert list(table[:, 0]) == [0.02, 0.06, 0.1]


@pytest.mark.parametrize("side", [-1, 1])
def test_patches_lie_on_their_side(side: int) -> None:
    part = patch(OUTSIDE, 0.3, side, (0.03, 0.08), lambda _: (-0.08, -0.03), VALUES, "#00ff88")
    assert (part.vertices[:, 0] * side > 0).all()
    assert part.vertices[:, 2].min() == pytest.approx(-0.08)
    assert part.vertices[:, 2].max() == pytest.approx(-0.03)


def test_caps_of_toe_and_heel_end_at_their_cut() -> None:
    heights = (0.03, 0.05)
    toe = capped(OUTSIDE, 0.3, heights, VALUES, "#00ff88", toe_from=0.2)
    heel = capped(OUTSIDE, 0.3, heights, VALUES, "#00ff88", heel_to=-0.3)
    band = capped(OUTSIDE, 0.3, heights, VALUES, "#00ff88")
    assert toe.vertices[:, 2].min() > 0.05
    assert heel.vertices[:, 2].max() < -0.08
    assert np.ptp(band.vertices[:, 2]) > 0.2
    for part in (toe, heel, band):
        assert part.signed_volume() > 0


def test_heels_rise_and_toes_stay() -> None:
    sole = sole_part(0.3, 0.02, VALUES, "#333333", 0.0)
    raised = heeled(sole, 0.3, 0.02)
    lift = raised.vertices[:, 1] - sole.vertices[:, 1]
    assert lift[sole.vertices[:, 2] > 0.06].max() == 0.0
    assert lift[sole.vertices[:, 2] < -0.08].min() == pytest.approx(0.02)


def test_a_pair_is_two() -> None:
    sole = sole_part(0.3, 0.02, VALUES, "#333333")
    left, right = paired([sole], 0.3)
    assert left.vertices[:, 0].max() < 0 < right.vertices[:, 0].min()
