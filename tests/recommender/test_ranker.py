"""The second stage: it learns what matters, mixes by what it has not seen, and repeats."""

import numpy as np
import pytest

from recommender import ranker as ranker_module
from recommender.evidence import Evidence
from recommender.ranker import (
    Question,
    Ranker,
    best_first,
    lesson,
    mean_ndcg,
    mixed_on,
    teachable,
)


def question(seed: int, people: int = 60, candidates: int = 30) -> Question:
    """Column 0 tells what is wanted, column 1 is noise."""
    random = np.random.default_rng(seed)
    rows = random.random((people * candidates, 2)).astype(np.float32)
    places = np.tile(np.arange(candidates), (people, 1))
    best = rows[:, 0].reshape(people, candidates).argsort(axis=1)[:, -3:]
    wanted = {person: frozenset(row) for person, row in enumerate(best.tolist())}
    allowed = np.ones(places.shape, dtype=np.bool_)
    evidence = Evidence(np.arange(people), places, allowed, rows, ("signal", "noise"))
    return Question(evidence, wanted)


@pytest.fixture(autouse=True)
def small_learners(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranker_module, "TREES_SEEDS", 1)


def test_every_learner_finds_what_tells() -> None:
    lessons = [lesson(question(seed), seed) for seed in range(3)]
    judged = question(9)
    for name in ("trees", "line"):
        scores = Ranker(lessons, (name,)).scores(judged.evidence.rows)
        assert mean_ndcg(judged, scores, 10) > 0.9, name


def test_the_same_lessons_give_the_same_scores() -> None:
    lessons = [lesson(question(1), 0)]
    rows = question(2).evidence.rows
    mix = ("trees", "line")
    assert (Ranker(lessons, mix).scores(rows) == Ranker(lessons, mix).scores(rows)).all()


def test_an_earlier_mix_stays_when_it_is_as_good(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranker_module, "mean_ndcg", lambda *_: 0.5)
    offered = (("trees",), ("trees", "line"))
    assert mixed_on([lesson(question(1), 0)], question(2), 10, offered) == ("trees",)


def test_sampled_rows_weigh_for_those_left_out() -> None:
    asked = question(4)
    taught = lesson(asked, 0)
    each = 1.0 / np.sqrt(3.0)
    assert taught.wanted.sum() == 60 * 3
    assert taught.weights[taught.wanted] == pytest.approx(np.full(180, each))
    assert taught.weights.sum() == pytest.approx(60 * 30 * each, rel=0.15)


def test_what_is_not_allowed_comes_last() -> None:
    asked = question(5, people=1, candidates=4).evidence
    asked.allowed[0, 2] = False
    assert best_first(asked, np.array([1.0, 2.0, 9.0, 3.0]))[0].tolist() == [3, 1, 0, 2]


def test_nothing_wanted_teaches_nothing() -> None:
    empty = Question(question(6).evidence, dict.fromkeys(range(60), frozenset({999})))
    assert not teachable([lesson(empty, 0)])
    assert not teachable([])
    assert teachable([lesson(question(6), 0)])
