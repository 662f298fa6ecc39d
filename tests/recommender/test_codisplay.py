"""Co-display: the greedy keeps its bound, shares what is worth talking about, and nothing else."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from recommender.codisplay import (
    NOTHING,
    Board,
    Plan,
    assign,
    usable_weights,
    value,
)


def board(
    wants: list[list[float]],
    talk_weight: float,
    weights: list[float],
    kinds: list[int] | None = None,
    diversity: float = 0.0,
) -> Board:
    products = len(wants[0])
    return Board(
        np.array(wants, dtype=np.float64).reshape(len(wants), products),
        np.array(kinds or range(products), dtype=np.int64),
        np.array(weights, dtype=np.float64),
        talk_weight,
        diversity,
    )


def all_plans(case: Board) -> list[Plan]:
    """Every plan for one place: what each viewer sees, and who of them counts as sharing what."""
    viewers, products = case.wants.shape
    plans = []
    for shown in itertools.product(range(products), repeat=viewers):
        plans.append(Plan(0.0, shown))
        for product in set(shown):
            seers = [v for v in range(viewers) if shown[v] == product]
            for size in range(2, len(seers) + 1):
                several = itertools.combinations(seers, size)
                plans.extend(Plan(0.0, shown, product, sharing) for sharing in several)
    return plans


def best_value(case: Board) -> float:
    plans = all_plans(case)
    return max(value(case, each) for each in itertools.product(plans, repeat=len(case.weights)))


parts = st.floats(0, 1).map(lambda number: round(number, 2))


@st.composite
def small_boards(draw: st.DrawFn, equal: bool) -> Board:
    viewers, products, places = draw(st.integers(1, 3)), draw(st.integers(1, 3)), 2
    if viewers == 3:
        products = min(products, 2)  # All pairs of plans are tried.
    rows = st.lists(parts, min_size=products, max_size=products)
    weight = st.just(1.0) if equal else st.sampled_from([0.2, 0.5, 1.0])
    return board(
        draw(st.lists(rows, min_size=viewers, max_size=viewers)),
        draw(parts),
        draw(st.lists(weight, min_size=places, max_size=places)),
        draw(st.lists(st.integers(0, 1), min_size=products, max_size=products)),
        draw(st.sampled_from([0.0, 0.3, 1.0])),
    )


@examples(max_examples=80, deadline=None)
@given(small_boards(equal=False))
def test_at_least_half_of_the_best_under_the_partition_matroid(case: Board) -> None:
    assert value(case, assign(case)) >= 0.5 * best_value(case) - 1e-9


@examples(max_examples=80, deadline=None)
@given(small_boards(equal=True))
def test_at_least_one_minus_one_over_e_with_equal_places(case: Board) -> None:
    assert value(case, assign(case)) >= (1 - 1 / math.e) * best_value(case) - 1e-9


@examples(max_examples=60, deadline=None)
@given(small_boards(equal=False))
def test_the_first_plan_is_the_best_one_and_gains_add_up(case: Board) -> None:
    single = replace(case, weights=case.weights[:1])
    assert value(single, assign(single)) == pytest.approx(best_value(single))
    plans = assign(case)
    assert sum(plan.gain for plan in plans) == pytest.approx(value(case, plans))


@examples(max_examples=100, deadline=None)
@given(small_boards(equal=False), st.data())
def test_the_value_is_monotone_and_submodular(case: Board, data: st.DataObject) -> None:
    """Which the bounds rest on: a plan adds no less to fewer plans than to more."""
    nothing = Plan(0.0, (NOTHING,) * case.wants.shape[0])
    one, other = (data.draw(st.sampled_from(all_plans(case))) for _ in range(2))
    first = value(case, (one, nothing))
    both = value(case, (one, other))
    alone = value(case, (nothing, other))
    assert both >= first - 1e-9
    assert alone >= both - first - 1e-9


@examples(max_examples=100, deadline=None)
@given(
    st.integers(2, 5).flatmap(
        lambda viewers: st.lists(
            st.lists(parts, min_size=3, max_size=3), min_size=viewers, max_size=viewers
        )
    ),
    parts,
)
def test_no_party_on_one_place_is_better_than_the_plan(
    wants: list[list[float]], talk: float
) -> None:
    """Also for more friends than can be tried with several places."""
    case = board(wants, talk, [0.7])
    assert value(case, assign(case)) == pytest.approx(best_value(case))


@examples(max_examples=60, deadline=None)
@given(small_boards(equal=False), st.floats(0.1, 1.0))
def test_no_plan_is_worth_less_on_a_place_of_more_weight(case: Board, weight: float) -> None:
    """So the greedy may take the places in the order of their weights."""
    small, large = (
        value(one, assign(one))
        for one in (
            replace(case, weights=np.array([weight * 0.5])),
            replace(case, weights=np.array([weight])),
        )
    )
    assert large >= small - 1e-9


def test_friends_see_the_same_where_it_is_worth_talking_about() -> None:
    case = board([[0.9, 0.8, 0.0], [0.0, 0.8, 0.9]], 0.4, [1.0, 1.0])
    plans = assign(case)
    shared = [plan for plan in plans if plan.shared != NOTHING]
    own = [plan for plan in plans if plan.shared == NOTHING]
    assert [(plan.products, plan.sharing) for plan in shared] == [((1, 1), (0, 1))]
    assert [plan.products for plan in own] == [(0, 2)]


def test_without_talk_each_sees_their_own() -> None:
    case = board([[0.9, 0.5, 0.0], [0.0, 0.5, 0.9]], 0.0, [1.0])
    assert assign(case)[0].products == (0, 2)


def test_one_fan_alone_starts_no_talk() -> None:
    case = board([[1.0, 0.7], [0.0, 0.1]], 1.0, [1.0])
    assert assign(case)[0].products == (0, 1)


def test_some_share_and_the_others_see_their_own() -> None:
    case = board([[0.5, 0.9, 0.0], [0.5, 0.9, 0.0], [0.0, 0.0, 1.0]], 0.3, [1.0])
    plan = assign(case)[0]
    assert plan.products == (1, 1, 2)
    assert plan.sharing == (0, 1)


def test_a_place_that_is_hardly_looked_at_is_no_place_to_talk() -> None:
    """Two must look at it, each wants their own there as much as elsewhere."""
    wants = [[0.9, 0.8, 0.0], [0.0, 0.8, 0.9]]
    assert assign(board(wants, 0.4, [1.0]))[0].shared == 1
    assert assign(board(wants, 0.4, [0.2]))[0].shared == NOTHING


def test_a_kind_seen_already_gives_way() -> None:
    case = board([[1.0, 0.9, 0.6]], 0.0, [1.0, 1.0], kinds=[0, 0, 1], diversity=0.5)
    assert {plan.products[0] for plan in assign(case)} == {0, 2}


def test_what_a_viewer_must_not_be_shown_is_not_shown() -> None:
    case = Board(
        np.array([[1.0, 0.1], [1.0, 0.1]]),
        np.array([0, 1]),
        np.ones(1),
        allowed=np.array([[False, True], [True, True]]),
    )
    assert assign(case)[0].products == (1, 0)
    blind = replace(case, allowed=np.zeros((2, 2), dtype=bool))
    assert assign(blind)[0].products == (NOTHING, NOTHING)


def test_no_products_no_viewers_no_places() -> None:
    assert assign(board([[]], 0.5, [1.0])) == (Plan(0.0, (NOTHING,)),)
    nobody = Board(np.zeros((0, 2)), np.zeros(2, np.int64), np.ones(1))
    assert assign(nobody) == (Plan(0.0, ()),)
    assert assign(board([[0.5]], 0.1, [])) == ()


def test_weights_are_over_the_best_and_what_is_no_weight_counts_as_one() -> None:
    assert usable_weights([2.0, math.nan, -1.0, math.inf, 0.0], 4) == [1.0, 0.5, 0.5, 0.5]
    assert usable_weights([], 4) == []
