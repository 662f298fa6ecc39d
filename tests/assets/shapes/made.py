"""What the tests of the families look at: one mesh, and where a colour of it is."""

from typing import Any

import numpy as np
import trimesh
from numpy.typing import NDArray

from assets.colours import parse_colour
from assets.shapes import build
from assets.surface import face_colours

MAIN = "#b4552f"
ACCENT = "#00ff88"


def make(shape: str, detail: int = 0, **parameters: Any) -> trimesh.Trimesh:
    return build(shape, parameters, MAIN, detail)


def centres(mesh: trimesh.Trimesh, colour: str) -> NDArray[np.float64]:
    """Centres (n, 3) of the faces of this colour."""
    return np.asarray(
        mesh.triangles_center[(face_colours(mesh) == parse_colour(colour)).all(axis=1)]
    )


def within(mesh: trimesh.Trimesh, height_m: float) -> NDArray[np.float64]:
    """Extents (x, z) of what lies below a height."""
    low = mesh.vertices[mesh.vertices[:, 1] <= height_m]
    return np.asarray(np.ptp(low[:, [0, 2]], axis=0))
