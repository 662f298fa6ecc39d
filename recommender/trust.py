"""Whose word counts in what everybody sees: a farm of fresh accounts must not lift a product.

An account costs nothing, a purchase does. So people who have bought something are *proven*, and for
each product what the others say counts up to a limit, however many they are. What one person says
of one product is the weight of their interactions with it, at most 1; over people:

    limit(product) = max(UNPROVEN_FLOOR, SLACK * usual, SPREAD * ratio * what the proven say)

`usual` is what unproven people say of the middle one of the *other* products, `ratio` what they say
for each 1 that proven people do, at the middle one of the others. Medians over products cannot be
moved by a farm on a few products: it makes a product that nobody buys a middling one at best, and
the others no more than `SPREAD` times what their buyers would lead one to expect. An honest product
has about a third of its limit. Praise and blame have a limit each, so that a farm that blames a
product cannot use up what people may say for it.

Before `PROVEN_MINIMUM` people have bought anything, those count as proven who were here
`LASTING_MS` before the newest row: a farm then needs patience instead of money. Before there are as
many of these, there is nothing to lean on, and the third term is left out: the price is that
products above the middle then look alike, and one with a farm is as good as any of them.

The oldest rows count: a farm that comes later cannot push them out. Rows without an id count as one
person for each `anonymous_rows`. Live lists need no such rule: they follow their readers alone.

What goes together is taught by pairs of products, which no limit by product can hold: two products
that are liked anyway leave a farm room for many pairs. There the word of unproven people counts
`UNPROVEN_SHARE` (`person_shares`).
"""

import numpy as np
import numpy.typing as npt

from recommender.interactions import Signal
from recommender.settings import DAY_MS, default_signal_weights
from recommender.training import ANONYMOUS, InteractionLog
from recommender.weighting import SIGNAL_NUMBER

PROVEN_MINIMUM = 30
"""With fewer proven people the store is too young to lean on them."""

LASTING_MS = 7 * DAY_MS
"""In a young store, whoever has been known this long is proven."""

UNPROVEN_SHARE = 0.3
"""Length of an unproven person's row, over a proven one's, in what goes together. Their word counts
with its square, a tenth: 50 accounts then lift a product to the middle beside another, not to the
top, and where one visitor in fifty buys, visitors still say four times as much as buyers."""

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
    """The log without the rows of unproven people beyond the limits of each product."""
    if len(log) == 0:
        return log
    proven = _proven(log)
    sure = log.signal == SIGNAL_NUMBER[Signal.BUY]
    named = log.person != ANONYMOUS
    sure[named] |= proven[log.person[named]]
    weights = log.weights(default_signal_weights())
    people = int(proven.sum())
    kept = np.ones(len(log), dtype=np.bool_)
    for side in (weights > 0, weights < 0):
        kept[side] = _within_limits(log.only(side), sure[side], people, anonymous_rows)
    return log if kept.all() else log.only(kept)


def person_shares(log: InteractionLog) -> Reals:
    """How much each person's word counts in what goes together, float64 (people,)."""
    proven = _proven(log)
    if proven.sum() < PROVEN_MINIMUM:
        return np.ones(log.people)
    return np.where(proven, 1.0, UNPROVEN_SHARE)


def _proven(log: InteractionLog) -> Mask:
    """Whose word counts in full, bool (people,)."""
    bought = (log.signal == SIGNAL_NUMBER[Signal.BUY]) & (log.person != ANONYMOUS)
    found = np.zeros(log.people, dtype=np.bool_)
    found[log.person[bought]] = True
    if found.sum() < PROVEN_MINIMUM:
        early = log.occurred_ms <= log.occurred_ms.max(initial=0) - LASTING_MS
        found[log.person[early & (log.person != ANONYMOUS)]] = True
    return found


def _within_limits(
    log: InteractionLog, sure: Mask, proven_people: int, anonymous_rows: int
) -> Mask:
    """Which rows of one side, praise or blame, count: bool (m,). `sure`: those of proven people."""
    if len(log) == 0:
        return sure
    said = _said(log, anonymous_rows)
    products = int(log.product.max()) + 1
    unproven = _sums(log.product[~sure], said[~sure], products)
    backing = _sums(log.product[sure], said[sure], products)
    limits = _limits(unproven, backing, proven_people)
    through = _said_through(log.product, np.where(sure, 0.0, said))
    # Thirds do not add up to a whole in binary; hence the hair's breadth.
    return np.asarray(sure | (through <= limits[log.product] + 1e-9))


def _said(log: InteractionLog, anonymous_rows: int) -> Reals:
    """What each row adds to what its person says of its product, 0..1, float64 (m,).

    A person's rows for a product add up to 1 at most.
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


def _said_through(products: npt.NDArray[np.int32], said: Reals) -> Reals:
    """What was said of each row's product by this row and earlier ones, float64 (m,)."""
    order = np.argsort(products, kind="stable")
    running = np.cumsum(said[order])
    first = np.flatnonzero(np.diff(products[order], prepend=-1))
    others = np.repeat(running[first] - said[order][first], np.diff(first, append=len(order)))
    through = np.empty(len(said))
    through[order] = running - others
    return through


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
