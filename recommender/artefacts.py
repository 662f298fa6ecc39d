"""Model files: one uncompressed `.npz` a version, written whole or not at all.

A file is written beside its place, flushed to disk and renamed, so a name never stands for half a
model. Reading trusts nothing: no pickles, a format number, shapes, ranges and finiteness are
checked before a `Model` is made of it.
"""

import contextlib
import json
import os
import re
import zipfile
import zlib
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from recommender.columns import COLUMNS, TRAITS
from recommender.errors import ArtefactError
from recommender.features import TextNeighbours
from recommender.interactions import ID_LENGTH_LIMIT
from recommender.model import Blend, Model
from recommender.second_stage import LEAVES, Line, SecondStage, Trees

FORMAT_VERSION = 2
"""Grows when a field is added, dropped or read in another way; other formats are refused."""

_NAME = re.compile(r"model-(\d{8,12})\.npz")
_HEADER_NUMBERS = ("version", "fitted_ms", "data_through_id", "people")
_BLEND_NUMBERS = ("together", "text", "popular", "bias")
_TREE_ARRAYS = ("columns", "thresholds", "ruled_out", "leaves")


def artefact_path(folder: Path, version: int) -> Path:
    """Where the model of this version is kept."""
    return folder / f"model-{version:08d}.npz"


def artefact_versions(folder: Path) -> list[int]:
    """Versions that have a file in `folder`, newest first; empty when there is no folder."""
    if not folder.is_dir():
        return []
    matches = (_NAME.fullmatch(entry.name) for entry in folder.iterdir())
    return sorted((int(match.group(1)) for match in matches if match), reverse=True)


def prune_artefacts(folder: Path, kept: int) -> None:
    """Delete all but the newest `kept` model files."""
    for version in artefact_versions(folder)[kept:]:
        artefact_path(folder, version).unlink(missing_ok=True)


def save_model(model: Model, path: Path) -> None:
    """Write `model` to `path`, replacing what is there in one step.

    Raises:
        OSError: the disk is full or the folder cannot be written; `path` is as it was.
    """
    header = {
        "format": FORMAT_VERSION,
        "digest": model.digest,
        "product_ids": list(model.product_ids),
        "blend": {name: getattr(model.blend, name) for name in _BLEND_NUMBERS},
        "columns": list(COLUMNS),
        "second": _second_numbers(model.second),
        **{name: getattr(model, name) for name in _HEADER_NUMBERS},
    }
    arrays: dict[str, npt.NDArray[np.generic]] = {
        "header": np.frombuffer(json.dumps(header).encode(), dtype=np.uint8),
        "head": model.head,
        "together": model.together,
        "text_positions": model.text.positions,
        "text_similarity": model.text.similarity,
        "popularity": model.popularity,
        "supporters": model.supporters,
        "traits": model.traits,
        **_second_arrays(model.second),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as stream:
            np.savez(stream, allow_pickle=False, **arrays)
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise


def _second_numbers(second: SecondStage | None) -> dict[str, float]:
    """The single numbers of the second stage, by the names of its parts."""
    found = {}
    if second is not None and second.trees is not None:
        found["trees_base"] = second.trees.base
    if second is not None and second.line is not None:
        found["line_bias"] = second.line.bias
    return found


def _second_arrays(second: SecondStage | None) -> dict[str, npt.NDArray[np.generic]]:
    found: dict[str, npt.NDArray[np.generic]] = {}
    if second is not None and second.trees is not None:
        for name in _TREE_ARRAYS:
            found[f"trees_{name}"] = getattr(second.trees, name)
    if second is not None and second.line is not None:
        found["line_weights"] = second.line.weights
    return found


def load_model(path: Path, bytes_limit: int) -> Model:
    """Read and check a model file.

    Raises:
        ArtefactError: the file is not there, cut, altered, of another format or too large.
    """
    data: dict[str, object] = {"artefact": path.name}
    try:
        size = path.stat().st_size
        if size > bytes_limit:
            raise ArtefactError(
                f"The model file {path.name} has {size} bytes; the limit is {bytes_limit}.",
                code="artefact_too_large",
                data=data,
            )
        # Not compressed, so a small file cannot unpack to a large one unless it was made to.
        with zipfile.ZipFile(path) as zipped:
            unpacked = sum(entry.file_size for entry in zipped.infolist())
        if unpacked > bytes_limit:
            raise ArtefactError(
                f"The model file {path.name} unpacks to {unpacked} bytes; "
                f"the limit is {bytes_limit}.",
                code="artefact_too_large",
                data=data,
            )
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        header = json.loads(bytes(arrays["header"]))
        found = header["format"]
    except ArtefactError:
        raise
    except (
        OSError, EOFError, ValueError, KeyError, TypeError, zipfile.BadZipFile, zlib.error,
        NotImplementedError, RecursionError, SyntaxError, MemoryError,
    ) as error:  # fmt: skip
        raise ArtefactError(
            f"The model file {path.name} cannot be read: {type(error).__name__}.", data=data
        ) from error
    if found != FORMAT_VERSION:
        raise ArtefactError(
            f"The model file {path.name} has format {found!r}; this server reads {FORMAT_VERSION}.",
            code="artefact_version",
            data=data,
        )
    try:
        return _checked(header, arrays)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError) as error:
        raise ArtefactError(
            f"The model file {path.name} contradicts itself: {error}.",
            code="artefact_invalid",
            data=data,
        ) from error


