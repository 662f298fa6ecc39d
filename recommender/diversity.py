"""A list of good products that are not all the same.

Maximal marginal relevance (Carbonell, Goldstein, SIGIR 1998): the next product is the one with the
highest (1 - d) * relevance - d * (likeness to the nearest chosen one), likeness by words.
"""

import numpy as np
import numpy.typing as npt

from recommender.live_evidence import NEAREST
from recommender.model import Floats, Model

Indices = npt.NDArray[np.int64]

BLOCK = 8
_LOWEST = float(np.finfo(np.float32).min)


def best_positions(scores: Floats, allowed: npt.NDArray[np.bool_], count: int) -> Indices:
    """The `count` allowed positions with the highest scores, best first; ties in order."""
    count = min(count, scores.size)
    if count <= 0:
        return np.zeros(0, dtype=np.int64)
    values = np.where(allowed, scores, np.float32(-np.inf))
    candidates = (values >= _floor(values, count)).nonzero()[0]
    order = (-values.take(candidates)).argsort(kind="stable")[:count]
    return np.asarray(candidates.take(order), dtype=np.int64)


def _floor(values: Floats, count: int) -> float:
    """At most the `count`-th highest value, and above what is not allowed.

    Of `BLOCK` values only the highest is sorted: `count` blocks have one that is not below the
    floor. That leaves a few more than `count` to choose from, for a fraction of sorting all.
    """
    if values.size >= BLOCK * count:
        blocks = values[: values.size // BLOCK * BLOCK].reshape(BLOCK, -1)
        values = np.maximum.reduce(blocks, axis=0)
    place = values.size - count
    return max(float(np.partition(values, place)[place]), _LOWEST)


def diverse_positions(
    model: Model,
    scores: Floats,
    allowed: npt.NDArray[np.bool_],
    count: int,
    diversity: float,
    pool_factor: int,
) -> Indices:
    """At most `count` positions chosen by maximal marginal relevance out of the best ones."""
    pool = best_positions(scores, allowed, count * pool_factor if diversity > 0 else count)
    if diversity <= 0 or pool.size < 2:
        return pool[:count]
    return pool[diverse_order(scores[pool], pool_likeness(model, pool), count, diversity)]


def diverse_order(values: Floats, likeness: Floats, count: int, diversity: float) -> list[int]:
    """Places (at most `count`) of a pool of k in the order in which they are chosen.

    `values` float32 (k,) are log-odds, the highest first; `likeness` float32 (k, k) is in 0..1.
    """
    spread = float(values[0] - values[-1])
    worth = (values - values[-1]) * np.float32((1.0 - diversity) / spread if spread > 0 else 0.0)
    # Row c: what each product is worth once c is on the list. The least of the rows so far counts.
    beside = worth - np.float32(diversity) * likeness
    beside.ravel()[:: values.size + 1] = -np.inf
    chosen: list[int] = []
    for _ in range(min(count, values.size)):
        best = int(worth.argmax())
        chosen.append(best)
        np.minimum(worth, beside[best], out=worth)
    return chosen


def pool_likeness(model: Model, pool: Indices) -> Floats:
    """How alike the products of a pool are by words, float32 (pool, pool), in 0..1.

    Only the kept text neighbours count: what is further away is not alike.
    """
    place_of = np.full(model.size, -1, dtype=np.int32)
    place_of[pool] = np.arange(pool.size, dtype=np.int32)
    named = place_of.take(model.text.positions[pool, :NEAREST])
    # Of the neighbours only a few are in the pool.
    places, ranks = divmod((named.ravel() >= 0).nonzero()[0], named.shape[1])
    others = named[places, ranks]
    alike = model.text.similarity[pool.take(places), ranks]
    likeness = np.zeros((pool.size, pool.size), dtype=np.float32)
    likeness[places, others] = alike
    # Neighbour lists are cut off, so one of two may name the other without being named back.
    likeness[others, places] = np.maximum(alike, likeness[others, places])
    return likeness
