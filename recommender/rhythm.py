"""In what rhythm a person comes back for what they had, as evidence beside `own_history`.

Time is counted in the person's own shopping days as well as in days: who comes once a year is not
late after a month. A product has a rhythm of its own, too: paper napkins are bought again, a clock
is not. So for each product that a person had, chances to take it again (their days since the first
one) stand against how often it was taken (repeat rate: Bhagat et al. 2018, "Buy It Again: Modeling
Repeat Purchase Recommendations", KDD), drawn towards the rate of the product over all people.

What follows on a day is told by the day before (first-order transitions between baskets: Rendle et
al. 2010, "Factorizing Personalized Markov Chains for Next-Basket Recommendation"), as counts of
products on consecutive days of one person over the root of both products' days.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from recommender.events import EventTable, Ints, Reals, Scores
from recommender.own_history import NEVER_DAYS, Bools, Pairs
from recommender.settings import DAY_MS

if TYPE_CHECKING:
    from scipy import sparse

HALF_LIVES_DAYS = (10, 20, 80, 160)
HALF_LIVES_VISITS = (1, 3, 8)
NEWEST_VISITS = (2, 3, 5)
"""A product is counted on so many of the person's newest shopping days."""
POPULAR_HALF_LIVES_DAYS = (14, 30)
POPULAR_DAYS = (30, 90)
PRODUCT_PRIOR = 20.0
"""Chances of the average product that each product's repeat rate begins with; as for people."""
SHARE_PRIOR = 8.0
"""People, of whom one came again, that each product's share of repeaters begins with."""
OWN_PRIOR = 3.0
"""Chances at the product's rate that each person's own rate begins with."""
TRANSITION_PRIOR = 5.0
"""Days added to those of each product, so that two rare ones make no rule."""
TRANSITION_HALF_LIFE = 2.0
"""Shopping days after which a day tells half as much of the next."""
NEVER_VISITS = 99.0


@dataclass(frozen=True, slots=True)
class Visits:
    """Shopping days: arrays over all days of all people, and over the products on them.

    `owner` (v,) person, `back` (v,) how many days of that person came after it; `of_row`,
    `product`, `age_days` (m,) one row for each product of each day.
    """

    owner: Ints
    back: Ints
    of_row: Ints
    product: Ints
    age_days: Reals
    products: int

    def matrix(self) -> "sparse.csr_array":
        """1 where a product was touched on a day, float32 (v, products)."""
        from scipy import sparse

        cells = (self.of_row, self.product)
        ones = np.ones(len(self.of_row), dtype=np.float32)
        return sparse.csr_array((ones, cells), shape=(len(self.owner), self.products))


def visits_of(events: EventTable, now_ms: Ints) -> Visits:
    """The shopping days (UTC) of everybody, in the order of people and then of time."""
    day = events.occurred_ms // DAY_MS
    first_day = int(day.min(initial=0))
    span = int(day.max(initial=0)) - first_day + 1
    keys, place = np.unique(events.person * span + (day - first_day), return_inverse=True)
    owner = keys // span
    ends = np.searchsorted(owner, owner, side="right")
    rows = np.unique(place * events.products + events.product)
    of_row = rows // max(1, events.products)
    began_ms = (keys % span + first_day) * DAY_MS
    age = np.maximum(0, now_ms[owner] - began_ms) / DAY_MS
    return Visits(
        owner=owner,
        back=ends - 1 - np.arange(len(keys)),
        of_row=of_row,
        product=rows % max(1, events.products),
        age_days=np.asarray(age[of_row]),
        products=events.products,
    )


