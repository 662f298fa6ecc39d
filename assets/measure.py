"""What a mesh measures: extents, area, volume, whether it is closed, how many triangles it has."""

from dataclasses import dataclass

import numpy as np
import trimesh


@dataclass(frozen=True, slots=True)
class Measures:
    """Measures of a mesh.

    Attributes:
        extents_m: width, height, depth along x, y, z, in metres.
        area_m2: of all its surfaces, square metres.
        volume_m3: sum over its closed parts, cubic metres; what two of them share counts twice.
            0 when the mesh is not closed, as the volume is then nobody's guess.
        watertight: every edge belongs to exactly two faces.
        triangles: how many.
    """

    extents_m: tuple[float, float, float]
    area_m2: float
    volume_m3: float
    watertight: bool
    triangles: int


def measure(mesh: trimesh.Trimesh) -> Measures:
    """Measure a mesh that is in metres."""
    low, high = np.asarray(mesh.bounds)
    width, height, depth = (round(float(value), 4) for value in high - low)
    watertight = bool(mesh.is_watertight)
    return Measures(
        extents_m=(width, height, depth),
        area_m2=float(mesh.area),
        volume_m3=float(mesh.volume) if watertight else 0.0,
        watertight=watertight,
        triangles=len(mesh.faces),
    )
