"""Makes the files of one shape in some colours: the work that is worth doing in another process."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import trimesh

from assets.glb import encode_glb
from assets.lod import build_lods
from assets.measure import measure
from assets.surface import CREASE_DEGREES, face_colours
from assets.thumbnail import ThumbnailSettings, Traced, encode_webp, shade, trace


@dataclass(frozen=True, slots=True)
class Look:
    """One colour of a shape, encoded: GLB files from the finest level on, and a WebP picture."""

    colour: str
    extents_m: tuple[float, float, float]
    glbs: tuple[bytes, ...]
    triangles: tuple[int, ...]
    thumbnail: bytes


def make_looks(
    shape: str,
    parameters: Mapping[str, object],
    colours: Sequence[str],
    settings: ThumbnailSettings,
) -> list[Look]:
    """Mesh a shape in each of the colours.

    Colours change no geometry, so the rays of the picture are cast once for all of them.

    Raises:
        AssetError: as for `assets.lod.build_lods`.
    """
    looks = []
    traced: tuple[Traced, int] | None = None
    for colour in colours:
        levels = build_lods(shape, parameters, colour)
        finest: trimesh.Trimesh = levels[0].mesh
        if traced is None or traced[1] != len(finest.faces):
            traced = trace(finest, CREASE_DEGREES[0], settings), len(finest.faces)
        looks.append(
            Look(
                colour=colour,
                extents_m=measure(finest).extents_m,
                glbs=tuple(encode_glb(lod.mesh, CREASE_DEGREES[lod.level]) for lod in levels),
                triangles=tuple(len(lod.mesh.faces) for lod in levels),
                thumbnail=encode_webp(shade(traced[0], face_colours(finest)), settings),
            )
        )
    return looks
