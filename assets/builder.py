"""Builds the manifest of a store: every product and colour meshed once, and never again.

What has been made is noted beside the files, under a key of everything that decides it: generator
version, shape, parameters, colour. A second build reads the notes and looks whether the files are
there.
"""

import contextlib
import hashlib
import json
import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assets.colours import parse_colour
from assets.errors import AssetError, InvalidRecipeError, StorageError
from assets.generator import generator_version
from assets.looks import Look, make_looks
from assets.manifest import (
    Lod,
    Manifest,
    ProductAssets,
    Thumbnail,
    Variant,
    looks_from,
    looks_json,
)
from assets.recipe import ProductRecipe
from assets.shapes.registry import checked, find
from assets.storage import Storage, Stored, write_atomically
from assets.thumbnail import ThumbnailSettings

Progress = Callable[[int, int, str], None]
Made = tuple[tuple[float, float, float], tuple[Lod, ...], Thumbnail]

NOTES_FOLDER = "made"


@dataclass(slots=True)
class _Job:
    """One geometry with the colours in which it is still to be made; `what` is for people."""

    shape: str
    parameters: dict[str, Any]
    what: str
    colours: dict[str, str] = field(default_factory=dict)


def build_manifest(
    recipes: Sequence[ProductRecipe],
    storage: Storage,
    progress: Progress | None = None,
    workers: int = 1,
    thumbnails: ThumbnailSettings | None = None,
) -> Manifest:
    """Make what is not made yet, and say where everything is.

    Args:
        recipes: one for each product.
        storage: where files and notes are kept.
        progress: called with meshes done, meshes in all, and what was made last.
        workers: processes to mesh in; 1 is this one. None is started when nothing is to be made.
        thumbnails: how pictures are taken.

    Returns:
        The manifest; it is stored as well, by its hash. Products are in the order of the recipes.

    Raises:
        InvalidRecipeError: a product twice, or without colours.
        UnknownShapeError, InvalidParameterError: a recipe asks for what is not there; nothing was
            made.
        BudgetError: a mesh came out too large.
        StorageError: the disk is full or cannot be written.
    """
    settings = thumbnails or ThumbnailSettings()
    keys = _keys(recipes, settings)
    made = {key: note for key in set(keys.values()) if (note := _noted(storage, key)) is not None}
    total, done = len(set(keys.values())), len(made)
    if progress is not None:
        progress(done, total, "meshes")
    for job, looks in _finished(_jobs(recipes, keys, made), settings, workers):
        for look in looks:
            key = job.colours[look.colour]
            made[key] = _kept(storage, look, settings)
            _note(storage, key, made[key])
            done += 1
        if progress is not None:
            progress(done, total, job.what)
    manifest = Manifest(
        generator=generator_version(),
        products=tuple(_product(recipe, keys, made) for recipe in recipes),
    )
    storage.put(manifest.encoded()[0], "json")
    return manifest


def _keys(
    recipes: Sequence[ProductRecipe], settings: ThumbnailSettings
) -> dict[tuple[str, str], str]:
    """(product id, colour) to the key of its mesh; checks every recipe on the way."""
    keys: dict[tuple[str, str], str] = {}
    seen: set[str] = set()
    for recipe in recipes:
        if recipe.product_id in seen:
            raise InvalidRecipeError(
                f'There are two recipes for the product "{recipe.product_id}".',
                data={"product_id": recipe.product_id},
            )
        if not recipe.colours:
            raise InvalidRecipeError(
                f'The product "{recipe.product_id}" has no colour to be made in.',
                data={"product_id": recipe.product_id},
            )
        seen.add(recipe.product_id)
        parameters = checked(find(recipe.shape), recipe.parameters)
        for colour in recipe.colours.values():
            keys[recipe.product_id, colour] = _key(recipe.shape, parameters, colour, settings)
    return keys


