"""Ranking and judging together, on made-up data and, where it is there, on the real."""

from pathlib import Path

import pytest

from recommender.tasks.evaluation import evaluate_task
from recommender.tasks.folders import DataError, read_goods, read_queries, read_visits
from recommender.tasks.plot import results_as_svg
from recommender.tasks.questions import question_folds
from recommender.tasks.ranked_lists import write_lists
from recommender.tasks.registry import TASKS
from recommender.tasks.visits import training_steps
from tests.conftest import require
from tests.recommender.tasks.data_folders import MISSING, real_data, visits


def silent(_what: str, _share: float) -> None:
    """No progress bar."""


def test_a_session_task_beats_popularity(tmp_path: Path) -> None:
    visits(tmp_path)
    result = evaluate_task("rr-t2", tmp_path, silent)
    assert result.ours.queries == 2
    assert result.ours.metrics["HR@20"].mean == 1.0
    assert result.headline == "HR@20"
    assert [rival.name for rival in result.rivals] == ["popularity"]
    assert result.rivals[0].gains["HR@20"].mean >= 0.0
    assert result.peak_mb > 10.0


def test_another_programs_lists_are_judged_by_the_same_rules(tmp_path: Path) -> None:
    visits(tmp_path)
    ours, empty = tmp_path / "ours.jsonl.gz", tmp_path / "empty.jsonl"
    write_lists(ours, TASKS["rr-t2"](tmp_path, report=silent))
    empty.write_text("")
    against = {"same": ours, "nothing": empty}
    result = evaluate_task("rr-t2", tmp_path, silent, against=against)
    _, same, nothing = result.rivals
    assert same.card.metrics == result.ours.metrics
    assert all((gain.low, gain.high) == (0.0, 0.0) for gain in same.gains.values())
    assert (nothing.card.answered, nothing.gains["HR@20"].mean) == (0, 1.0)
    drawn = results_as_svg([result])
    assert drawn.startswith("<svg ")
    assert all(f">{name}</text>" in drawn for name in ("Galleria", "popularity", "same", "nothing"))


def test_lists_that_are_missing_are_noticed_before_the_work(tmp_path: Path) -> None:
    reports: list[str] = []
    with pytest.raises(DataError) as caught:
        evaluate_task(
            "or-all",
            tmp_path,
            lambda what, _share: reports.append(what),
            against={"other": tmp_path / "none.jsonl"},
        )
    assert caught.value.code == "recommender_data_missing"
    assert reports == []


def test_the_real_visits_are_read_and_asked_about() -> None:
    data = real_data()
    require(data, MISSING)
    assert data is not None
    goods = read_goods(data / "rr" / "items.csv.gz")
    train = read_visits(data / "rr" / "t1_train.csv.gz", goods)
    folds = question_folds(train.events)
    assert len(folds[0].wanted) > 100
    assert len(folds[1].history) < len(folds[0].history) < len(train.events)
    queries = read_queries(data / "rr" / "t2_queries.jsonl.gz", goods)
    assert all(query.products for query in queries)
    newest = int(train.events.occurred_ms[-1])
    assert sum(1 for _ in training_steps(train, newest - 10 * 86_400_000)) > 100
