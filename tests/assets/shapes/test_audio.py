"""Headphones hang on their stand; loudspeakers face the listener."""

import numpy as np
import pytest

from tests.assets.shapes.made import ACCENT, MAIN, centres, make


def test_headphones_are_as_wide_as_a_head_and_off_the_floor() -> None:
    mesh = make("headphones", width_m=0.18)
    shells = centres(mesh, MAIN)
    assert 0.18 < np.ptp(shells[:, 0]) < 0.28
    assert shells[:, 1].min() > 0.05
    assert shells[:, 0].mean() == pytest.approx(0.0, abs=0.003)


def test_a_speaker_has_its_drivers_in_front() -> None:
    mesh = make("speaker", height_m=0.34, accent=ACCENT)
    assert mesh.extents[1] == pytest.approx(0.34, abs=0.01)
    light = centres(mesh, ACCENT)
    assert light[:, 2].min() > 0.75 * mesh.extents[2] / 2
