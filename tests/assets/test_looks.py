"""One call makes all files of a shape in its colours."""

import io

import numpy as np
from PIL import Image

from assets.lod import TRIANGLES_MAX
from assets.looks import make_looks
from assets.thumbnail import ThumbnailSettings

SMALL = ThumbnailSettings(size_px=64)


def test_every_colour_has_its_files() -> None:
    looks = make_looks("bowl", {"width_m": 0.2}, ["#b4552f", "#4c8791"], SMALL)
    assert [look.colour for look in looks] == ["#b4552f", "#4c8791"]
    for look in looks:
        assert look.extents_m[0] == 0.2
        assert all(glb[:4] == b"glTF" for glb in look.glbs)
        assert all(n <= m for n, m in zip(look.triangles, TRIANGLES_MAX, strict=True))
        with Image.open(io.BytesIO(look.thumbnail)) as image:
            assert image.size == (64, 64)
    assert looks[0].glbs != looks[1].glbs
    assert looks[0].triangles == looks[1].triangles


def test_a_colour_looks_the_same_in_any_company() -> None:
    alone = make_looks("mug", {}, ["#4c8791"], SMALL)[0]
    second = make_looks("mug", {}, ["#b4552f", "#4c8791"], SMALL)[1]
    assert alone == second
    pictures = [
        np.asarray(Image.open(io.BytesIO(look.thumbnail)).convert("RGB")).mean()
        for look in (alone, second)
    ]
    assert pictures[0] == pictures[1]
