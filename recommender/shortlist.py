"""The best products for one history in two stages, the same for rooms, fits and judging.

First stage: the sums of `recommender.model` over all products pick the best `size` of them. Second
stage: what was trained (`Model.second`) orders these anew by the live columns. What is not on the
short list stays in the order of the first stage, below it.
"""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from recommender.columns import MOVING, OWN, TRAITS
from recommender.diversity import best_positions, pool_likeness
from recommender.live import History
from recommender.live_evidence import Indices
from recommender.model import Floats, Model
from recommender.ready_stage import Person, ReadyStage
from recommender.singles import Singles, singles_of

Mask = npt.NDArray[np.bool_]
APART = 1e-3
"""Log-odds by which what is not on the short list stays below it at least."""

Sums = tuple[Floats, Floats]

_PRICE = TRAITS.index("price")
_NOTHING_OWN = np.zeros((len(OWN), 0), dtype=np.float32)
_NOWHERE = np.zeros(0, dtype=np.int64)


@dataclass(slots=True)
class Shortlist:
    """Positions int64 (k,) of the best products, best first, and their log-odds float32 (k,).

    `sinks`: by how much all other products sink, so that none of them overtakes the list.
    """

    model: Model
    positions: Indices
    scores: Floats
    sinks: float
    _likeness: Floats = field(default_factory=lambda: np.zeros((0, 0), dtype=np.float32))

    def likeness(self, count: int) -> Floats:
        """How alike the first `count` products are by words, float32 (count, count); kept."""
        if len(self._likeness) < count:
            self._likeness = pool_likeness(self.model, self.positions[:count])
        return self._likeness[:count, :count]

    def lay_over(self, scores: Floats, listed: Floats) -> None:
        """Put log-odds of the list, float32 (k,), over those of all products, in place."""
        if self.sinks > 0:
            scores -= np.float32(self.sinks)
        scores[self.positions] = listed


def shortlist(
    model: Model,
    history: History | None,
    sums: Sums,
    scale: float,
    allowed: Mask,
    now_ms: int,
    size: int,
    boosts: Floats | None = None,
    singles: Singles | None = None,
) -> Shortlist:
    """The best `size` allowed products for a history whose two `sums` count `scale` times.

    `boosts` float32 (products,), log-odds, are what the house and the reader themselves add.
    `singles` are those of the history where they are known already.
    """
    first = model.blended(*sums, scale)
    wanted = first if boosts is None else first + boosts
    pool = best_positions(wanted, allowed, size)
    if model.ready is None or pool.size == 0:
        return Shortlist(model, pool, wanted[pool], 0.0)
    if singles is None and history is not None:
        singles = singles_of(model, history)
    scores = _second(model, model.ready, history, singles, sums, scale, first, pool, now_ms)
    if boosts is not None:
        scores += boosts[pool]
    order = (-scores).argsort(kind="stable")
    positions, scores = pool.take(order), scores.take(order)
    sinks = max(0.0, float(wanted[pool[-1]]) - float(scores[-1]) + APART)
    return Shortlist(model, positions, scores, sinks)


def _second(
    model: Model,
    ready: ReadyStage,
    history: History | None,
    singles: Singles | None,
    sums: Sums,
    scale: float,
    first: Floats,
    pool: Indices,
    now_ms: int,
) -> Floats:
    """What the second stage says of a pool: that of `recommender.live_evidence.live_rows`."""
    moving = np.empty((len(MOVING), pool.size), dtype=np.float32)
    moving[0] = first.take(pool)
    moving[1] = sums[0].take(pool)
    moving[2] = sums[1].take(pool)
    moving[1:3] *= np.float32(scale)
    if history is None or singles is None:
        moving[3:] = 0.0
        numbers = (0.0, 0.0) if history is None else _numbers(history, now_ms)
        return ready.scores(pool, moving, Person((*numbers, 0.0), _NOWHERE, _NOTHING_OWN))
    moving[3:7] = singles.at(pool)
    mean_price = np.float32(singles.mean_price)
    np.subtract(model.traits[_PRICE].take(pool), mean_price, out=moving[7])
    touched, own = singles.touched(pool, now_ms)
    person = Person((*_numbers(history, now_ms), float(mean_price)), touched, own)
    return ready.scores(pool, moving, person)


def _numbers(history: History, now_ms: int) -> tuple[float, float]:
    """The first two of the columns `recommender.columns.PERSON`."""
    return history.mass * history.scale_at(now_ms), float(len(history.entries))
