"""`galleria recommender` from the outside: files, tables, JSON, and words for what is wrong."""

import json
from pathlib import Path

import pytest

from recommender import ranker
from server.cli import main
from tests.recommender.tasks.data_folders import visits


@pytest.fixture(autouse=True)
def small_learners(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranker, "TREES_SEEDS", 1)
    monkeypatch.setattr(ranker, "ITERATIONS_FEW_ROWS", 10)


def test_rank_writes_a_list_for_each_query(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    visits(tmp_path)
    out = tmp_path / "lists.jsonl"
    arguments = ["rank", "--task", "rr-t2", "--data", str(tmp_path), "--out", str(out)]
    assert main(["recommender", *arguments]) == 0
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert {row["q"] for row in rows} == {"9001:1", "9001:2"}
    assert "2 lists" in capsys.readouterr().err


def test_evaluate_prints_a_table_or_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    visits(tmp_path)
    arguments = ["recommender", "evaluate", "--data", str(tmp_path), "--task", "rr-t2"]
    assert main(arguments) == 0
    printed = capsys.readouterr().out
    assert "rr-t2" in printed
    assert "coverage" in printed
    assert main([*arguments, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["rr-t2"]
    assert found["ours"]["metrics"]["HR@20"]["mean"] == 1.0
    assert found["gain"]["metric"] == "HR@20"


def test_a_refit_can_be_measured(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["recommender", "scale", "--products", "50", "--interactions", "400"]
    assert main([*arguments, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["people"] == 20
    assert main(arguments) == 0
    assert "peak mb" in capsys.readouterr().out
    assert main([*arguments, "--products", "0"]) == 1


def test_missing_data_are_told_in_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["rank", "--task", "or-all", "--data", str(tmp_path), "--out", str(tmp_path / "o")]
    assert main(["recommender", *arguments]) == 1
    assert "items.csv.gz" in capsys.readouterr().err
