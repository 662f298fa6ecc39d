"""Lamps stand, and their shades are open and lit from inside."""

import numpy as np
import pytest

from assets.colours import blend
from tests.assets.shapes.made import ACCENT, MAIN, centres, make, within


def test_a_floor_lamp_is_slim_and_tall() -> None:
    mesh = make("floor-lamp", height_m=1.6)
    assert mesh.extents[1] == pytest.approx(1.6, abs=0.05)
    stem = mesh.vertices[(mesh.vertices[:, 1] > 0.2) & (mesh.vertices[:, 1] < 1.0)]
    assert np.abs(stem[:, [0, 2]]).max(initial=0.0) < 0.06
    assert within(mesh, 0.02).min() > 0.25


def test_shades_glow_inside() -> None:
    mesh = make("floor-lamp")
    assert len(centres(mesh, blend(MAIN, "#fff1c9", 0.75))) > 50


@pytest.mark.parametrize("style", ["round", "turned"])
def test_table_lamps(style: str) -> None:
    mesh = make("table-lamp", style=style, height_m=0.5, accent=ACCENT)
    assert mesh.extents[1] == pytest.approx(0.5, abs=0.05)
    assert centres(mesh, ACCENT)[:, 1].min() > centres(mesh, MAIN)[:, 1].mean()


def test_a_mushroom_has_its_dome_on_top() -> None:
    mesh = make("mushroom-lamp", accent=ACCENT)
    assert centres(mesh, MAIN)[:, 1].min() > centres(mesh, ACCENT)[:, 1].mean()
