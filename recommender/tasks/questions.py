"""Questions with known answers for the tasks: cut inside the data as the task itself was cut.

Where everybody has purchases on many days, history ends at one moment (`time_fold`). Where most
have few visits, each person's last visit with a purchase is cut off, and again for the one before.
It has to be a purchase, not any visit with something put in the cart: a record of buyers holds
everybody's purchase, so for who has not bought yet it is still to come, and it is mostly what lies
in the cart. Questions about visits that end with a full cart would teach the opposite.

People who have bought already, or have something in the cart, have other shares among the questions
than among the people a task asks about. Weights put the shares right (post-stratification: Holt,
Smith 1979; the same as importance weights under covariate shift, Shimodaira 2000).
"""

from collections.abc import Sequence

import numpy as np

from recommender.events import EventTable, Ints, Reals
from recommender.folds import TAKEN, Fold, last_visit_fold, own_moments, time_fold
from recommender.interactions import Signal
from recommender.settings import DAY_MS
from recommender.weighting import SIGNAL_NUMBER

HORIZON_MS = 61 * DAY_MS
CUT_STEP_MS = 15 * DAY_MS
CUTS = 5
YOUNG_CUTS_MS = (15 * DAY_MS, 30 * DAY_MS)
"""Cuts so near to the end that few have come back since: they alone know of this season."""
VISIT_FOLDS = 5
VISITS_FOR_TIME_CUTS = 3.0
"""With so many visits a person (mean) and a long enough record, history is cut at one moment."""

STANDINGS = 4
WEIGHT_LIMIT = 5.0
"""No kind of people counts more than so many times its number: few would speak for many."""


def cuts_by_time(events: EventTable) -> bool:
    """Whether questions are cut at one moment for all (else before each person's last visit)."""
    people = max(1, len(events.people_seen()))
    taken = events.signal == events.signal.max(initial=0)
    visits = len(np.unique(events.session[taken])) / people
    if len(events) == 0 or visits < VISITS_FOR_TIME_CUTS:
        return False
    span_ms = int(events.occurred_ms[-1] - events.occurred_ms[0])
    return span_ms > 2 * HORIZON_MS + CUTS * CUT_STEP_MS


def end_of_record(events: EventTable) -> int:
    """The midnight (UTC) after the newest event, ms."""
    return int(events.occurred_ms.max(initial=0) // DAY_MS + 1) * DAY_MS


def moments_asked(events: EventTable) -> Ints:
    """The moment of each person at which the task asks, ms (people,)."""
    if cuts_by_time(events):
        return np.full(events.people, end_of_record(events), dtype=np.int64)
    return own_moments(events)


def question_folds(events: EventTable, *, new_only: bool = False) -> Sequence[Fold]:
    """Questions inside the data, newest first; each has someone to ask.

    With `new_only` nothing a person touched before is wanted. Then what lies in the cart is no
    answer, so every visit with something taken may ask: there are twice as many.
    """
    if cuts_by_time(events):
        newest = end_of_record(events) - HORIZON_MS
        folds = [time_fold(events, newest + HORIZON_MS - each, each) for each in YOUNG_CUTS_MS]
        folds += [
            time_fold(events, newest - step * CUT_STEP_MS, HORIZON_MS) for step in range(CUTS)
        ]
    else:
        strongest = int(events.signal.max(initial=0))
        folds = []
        for _ in range(VISIT_FOLDS):
            history = folds[-1].history if folds else events
            if new_only:
                folds.append(last_visit_fold(history))
            else:
                folds.append(last_visit_with(history, strongest))
    if new_only:
        folds = [fold.without_touched() for fold in folds]
    return [fold for fold in folds if fold.wanted]


def last_visit_with(events: EventTable, signal: int) -> Fold:
    """History before each person's last visit with this signal; wanted: all that was taken in it.

    A person without such a visit keeps the whole history and is not asked, nor is one without a
    history.
    """
    rows = events.signal == signal
    session_of = np.full(events.people, -1, dtype=np.int64)
    session_of[events.person[rows]] = events.session[rows]
    begins = np.full(events.people, np.iinfo(np.int64).max)
    in_it = events.session == session_of[events.person]
    np.minimum.at(begins, events.person[in_it], events.occurred_ms[in_it])
    history = events.only((events.occurred_ms < begins[events.person]) & ~in_it)
    known = set(history.people_seen().tolist())
    taken = events.only(in_it & np.isin(events.signal, TAKEN))
    wanted: dict[int, set[int]] = {}
    for person, product in zip(taken.person.tolist(), taken.product.tolist(), strict=True):
        if person in known:
            wanted.setdefault(person, set()).add(product)
    return Fold(
        history,
        own_moments(history),
        {person: frozenset(products) for person, products in sorted(wanted.items())},
    )


def standings(events: EventTable) -> Ints:
    """0..3 a person: 2 for having bought before, 1 for something in the cart and not bought."""
    keys = events.person * events.products + events.product
    bought = np.unique(keys[events.signal == SIGNAL_NUMBER[Signal.BUY]])
    added = np.unique(keys[events.signal == SIGNAL_NUMBER[Signal.ADD]])
    found = np.zeros(events.people, dtype=np.int64)
    found[bought // events.products] = 2
    found[np.setdiff1d(added, bought) // events.products] += 1
    return found


def standing_weights(taught: Ints, asked: Ints) -> Reals:
    """What each standing weighs, float64 (STANDINGS,), so that its share is that among `asked`."""
    of_taught = np.bincount(taught, minlength=STANDINGS) / max(1, taught.size)
    of_asked = np.bincount(asked, minlength=STANDINGS) / max(1, asked.size)
    return np.minimum(of_asked / np.maximum(of_taught, 1e-9), WEIGHT_LIMIT)
