"""Questions with known answers, made inside the training data.

Two ways to cut, as tasks ask in two ways. `time_fold`: everybody's history ends at one moment and
the answer is their first day with a purchase after it. `last_visit_fold`: each person's last visit
with something taken is cut off with all that follows, and the answer is what was taken in it;
applied to its own result it goes one visit further back.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from recommender.events import EventTable, Ints
from recommender.interactions import Signal
from recommender.settings import DAY_MS
from recommender.weighting import SIGNAL_NUMBER

TAKEN = (SIGNAL_NUMBER[Signal.ADD], SIGNAL_NUMBER[Signal.BUY])

Wanted = Mapping[int, frozenset[int]]
"""Products that each person wanted."""


@dataclass(frozen=True, slots=True)
class Fold:
    """A history, the moment of each person (ms, one for every number) and what came next."""

    history: EventTable
    now_ms: Ints
    wanted: Wanted

    def without_touched(self) -> "Fold":
        """The same question for what a person had not touched before."""
        history = self.history
        touched = set((history.person * history.products + history.product).tolist())
        new = {
            person: frozenset(
                each for each in want if person * history.products + each not in touched
            )
            for person, want in self.wanted.items()
        }
        return Fold(history, self.now_ms, {person: want for person, want in new.items() if want})


def time_fold(events: EventTable, cut_ms: int, horizon_ms: int) -> Fold:
    """History before `cut_ms`; wanted: what is taken on the first such day before the horizon ends.

    Only people with a history are asked.
    """
    history = events.only(events.occurred_ms < cut_ms)
    after = events.only(
        (events.occurred_ms >= cut_ms)
        & (events.occurred_ms < cut_ms + horizon_ms)
        & np.isin(events.signal, TAKEN)
    )
    day = after.occurred_ms // DAY_MS
    first = np.full(events.people, np.iinfo(np.int64).max)
    np.minimum.at(first, after.person, day)
    wanted = _wanted(after.only(day == first[after.person]), set(history.people_seen().tolist()))
    return Fold(history, np.full(events.people, cut_ms, dtype=np.int64), wanted)


def later_fold(events: EventTable, cut_ms: int, horizon_ms: int) -> Fold:
    """History before `cut_ms`; wanted: all that is taken later and had not been touched before.

    Only people with a history are asked.
    """
    history = events.only(events.occurred_ms < cut_ms)
    after = events.only(
        (events.occurred_ms >= cut_ms)
        & (events.occurred_ms < cut_ms + horizon_ms)
        & np.isin(events.signal, TAKEN)
    )
    wanted = _wanted(after, set(history.people_seen().tolist()))
    moments = np.full(events.people, cut_ms, dtype=np.int64)
    return Fold(history, moments, wanted).without_touched()


def last_visit_fold(events: EventTable) -> Fold:
    """History before each person's last visit with something taken; wanted: what was taken in it.

    A person without such a visit keeps the whole history and is not asked, nor is one without a
    history.
    """
    taken = np.isin(events.signal, TAKEN)
    session_of = np.full(events.people, -1, dtype=np.int64)
    session_of[events.person[taken]] = events.session[taken]
    begins = np.full(events.people, np.iinfo(np.int64).max)
    in_it = events.session == session_of[events.person]
    np.minimum.at(begins, events.person[in_it], events.occurred_ms[in_it])
    history = events.only((events.occurred_ms < begins[events.person]) & ~in_it)
    wanted = _wanted(events.only(in_it & taken), set(history.people_seen().tolist()))
    return Fold(history, own_moments(history), wanted)


def own_moments(events: EventTable) -> Ints:
    """Each person's newest event, ms (people,): the moment to rank for when nobody says which."""
    newest = np.zeros(events.people, dtype=np.int64)
    np.maximum.at(newest, events.person, events.occurred_ms)
    return newest


def _wanted(taken: EventTable, known: set[int]) -> Wanted:
    found: dict[int, set[int]] = {}
    for person, product in zip(taken.person.tolist(), taken.product.tolist(), strict=True):
        if person in known:
            found.setdefault(person, set()).add(product)
    return {person: frozenset(products) for person, products in sorted(found.items())}
