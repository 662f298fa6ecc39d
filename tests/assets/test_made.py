"""A manifest that was made before is found again without the libraries that make meshes."""

import subprocess
import sys
from pathlib import Path

from assets.made import MANIFESTS_FOLDER, manifest_of
from assets.recipe import ProductRecipe
from assets.storage import Storage

RECIPES = (
    ProductRecipe("zebra-mug", "A mug.", "mug", {}, {"Z-RED": "#b4552f"}),
    ProductRecipe("apple-mug", "Another mug.", "mug", {}, {"A-SEA": "#4c8791"}),
)


def test_the_second_time_it_is_the_same_and_nothing_is_made(tmp_path: Path) -> None:
    storage = Storage(tmp_path)
    first = manifest_of(RECIPES, storage)
    files = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    seen: list[tuple[int, int]] = []
    again = manifest_of(RECIPES, storage, lambda done, total, _what: seen.append((done, total)))
    assert again == first
    assert [product.product_id for product in again.products] == ["zebra-mug", "apple-mug"]
    assert seen == [(2, 2)]
    assert {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*") if p.is_file()} == files


def test_a_missing_file_or_a_broken_note_is_mended(tmp_path: Path) -> None:
    storage = Storage(tmp_path)
    first = manifest_of(RECIPES, storage)
    lod = first.products[0].variants[0].lods[0]
    (note,) = (tmp_path / MANIFESTS_FOLDER).iterdir()
    for path in (next(tmp_path.rglob(f"*{lod.sha256}*")), note):
        path.unlink()
        path.write_bytes(b"")
        assert manifest_of(RECIPES, storage) == first


def test_serving_brings_in_nothing_that_makes_meshes() -> None:
    code = "import sys, server.app; print({'trimesh', 'scipy', 'PIL'} & {*sys.modules} or 'none')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "none"
