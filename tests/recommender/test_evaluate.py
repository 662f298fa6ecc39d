"""Metrics by hand, and cases that never look into the future."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.evaluate import (
    Metrics,
    cases_after,
    evaluate,
    is_worse,
    ndcg_at,
    recall_at,
    time_cut,
)
from recommender.interactions import Signal
from recommender.settings import FitSettings, LiveSettings
from tests.recommender.models import handmade
from tests.recommender.shop import NOW_MS, Row, log_of, shop

PRODUCTS = shop(6)
IDS = [product.product_id for product in PRODUCTS]
LIVE, FIT = LiveSettings(), FitSettings()


def test_ndcg_and_recall_by_hand() -> None:
    assert ndcg_at([1, 2, 3], {1}, 3) == 1.0
    assert ndcg_at([1, 2, 3], {2}, 3) == pytest.approx(1 / math.log2(3))
    assert ndcg_at([1, 2, 3], {3, 9}, 2) == 0.0
    assert ndcg_at([], {1}, 5) == ndcg_at([1], set(), 5) == 0.0
    assert recall_at([1, 2, 3], {2, 9}, 3) == 0.5
    assert recall_at([1], set(), 3) == 0.0


@given(st.permutations(range(6)), st.sets(st.integers(0, 9), min_size=1), st.integers(1, 8))
def test_ndcg_is_in_the_unit_and_best_when_hits_come_first(
    ranked: list[int], wanted: set[int], length: int
) -> None:
    found = ndcg_at(ranked, wanted, length)
    sorted_first = sorted(ranked, key=lambda item: item not in wanted)
    assert 0 <= found <= ndcg_at(sorted_first, wanted, length) <= 1 + 1e-9


def test_cases_split_at_the_cut() -> None:
    rows: list[Row] = [
        ("ann", "p0", Signal.PICK_UP, NOW_MS - 10),
        ("ann", "p1", Signal.PICK_UP, NOW_MS),
        ("ann", "p2", Signal.VOTE_DOWN, NOW_MS + 1),
        ("bob", "p3", Signal.PICK_UP, NOW_MS - 10),
        ("new", "p4", Signal.ADD, NOW_MS + 5),
        (None, "p5", Signal.BUY, NOW_MS + 9),
        ("cat", "p5", Signal.BUY, NOW_MS - 9),
        ("cat", "p5", Signal.BUY, NOW_MS + 2),
    ]
    cases = cases_after(log_of(rows, PRODUCTS), IDS, NOW_MS, LIVE, FIT)
    seen = [
        ([entry.product_id for entry in case.history.entries.values()], sorted(case.wanted))
        for case in cases
    ]
    # Bob wanted nothing new; what cat bought rests, so no list could have had it.
    assert seen == [([], [4]), (["p0"], [1])]
    assert (
        len(cases_after(log_of(rows, PRODUCTS), IDS, NOW_MS, LIVE, FitSettings(cases_limit=1))) == 1
    )


def test_a_model_that_knows_is_better_than_one_that_does_not() -> None:
    rows: list[Row] = []
    for person in range(8):
        rows.append((f"u{person}", "p0", Signal.PICK_UP, NOW_MS - 10))
        rows.append((f"u{person}", "p3", Signal.PICK_UP, NOW_MS + 10))
    cases = cases_after(log_of(rows, PRODUCTS), IDS, NOW_MS, LIVE, FIT)
    knows = evaluate(handmade(PRODUCTS, {(0, 3): 1.0}), cases, LIVE, 2)
    wrong = evaluate(handmade(PRODUCTS, {(0, 1): 1.0, (0, 2): 0.5}), cases, LIVE, 2)
    assert (knows.ndcg, knows.recall, knows.cases) == (1.0, 1.0, 8)
    assert wrong.ndcg == 0.0
    assert knows.coverage == pytest.approx(2 / 6)
    assert is_worse(wrong, knows, 0.01)
    assert not is_worse(knows, wrong, 0.01)
    assert not is_worse(knows, knows, 0.0)


def test_a_difference_within_chance_is_not_worse() -> None:
    one = Metrics(4, 0.5, 0.5, 1.0, (1.0, 0.0, 1.0, 0.0))
    other = Metrics(4, 0.55, 0.5, 1.0, (0.0, 1.0, 0.6, 0.6))
    assert not is_worse(one, other, 0.01)


def test_nothing_to_measure() -> None:
    empty = evaluate(handmade(PRODUCTS), [], LIVE, 5)
    assert (empty.cases, empty.ndcg) == (0, 0.0)
    assert not is_worse(empty, empty, 0.0)
    assert time_cut(log_of([], PRODUCTS), 0.2) == 0
    rows: list[Row] = [("ann", "p0", Signal.ADD, NOW_MS + step) for step in range(10)]
    assert time_cut(log_of(rows, PRODUCTS), 0.2) == NOW_MS + 8
    assert time_cut(log_of(rows, PRODUCTS), 1.0) == NOW_MS
