"""A build makes everything once, finds it again, and mends what went missing."""

import dataclasses
import hashlib
import json
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from assets.builder import NOTES_FOLDER, build_manifest
from assets.errors import (
    InvalidParameterError,
    InvalidRecipeError,
    StorageError,
    UnknownShapeError,
)
from assets.manifest import Lod, Manifest, Thumbnail
from assets.recipe import ParameterValue, ProductRecipe
from assets.storage import Storage
from assets.thumbnail import ThumbnailSettings
from tests.assets.demo_store import products, recipe

SMALL = ThumbnailSettings(size_px=32, samples=1, sky_rays=1, key_rays=1)


def mug(
    product_id: str = "mug",
    colours: Mapping[str, str] | None = None,
    parameters: Mapping[str, ParameterValue] | None = None,
) -> ProductRecipe:
    return ProductRecipe(
        product_id,
        "A mug.",
        "mug",
        parameters or {},
        {"M-RED": "#b4552f", "M-SEA": "#4c8791"} if colours is None else colours,
    )


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(tmp_path / "assets")


def build(
    storage: Storage, *recipes: ProductRecipe, workers: int = 1
) -> tuple[Manifest, list[str]]:
    """The manifest, and what was made for it."""
    made: list[str] = []
    seen: list[tuple[int, int]] = []

    def progress(done: int, total: int, what: str) -> None:
        seen.append((done, total))
        made.append(what)

    manifest = build_manifest(recipes, storage, progress, workers, SMALL)
    assert seen[-1][0] == seen[-1][1]
    assert seen == sorted(seen)
    return manifest, made[1:]


def test_everything_named_is_there(storage: Storage) -> None:
    manifest, made = build(storage, mug())
    assert made == ["mug"]
    product = manifest.product("mug")
    assert product is not None
    assert [variant.skus for variant in product.variants] == [("M-RED",), ("M-SEA",)]
    for variant in product.variants:
        files: list[Lod | Thumbnail] = [*variant.lods, variant.thumbnail]
        for file in files:
            content = storage.read(file.url.removeprefix("/assets/"))
            assert hashlib.sha256(content).hexdigest() == file.sha256
            assert len(content) == file.size_bytes
        assert [lod.level for lod in variant.lods] == [0, 1, 2]
    body, digest = manifest.encoded()
    assert storage.read(f"{digest}.json") == body
    assert Manifest.decode(body) == manifest


def test_a_second_build_makes_nothing(storage: Storage) -> None:
    first, _ = build(storage, mug())
    files = {path: path.stat().st_mtime_ns for path in storage.root.rglob("*.*")}
    second, made = build(storage, mug())
    assert (second, made) == (first, [])
    assert {path: path.stat().st_mtime_ns for path in storage.root.rglob("*.*")} == files


def test_sizes_of_one_colour_share_a_mesh(storage: Storage) -> None:
    sizes = {"M-41": "#b4552f", "M-42": "#b4552f", "M-SEA": "#4c8791"}
    manifest, _ = build(storage, mug(colours=sizes))
    assert [variant.skus for variant in manifest.products[0].variants] == [
        ("M-41", "M-42"),
        ("M-SEA",),
    ]
    assert len(list(storage.root.rglob("*.webp"))) == 2


def test_products_that_look_alike_share_files(storage: Storage) -> None:
    # Saying the default is the same as not saying it; the case of a colour does not matter.
    _, made = build(
        storage,
        mug(colours={"A": "#b4552f"}),
        mug("cup", {"B": "#B4552F"}, {"height_m": 0.095}),
        mug("tall", {"C": "#b4552f"}, {"height_m": 0.12}),
    )
    assert made == ["mug", "tall"]
    assert len(list(storage.root.rglob("*.webp"))) == 2


def test_only_what_is_new_is_made(storage: Storage) -> None:
    build(storage, mug())
    _, made = build(storage, mug(), mug("tall", parameters={"height_m": 0.12}))
    assert made == ["tall"]


def test_what_went_missing_is_made_again(storage: Storage) -> None:
    manifest, _ = build(storage, mug())
    lost = manifest.products[0].variants[1].lods[2]
    storage.path(f"{lost.sha256}.glb").unlink()
    again, made = build(storage, mug())
    assert (again, made) == (manifest, ["mug"])
    assert storage.path(f"{lost.sha256}.glb").exists()


@pytest.mark.parametrize(
    "note", [b"", b"{}", b"[]", b"\xff", b'{"extents_m": [1], "lods": [], "thumbnail": {}}']
)
def test_a_broken_note_is_written_again(storage: Storage, note: bytes) -> None:
    manifest, _ = build(storage, mug(colours={"A": "#b4552f"}))
    (path,) = (storage.root / NOTES_FOLDER).iterdir()
    path.write_bytes(note)
    again, made = build(storage, mug(colours={"A": "#b4552f"}))
    assert (again, made) == (manifest, ["mug"])


def test_a_note_that_names_no_asset_is_written_again(storage: Storage) -> None:
    build(storage, mug(colours={"A": "#b4552f"}))
    (path,) = (storage.root / NOTES_FOLDER).iterdir()
    note = json.loads(path.read_bytes())
    note["lods"][0]["sha256"] = "../../etc/passwd"
    path.write_text(json.dumps(note))
    _, made = build(storage, mug(colours={"A": "#b4552f"}))
    assert made == ["mug"]


def test_workers_make_the_same(storage: Storage, tmp_path: Path) -> None:
    recipes = (mug(), mug("tall", parameters={"height_m": 0.12}))
    alone, _ = build(storage, *recipes)
    helped, made = build(Storage(tmp_path / "other"), *recipes, workers=2)
    assert helped == alone
    assert sorted(made) == ["mug", "tall"]


def test_nothing_to_build(storage: Storage) -> None:
    manifest, made = build(storage)
    assert (manifest.products, made) == ((), [])


@pytest.mark.parametrize("workers", [1, 2])
def test_bad_recipes_make_nothing(storage: Storage, workers: int) -> None:
    good = mug()
    bad: list[tuple[ProductRecipe, type[Exception]]] = [
        (good, InvalidRecipeError),
        (mug("empty", {}), InvalidRecipeError),
        (dataclasses.replace(good, product_id="x", shape="unicorn"), UnknownShapeError),
        (mug("x", parameters={"height_m": 9.0}), InvalidParameterError),
        (mug("x", parameters={"horns": 1}), InvalidParameterError),
        (mug("x", {"A": "red"}), InvalidParameterError),
    ]
    for recipe_, error in bad:
        with pytest.raises(error):
            build_manifest([good, recipe_], storage, workers=workers, thumbnails=SMALL)
    assert not storage.root.exists()


def test_a_disk_that_takes_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(StorageError):
        build_manifest([mug()], Storage(tmp_path / "file"), thumbnails=SMALL)


def test_the_demo_store_is_found_again_at_once(storage: Storage) -> None:
    """The second start: with everything made, the whole store is found in a blink."""
    # A third of the store, in a shape that is quickly made.
    recipes = [
        dataclasses.replace(recipe(product), shape="book", parameters={})
        for product in products()[::3]
    ]
    build_manifest(recipes, storage, thumbnails=SMALL)
    started = time.process_time()
    manifest = build_manifest(recipes, storage, thumbnails=SMALL)
    assert time.process_time() - started < 0.03
    assert len(manifest.products) == len(recipes)
