"""`galleria recommender` from the outside: files, tables, JSON, and words for what is wrong."""

import json
import re
from pathlib import Path

import pytest

from recommender.ranker import TreeShape
from recommender.tasks import learning
from server.cli import main
from tests.recommender.tasks.data_folders import visits


@pytest.fixture(autouse=True)
def small_learners(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learning, "TREES_OF_FEW", TreeShape(seeds=1, iterations_few_rows=10))


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
    assert found["headline"] == "HR@20"
    assert found["rivals"]["popularity"]["gains"]["HR@20"]["mean"] >= 0.0
    assert found["peak_mb"] > 10


def test_evaluate_compares_and_draws(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    visits(tmp_path)
    other, plot = tmp_path / "library.jsonl", tmp_path / "plot.svg"
    other.write_text(json.dumps({"q": "9001:1", "ranked": ["5"]}) + "\n")
    data = ["--data", str(tmp_path), "--task", "rr-t2"]
    arguments = ["recommender", "evaluate", *data, "--against", str(other), "--plot", str(plot)]
    assert main(arguments) == 0
    printed = capsys.readouterr().out
    assert "library" in printed
    assert "who else was asked" in printed
    # A window of 80 columns folds no interval: of seven metrics, two rivals and one task.
    assert max(map(len, printed.splitlines())) <= 80
    assert len(re.findall(r"[+-][\d.]{6} \([+-][\d.]{6}\.\.[+-][\d.]{6}\)", printed)) == 7 + 2 + 1
    assert "library" in plot.read_text()


@pytest.mark.parametrize("given", ["lists.jsonl", "rr-t1=lists.jsonl"])
def test_lists_of_no_task_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], given: str
) -> None:
    tasks = ["--task", "rr-t2", "--task", "or-all"]
    arguments = ["recommender", "evaluate", "--data", str(tmp_path), *tasks, "--against", given]
    assert main(arguments) == 1
    assert "TASK=FILE" in capsys.readouterr().err


def test_lists_are_looked_at_before_anything_is_ranked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """There is no data either, but that would be found out only by ranking."""
    broken = tmp_path / "broken.jsonl"
    broken.write_text("[1, 2]\n")
    arguments = ["recommender", "evaluate", "--data", str(tmp_path), "--task", "rr-t2"]
    for name in (str(broken), str(tmp_path / "missing.jsonl")):
        assert main([*arguments, "--against", name]) == 1
        said = capsys.readouterr().err
        assert Path(name).name in said
        assert "..." not in said  # What the progress of ranking begins with.


def test_a_plot_needs_its_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plot = str(tmp_path / "none" / "plot.svg")
    assert main(["recommender", "evaluate", "--data", str(tmp_path), "--plot", plot]) == 1
    assert "no folder" in capsys.readouterr().err


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
