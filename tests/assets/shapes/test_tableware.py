"""Cups hold tea: hollow, with handles and spouts where hands expect them."""

import numpy as np
import pytest

from tests.assets.shapes.made import ACCENT, centres, make


@pytest.mark.parametrize("shape", ["mug", "bowl", "pitcher"])
def test_vessels_are_hollow_with_an_inside_of_their_own(shape: str) -> None:
    mesh = make(shape, accent=ACCENT)
    height = mesh.extents[1]
    middle = np.array([[0.0 if shape == "bowl" else mesh.centroid[0], height * 2, 0.0]])
    hits = mesh.ray.intersects_location(middle, [[0.0, -1.0, 0.0]], multiple_hits=False)[0]
    assert hits[0][1] < height * 0.35
    assert len(centres(mesh, ACCENT)) > 50


def test_a_mug_has_its_handle_to_the_right() -> None:
    mesh = make("mug", height_m=0.1)
    half = mesh.extents[0] / 2
    right = mesh.vertices[mesh.vertices[:, 0] > half * 0.7]
    left = mesh.vertices[mesh.vertices[:, 0] < -half * 0.7]
    assert np.ptp(right[:, 2]) < 0.5 * np.ptp(left[:, 2])
    assert mesh.extents[1] == pytest.approx(0.1, abs=0.004)


def test_a_teapot_pours_to_the_right_and_has_a_knob_on_top() -> None:
    mesh = make("teapot", accent=ACCENT)
    knob = centres(mesh, ACCENT)
    assert knob[:, 1].min() > 0.85 * mesh.extents[1]
    assert mesh.extents[0] > 1.4 * mesh.extents[2]


def test_a_plate_leans_towards_the_viewer() -> None:
    mesh = make("plate", width_m=0.27, accent=ACCENT)
    face = centres(mesh, ACCENT)
    assert mesh.extents[1] > 0.9 * 0.27
    assert np.ptp(face[:, 1]) > np.ptp(face[:, 2])


def test_vases() -> None:
    bottle, fluted = make("vase", style="bottle"), make("vase", style="fluted")
    for mesh in (bottle, fluted):
        assert mesh.extents[1] == pytest.approx(0.32, rel=0.06)
    assert len(centres(make("vase", style="bottle", accent=ACCENT), ACCENT)) > 20
    top = fluted.vertices[fluted.vertices[:, 1] > 0.9 * fluted.extents[1]]
    assert np.hypot(top[:, 0], top[:, 2]).max() == pytest.approx(fluted.extents[0] / 2, rel=0.05)
