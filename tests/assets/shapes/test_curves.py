"""Curves go where they are told, in as many steps as the detail allows."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.shapes import curves

POINTS = st.lists(
    st.tuples(st.floats(-1, 1), st.floats(-1, 1)), min_size=2, max_size=6, unique=True
)


@given(POINTS, st.integers(2, 40))
def test_smooth_goes_from_end_to_end_without_wild_swings(
    points: list[tuple[float, float]], count: int
) -> None:
    line = curves.smooth(points, count)
    assert line.shape == (count, 2)
    assert np.allclose(line[0], points[0])
    assert np.allclose(line[-1], points[-1])
    assert np.isfinite(line).all()
    assert np.abs(line).max() < 4.0


def test_smooth_goes_through_every_knot_and_keeps_corners() -> None:
    knots = [(0.0, 0.0), (1.0, 0.5), (2.0, 0.0), (3.0, 1.0)]
    line = curves.smooth(knots, 31)
    assert np.allclose(line[::10], knots)
    corner = curves.smooth([(0.0, 0.0), (1.0, 0.0), (1.0, 0.0), (1.0, 1.0)], 31)
    assert np.allclose(corner[10:21], (1.0, 0.0))
    assert np.array_equal(curves.smooth([(1.0, 2.0)], 5), [(1.0, 2.0)])


def test_segments_shrink_with_detail_and_not_below_their_minimum() -> None:
    assert [curves.segments(40, detail) for detail in (0, 1, 2)] == [40, 20, 10]
    assert curves.segments(8, 2, 6) == 6


def test_rings() -> None:
    circle = curves.ring(64, 2.0, 2.0, 0.3)
    assert np.allclose(np.hypot(circle[:, 0], circle[:, 2]), 1.0)
    assert (circle[:, 1] == 0.3).all()
    assert np.allclose(circle[0], (0.0, 0.3, 1.0))
    assert circle[1, 0] > 0
    square = curves.ring(64, 2.0, 2.0, exponent=8.0)
    assert np.hypot(square[:, 0], square[:, 2]).max() > 1.25


def test_rounded_rectangles() -> None:
    line = curves.rounded_rectangle(40, 2.0, 1.0, 0.2)
    assert np.allclose(np.abs(line).max(axis=0), (1.0, 0.0, 0.5))
    assert np.hypot(line[:, 0], line[:, 2]).max() < math.hypot(1.0, 0.5)
    # A radius that does not fit is made to.
    assert np.abs(curves.rounded_rectangle(8, 1.0, 1.0, 9.0)).max() == pytest.approx(0.5)


def test_angles_and_interpolation() -> None:
    assert np.allclose(curves.angles(4), [0, math.pi / 2, math.pi, 3 * math.pi / 2])
    table = [(0.0, 10.0), (1.0, 20.0)]
    assert np.allclose(curves.interpolate(0.25, [0.0, 1.0], table), (0.25, 12.5))
