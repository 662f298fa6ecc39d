"""Model files: written whole, read with distrust."""

import json
import pickle
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recommender import artefacts
from recommender.artefacts import (
    artefact_path,
    artefact_versions,
    load_model,
    prune_artefacts,
    save_model,
)
from recommender.errors import ArtefactError
from recommender.live_evidence import COLUMNS
from recommender.model import Blend, Model
from recommender.second_stage import SecondStage
from tests.recommender.models import handmade
from tests.recommender.shop import shop
from tests.recommender.stages import by_column, stump

LIMIT = 1 << 24


def refusal(path: Path, limit: int = LIMIT) -> str:
    with pytest.raises(ArtefactError) as refused:
        load_model(path, limit)
    assert refused.value.message
    return refused.value.code


@pytest.fixture
def model() -> Model:
    return handmade(shop(8), {(0, 3): 0.7}, {2: 1.0})


def test_a_model_comes_back_as_it_was(tmp_path: Path, model: Model) -> None:
    path = tmp_path / "models" / "model-00000001.npz"
    save_model(model, path)
    back = load_model(path, LIMIT)
    assert back.product_ids == model.product_ids
    assert (back.digest, back.blend, back.people) == (model.digest, model.blend, model.people)
    assert np.array_equal(back.together, model.together)
    assert np.array_equal(back.text.positions, model.text.positions)
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_the_second_stage_comes_back_as_it_was(tmp_path: Path, model: Model) -> None:
    line, trees = by_column("price", 2.0), stump("mass", 0.5)
    for second in (line, trees, SecondStage(trees.trees, line.line)):
        path = tmp_path / "model.npz"
        save_model(replace(model, second=second), path)
        back = load_model(path, LIMIT).second
        assert back is not None
        assert back.names == second.names
        rows = np.random.default_rng(1).random((len(COLUMNS), 5), dtype=np.float32)
        assert (back.scores(rows) == second.scores(rows)).all()


def test_a_second_stage_that_contradicts_itself_is_refused(tmp_path: Path, model: Model) -> None:
    trees, line = stump("mass", 0.5).trees, by_column("price", 2.0).line
    assert trees is not None
    assert line is not None
    for broken in (
        SecondStage(replace(trees, columns=trees.columns + 99)),
        SecondStage(replace(trees, columns=trees.columns[:-1])),
        SecondStage(replace(trees, leaves=trees.leaves[:, :-1])),
        SecondStage(replace(trees, thresholds=trees.thresholds * np.float32(np.inf))),
        SecondStage(replace(trees, base=float("nan"))),
        SecondStage(line=replace(line, weights=line.weights[:-1])),
        SecondStage(line=replace(line, bias=float("inf"))),
    ):
        path = tmp_path / "model.npz"
        save_model(replace(model, second=broken), path)
        assert refusal(path) == "artefact_invalid"


def test_a_second_stage_of_other_columns_is_refused(
    tmp_path: Path, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "model.npz"
    monkeypatch.setattr(artefacts, "COLUMNS", COLUMNS[::-1])
    save_model(model, path)
    monkeypatch.undo()
    assert refusal(path) == "artefact_invalid"


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(cut=st.floats(0, 0.999))
def test_a_cut_file_is_refused(tmp_path: Path, model: Model, cut: float) -> None:
    whole, part = tmp_path / "whole.npz", tmp_path / "part.npz"
    if not whole.exists():
        save_model(model, whole)
    content = whole.read_bytes()
    part.write_bytes(content[: int(len(content) * cut)])
    assert refusal(part) == "artefact_unreadable"


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(place=st.floats(0, 0.9999), byte=st.integers(1, 255))
def test_a_flipped_byte_never_gets_through_as_a_crash(
    tmp_path: Path, model: Model, place: float, byte: int
) -> None:
    whole, altered = tmp_path / "whole.npz", tmp_path / "altered.npz"
    if not whole.exists():
        save_model(model, whole)
    content = bytearray(whole.read_bytes())
    content[int(len(content) * place)] ^= byte
    altered.write_bytes(bytes(content))
    try:
        back = load_model(altered, LIMIT)
    except ArtefactError:
        return
    # Only bytes that carry no content (dates, padding) may differ unnoticed.
    assert np.array_equal(back.together, model.together)


def test_a_foreign_format_is_refused(
    tmp_path: Path, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "model.npz"
    monkeypatch.setattr(artefacts, "FORMAT_VERSION", 99)
    save_model(model, path)
    monkeypatch.undo()
    assert refusal(path) == "artefact_version"


def test_what_is_no_model_is_refused(tmp_path: Path, model: Model) -> None:
    path = tmp_path / "model.npz"
    assert refusal(path) == "artefact_unreadable"
    path.write_bytes(pickle.dumps({"a": 1}))
    assert refusal(path) == "artefact_unreadable"
    np.savez(path, header=np.array([{"format": 1}], dtype=object))
    assert refusal(path) == "artefact_unreadable"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("header.npy", b"nonsense")
    assert refusal(path) == "artefact_unreadable"
    header = json.dumps({"format": artefacts.FORMAT_VERSION}).encode()
    np.savez(path, header=np.frombuffer(header, dtype=np.uint8))
    assert refusal(path) == "artefact_invalid"
    save_model(model, path)
    assert refusal(path, 100) == "artefact_too_large"


def test_a_small_file_that_unpacks_to_a_large_one_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    np.savez_compressed(path, together=np.zeros((1_000, 1_000)))
    assert path.stat().st_size < 100_000
    assert refusal(path, 1_000_000) == "artefact_too_large"


def test_a_model_that_contradicts_itself_is_refused(tmp_path: Path, model: Model) -> None:
    path = tmp_path / "model.npz"
    nan = model.together.copy()
    nan[0, 0] = np.nan
    outside = replace(model.text, positions=model.text.positions + 99)
    for broken in (
        replace(model, together=nan),
        replace(model, text=outside),
        replace(model, popularity=model.popularity[:-1]),
        replace(model, together=model.together[:, :-1]),
        replace(model, together=model.together.astype(np.float64)),
        replace(model, blend=Blend(float("inf"), 0, 0, 0)),
        replace(model, version=-1),
        replace(model, head=model.head[::-1].copy()),
    ):
        save_model(broken, path)
        assert refusal(path) == "artefact_invalid"


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, model: Model) -> None:
    path = tmp_path / "model.npz"
    save_model(model, path)
    with pytest.raises(TypeError):
        save_model(replace(model, digest=object()), path)  # type: ignore[arg-type]
    assert load_model(path, LIMIT).digest == model.digest
    assert [entry.name for entry in tmp_path.iterdir()] == ["model.npz"]


def test_versions_are_listed_newest_first_and_pruned(tmp_path: Path, model: Model) -> None:
    assert artefact_versions(tmp_path / "none") == []
    for version in (1, 3, 2):
        save_model(model, artefact_path(tmp_path, version))
    (tmp_path / "model-x.npz").write_text("")
    (tmp_path / ".candidate-4-1.npz").write_text("")
    assert artefact_versions(tmp_path) == [3, 2, 1]
    prune_artefacts(tmp_path, 2)
    assert artefact_versions(tmp_path) == [3, 2]
