"""Questions teach what is wanted; the data decide how, and weights who counts."""

from dataclasses import replace

import numpy as np
import pytest

from recommender.ranker import mean_ndcg
from recommender.tasks import learning
from recommender.tasks.learning import BINS, Bins, contenders, learned
from tests.recommender.tasks.carts import question


def test_few_questions_are_enough_for_habits() -> None:
    asked = question(1)
    taught = learned([question(2), question(3)], [np.ones(40), np.ones(40)])
    assert taught is not None
    assert mean_ndcg(asked, taught.scores(asked.evidence), 10) > 0.95


def test_weights_say_who_counts() -> None:
    asked = question(5)
    alike = [replace(asked, wanted=dict.fromkeys(asked.wanted, frozenset({3}))), asked]
    judged = question(6)
    gains = []
    for weight in (0.0, 5.0):
        taught = learned(alike, [np.ones(40), np.full(40, weight)])
        assert taught is not None
        gains.append(mean_ndcg(judged, taught.scores(judged.evidence), 5))
    assert gains[1] > gains[0]


def test_without_habits_the_long_line_learns() -> None:
    asked = [question(seed) for seed in (7, 8)]
    named = [
        replace(each, evidence=replace(each.evidence, columns=tuple("abcdefghi"))) for each in asked
    ]
    taught = learned(named, [np.ones(40), np.ones(40)])
    assert taught is not None
    assert mean_ndcg(named[0], taught.scores(named[0].evidence), 10) > 0.9


def test_bins_keep_the_order_and_are_few() -> None:
    rows = np.random.default_rng(2).lognormal(size=(5_000, 2)).astype(np.float32)
    rows[:, 1] = np.round(rows[:, 1])
    binned = Bins(rows).of(rows)
    for column, each in zip(rows.T, binned.T, strict=True):
        order = np.argsort(column, kind="stable")
        assert (np.diff(each[order]) >= 0).all()
        assert 5 < len(np.unique(each)) <= BINS


def test_nothing_wanted_teaches_nothing() -> None:
    empty = replace(question(8), wanted=dict.fromkeys(range(40), frozenset({999})))
    assert learned([empty], [np.ones(40)]) is None
    assert learned([], []) is None


def test_contenders_are_the_best_of_each_person() -> None:
    asked = question(9)
    asked.evidence.allowed[0, 4] = False
    scores = np.random.default_rng(3).random(asked.evidence.candidates.size)
    scores[4] = 2.0
    kept = contenders(asked, scores, 5)
    assert kept.evidence.candidates.shape == (40, 5)
    assert kept.wanted == asked.wanted
    ranked = np.argsort(-scores.reshape(40, -1), axis=1)
    assert kept.evidence.candidates[1].tolist() == ranked[1, :5].tolist()
    assert 4 not in kept.evidence.candidates[0]
    rows = asked.evidence.rows.reshape(40, -1, asked.evidence.rows.shape[1])
    assert (kept.evidence.rows.reshape(40, 5, -1)[1, 0] == rows[1, ranked[1, 0]]).all()


def test_many_questions_are_told_by_the_best_candidates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learning, "MANY_ROWS", 100)
    monkeypatch.setattr(learning, "OF_TREES", 10)
    monkeypatch.setattr(learning, "OF_LINE", 5)
    taught = learned([question(2), question(3)], [np.ones(40), np.ones(40)], cascade=True)
    assert taught is not None
    judged = question(1)
    assert mean_ndcg(judged, taught.scores(judged.evidence), 10) > 0.9


def test_when_the_best_hold_nothing_wanted_all_teach(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learning, "MANY_ROWS", 100)
    monkeypatch.setattr(learning, "OF_TREES", 0)
    monkeypatch.setattr(learning, "OF_LINE", 0)
    assert learned([question(2), question(3)], [np.ones(40), np.ones(40)], cascade=True) is not None
