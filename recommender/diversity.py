"""A list of good products that are not all the same.

Maximal marginal relevance (Carbonell, Goldstein, SIGIR 1998): the next product is the one with the
highest (1 - d) * relevance - d * (likeness to the nearest chosen one), likeness by words.
"""

import numpy as np
import numpy.typing as npt

from recommender.group import unit_scale
from recommender.model import Floats, Model

Indices = npt.NDArray[np.int64]


def best_positions(scores: Floats, allowed: npt.NDArray[np.bool_], count: int) -> Indices:
    """The `count` allowed positions with the highest scores, best first; ties in order."""
    candidates = np.flatnonzero(allowed)
    if candidates.size > count > 0:
        values = scores[candidates]
        floor = np.partition(values, values.size - count)[values.size - count]
        above = candidates[values > floor]
        level = candidates[values == floor][: count - above.size]
        candidates = np.sort(np.concatenate([above, level]))
    order = np.argsort(-scores[candidates], kind="stable")
    return np.asarray(candidates[order][: max(0, count)], dtype=np.int64)


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
    value = (1.0 - diversity) * unit_scale(scores[pool])
    likeness = diversity * pool_likeness(model, pool)
    nearest = np.zeros(pool.size, dtype=np.float32)
    rest = np.empty(pool.size, dtype=np.float32)
    chosen: list[int] = []
    for _ in range(min(count, pool.size)):
        np.subtract(value, nearest, out=rest)
        best = int(rest.argmax())
        chosen.append(best)
        value[best] = -np.inf
        np.maximum(nearest, likeness[best], out=nearest)
    return pool[chosen]


def pool_likeness(model: Model, pool: Indices) -> Floats:
    """How alike the products of a pool are by words, float32 (pool, pool), in 0..1.

    Only the kept text neighbours count: what is further away is not alike.
    """
    column_of = np.full(model.size, -1, dtype=np.int64)
    column_of[pool] = np.arange(pool.size)
    columns = column_of[model.text.positions[pool]]
    likeness = np.zeros((pool.size, pool.size), dtype=np.float32)
    rows, places = np.nonzero(columns >= 0)
    likeness[rows, columns[rows, places]] = model.text.similarity[pool[rows], places]
    # Neighbour lists are cut off, so one of two may name the other without being named back.
    return np.maximum(likeness, likeness.T)
