"""Levels of detail: the same generator run with fewer segments, within budgets for headsets.

About sixty products are seen at once, and a standalone headset draws about a million triangles a
frame at 72 frames a second. So the one in the hand may have 20,000, those around 5,000, and those
far away 1,000.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import trimesh

from assets.errors import BudgetError
from assets.shapes import DETAILS, build

TRIANGLES_MAX = (20_000, 5_000, 1_000)


@dataclass(frozen=True, slots=True)
class LodMesh:
    """A mesh and its level; 0 is the finest."""

    level: int
    mesh: trimesh.Trimesh


def build_lods(
    shape: str,
    parameters: Mapping[str, object],
    colour: str,
    triangles_max: tuple[int, int, int] = TRIANGLES_MAX,
) -> tuple[LodMesh, ...]:
    """The three levels of a shape, finest first, each with fewer triangles than the one before.

    Raises:
        BudgetError: a level has more triangles than its budget, or not fewer than the finer one.
        AssetError: as for `assets.shapes.build`.
    """
    levels: list[LodMesh] = []
    finer: int | None = None
    for level, budget in zip(DETAILS, triangles_max, strict=True):
        mesh = build(shape, parameters, colour, level)
        triangles = len(mesh.faces)
        allowed = budget if finer is None else min(budget, finer - 1)
        if triangles > allowed:
            raise BudgetError(
                f'Level {level} of "{shape}" has {triangles} triangles; {allowed} are allowed.',
                data={
                    "shape": shape,
                    "level": level,
                    "triangles": triangles,
                    "triangles_max": allowed,
                },
            )
        levels.append(LodMesh(level, mesh))
        finer = triangles
    return tuple(levels)
