"""Whose word counts in what everybody sees: a farm of fresh accounts must not lift a product.

An account costs nothing, a purchase does. So people who have bought something are *proven*, and for
each product what the others say counts up to a limit, however many they are. What one person says
of one product is the weight of their interactions with it, at most 1; over people:

    limit(product) = max(UNPROVEN_FLOOR, SLACK * usual, SPREAD * ratio * what the proven say)

`usual` is what unproven people say of the middle one of the *other* products, `ratio` what they say
for each 1 that proven people do, at the middle one of the others. Medians over products cannot be
moved by a farm on a few products: it makes a product that nobody buys a middling one at best, and
the others no more than `SPREAD` times what their buyers would lead one to expect. An honest product
has about a third of its limit. Before `PROVEN_MINIMUM` people have bought anything there is nothing
to lean on, and the third term is left out: the price is that products above the middle then look
alike.

The oldest rows count: a farm that comes later cannot push them out. Rows without an id count as one
person for each `anonymous_rows`. Live lists need no such rule: they follow their readers alone.
"""

import numpy as np
import numpy.typing as npt

from recommender.interactions import Signal
from recommender.settings import default_signal_weights
from recommender.training import ANONYMOUS, InteractionLog
from recommender.weighting import SIGNAL_NUMBER

PROVEN_MINIMUM = 30
"""With fewer proven people the store is too young to lean on them."""

UNPROVEN_FLOOR = 5.0
"""What unproven people may say of any product: five of them at full weight."""

ANONYMOUS_ROWS = 3
"""Rows without an id that one person may leave for a product, as `anonymous_rows_limit` has it."""

SLACK = 1.25
"""Products that are all about as popular must not be cut for being a little above the middle."""

SPREAD = 3.0
"""How far above the middle product a product may be by unproven people alone."""

Mask = npt.NDArray[np.bool_]
Reals = npt.NDArray[np.float64]


def trusted(log: InteractionLog, anonymous_rows: int) -> InteractionLog:
    """The log without the rows of unproven people beyond the limit of each product."""
    if len(log) == 0:
        return log
    bought = log.signal == SIGNAL_NUMBER[Signal.BUY]
    named = log.person != ANONYMOUS
    proven = np.zeros(log.people, dtype=np.bool_)
    proven[log.person[bought & named]] = True
    sure = bought.copy()
    sure[named] |= proven[log.person[named]]
    said = _said(log, anonymous_rows)
    products = int(log.product.max()) + 1
    unproven = _sums(log.product[~sure], said[~sure], products)
    backing = _sums(log.product[sure], said[sure], products)
    limits = _limits(unproven, backing, int(proven.sum()))
    if (unproven <= limits).all():
        return log
    before = _said_before(log.product, np.where(sure, 0.0, said))
    # Thirds do not add up to a whole in binary; hence the hair's breadth.
    return log.only(sure | (before < limits[log.product] - 1e-9))


def _said(log: InteractionLog, anonymous_rows: int) -> Reals:
    """What each row adds to what its person says of its product, 0..1, float64 (m,).

    A person's rows for a product add up to 1 at most; blame counts like praise.
    """
    weights = np.minimum(1.0, np.abs(log.weights(default_signal_weights())))
    said = weights / anonymous_rows
    total: dict[tuple[int, int], float] = {}
    named = np.flatnonzero(log.person != ANONYMOUS)
    people, products = log.person[named].tolist(), log.product[named].tolist()
    for row, *key_parts in zip(named.tolist(), people, products, strict=True):
        key = (key_parts[0], key_parts[1])
        before = total.get(key, 0.0)
        total[key] = after = min(1.0, before + float(weights[row]))
        said[row] = after - before
    return said


def _sums(products: npt.NDArray[np.int32], said: Reals, size: int) -> Reals:
    return np.bincount(products, weights=said, minlength=size).astype(np.float64)


def _said_before(products: npt.NDArray[np.int32], said: Reals) -> Reals:
    """What was said of each row's product by earlier rows, float64 (m,)."""
    order = np.argsort(products, kind="stable")
    running = np.cumsum(said[order]) - said[order]
    first = np.flatnonzero(np.diff(products[order], prepend=-1))
    start = np.repeat(running[first], np.diff(first, append=len(order)))
    before = np.empty(len(said))
    before[order] = running - start
    return before


def _limits(unproven: Reals, backing: Reals, proven_people: int) -> Reals:
    """How much of what unproven people say counts for each product, float64 (products,)."""
    limits = np.maximum(UNPROVEN_FLOOR, SLACK * _medians_of_others(unproven, unproven > 0))
    if proven_people >= PROVEN_MINIMUM:
        ratios = unproven / np.maximum(backing, 1.0)
        limits = np.maximum(limits, SPREAD * _medians_of_others(ratios, backing > 0) * backing)
    return np.asarray(limits, dtype=np.float64)


def _medians_of_others(values: Reals, counted: Mask) -> Reals:
    """For each product the median of `values` over the other counted products; 0 without any."""
    size = int(counted.sum())
    ordered = np.sort(values[counted])
    found = np.full(len(values), float(np.median(ordered)) if size else 0.0)
    if size < 2:
        found[counted] = 0.0
        return found
    # Without the one of rank r, what was right of it moves one place to the left.
    rank = np.searchsorted(ordered, values[counted])
    low, high = (size - 2) // 2, (size - 1) // 2
    found[counted] = 0.5 * (ordered[low + (low >= rank)] + ordered[high + (high >= rank)])
    return found
