"""The best products for one history in two stages, the same for rooms, fits and judging.

First stage: the sums of `recommender.model` over all products pick the best `size` of them. Second
stage: what was trained (`Model.second`) orders these anew by the live columns. What is not on the
short list stays in the order of the first stage, below it.
"""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from recommender.diversity import best_positions, pool_likeness
from recommender.live import History
from recommender.live_evidence import Indices, Spoken, live_rows, spoken_by
from recommender.model import Floats, Model

Mask = npt.NDArray[np.bool_]
APART = 1e-3
"""Log-odds by which what is not on the short list stays below it at least."""

Sums = tuple[Floats, Floats]


@dataclass(slots=True)
class Shortlist:
    """Positions int64 (k,) of the best products, best first, and their log-odds float32 (k,).

    `sinks`: by how much all other products sink, so that none of them overtakes the list.
    `spoken`: what single products of the history say for `positions`, where that was asked.
    """

    model: Model
    positions: Indices
    scores: Floats
    sinks: float
    spoken: Spoken | None = None
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
) -> Shortlist:
    """The best `size` allowed products for a history whose two `sums` count `scale` times.

    `boosts` float32 (products,), log-odds, are what the house and the reader themselves add.
    """
    together, text = sums
    first = model.blended(together, text, scale)
    wanted = first if boosts is None else first + boosts
    pool = best_positions(wanted, allowed, size)
    second = model.second
    if second is None or pool.size == 0:
        return Shortlist(model, pool, wanted[pool], 0.0)
    times = np.float32(scale)
    spoken = None if history is None else spoken_by(model, history, pool)
    rows = live_rows(
        model, history, spoken, pool, first[pool], together[pool] * times, text[pool] * times,
        now_ms,
    )  # fmt: skip
    scores = second.scores(rows)
    if boosts is not None:
        scores += boosts[pool]
    order = (-scores).argsort(kind="stable")
    sinks = max(0.0, float(wanted[pool[-1]] - scores.min()) + APART)
    if spoken is not None:
        goes, alike = spoken.goes[:, order], spoken.alike[:, order]
        spoken = Spoken(spoken.entries, spoken.weights, goes, alike)
    return Shortlist(model, pool[order], scores[order], sinks, spoken)