def _checked(header: dict[str, object], arrays: dict[str, npt.NDArray[np.generic]]) -> Model:
    """A model of the parts, or ValueError with what is wrong."""
    product_ids = header["product_ids"]
    if not isinstance(product_ids, list) or not all(
        isinstance(product_id, str) and 0 < len(product_id) <= ID_LENGTH_LIMIT
        for product_id in product_ids
    ):
        raise ValueError("bad product ids")
    count = len(product_ids)
    if len(set(product_ids)) != count:
        raise ValueError("a product id comes twice")
    head = _array(arrays, "head", np.int32, 1)
    together = _array(arrays, "together", np.float32, 2)
    positions = _array(arrays, "text_positions", np.int32, 2)
    similarity = _array(arrays, "text_similarity", np.float32, 2)
    popularity = _array(arrays, "popularity", np.float32, 1)
    supporters = _array(arrays, "supporters", np.int32, 1)
    if together.shape != (len(head), len(head)) or np.any(np.diff(head) <= 0):
        raise ValueError("the item-item matrix does not fit its products")
    if positions.shape != similarity.shape or len(positions) != count:
        raise ValueError("the text neighbours do not fit the products")
    if popularity.shape != (count,) or supporters.shape != (count,):
        raise ValueError("the popularity does not fit the products")
    for places in (head, positions):
        if places.size and (places.min() < 0 or places.max() >= count):
            raise ValueError("a position is outside of the catalogue")
    blend = header["blend"]
    digest = header["digest"]
    if not isinstance(blend, dict) or not isinstance(digest, str):
        raise ValueError("the header is incomplete")
    mixed = {name: float(blend[name]) for name in _BLEND_NUMBERS}
    if not all(np.isfinite(value) and abs(value) < 1e6 for value in mixed.values()):
        raise ValueError("the blend is not finite")
    numbers = {name: _whole(header[name]) for name in _HEADER_NUMBERS}
    traits = _array(arrays, "traits", np.float32, 2)
    if traits.shape != (len(TRAITS), count):
        raise ValueError("the traits do not fit the products")
    return Model(
        version=numbers["version"],
        fitted_ms=numbers["fitted_ms"],
        data_through_id=numbers["data_through_id"],
        people=numbers["people"],
        digest=digest,
        product_ids=tuple(product_ids),
        head=head,
        together=together,
        text=TextNeighbours(positions, similarity),
        popularity=popularity,
        supporters=supporters,
        blend=Blend(**mixed),
        traits=traits,
        second=_second_stage(header, arrays),
    )


def _second_stage(
    header: dict[str, object], arrays: dict[str, npt.NDArray[np.generic]]
) -> SecondStage | None:
    """The second stage of the parts, None without one, or ValueError with what is wrong."""
    numbers = header["second"]
    if not isinstance(numbers, dict) or header["columns"] != list(COLUMNS):
        raise ValueError("the second stage is of other columns")
    known = {name: float(value) for name, value in numbers.items()}
    if not all(np.isfinite(value) and abs(value) < 1e6 for value in known.values()):
        raise ValueError("the second stage is not finite")
    trees = line = None
    if "trees_base" in known:
        columns = _array(arrays, "trees_columns", np.int32, 1)
        thresholds = _array(arrays, "trees_thresholds", np.float32, 1)
        ruled_out = _array(arrays, "trees_ruled_out", np.uint8, 1)
        leaves = _array(arrays, "trees_leaves", np.float32, 2)
        nodes = len(leaves) * (LEAVES - 1)
        if leaves.shape[1] != LEAVES or not (
            len(columns) == len(thresholds) == len(ruled_out) == nodes
        ):
            raise ValueError("the trees do not fit together")
        if nodes == 0 or columns.min() < 0 or columns.max() >= len(COLUMNS):
            raise ValueError("a tree looks at a column that is not there")
        trees = Trees(columns, thresholds, ruled_out, leaves, known["trees_base"])
    if "line_bias" in known:
        weights = _array(arrays, "line_weights", np.float32, 1)
        if len(weights) != len(COLUMNS):
            raise ValueError("the weights do not fit the columns")
        line = Line(weights, known["line_bias"])
    return None if trees is None and line is None else SecondStage(trees, line)


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError("a number of the header is not whole")
    return value


Scalar = TypeVar("Scalar", np.int32, np.float32, np.uint8)


def _array(
    arrays: dict[str, npt.NDArray[np.generic]], name: str, kind: type[Scalar], dimensions: int
) -> npt.NDArray[Scalar]:
    array = arrays[name]
    if array.dtype != np.dtype(kind) or array.ndim != dimensions:
        raise ValueError(f"{name} has another shape or type")
    if not np.all(np.isfinite(array)):
        raise ValueError(f"{name} is not finite")
    return array.view(kind)
