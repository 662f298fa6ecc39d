"""The manifest is the same bytes for the same content, and reads back as it was."""

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.errors import InvalidManifestError
from assets.manifest import Lod, Manifest, ProductAssets, Thumbnail, Variant

HASHES = st.binary(min_size=32, max_size=32).map(bytes.hex)
SIZES = st.integers(0, 10**9)


@st.composite
def variants(draw: st.DrawFn) -> Variant:
    lods = tuple(
        Lod(level, f"/assets/{digest}.glb", digest, draw(SIZES), draw(SIZES))
        for level, digest in enumerate(draw(st.lists(HASHES, min_size=1, max_size=3)))
    )
    digest = draw(HASHES)
    extent = st.floats(0, 10, allow_nan=False)
    return Variant(
        colour="#" + draw(HASHES)[:6],
        skus=tuple(draw(st.lists(st.text(max_size=20), max_size=3))),
        extents_m=(draw(extent), draw(extent), draw(extent)),
        lods=lods,
        thumbnail=Thumbnail(f"/assets/{digest}.webp", digest, draw(SIZES), 256, 256),
    )


@st.composite
def manifests(draw: st.DrawFn) -> Manifest:
    ids = sorted(draw(st.sets(st.text(min_size=1, max_size=20), max_size=3)))
    products = tuple(
        ProductAssets(
            name, draw(st.text(max_size=40)), tuple(draw(st.lists(variants(), max_size=2)))
        )
        for name in ids
    )
    return Manifest(draw(st.text(max_size=16)), products)


@given(manifests())
def test_it_reads_back(manifest: Manifest) -> None:
    body, digest = manifest.encoded()
    assert digest == hashlib.sha256(body).hexdigest()
    again = Manifest.decode(body)
    assert again == manifest
    assert again.encoded() == (body, digest)


def example() -> Manifest:
    digest = "ab" * 32
    lod = Lod(0, f"/assets/{digest}.glb", digest, 10, 4)
    picture = Thumbnail(f"/assets/{digest}.webp", digest, 5, 256, 256)
    red = Variant("#ff0000", ("M-RED-S", "M-RED-L"), (0.1, 0.2, 0.1), (lod,), picture)
    return Manifest("v", (ProductAssets("mug", "A mug.", (red,)),))


def test_its_form() -> None:
    entry = json.loads(example().encoded()[0])
    assert (entry["version"], entry["generator"]) == (1, "v")
    variant = entry["products"]["mug"]["variants"][0]
    assert entry["products"]["mug"]["alt_text"] == "A mug."
    assert set(variant) == {"colour", "skus", "extents_m", "lods", "thumbnail"}
    assert set(variant["lods"][0]) == {"level", "url", "sha256", "bytes", "triangles"}
    assert set(variant["thumbnail"]) == {"url", "sha256", "bytes", "width", "height"}


def test_finding_what_shows_a_sku() -> None:
    product = example().product("mug")
    assert product is not None
    variant = product.variant_of("M-RED-L")
    assert variant is not None
    assert variant.colour == "#ff0000"
    assert product.variant_of("M-BLUE-L") is None
    assert example().product("cup") is None


def broken() -> list[bytes]:
    good: dict[str, Any] = example().as_json()
    return [
        b"",
        b"nonsense",
        b"[]",
        b"\xff",
        json.dumps({**good, "version": 2}).encode(),
        json.dumps({**good, "products": []}).encode(),
        json.dumps({**good, "products": {"mug": {"alt_text": ""}}}).encode(),
        json.dumps({"version": 1}).encode(),
    ]


@pytest.mark.parametrize("body", broken())
def test_other_bytes_are_refused(body: bytes) -> None:
    with pytest.raises(InvalidManifestError) as caught:
        Manifest.decode(body)
    assert caught.value.code == "MANIFEST_INVALID"
