"""Bags: handles on top, clasps in front, wheels below."""

import numpy as np
import pytest

from tests.assets.shapes.made import ACCENT, MAIN, centres, make


def test_a_handbag_has_its_clasp_in_front() -> None:
    mesh = make("handbag", width_m=0.3, accent=ACCENT)
    assert mesh.extents[0] == pytest.approx(0.3, rel=0.05)
    metal = centres(mesh, ACCENT)
    clasp = metal[(metal[:, 1] > 0.05) & (metal[:, 1] < 0.15)]
    assert clasp[:, 2].min() > 0


def test_a_tote_is_open() -> None:
    mesh = make("tote", height_m=0.4)
    hits = mesh.ray.intersects_location([[0.0, 0.36, 0.0]], [[0.0, -1.0, 0.0]], multiple_hits=False)
    assert hits[0][0][1] < 0.1
    assert mesh.extents[1] > 0.55


def test_a_backpack_has_straps_behind_and_a_pocket_in_front() -> None:
    mesh = make("backpack", height_m=0.44)
    body = centres(mesh, MAIN)
    assert mesh.bounds[0][2] < body[:, 2].min() - 0.01
    assert mesh.bounds[1][2] > body[:, 2].max() + 0.01


def test_a_suitcase_stands_on_wheels() -> None:
    mesh = make("suitcase", height_m=0.5)
    shell = centres(mesh, MAIN)
    assert shell[:, 1].min() > 0.02
    assert mesh.extents[1] > 0.62
    wheels = mesh.vertices[mesh.vertices[:, 1] < 0.01]
    assert np.ptp(wheels[:, 0]) > 0.15
