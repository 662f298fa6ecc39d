"""The manifest of a store as it was made before, without what it takes to make one.

Making meshes takes libraries of some 60 MB in memory; serving them takes none. So the whole
manifest is noted as well, under a key of everything that decides it, and the builder is only
brought in when there is no such note or a file is missing.
"""

import contextlib
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from assets.errors import AssetError
from assets.generator import generator_version
from assets.manifest import Manifest
from assets.recipe import ProductRecipe
from assets.storage import Storage, Stored, write_atomically

MANIFESTS_FOLDER = "manifests"


def manifest_of(
    recipes: Sequence[ProductRecipe],
    storage: Storage,
    progress: Callable[[int, int, str], None] | None = None,
    workers: int = 1,
) -> Manifest:
    """The manifest of these recipes; what is missing is made.

    Arguments and errors are those of `assets.builder.build_manifest`.
    """
    path = storage.root / MANIFESTS_FOLDER / f"{_key(recipes)}.json"
    manifest = _noted(path, storage)
    if manifest is not None:
        count = sum(len(product.variants) for product in manifest.products)
        if progress is not None:
            progress(count, count, "meshes")
        by_id = {product.product_id: product for product in manifest.products}
        order = tuple(by_id[recipe.product_id] for recipe in recipes)
        return Manifest(manifest.generator, order)
    from assets.builder import build_manifest

    manifest = build_manifest(recipes, storage, progress, workers)
    with contextlib.suppress(OSError):  # without the note the next start is slower, that is all
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, manifest.encoded()[0])
    return manifest


def _key(recipes: Sequence[ProductRecipe]) -> str:
    text = json.dumps([generator_version(), [asdict(recipe) for recipe in recipes]], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _noted(path: Path, storage: Storage) -> Manifest | None:
    """What was noted, if it can be read and all of its files are there."""
    with contextlib.suppress(OSError, AssetError):
        manifest = Manifest.decode(path.read_bytes())
        if all(storage.has(stored) for stored in _files(manifest)):
            return manifest
    return None


def _files(manifest: Manifest) -> list[Stored]:
    files = []
    for product in manifest.products:
        for variant in product.variants:
            picture = variant.thumbnail
            files.append(Stored(picture.sha256, "webp", picture.size_bytes, picture.url))
            files += [Stored(lod.sha256, "glb", lod.size_bytes, lod.url) for lod in variant.lods]
    return files
