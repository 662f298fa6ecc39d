"""Ranking and judging together, on made-up data and, where it is there, on the real."""

from pathlib import Path

from recommender.tasks.evaluation import evaluate_task
from recommender.tasks.folders import read_goods, read_queries, read_visits
from recommender.tasks.people import question_folds
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
    assert result.gain.mean >= 0.0


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
