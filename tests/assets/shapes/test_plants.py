"""Plants grow out of pots of the ordered colour."""

import numpy as np
import pytest

from tests.assets.shapes.made import MAIN, centres, make, within


@pytest.mark.parametrize("style", ["aloe", "broad", "palm"])
def test_leaves_are_above_the_pot_and_wider(style: str) -> None:
    mesh = make("plant", style=style, height_m=0.6)
    pot = centres(mesh, MAIN)
    assert pot[:, 1].max() < 0.5 * mesh.extents[1]
    assert mesh.extents[0] > np.ptp(pot[:, 0])
    assert mesh.extents[1] == pytest.approx(0.6, rel=0.15)
    # It stands on the round foot of its pot.
    foot = within(mesh, 0.003)
    assert foot[0] == pytest.approx(foot[1], rel=0.05)


def test_heights_are_as_ordered() -> None:
    small, large = make("plant", height_m=0.4), make("plant", height_m=1.2)
    assert large.extents[1] > 2.2 * small.extents[1]
