"""Rockets stand on three fins, robots on two feet."""

import numpy as np
import pytest

from tests.assets.shapes.made import ACCENT, MAIN, centres, make


def test_a_rocket_stands_on_three_fins_and_has_a_nose() -> None:
    mesh = make("rocket", height_m=0.4, accent=ACCENT)
    assert mesh.extents[1] == pytest.approx(0.4, abs=0.01)
    accents = centres(mesh, ACCENT)
    feet = accents[accents[:, 1] < 0.02]
    directions = np.round(np.degrees(np.arctan2(feet[:, 0], feet[:, 2])) / 120).astype(int) % 3
    assert set(directions.tolist()) == {0, 1, 2} or len(np.unique(directions)) >= 2
    assert accents[:, 1].max() > 0.35


def test_a_robot_is_symmetric_in_its_body_and_looks_ahead() -> None:
    mesh = make("robot", height_m=0.3)
    assert mesh.extents[1] == pytest.approx(0.3, abs=0.02)
    assert centres(mesh, MAIN)[:, 0].mean() == pytest.approx(0.0, abs=0.002)
    eyes = centres(mesh, "#22242a")
    assert eyes[:, 2].min() > 0
    assert eyes[:, 1].min() > 0.2