def _key(shape: str, parameters: dict[str, Any], colour: str, settings: ThumbnailSettings) -> str:
    parse_colour(colour)
    text = json.dumps(
        [generator_version(), shape, parameters, colour.lower(), repr(settings)], sort_keys=True
    )
    return hashlib.sha256(text.encode()).hexdigest()


def _jobs(
    recipes: Sequence[ProductRecipe], keys: dict[tuple[str, str], str], made: dict[str, Made]
) -> list[_Job]:
    """What is missing, by geometry; each mesh once."""
    jobs: dict[str, _Job] = {}
    planned = set(made)
    for recipe in recipes:
        parameters = checked(find(recipe.shape), recipe.parameters)
        geometry = json.dumps([recipe.shape, parameters], sort_keys=True)
        for colour in recipe.colours.values():
            key = keys[recipe.product_id, colour]
            if key not in planned:
                planned.add(key)
                job = jobs.setdefault(geometry, _Job(recipe.shape, parameters, recipe.product_id))
                job.colours[colour] = key
    return list(jobs.values())


def _finished(
    jobs: Sequence[_Job], settings: ThumbnailSettings, workers: int
) -> Iterator[tuple[_Job, list[Look]]]:
    """The jobs with what was made, as they get done."""
    if workers <= 1 or len(jobs) <= 1:
        for job in jobs:
            yield job, make_looks(job.shape, job.parameters, list(job.colours), settings)
        return
    # Not forked: this process may have threads, and a child must not inherit their locks.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(workers, len(jobs)), mp_context=context) as pool:
        pending: dict[Future[list[Look]], _Job] = {
            pool.submit(make_looks, job.shape, job.parameters, list(job.colours), settings): job
            for job in jobs
        }
        try:
            for future in as_completed(pending):
                yield pending[future], future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _kept(storage: Storage, look: Look, settings: ThumbnailSettings) -> Made:
    """Put the files of a look into the store."""
    lods = []
    for level, (content, triangles) in enumerate(zip(look.glbs, look.triangles, strict=True)):
        stored = storage.put(content, "glb")
        lods.append(Lod(level, stored.url, stored.sha256, stored.size_bytes, triangles))
    picture = storage.put(look.thumbnail, "webp")
    thumbnail = Thumbnail(
        picture.url, picture.sha256, picture.size_bytes, settings.size_px, settings.size_px
    )
    return look.extents_m, tuple(lods), thumbnail


def _note_path(storage: Storage, key: str) -> Path:
    return storage.root / NOTES_FOLDER / f"{key}.json"


def _note(storage: Storage, key: str, made: Made) -> None:
    path = _note_path(storage, key)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, json.dumps(looks_json(*made)).encode())
    except OSError as error:
        raise StorageError(
            "What was made could not be noted on disk.",
            data={"reason": error.strerror or str(error)},
        ) from error


def _noted(storage: Storage, key: str) -> Made | None:
    """What was made under this key, if the note can be read and all of its files are there."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AssetError):
        made = looks_from(json.loads(_note_path(storage, key).read_bytes()))
        if all(storage.has(stored) for stored in _files(made)):
            return made
    return None


def _files(made: Made) -> Iterable[Stored]:
    _, lods, thumbnail = made
    for lod in lods:
        yield Stored(lod.sha256, "glb", lod.size_bytes, lod.url)
    yield Stored(thumbnail.sha256, "webp", thumbnail.size_bytes, thumbnail.url)


def _product(
    recipe: ProductRecipe, keys: dict[tuple[str, str], str], made: dict[str, Made]
) -> ProductAssets:
    by_colour: dict[str, list[str]] = {}
    for sku, colour in recipe.colours.items():
        by_colour.setdefault(colour, []).append(sku)
    variants = []
    for colour, skus in by_colour.items():
        extents_m, lods, thumbnail = made[keys[recipe.product_id, colour]]
        variants.append(Variant(colour.lower(), tuple(skus), extents_m, lods, thumbnail))
    return ProductAssets(recipe.product_id, recipe.alt_text, tuple(variants))