class Rhythm:
    """How each person comes back for each product, ready to be read at any pairs."""

    def __init__(self, events: EventTable, now_ms: Ints) -> None:
        self._visits = visits_of(events, now_ms)
        self._people = events.people
        visits, size = self._visits, events.products
        self._person = visits.owner[visits.of_row]
        cells, self._place = np.unique(self._person * size + visits.product, return_inverse=True)
        self._cells = cells
        self._product = cells % max(1, size)
        back = visits.back[visits.of_row]
        self._taken = np.bincount(self._place, minlength=len(cells)).astype(np.float64)
        self._first = np.zeros(len(cells))
        np.maximum.at(self._first, self._place, back)
        again = np.bincount(self._product, self._taken - 1, size)
        chances = np.bincount(self._product, self._first, size)
        self._rate = _drawn(again, chances, PRODUCT_PRIOR)

    def own_columns(self, pairs: Pairs) -> Iterator[tuple[str, Reals]]:
        """Every number of a person and a product at these pairs, by name."""
        wanted = pairs[0] * self._visits.products + pairs[1]
        count = len(self._cells)
        if count == 0:
            for name, (_, missing) in self._values().items():
                yield name, np.full(len(wanted), missing)
            return
        place = np.minimum(np.searchsorted(self._cells, wanted), count - 1)
        known = self._cells[place] == wanted
        for name, (values, missing) in self._values().items():
            yield name, np.where(known, values[place], missing)

    def _values(self) -> dict[str, tuple[Reals, float]]:
        """By name: a value for each cell, and what stands for it where there is no cell."""
        visits, place, count = self._visits, self._place, len(self._cells)
        back, age = visits.back[visits.of_row], visits.age_days
        taken, first = self._taken, self._first
        since, first_days = np.full(count, NEVER_VISITS), np.zeros(count)
        np.minimum.at(since, place, back)
        np.maximum.at(first_days, place, age)
        of_product = self._rate[self._product]
        found = {
            "own_visits_since": (since, NEVER_VISITS),
            "own_rate": ((taken - 1) / np.maximum(first, 1), 0.0),
            "own_rate_smooth": (taken / (first + 2.0), 0.0),
            "own_rate_drawn": ((taken - 1 + OWN_PRIOR * of_product) / (first + OWN_PRIOR), 0.0),
            "own_first_days": (first_days, NEVER_DAYS),
        }

        def put(name: str, values: Reals) -> None:
            found[name] = (np.bincount(place, values, count).astype(np.float64), 0.0)

        for days in HALF_LIVES_DAYS:
            put(f"own_faded_{days}", np.exp2(-age / days))
        for visit in HALF_LIVES_VISITS:
            put(f"own_visits_faded_{visit}", np.exp2(-back / visit))
        for newest in NEWEST_VISITS:
            put(f"own_in_newest_{newest}", (back < newest).astype(np.float64))
        return found

    def product_columns(self) -> dict[str, Reals]:
        """Numbers of each product alone, float64 (products,): how surely and how much it sells."""
        visits, size = self._visits, self._visits.products
        people = np.bincount(self._product, minlength=size)
        again = np.bincount(self._product, self._taken > 1, size)
        found = {"repeat_rate": self._rate, "repeaters": (again + 1.0) / (people + SHARE_PRIOR)}
        for days in POPULAR_DAYS:
            found[f"visits_{days}"] = _sum(visits.product, visits.age_days < days, size)
        for days in POPULAR_HALF_LIVES_DAYS:
            fading = np.exp2(-visits.age_days / days)
            found[f"visits_faded_{days}"] = _sum(visits.product, fading, size)
        return found

    def person_columns(self) -> dict[str, Reals]:
        """Numbers of each person alone, float64 (people,): how much is new, how much is taken."""
        visits, person, size = self._visits, self._person, self._people
        days = np.bincount(visits.owner, minlength=size)
        back = visits.back[visits.of_row]
        later = back + 1 < days[person]
        known = back != self._first[self._place]
        repeated = np.bincount(person[later], known[later], size)
        rows = np.bincount(person, minlength=size)
        return {
            "person_repeat_share": _drawn(
                repeated, np.bincount(person[later], minlength=size), PRODUCT_PRIOR
            ),
            "person_visit_size": rows / np.maximum(days, 1),
            "person_last_size": _sum(person, back == 0, size),
        }

    def follows(self, people: Ints) -> dict[str, Scores]:
        """What follows on the newest days of these people, float32 (people asked, products)."""
        from scipy import sparse

        visits = self._visits
        held = visits.matrix()
        sizes = np.maximum(np.asarray(held.sum(axis=1)).ravel(), 1.0)
        spread = sparse.csr_array(sparse.diags_array((sizes**-0.5).astype(np.float32)) @ held)
        next_days = np.flatnonzero(visits.owner[1:] == visits.owner[:-1]) + 1
        scale = (np.asarray(held.sum(axis=0)).ravel() + TRANSITION_PRIOR) ** -0.5
        scaled = sparse.diags_array(scale.astype(np.float32))
        pairs = spread[next_days - 1].T @ spread[next_days]
        rules = sparse.csr_array(scaled @ pairs @ scaled)
        shape = (self._people, len(visits.owner))
        cells = (visits.owner, np.arange(len(visits.owner)))
        found = {}
        for name, weights in (
            ("next_visit", visits.back == 0),
            ("next_visit_faded", np.exp2(-visits.back / TRANSITION_HALF_LIFE)),
        ):
            newest = sparse.csr_array((weights.astype(np.float32), cells), shape=shape)
            found[name] = np.asarray(((newest[people] @ held) @ rules).toarray(), dtype=np.float32)
        return found


def _sum(place: Ints, values: Reals | Bools, size: int) -> Reals:
    return np.bincount(place, values, size).astype(np.float64)


def _drawn(again: Reals | Ints, chances: Reals | Ints, prior: float) -> Reals:
    """Shares drawn towards the mean of all by so many chances of the mean."""
    mean = again.sum() / max(1.0, float(chances.sum()))
    return np.asarray((again + prior * mean) / (chances + prior))
