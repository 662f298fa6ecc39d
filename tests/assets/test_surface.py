"""Smooth where it is smooth, sharp at edges, and colours that do not bleed."""

import numpy as np
import pytest
import trimesh
from hypothesis import given
from hypothesis import strategies as st

from assets.shapes import build, registered
from assets.surface import CREASE_DEGREES, corner_normals, face_colours, surface_of


def painted(mesh: trimesh.Trimesh, colours: object = (200, 100, 50)) -> trimesh.Trimesh:
    rows = np.broadcast_to(np.array(colours, dtype=np.uint8), (len(mesh.faces), 3))
    return trimesh.Trimesh(mesh.vertices, mesh.faces, face_colors=rows, process=False)


def test_a_box_keeps_its_edges() -> None:
    surface = surface_of(painted(trimesh.creation.box()), 42.0)
    assert len(surface.positions) == 24
    assert np.allclose(np.abs(surface.normals).max(axis=1), 1.0)


def test_a_ball_is_smooth() -> None:
    ball = trimesh.creation.icosphere(subdivisions=3)
    surface = surface_of(painted(ball), 42.0)
    assert len(surface.positions) == len(ball.vertices)
    assert np.all(np.einsum("ij,ij->i", surface.normals, surface.positions) > 0.999)


def test_colours_split_vertices() -> None:
    ball = trimesh.creation.icosphere(subdivisions=2)
    upper = ball.triangles_center[:, 1] > 0
    mesh = painted(ball, np.where(upper[:, None], (255, 0, 0), (0, 0, 255)))
    surface = surface_of(mesh, 42.0)
    assert {tuple(row) for row in surface.colours.tolist()} == {(255, 0, 0), (0, 0, 255)}
    assert len(surface.positions) > len(ball.vertices)
    shown = surface.colours[surface.triangles]
    assert np.array_equal(shown, np.repeat(face_colours(mesh)[:, None], 3, axis=1))


@given(st.sampled_from(sorted(registered())), st.sampled_from([1, 2]))
def test_nothing_is_lost(shape: str, detail: int) -> None:
    mesh = build(shape, {}, "#884422", detail)
    surface = surface_of(mesh, CREASE_DEGREES[detail])
    assert np.array_equal(surface.positions[surface.triangles], mesh.triangles)
    assert np.allclose(np.linalg.norm(surface.normals, axis=1), 1.0, atol=1e-6)
    assert np.array_equal(np.unique(surface.triangles), np.arange(len(surface.positions)))
    assert np.array_equal(surface.colours[surface.triangles[:, 0]], face_colours(mesh))


def test_normals_look_outwards() -> None:
    mesh = build("bowl", {}, "#884422", 0)
    normals = corner_normals(mesh, CREASE_DEGREES[0])
    agree = np.einsum("ijk,ik->ij", normals, mesh.face_normals)
    assert agree.min() > 0.6


def test_a_mesh_of_elsewhere_is_refused() -> None:
    textured = trimesh.creation.box()
    textured.visual = trimesh.visual.TextureVisuals(uv=np.zeros((8, 2)))  # type: ignore[no-untyped-call]
    with pytest.raises(TypeError, match="colour on each face"):
        face_colours(textured)
