"""Continuing visits: what is asked for in training, and that nothing younger is known."""

from dataclasses import replace
from pathlib import Path

import pytest

from recommender.tasks.folders import Folder, read_goods, read_queries, read_visits
from recommender.tasks.visits import Step, offers, rank_sessions, rr_sessions, training_steps
from tests.recommender.tables import table
from tests.recommender.tasks.data_folders import visits


def silent(_what: str, _share: float) -> None:
    """No progress bar."""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("visits")
    visits(folder)
    return folder


def test_the_next_product_is_found(data: Path) -> None:
    lists = dict(rr_sessions(data, report=silent))
    assert set(lists) == {"9001:1", "9001:2"}
    assert "5" in lists["9001:1"][:3]
    assert "6" in lists["9001:2"][:3]
    assert not {"4", "5"} & set(lists["9001:2"])
    assert lists == dict(rr_sessions(data, report=silent))


def test_every_beginning_with_something_new_after_it_is_asked_for() -> None:
    events = table([(0, 1, 5, 0.0), (0, 2, 5, 0.1), (0, 1, 5, 0.2), (0, 3, 5, 0.3)], 1, 4)
    steps = list(training_steps(Folder(events, ("ann",), ("a", "b", "c", "d")), 0))
    assert [(step.query.products, step.next_product) for step in steps] == [
        ((1,), 2),
        ((1, 2, 1), 3),
    ]
    newer = int(events.occurred_ms[0]) + 1
    assert not list(training_steps(Folder(events, ("ann",), ("a", "b", "c", "d")), newer))


def test_what_comes_later_changes_nothing(data: Path) -> None:
    goods = read_goods(data / "rr" / "items.csv.gz")
    train = read_visits(data / "rr" / "t1_train.csv.gz", goods)
    (query, _) = read_queries(data / "rr" / "t2_queries.jsonl.gz", goods)
    middle = int(train.events.occurred_ms[len(train.events) // 2])
    early = Step(replace(query, times_ms=(middle,)), None)
    past = replace(train, events=train.events.only(train.events.occurred_ms < middle))
    (whole,) = offers([train], [early], silent)
    (part,) = offers([past], [early], silent)
    assert list(whole.candidates) == list(part.candidates)
    assert (whole.rows == part.rows).all()


def test_without_training_nothing_is_offered(data: Path) -> None:
    goods = read_goods(data / "rr" / "items.csv.gz")
    queries = read_queries(data / "rr" / "t2_queries.jsonl.gz", goods)
    nobody = Folder(table([], 0, len(goods.products)), (), goods.products)
    assert dict(rank_sessions(nobody, None, queries, silent)) == {"9001:1": [], "9001:2": []}
