"""Event tables made by hand, for tests of what learns offline."""

from collections.abc import Sequence

import numpy as np

from recommender.events import EventTable, Ints
from recommender.interactions import Signal
from recommender.settings import DAY_MS
from recommender.weighting import SIGNAL_NUMBER

FIRST_MS = 1_300_000_000_000 // DAY_MS * DAY_MS

Deed = tuple[int, int, int, float]
"""Person, product, session, day."""


def table(
    deeds: Sequence[Deed], people: int, products: int, signal: Signal = Signal.BUY
) -> EventTable:
    """Purchases (or what `signal` says) at these days after `FIRST_MS`, sorted by time."""
    rows = sorted(deeds, key=lambda deed: deed[3])
    columns = np.array(rows, dtype=np.float64).reshape(len(rows), 4)
    return EventTable(
        person=columns[:, 0].astype(np.int64),
        product=columns[:, 1].astype(np.int64),
        session=columns[:, 2].astype(np.int64),
        signal=np.full(len(rows), SIGNAL_NUMBER[signal], dtype=np.int64),
        strength=np.ones(len(rows)),
        occurred_ms=(FIRST_MS + columns[:, 3] * DAY_MS).astype(np.int64),
        quantity=np.ones(len(rows)),
        price=np.ones(products),
        people=people,
        products=products,
    )


def on_day(people: int, day: float) -> Ints:
    """The same moment for everybody."""
    return np.full(people, int(FIRST_MS + day * DAY_MS), dtype=np.int64)


def tastes(people: int, products: int, days: int, seed: int = 3) -> EventTable:
    """People of two tastes (even and odd products) who buy two products every few days."""
    random = np.random.default_rng(seed)
    deeds: list[Deed] = []
    for person in range(people):
        own = np.arange(person % 2, products, 2)
        for visit, day in enumerate(range(person % 5, days, 7)):
            deeds += [
                (person, product, person * 1_000 + visit, float(day))
                for product in random.choice(own, 2, replace=False).tolist()
            ]
    return table(deeds, people, products)
