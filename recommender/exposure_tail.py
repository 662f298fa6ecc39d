"""The last places of a list for products that nobody else is shown.

A few places at the end of each list go to the candidate that has been shown least, so that small
products are found; the first places stay as they are, so little is lost (re-ranking for aggregate
diversity: Adomavicius, Kwon 2012). Lists are given their tails from the shortest exposure on, in
the order of the lists.
"""

from collections.abc import Sequence

import numpy as np

PLACES_EACH = 5.0
"""Tails are given only when there are so many places a product, as else no list is seen twice."""

TAIL_PLACES = 3
POOL = 60


def has_room(lists: int, length: int, products: int) -> bool:
    """Whether so many lists of this length could show every product `PLACES_EACH` times."""
    return products > 0 and lists * length >= PLACES_EACH * products


def with_tails(
    ranked: Sequence[Sequence[int]],
    products: int,
    length: int,
    tail: int = TAIL_PLACES,
    pool: int = POOL,
) -> list[list[int]]:
    """The first `length` of each list of `ranked`, the last `tail` of them given anew.

    A tail takes, among the first `pool` of its list, what has been shown least, the better first.
    """
    head = length - tail
    shown = np.zeros(products, dtype=np.int64)
    for row in ranked:
        shown[list(row[:head])] += 1
    lists: list[list[int]] = []
    for row in ranked:
        rest = np.array(row[head:pool], dtype=np.int64)
        chosen = rest[np.argsort(shown[rest], kind="stable")[:tail]]
        shown[chosen] += 1
        lists.append([*row[:head], *chosen.tolist()])
    return lists
