"""Pictures show the product whole, in its colour, lit from above, the same each time."""

import dataclasses
import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from assets.shapes import build
from assets.surface import CREASE_DEGREES, face_colours
from assets.thumbnail import ThumbnailSettings, encode_webp, shade, trace

SMALL = ThumbnailSettings(size_px=96)


def picture(shape: str, colour: str, settings: ThumbnailSettings = SMALL) -> NDArray[np.uint8]:
    mesh = build(shape, {}, colour, 1)
    return shade(trace(mesh, CREASE_DEGREES[1], settings), face_colours(mesh))


def opaque(image: NDArray[np.uint8]) -> NDArray[np.bool_]:
    return image[..., 3] > 250


@pytest.mark.parametrize("shape", ["mug", "floor-lamp", "sofa", "sneaker"])
def test_the_product_fills_the_picture_and_is_not_cut(shape: str) -> None:
    image = picture(shape, "#3f7c85")
    assert image.shape == (96, 96, 4)
    seen = opaque(image)
    border = np.concatenate([seen[0], seen[-1], seen[:, 0], seen[:, -1]])
    assert not border.any()
    rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    assert 0.78 * 96 <= max(np.ptp(rows), np.ptp(columns)) <= 0.92 * 96


def test_the_background_is_clear_and_there_is_a_shadow() -> None:
    image = picture("mug", "#3f7c85")
    assert (image[0, :, 3] == 0).all()
    shadow = (image[..., 3] > 25) & (image[..., 3] < 200) & (image[..., :3].max(axis=2) < 20)
    assert shadow.sum() > 200
    # The key light hangs to the left, so the shadow falls to the right.
    assert np.nonzero(shadow)[1].mean() > 48


@pytest.mark.parametrize(("colour", "channel"), [("#d02020", 0), ("#20a030", 1), ("#2030d0", 2)])
def test_colours_are_those_of_the_product(colour: str, channel: int) -> None:
    image = picture("stool", colour)
    # The middle of the seat.
    seat = image[14:20, 40:56, :3].reshape(-1, 3).mean(axis=0)
    assert int(np.argmax(seat)) == channel


def test_light_comes_from_above() -> None:
    image = picture("speaker", "#808080").astype(float)
    seen = opaque(picture("speaker", "#808080"))
    top = image[..., :3].mean(axis=2)[:16][seen[:16]].mean()
    rest = image[..., :3].mean(axis=2)[40:][seen[40:]].mean()
    assert top > rest


def test_white_is_not_burnt_out() -> None:
    image = picture("t-shirt", "#f4f2ee")
    levels = image[opaque(image)][:, :3].max(axis=1)
    assert np.percentile(levels, 90) < 255
    assert np.unique(levels).size > 30


def test_the_same_bytes_every_time() -> None:
    once, again = (encode_webp(picture("watch", "#7a4a2b"), SMALL) for _ in range(2))
    assert once == again


def test_one_trace_serves_all_colours() -> None:
    red, blue = (build("backpack", {}, colour, 1) for colour in ("#c03030", "#3030c0"))
    traced = trace(red, CREASE_DEGREES[1], SMALL)
    direct = shade(trace(blue, CREASE_DEGREES[1], SMALL), face_colours(blue))
    assert np.array_equal(shade(traced, face_colours(blue)), direct)


def test_the_file_keeps_size_and_transparency() -> None:
    settings = ThumbnailSettings()
    content = encode_webp(picture("mug", "#3f7c85", settings), settings)
    with Image.open(io.BytesIO(content)) as image:
        assert (image.format, image.size, image.mode) == ("WEBP", (256, 256), "RGBA")
        assert image.getpixel((2, 2)) == (0, 0, 0, 0)
    assert 2_000 < len(content) < 30_000


def test_fewer_rays_still_make_a_picture() -> None:
    plain = dataclasses.replace(SMALL, samples=1, sky_rays=0, key_rays=0)
    image = picture("mug", "#3f7c85", plain)
    assert opaque(image).sum() > 1_000
