"""Measures against bodies whose measures everybody knows."""

import math

import pytest
import trimesh

from assets.measure import measure
from assets.shapes.registry import build


def test_a_box() -> None:
    measures = measure(trimesh.creation.box(extents=(1.0, 2.0, 3.0)))
    assert measures.extents_m == (1.0, 2.0, 3.0)
    assert measures.area_m2 == pytest.approx(22.0)
    assert measures.volume_m3 == pytest.approx(6.0)
    assert (measures.watertight, measures.triangles) == (True, 12)


def test_a_ball() -> None:
    measures = measure(trimesh.creation.icosphere(subdivisions=4, radius=0.5))
    assert measures.area_m2 == pytest.approx(math.pi, rel=0.01)
    assert measures.volume_m3 == pytest.approx(math.pi / 6, rel=0.01)


def test_an_open_mesh_has_no_volume() -> None:
    box = trimesh.creation.box(extents=(1.0, 1.0, 1.0))
    measures = measure(trimesh.Trimesh(box.vertices, box.faces[1:], process=False))
    assert (measures.watertight, measures.volume_m3, measures.triangles) == (False, 0.0, 11)


def test_a_mug_is_as_tall_as_it_was_ordered() -> None:
    measures = measure(build("mug", {"height_m": 0.12}, "#b4552f", 0))
    assert measures.extents_m[1] == pytest.approx(0.12, abs=0.004)
    assert measures.watertight
