"""Questions inside the data: cut as the task was, nothing of the answer kept, shares put right."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.events import EventTable, Ints
from recommender.interactions import Signal
from recommender.settings import DAY_MS
from recommender.tasks.questions import (
    CUT_STEP_MS,
    CUTS,
    HORIZON_MS,
    WEIGHT_LIMIT,
    YOUNG_CUTS_MS,
    cuts_by_time,
    end_of_record,
    last_visit_with,
    question_folds,
    standing_weights,
    standings,
)
from recommender.weighting import SIGNAL_NUMBER
from tests.recommender.tables import FIRST_MS, table, tastes

VIEW, ADD, BUY = (SIGNAL_NUMBER[each] for each in (Signal.INSPECT, Signal.ADD, Signal.BUY))


def deeds(*rows: tuple[int, int, int, float, int], people: int = 4) -> EventTable:
    """Person, product, session, day, signal."""
    rows = tuple(sorted(rows, key=lambda row: row[3]))
    events = table([row[:4] for row in rows], people, 6)
    return replace(events, signal=np.array([row[4] for row in rows], dtype=np.int64))


def test_the_cut_follows_from_the_data() -> None:
    regular = tastes(10, 12, 220)
    assert cuts_by_time(regular)
    assert not cuts_by_time(tastes(10, 12, 100))
    assert not cuts_by_time(table([], 3, 3))
    folds = question_folds(regular)
    for fold in folds:
        assert fold.history.occurred_ms.max() < fold.now_ms.min()
    ages = [int(end_of_record(regular) - fold.now_ms[0]) for fold in folds]
    assert ages == [*YOUNG_CUTS_MS, *(HORIZON_MS + step * CUT_STEP_MS for step in range(CUTS))]
    assert end_of_record(regular) % DAY_MS == 0
    assert end_of_record(table([(0, 0, 0, 0.5)], 1, 1)) == FIRST_MS + DAY_MS


def test_a_visit_with_a_purchase_is_asked_for_and_all_that_was_taken_in_it() -> None:
    events = deeds(
        (0, 0, 1, 0.0, VIEW), (0, 1, 1, 0.1, ADD),
        (0, 1, 2, 5.0, BUY), (0, 2, 2, 5.1, ADD), (0, 3, 2, 5.2, VIEW),
        (0, 4, 3, 9.0, ADD),
        (1, 5, 4, 2.0, BUY),
        (2, 5, 5, 2.0, VIEW), (2, 5, 6, 4.0, ADD),
    )  # fmt: skip
    fold = last_visit_with(events, BUY)
    assert fold.wanted == {0: {1, 2}}
    mine = fold.history.person == 0
    assert fold.history.product[mine].tolist() == [0, 1]
    assert fold.now_ms[2] == events.occurred_ms[events.person == 2].max()
    assert question_folds(events)[0].wanted == fold.wanted
    assert question_folds(events, new_only=True)[0].wanted == {0: {4}}
    assert question_folds(table([], 2, 2)) == []


made = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.integers(0, 5),
        st.integers(0, 3),
        st.floats(0, 20),
        st.sampled_from((VIEW, ADD, BUY)),
    ),
    max_size=40,
)


@settings(max_examples=60, deadline=None)
@given(made)
def test_no_history_reaches_into_its_question(rows: list[tuple[int, int, int, float, int]]) -> None:
    # A session belongs to one person.
    events = deeds(*((p, i, 10 * p + s, d, kind) for p, i, s, d, kind in rows))
    fold = last_visit_with(events, BUY)
    for person in fold.wanted:
        bought = events.session[(events.person == person) & (events.signal == BUY)][-1]
        begins = events.occurred_ms[events.session == bought].min()
        kept = fold.history.only(fold.history.person == person)
        assert kept.occurred_ms.max() < begins
        assert bought not in kept.session


def test_standing_tells_who_has_bought_and_who_has_something_open() -> None:
    events = deeds(
        (0, 0, 1, 0.0, VIEW),
        (1, 0, 2, 0.0, ADD),
        (2, 0, 3, 0.0, ADD), (2, 0, 3, 0.1, BUY),
        (3, 0, 4, 0.0, BUY), (3, 1, 4, 0.1, ADD), (3, 2, 4, 0.2, ADD),
    )  # fmt: skip
    assert standings(events).tolist() == [0, 1, 2, 3]


kinds = st.lists(st.integers(0, 3), min_size=1, max_size=60).map(
    lambda each: np.array(each, dtype=np.int64)
)


@settings(max_examples=60, deadline=None)
@given(kinds, kinds)
def test_weights_put_the_shares_right(taught: Ints, asked: Ints) -> None:
    weights = standing_weights(taught, asked)
    assert weights.max() <= WEIGHT_LIMIT
    if weights.max() < WEIGHT_LIMIT and set(asked.tolist()) <= set(taught.tolist()):
        shares = np.bincount(taught, weights[taught], 4) / taught.size
        assert shares == pytest.approx(np.bincount(asked, minlength=4) / asked.size)
