"""A person's own history as evidence: what was wanted before may be wanted again.

How often, how recently, in what share of the visits, and whether it is due: repeat purchase is
driven by personal frequency and recency (Hu et al. 2020, "Modeling Personalized Item Frequency
Information for Next-basket Recommendation", TIFU-kNN; recency of consumption: Anderson et al. 2014,
"The Dynamics of Repeat Consumption").
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from recommender.events import EventTable, Ints, Reals
from recommender.interactions import Signal
from recommender.weighting import SIGNAL_NUMBER

FADE_DAYS = 40.0
NEVER_DAYS = 999.0
"""Stands for "never" where a time is asked for."""

Bools = npt.NDArray[np.bool_]

Pairs = tuple[Ints, Ints]
"""People and products, arrays of one length."""


class OwnHistory:
    """What each person did with each product, ready to be read at any (person, product) pairs."""

    def __init__(self, events: EventTable, now_ms: Ints) -> None:
        self._products = events.products
        keys = events.person * events.products + events.product
        self._cells, place = np.unique(keys, return_inverse=True)
        age = events.age_days(now_ms)
        self._count = len(self._cells)
        # One visit counts once, however many rows it has.
        _, first = np.unique(np.stack([keys, events.session], axis=1), axis=0, return_index=True)
        cell = place[first]
        visits_of = np.bincount(visit_owner(events), minlength=events.people)
        sizes = _visit_sizes(events)
        last_size = np.zeros(self._count)
        # Rows are sorted by time, so the newest visit to a product is the one that stays.
        last_size[place] = sizes
        owner = self._cells // events.products
        last = np.full(self._count, NEVER_DAYS)
        np.minimum.at(last, place, age)
        earliest = np.zeros(self._count)
        np.maximum.at(earliest, place, age)
        sessions = np.bincount(cell, minlength=self._count).astype(np.float64)
        # A period needs two visits; with one, the person's mean over products stands in (1).
        period = np.where(sessions > 1, (earliest - last) / np.maximum(sessions - 1, 1), 0.0)
        self._values: dict[str, tuple[Reals, float]] = {
            "own_visits": (sessions, 0.0),
            "own_faded": (
                _sums(cell, np.exp2(-age[first] / FADE_DAYS), self._count), 0.0,
            ),
            "own_share": (sessions / np.maximum(visits_of[owner], 1), 0.0),
            "own_last_days": (last, NEVER_DAYS),
            "own_due": (np.where(period > 0, last / np.maximum(period, 0.5), 0.0), 0.0),
            "own_visit_size": (last_size, 0.0),
            "own_place": (_recency_places(owner, last), NEVER_DAYS),
            "own_pieces": (_sums(place, np.log1p(events.quantity), self._count), 0.0),
            "own_in_last_visit": (self._in_last_visit(events, place), 0.0),
        }  # fmt: skip
        for signal in (Signal.INSPECT, Signal.ADD, Signal.BUY):
            rows = place[events.signal == SIGNAL_NUMBER[signal]]
            counts = np.bincount(rows, minlength=self._count).astype(np.float64)
            self._values[f"own_{signal.value}"] = (counts, 0.0)
        # In the cart and not bought yet: the strongest wish there is.
        open_wish = (self._values["own_add"][0] > 0) & (self._values["own_buy"][0] == 0)
        places = _recency_places(owner, last + np.where(open_wish, 0.0, NEVER_DAYS))
        self._values["own_open"] = (open_wish.astype(np.float64), 0.0)
        self._values["own_open_place"] = (places, NEVER_DAYS)

    def _in_last_visit(self, events: EventTable, place: Ints) -> Reals:
        last = last_visit(events)
        found = np.zeros(self._count)
        found[place[last]] = 1.0
        return found

    @property
    def cells(self) -> Pairs:
        """People and products of all pairs that are known."""
        return self._cells // self._products, self._cells % self._products

    @property
    def faded(self) -> Reals:
        """Visits to each of `cells`, halved with every `FADE_DAYS` of age."""
        return self._values["own_faded"][0]

    def at(self, pairs: Pairs) -> Iterator[tuple[str, Reals]]:
        """Every number of the own history at these pairs, by name."""
        wanted = pairs[0] * self._products + pairs[1]
        if self._count == 0:
            for name, (_, missing) in self._values.items():
                yield name, np.full(len(wanted), missing)
            return
        place = np.minimum(np.searchsorted(self._cells, wanted), self._count - 1)
        known = self._cells[place] == wanted
        for name, (values, missing) in self._values.items():
            yield name, np.where(known, values[place], missing)


def visit_owner(events: EventTable) -> Ints:
    """The person of each distinct visit (session)."""
    _, first = np.unique(events.session, return_index=True)
    return np.asarray(events.person[first])


def last_visit(events: EventTable) -> Bools:
    """Rows that belong to the newest session of their person."""
    newest = np.full(events.people, -1, dtype=np.int64)
    newest[events.person] = np.arange(len(events))
    # Rows are sorted by time, so the last assignment wins: the newest row of each person.
    return np.asarray(events.session == events.session[newest[events.person]])


def _sums(place: Ints, values: Reals, size: int) -> Reals:
    return np.bincount(place, values, size).astype(np.float64)


def _visit_sizes(events: EventTable) -> Reals:
    """How many products were touched in the visit of each row: a single one was meant."""
    pairs = np.unique(np.stack([events.session, events.product], axis=1), axis=0)
    sessions, counts = np.unique(pairs[:, 0], return_counts=True)
    return np.asarray(counts[np.searchsorted(sessions, events.session)], dtype=np.float64)


def _recency_places(owner: Ints, last_days: Reals) -> Reals:
    """0 for the product a person touched last, 1 for the one before, and so on."""
    order = np.lexsort((last_days, owner))
    sorted_owner = owner[order]
    starts = np.searchsorted(sorted_owner, sorted_owner, side="left")
    places = np.empty(len(owner))
    places[order] = np.arange(len(owner)) - starts
    return places
