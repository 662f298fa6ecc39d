"""Every solid is closed, looks outwards, and has the size and the volume that it should."""

import math

import numpy as np
import pytest
import trimesh
from hypothesis import given
from hypothesis import strategies as st

from assets.shapes import solids
from assets.shapes.curves import ring
from assets.shapes.solids import Part

GREY = "#808080"
SIZES = st.floats(0.02, 2.0)
ROUND = st.integers(3, 40)


def closed(part: Part) -> trimesh.Trimesh:
    mesh = trimesh.Trimesh(part.vertices, part.faces, process=False)
    assert mesh.is_watertight
    assert mesh.is_winding_consistent
    assert part.signed_volume() > 0
    assert len(part.colours) == len(part.faces)
    return mesh


@given(SIZES, SIZES, SIZES, st.floats(0.0, 1.0), ROUND)
def test_rounded_boxes(
    width: float, height: float, depth: float, radius: float, around: int
) -> None:
    part = solids.rounded_box((width, height, depth), radius, around, GREY)
    mesh = closed(part)
    assert np.allclose(mesh.extents, (width, height, depth), rtol=1e-3)
    assert mesh.bounds[0][1] == pytest.approx(0.0, abs=1e-9)
    assert part.signed_volume() <= width * height * depth * 1.001


@given(SIZES, SIZES, SIZES, st.integers(6, 40), st.floats(1.5, 8.0), st.floats(1.5, 8.0))
def test_ellipsoids(
    width: float, height: float, depth: float, around: int, square: float, flat: float
) -> None:
    mesh = closed(solids.ellipsoid((width, height, depth), around, GREY, square, flat))
    assert mesh.extents[1] == pytest.approx(height)
    assert (mesh.extents <= np.array([width, height, depth]) * 1.001).all()


def test_a_fine_ellipsoid_has_the_volume_of_one() -> None:
    part = solids.ellipsoid((0.2, 0.4, 0.6), 80, GREY)
    assert part.signed_volume() == pytest.approx(4 / 3 * math.pi * 0.1 * 0.2 * 0.3, rel=0.01)


@given(st.floats(0.01, 1.0), st.floats(0.01, 1.0), st.integers(3, 60))
def test_cylinders(radius: float, height: float, around: int) -> None:
    part = solids.cylinder(radius, height, around, GREY)
    assert closed(part).extents[1] == pytest.approx(height)
    assert part.signed_volume() <= math.pi * radius**2 * height


def test_revolving_on_and_off_the_axis() -> None:
    cone = solids.revolve([(1.0, 0.0), (0.0, 1.0)], 90, GREY)
    assert closed(cone).volume == pytest.approx(math.pi / 3, rel=0.01)
    drum = solids.revolve([(1.0, 0.0), (1.0, 1.0)], 90, GREY)
    assert closed(drum).volume == pytest.approx(math.pi, rel=0.01)


def test_bands_have_their_own_colours() -> None:
    drum = solids.revolve([(1.0, 0.0), (1.0, 1.0), (1.0, 2.0)], 12, ["#ff0000", "#0000ff"])
    high = drum.vertices[drum.faces].mean(axis=1)[:, 1] > 1.0
    assert (drum.colours[high] == (0, 0, 255)).all()
    assert (drum.colours[~high] == (255, 0, 0)).all()
    with pytest.raises(ValueError, match="1 colours for 2 bands"):
        solids.revolve([(1.0, 0.0), (1.0, 1.0), (1.0, 2.0)], 12, ["#ff0000"])


def test_tubes_are_round_and_do_not_twist() -> None:
    turn = np.linspace(0, math.pi, 40)
    arch = np.stack([np.cos(turn), np.sin(turn), np.zeros(40)], axis=1)
    part = solids.sweep(arch, 0.1, 24, GREY)
    assert closed(part).volume == pytest.approx(math.pi * math.pi * 0.01, rel=0.03)
    strap = solids.sweep(arch, 0.1, 24, GREY, flat=0.2, up=(0.0, 0.0, 1.0))
    assert closed(strap).extents[2] == pytest.approx(0.04, rel=0.02)
    hoop = solids.sweep(ring(40, 1.0, 1.0), 0.05, 12, GREY, closed=True)
    assert closed(hoop).euler_number == 0


def test_a_tube_that_starts_along_its_own_up() -> None:
    closed(solids.sweep([(0, 0, 0), (0, 0, 1)], 0.1, 8, GREY, up=(0.0, 0.0, 1.0)))


@pytest.mark.parametrize("bevel", [0.0, 0.02])
def test_slabs(bevel: float) -> None:
    part = solids.slab(ring(24, 1.0, 0.5), 0.1, GREY, bevel)
    assert closed(part).extents[1] == pytest.approx(0.1)


def test_moving_turning_and_mirroring() -> None:
    box = solids.rounded_box((0.2, 0.4, 0.6), 0.02, 16, GREY)
    volume = box.signed_volume()
    for part in (box.moved(1, 2, 3), box.turned("x", 40), box.scaled(x=-1.0), box.scaled(y=-1.0)):
        assert closed(part).volume == pytest.approx(volume)
    # Counter-clockwise seen from the tip of the axis.
    point = Part(
        np.array([[0.0, 0.0, 1.0]]), np.zeros((0, 3), np.int64), np.zeros((0, 3), np.uint8)
    )
    assert np.allclose(point.turned("y", 90).vertices, [[1.0, 0.0, 0.0]])
    assert np.allclose(point.turned("x", -90).vertices, [[0.0, 1.0, 0.0]])
    up = point.bent(np.array([[0.0, 1.0, 0.0]]))
    assert np.allclose(up.turned("z", 90).vertices, [[-1.0, 0.0, 0.0]])
    assert [part.vertices[0, 0] for part in solids.placed([point, point], x=2.0)] == [2.0, 2.0]
    assert np.allclose(solids.mirrored([point.moved(x=1.0)])[0].vertices[0], (-1.0, 0.0, 1.0))
    assert np.allclose(solids.turned([point], "y", 180)[0].vertices[0], (0.0, 0.0, -1.0))
