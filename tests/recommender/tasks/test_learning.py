"""Questions teach what is wanted; the data decide how, and weights who counts."""

from dataclasses import replace

import numpy as np

from recommender.ranker import mean_ndcg
from recommender.tasks.learning import BINS, Bins, learned
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
