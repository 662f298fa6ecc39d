"""Own history: counts by visit, recency, what is open, and what is not there."""

import numpy as np
import pytest

from recommender.interactions import Signal
from recommender.own_history import NEVER_DAYS, OwnHistory, last_visit
from recommender.weighting import SIGNAL_NUMBER
from tests.recommender.tables import on_day, table

DEEDS = [(0, 1, 10, 0.0), (0, 1, 10, 0.0), (0, 1, 11, 8.0), (0, 2, 11, 8.0), (1, 1, 12, 3.0)]


def numbers(person: int, product: int) -> dict[str, float]:
    own = OwnHistory(table(DEEDS, 3, 4), on_day(3, 10))
    pairs = (np.array([person]), np.array([product]))
    return {name: float(values[0]) for name, values in own.at(pairs)}


def test_a_visit_counts_once() -> None:
    found = numbers(0, 1)
    assert (found["own_visits"], found["own_share"]) == (2.0, 1.0)
    assert found["own_last_days"] == pytest.approx(2.0)
    assert found["own_due"] == pytest.approx(2.0 / 8.0)
    assert found["own_faded"] == pytest.approx(2 ** (-10 / 40) + 2 ** (-2 / 40))
    assert (found["own_buy"], found["own_add"], found["own_in_last_visit"]) == (3.0, 0.0, 1.0)
    assert found["own_visit_size"] == 2.0


def test_what_was_never_touched_is_far_away() -> None:
    for person, product in ((0, 3), (2, 1)):
        found = numbers(person, product)
        assert (found["own_visits"], found["own_last_days"]) == (0.0, NEVER_DAYS)


def test_what_is_in_the_cart_and_not_bought_is_open() -> None:
    events = table(DEEDS, 3, 4)
    events.signal[:] = SIGNAL_NUMBER[Signal.ADD]
    events.signal[(events.person == 0) & (events.product == 2)] = SIGNAL_NUMBER[Signal.BUY]
    own = OwnHistory(events, on_day(3, 10))
    found = dict(own.at((np.array([0, 0]), np.array([1, 2]))))
    assert found["own_open"].tolist() == [1.0, 0.0]
    assert found["own_open_place"].tolist() == [0.0, 1.0]


def test_the_last_visit_is_the_newest_session_of_each() -> None:
    events = table(DEEDS, 3, 4)
    assert set(events.session[last_visit(events)].tolist()) == {11, 12}


def test_nobody_has_no_history() -> None:
    own = OwnHistory(table([], 2, 3), on_day(2, 0))
    assert dict(own.at((np.array([0]), np.array([1]))))["own_visits"].tolist() == [0.0]
    assert own.cells[0].size == 0
