"""What people did as one table: the common ground of all models that learn offline.

Readers of data folders make it, and `of_log` makes it from what the room stored, so the same models
and the same configuration serve both.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from recommender.interactions import Signal
from recommender.settings import DAY_MS, LiveSettings
from recommender.training import ANONYMOUS, InteractionLog
from recommender.weighting import SIGNAL_NUMBER

if TYPE_CHECKING:
    from scipy import sparse

Ints = npt.NDArray[np.int64]
Reals = npt.NDArray[np.float64]
Scores = npt.NDArray[np.float32]
"""Of every product for every person, float32 (people, products)."""

SESSION_GAP_MS = 30 * 60 * 1_000
"""Silence that ends a session (the usual half hour of web analytics)."""

_COLUMNS = ("person", "product", "session", "signal", "strength", "occurred_ms", "quantity")


@dataclass(frozen=True, slots=True)
class EventTable:
    """Events as arrays of one length m, sorted by time.

    `person` 0..people-1, `product` 0..products-1, `session` (any numbers, each of one person),
    `signal` (number in `weighting.SIGNALS`), `occurred_ms`: int64; `strength` in 0..1 and
    `quantity` (pieces, 1 when unknown): float64. `price` float64 (products,): 0 when unknown.
    """

    person: Ints
    product: Ints
    session: Ints
    signal: Ints
    strength: Reals
    occurred_ms: Ints
    quantity: Reals
    price: Reals
    people: int
    products: int

    def __len__(self) -> int:
        return len(self.person)

    def only(self, wanted: npt.NDArray[np.bool_]) -> "EventTable":
        """The rows that are wanted; people and products keep their numbers."""
        return replace(self, **{name: getattr(self, name)[wanted] for name in _COLUMNS})

    def people_seen(self) -> Ints:
        """Numbers of the people with at least one event, ascending."""
        return np.unique(self.person)

    def age_days(self, now_ms: Ints) -> Reals:
        """Days from each event to its person's moment in `now_ms` (people,); never negative."""
        return np.asarray(np.maximum(0, now_ms[self.person] - self.occurred_ms) / DAY_MS)

    def matrix(self, now_ms: Ints, half_life_days: float | None) -> "sparse.csr_array":
        """Wish of each person for each product, float32 (people, products) in 0..1.

        The sum of faded strengths, at most 1: a fifth purchase says little more than the first.
        Without a half-life nothing fades and every touched product counts 1.
        """
        if half_life_days is None:
            values = np.ones(len(self))
        else:
            values = self.strength * np.exp2(-self.age_days(now_ms) / half_life_days)
        return capped_matrix(values, self.person, self.product, (self.people, self.products))


def capped_matrix(
    values: Reals, rows: Ints, columns: Ints, shape: tuple[int, int]
) -> "sparse.csr_array":
    """Values summed in each cell, then at most 1; float32."""
    from scipy import sparse

    cells = sparse.coo_array((values.astype(np.float32), (rows, columns)), shape=shape).tocsr()
    cells.sum_duplicates()
    cells.data = np.minimum(cells.data, np.float32(1.0))
    return sparse.csr_array(cells)


def session_numbers(person: Ints, occurred_ms: Ints) -> Ints:
    """Sessions for rows sorted by time: a silence of `SESSION_GAP_MS` begins the next one."""
    order = np.lexsort((occurred_ms, person))
    fresh = np.ones(len(order), dtype=bool)
    fresh[1:] = (np.diff(person[order]) != 0) | (np.diff(occurred_ms[order]) > SESSION_GAP_MS)
    numbers = np.empty(len(order), dtype=np.int64)
    numbers[order] = np.cumsum(fresh) - 1
    return numbers


def of_log(log: InteractionLog, prices: Reals, live: LiveSettings) -> EventTable:
    """The room's interactions of people with an id and a good word for the product."""
    weights = log.weights(live.signal_weights)
    kept = (log.person != ANONYMOUS) & (weights > 0)
    person, occurred_ms = log.person[kept].astype(np.int64), log.occurred_ms[kept]
    bought = live.signal_weights[Signal.BUY]
    return EventTable(
        person=person,
        product=log.product[kept].astype(np.int64),
        session=session_numbers(person, occurred_ms),
        signal=log.signal[kept].astype(np.int64),
        strength=np.minimum(1.0, weights[kept] / bought),
        occurred_ms=occurred_ms,
        quantity=np.where(
            log.signal[kept] == SIGNAL_NUMBER[Signal.BUY], np.maximum(1.0, log.value[kept]), 1.0
        ).astype(np.float64),
        price=prices,
        people=log.people,
        products=len(prices),
    )
