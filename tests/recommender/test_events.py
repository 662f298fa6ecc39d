"""The table of events: fading, the cap, sessions by silence, and the way from the room's log."""

import numpy as np
import pytest

from recommender.events import of_log, session_numbers
from recommender.interactions import Signal
from recommender.settings import LiveSettings
from tests.recommender.shop import NOW_MS, log_of, shop
from tests.recommender.tables import on_day, table


def test_wishes_fade_and_never_exceed_one() -> None:
    events = table([(0, 0, 0, 0.0), (0, 1, 1, 10.0), (0, 1, 2, 10.0)], 2, 3)
    faded = events.matrix(on_day(2, 10), 10.0).toarray()
    assert faded[0].tolist() == pytest.approx([0.5, 1.0, 0.0])
    assert not faded[1].any()
    assert events.matrix(on_day(2, 99), None).toarray()[0].tolist() == [1.0, 1.0, 0.0]


def test_what_is_yet_to_come_has_no_age() -> None:
    events = table([(0, 0, 0, 9.0)], 1, 1)
    assert events.age_days(on_day(1, 5)).tolist() == [0.0]


def test_a_silence_ends_a_session_and_people_do_not_share_one() -> None:
    minute = 60_000
    person = np.array([0, 1, 0, 0])
    times = np.array([0, 5, 29 * minute, 60 * minute])
    numbers = session_numbers(person, times)
    assert numbers[0] == numbers[2] != numbers[3]
    assert numbers[1] not in (numbers[0], numbers[3])


def test_the_rooms_log_becomes_a_table_without_nameless_and_unwanted_rows() -> None:
    products = shop(3)
    log = log_of(
        [
            ("ann", "p0", Signal.BUY, NOW_MS - 5),
            (None, "p1", Signal.BUY, NOW_MS - 4),
            ("ann", "p1", Signal.VOTE_DOWN, NOW_MS - 3),
            ("bob", "p2", Signal.ADD, NOW_MS),
        ],
        products,
    )
    events = of_log(log, np.ones(3), LiveSettings())
    assert events.product.tolist() == [0, 2]
    assert events.strength.tolist() == pytest.approx([1.0, 2.0 / 3.0])
    assert (events.people, events.products) == (2, 3)
    assert events.people_seen().tolist() == [0, 1]


def test_an_empty_table_is_fine() -> None:
    events = table([], 2, 3)
    assert len(events) == 0
    assert events.matrix(on_day(2, 1), 5.0).shape == (2, 3)
