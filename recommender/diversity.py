"""A list of good products that are not all the same.

Maximal marginal relevance (Carbonell, Goldstein, SIGIR 1998): the next product is the one with the
highest (1 - d) * relevance - d * (likeness to the nearest chosen one), likeness by words.
"""

import numpy as np
import numpy.typing as npt

from recommender.group import unit_scale
from recommender.live_evidence import text_likeness
from recommender.model import Floats, Model

Indices = npt.NDArray[np.int64]


def best_positions(scores: Floats, allowed: npt.NDArray[np.bool_], count: int) -> Indices:
    """The `count` allowed positions with the highest scores, best first; ties in order."""
    count = min(count, scores.size)
    if count <= 0:
        return np.zeros(0, dtype=np.int64)
    values = np.where(allowed, scores, np.float32(-np.inf))
    floor = np.partition(values, values.size - count)[values.size - count]
    if floor == -np.inf:
        candidates = np.flatnonzero(allowed)
    else:
        candidates = np.flatnonzero(values >= floor)
        if candidates.size > count:
            # More are level with the last one than there is room for: the first of them stay.
            level = np.flatnonzero(values[candidates] == floor)
            candidates = np.delete(candidates, level[count - candidates.size :])
    order = np.argsort(-values[candidates], kind="stable")
    return np.asarray(candidates[order], dtype=np.int64)


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

    `values` float32 (k,) are log-odds, `likeness` float32 (k, k) is in 0..1.
    """
    worth = (1.0 - diversity) * unit_scale(values)
    # Row c: what each product is worth once c is on the list. The least of the rows so far counts.
    beside = worth - np.float32(diversity) * likeness
    rest = worth.astype(np.float32)
    chosen: list[int] = []
    for _ in range(min(count, values.size)):
        best = int(rest.argmax())
        chosen.append(best)
        np.minimum(rest, beside[best], out=rest)
        rest[best] = -np.inf
    return chosen


def pool_likeness(model: Model, pool: Indices) -> Floats:
    """How alike the products of a pool are by words, float32 (pool, pool), in 0..1.

    Only the kept text neighbours count: what is further away is not alike.
    """
    likeness = text_likeness(model, pool, pool)
    # Neighbour lists are cut off, so one of two may name the other without being named back.
    return np.maximum(likeness, likeness.T)
