"""How people come back: counted in their own days, drawn towards all, blind to what is later."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.events import EventTable, Ints, Reals
from recommender.rhythm import NEVER_VISITS, OWN_PRIOR, Rhythm, visits_of
from recommender.settings import DAY_MS
from tests.recommender.tables import FIRST_MS, table

NOW_DAY = 40
PRODUCTS = 4

made = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, PRODUCTS - 1), st.integers(0, NOW_DAY - 1)),
    max_size=40,
)


def moments(people: int) -> Ints:
    return np.full(people, FIRST_MS + NOW_DAY * DAY_MS, dtype=np.int64)


def events_of(rows: list[tuple[int, int, int]]) -> EventTable:
    ordered = sorted(rows, key=lambda row: row[2])
    return table([(p, i, 100 * p + d, float(d)) for p, i, d in ordered], 3, PRODUCTS)


def own(rhythm: Rhythm, person: int, product: int) -> dict[str, float]:
    pairs = (np.array([person]), np.array([product]))
    return {name: float(values[0]) for name, values in rhythm.own_columns(pairs)}


def test_days_of_the_person_are_counted() -> None:
    events = events_of([(0, 1, 0), (0, 1, 0), (0, 2, 5), (0, 1, 10), (0, 3, 20), (1, 1, 39)])
    rhythm = Rhythm(events, moments(3))
    mine = own(rhythm, 0, 1)
    assert mine["own_visits_since"] == 1
    assert mine["own_rate"] == pytest.approx(1 / 3)
    assert mine["own_rate_smooth"] == pytest.approx(2 / 5)
    assert mine["own_in_newest_2"] == 1
    assert mine["own_in_newest_5"] == 2
    assert mine["own_visits_faded_1"] == pytest.approx(0.5 + 0.125)
    assert mine["own_first_days"] == pytest.approx(NOW_DAY, abs=1)
    assert own(rhythm, 2, 1)["own_visits_since"] == NEVER_VISITS
    assert own(rhythm, 0, 0)["own_rate_drawn"] == 0.0


def test_a_product_that_is_bought_again_lends_its_rate() -> None:
    rows = [(person, 0, day) for person in range(3) for day in (0, 5, 10)]
    rows += [(person, 1, 0) for person in range(3)]
    rhythm = Rhythm(events_of(rows), moments(3))
    products = rhythm.product_columns()
    assert products["repeat_rate"][0] > products["repeat_rate"][1]
    assert products["repeaters"][0] > products["repeaters"][1]
    assert products["visits_90"].tolist() == [9, 3, 0, 0]
    lent = own(rhythm, 0, 1)["own_rate_drawn"]
    assert lent == pytest.approx(OWN_PRIOR * products["repeat_rate"][1] / (2 + OWN_PRIOR))


def test_people_differ_in_how_much_is_new_to_them() -> None:
    rows = [(0, 0, day) for day in range(5)]
    rows += [(1, product, product) for product in range(PRODUCTS)]
    people = Rhythm(events_of(rows), moments(3)).person_columns()
    assert people["person_repeat_share"][0] > people["person_repeat_share"][1]
    assert people["person_visit_size"].tolist() == [1.0, 1.0, 0.0]


def test_what_followed_for_others_follows() -> None:
    rows = [(0, 0, 1), (0, 1, 2), (1, 0, 3), (1, 1, 4), (2, 0, 5), (2, 3, 0)]
    found = Rhythm(events_of(rows), moments(3)).follows(np.array([2]))
    for scores in found.values():
        assert scores.shape == (1, PRODUCTS)
        assert scores[0].argmax() == 1


@settings(max_examples=60, deadline=None)
@given(made)
def test_numbers_are_finite_and_shares_are_shares(rows: list[tuple[int, int, int]]) -> None:
    events = events_of(rows)
    rhythm = Rhythm(events, moments(3))
    everyone, all_products = np.divmod(np.arange(3 * PRODUCTS), PRODUCTS)
    columns: dict[str, Reals] = dict(rhythm.own_columns((everyone, all_products)))
    columns |= rhythm.product_columns() | rhythm.person_columns()
    for name, values in columns.items():
        assert np.isfinite(values).all(), name
        assert (values >= 0).all(), name
    for name in ("own_rate", "own_rate_smooth", "repeat_rate", "repeaters", "person_repeat_share"):
        assert (columns[name] <= 1).all(), name
    assert all(np.isfinite(each).all() for each in rhythm.follows(np.arange(3)).values())


@settings(max_examples=40, deadline=None)
@given(made)
def test_every_day_of_everybody_is_there_once(rows: list[tuple[int, int, int]]) -> None:
    visits = visits_of(events_of(rows), moments(3))
    assert len(visits.owner) == len({(person, day) for person, _, day in rows})
    assert len(visits.product) == len(set(rows))
    for person in set(visits.owner.tolist()):
        back = visits.back[visits.owner == person]
        assert back.tolist() == list(range(len(back)))[::-1]
