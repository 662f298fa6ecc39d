"""Three levels, within their budgets, of the same size and colours."""

import numpy as np
import pytest

from assets.errors import BudgetError, UnknownShapeError
from assets.lod import TRIANGLES_MAX, build_lods
from assets.shapes import registered
from assets.surface import face_colours


@pytest.mark.parametrize("shape", registered())
def test_levels(shape: str) -> None:
    levels = build_lods(shape, {}, "#3f7c85")
    triangles = [len(lod.mesh.faces) for lod in levels]
    assert [lod.level for lod in levels] == [0, 1, 2]
    assert triangles[0] > triangles[1] > triangles[2] > 100
    assert all(count <= most for count, most in zip(triangles, TRIANGLES_MAX, strict=True))
    finest = levels[0].mesh
    for lod in levels[1:]:
        assert np.allclose(lod.mesh.extents, finest.extents, rtol=0.14, atol=0.006)
    colours = [{tuple(row) for row in face_colours(lod.mesh).tolist()} for lod in levels]
    assert colours[2] <= colours[0]


def test_a_level_over_its_budget_is_refused() -> None:
    with pytest.raises(BudgetError) as caught:
        build_lods("mug", {}, "#3f7c85", (20_000, 100, 50))
    assert caught.value.code == "MESH_OVER_BUDGET"
    data = caught.value.data
    assert (data["shape"], data["level"], data["triangles_max"]) == ("mug", 1, 100)


def test_an_unknown_shape() -> None:
    with pytest.raises(UnknownShapeError):
        build_lods("unicorn", {}, "#3f7c85")
