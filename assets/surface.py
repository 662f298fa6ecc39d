"""A mesh as graphics hardware wants it: every vertex with one normal and one colour.

Meshes of `assets.shapes` are closed and have a colour on each face. Here the corners of their faces
get smooth normals where the surface is smooth and separate ones at edges, and corners that agree
in place, normal and colour become one vertex.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import trimesh
from numpy.typing import NDArray
from trimesh.visual import ColorVisuals

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# Faces that meet at a sharper angle than this do not share a normal. Coarse levels have larger
# angles between the facets of what is round, so they are allowed more.
CREASE_DEGREES = (42.0, 52.0, 66.0)

_NORMAL_STEPS = 2047


@dataclass(frozen=True, slots=True)
class Surface:
    """Vertices and triangles.

    Attributes:
        positions: (n, 3) in metres.
        normals: (n, 3), of length 1.
        colours: (n, 3) sRGB bytes.
        triangles: (m, 3) indices of vertices.
    """

    positions: Floats
    normals: Floats
    colours: NDArray[np.uint8]
    triangles: Integers


def corner_normals(mesh: trimesh.Trimesh, crease_degrees: float) -> Floats:
    """A unit normal for each corner of each face, (m, 3, 3).

    The mean of the faces around the corner's vertex, weighted by area, leaving out those that stand
    at more than `crease_degrees` to the corner's own face.
    """
    faces = np.asarray(mesh.faces, dtype=np.int64)
    points = np.asarray(mesh.vertices, dtype=np.float64)
    a, b, c = (points[faces[:, corner]] for corner in range(3))
    areas = np.cross(b - a, c - a)
    lengths = np.linalg.norm(areas, axis=1, keepdims=True)
    units = areas / np.maximum(lengths, 1e-18)
    corners = faces.reshape(-1)
    order = np.argsort(corners, kind="stable")
    counts = np.bincount(corners, minlength=len(points))
    starts = np.cumsum(counts) - counts
    degree = counts[corners[order]]
    # Every ordered pair of corners that share a vertex: `mine` once for each of its `theirs`.
    mine = np.repeat(np.arange(len(order)), degree)
    step = np.arange(len(mine)) - np.repeat(np.cumsum(degree) - degree, degree)
    theirs = np.repeat(starts[corners[order]], degree) + step
    face_mine, face_theirs = order[mine] // 3, order[theirs] // 3
    cosine = np.einsum("ij,ij->i", units[face_mine], units[face_theirs])
    together = (cosine >= math.cos(math.radians(crease_degrees))) | (face_mine == face_theirs)
    sums = np.zeros((len(order), 3))
    for axis in range(3):
        sums[:, axis] = np.bincount(
            order[mine[together]], weights=areas[face_theirs[together], axis], minlength=len(order)
        )
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    # What has no area has no normal either; any will do, as it is never seen.
    units[np.linalg.norm(units, axis=1) < 0.5] = (0.0, 1.0, 0.0)
    own = np.repeat(units, 3, axis=0)
    normals = np.where(lengths > 1e-18, sums / np.maximum(lengths, 1e-18), own)
    result: Floats = normals.reshape(-1, 3, 3)
    return result


def surface_of(mesh: trimesh.Trimesh, crease_degrees: float) -> Surface:
    """Split the mesh where normals or colours do, and nowhere else."""
    normals = corner_normals(mesh, crease_degrees).reshape(-1, 3)
    colours = face_colours(mesh)
    packed = (
        colours[:, 0].astype(np.int64) << 16 | colours[:, 1].astype(np.int64) << 8 | colours[:, 2]
    )
    corners = np.asarray(mesh.faces, dtype=np.int64).reshape(-1)
    _, place = np.unique(corners << 24 | np.repeat(packed, 3), return_inverse=True)
    grid = np.rint((normals + 1.0) * _NORMAL_STEPS).astype(np.int64)
    key = place.reshape(-1) << 36 | grid[:, 0] << 24 | grid[:, 1] << 12 | grid[:, 2]
    _, first, inverse = np.unique(key, return_index=True, return_inverse=True)
    # Vertices in the order in which the faces first use them: kind to caches, and stable.
    rank = np.argsort(first, kind="stable")
    first = first[rank]
    number = np.empty_like(rank)
    number[rank] = np.arange(len(rank))
    return Surface(
        positions=np.asarray(mesh.vertices, dtype=np.float64)[corners[first]],
        normals=normals[first],
        colours=colours[first // 3],
        triangles=number[inverse.reshape(-1)].reshape(-1, 3),
    )


def face_colours(mesh: trimesh.Trimesh) -> NDArray[np.uint8]:
    """sRGB bytes of every face, (m, 3)."""
    visual = mesh.visual
    if not isinstance(visual, ColorVisuals):
        raise TypeError("a mesh of assets.shapes has a colour on each face")
    colours: NDArray[Any] = np.asarray(visual.face_colors)
    return colours[:, :3].astype(np.uint8)
