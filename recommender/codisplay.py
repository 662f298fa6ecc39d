"""Co-display: what each friend sees on each place of a shelf that they look at together.

A place may show every viewer the same product, some of them the same and the others their own, or
each their own. Seeing the same thing is worth something by itself when two or more would care: it
is what friends talk about, point at and hand over. What is to be made large, with place weights w:

    sum over viewers v and products p shown to v of    w(place of p) * (1 - d) * u[v, p]
  + sum over viewers v and kinds k of                  d * max of w * u[v, p] over p of k shown to v
  + sum over products p shown to n >= 2 on one place of  w * (n - 1) * talk[p]

u in 0..1 is how much v wants p, d the diversity, and a product that v sees twice counts once, on
the better place. All three are sums of weighted maxima over what was chosen, so the whole is a
monotone submodular function of the set of (place, plan) pairs; one plan a place is a partition
matroid. The greedy choice below takes the pair with the greatest gain again and again, which gives

    at least 1/2 of the best possible value                  (Fisher, Nemhauser, Wolsey 1978)
    at least 1 - 1/e of it when all places weigh the same    (Nemhauser, Wolsey, Fisher 1978)

The plans of a place are not listed (there are products ** viewers of them); the best one is found
exactly: what a plan adds is a sum over viewers plus the talk about the shared product, so for each
product and each number n of viewers who share it, those n are best to whom it costs least to see it
instead of their own favourite.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from recommender.model import Floats

NOTHING = -1
"""No product, where there are fewer products than places."""

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Plan:
    """What viewers see on one place. `products` int (viewers,); `sharing`: who sees `shared`."""

    gain: float
    products: tuple[int, ...]
    shared: int = NOTHING
    sharing: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Board:
    """What is known of the products that may be shown (m of them) and the viewers (n).

    Attributes:
        wants: (n, m) in 0..1, how much each viewer wants each product.
        talk: (m,) at least 0, what each further friend who sees the same adds.
        kinds: (m,) int, number of the kind (such as the department) of each product.
        weights: (places,) above 0, how much each place is looked at.
        diversity: 0..1.
        allowed: (n, m) bool, what each viewer may be shown; None: everything.
    """

    wants: Matrix
    talk: Matrix
    kinds: npt.NDArray[np.int64]
    weights: Matrix
    diversity: float = 0.2
    allowed: npt.NDArray[np.bool_] | None = None


@dataclass(slots=True)
class _State:
    """What has been shown so far, as the weight at which it counts."""

    shown: Matrix
    best_of_kind: Matrix
    talked: Matrix
    plans: dict[int, Plan] = field(default_factory=dict)


def assign(board: Board) -> tuple[Plan, ...]:
    """A plan for each place, in order of the places; the bound is in the module's words.

    O(places ** 2 * viewers * products) at most; places of one weight are looked at once.
    """
    viewers, products = board.wants.shape
    kinds = int(board.kinds.max(initial=-1)) + 1
    state = _State(np.zeros((viewers, products)), np.zeros((viewers, kinds)), np.zeros(products))
    free = list(range(len(board.weights)))
    while free:
        best: tuple[int, Plan] | None = None
        looked: set[float] = set()
        for place in free:
            weight = float(board.weights[place])
            if weight in looked:
                continue
            looked.add(weight)
            plan = _best_plan(board, state, weight)
            if best is None or plan.gain > best[1].gain:
                best = (place, plan)
        assert best is not None  # noqa: S101 - there is a free place, so there was a plan
        place, plan = best
        _show(board, state, float(board.weights[place]), plan)
        state.plans[place] = plan
        free.remove(place)
    return tuple(state.plans[place] for place in range(len(board.weights)))


def value(board: Board, plans: Sequence[Plan]) -> float:
    """What plans are worth, place by place; see the module."""
    viewers, products = board.wants.shape
    kinds = int(board.kinds.max(initial=-1)) + 1
    state = _State(np.zeros((viewers, products)), np.zeros((viewers, kinds)), np.zeros(products))
    for weight, plan in zip(board.weights.tolist(), plans, strict=True):
        _show(board, state, weight, plan)
    own = (1.0 - board.diversity) * float((state.shown * board.wants).sum())
    return (
        own
        + board.diversity * float(state.best_of_kind.sum())
        + float((state.talked * board.talk).sum())
    )


def _gains(board: Board, state: _State, weight: float) -> Matrix:
    """What showing each product to each viewer on a place of this weight adds, (n, m)."""
    gains = (1.0 - board.diversity) * board.wants * np.maximum(0.0, weight - state.shown)
    kind = np.maximum(0.0, weight * board.wants - state.best_of_kind[:, board.kinds])
    gains += board.diversity * kind
    if board.allowed is not None:
        gains = np.where(board.allowed, gains, -np.inf)
    return np.asarray(gains, dtype=np.float64)


def _best_plan(board: Board, state: _State, weight: float) -> Plan:
    """The best plan for a place, found exactly."""
    viewers, products = board.wants.shape
    if products == 0 or viewers == 0:
        return Plan(0.0, (NOTHING,) * viewers)
    gains = _gains(board, state, weight)
    favourites = gains.argmax(axis=1)
    own = gains[np.arange(viewers), favourites]
    # Who may be shown nothing (any more) sees nothing; that is worth nothing.
    blind = own == -np.inf
    own = np.where(blind, 0.0, own)
    chosen = [NOTHING if blind[v] else int(favourites[v]) for v in range(viewers)]
    best = Plan(float(own.sum()), tuple(chosen))
    if viewers < 2:
        return best
    # Each friend after the first adds `weight * talk`, as far as it was not talked of already; so
    # a set of n has the gain  sum(gain - own) + max(0, weight * (n - 1) - talked) * talk.
    order = np.sort(gains - own[:, None], axis=0)[::-1]
    sums = np.cumsum(order, axis=0)
    sizes = np.arange(viewers)[:, None]
    talk = np.maximum(0.0, weight * sizes - state.talked[None, :]) * board.talk[None, :]
    totals = np.where(np.isfinite(sums), sums, -np.inf) + talk
    totals[0] = -np.inf
    size, product = divmod(int(totals.argmax()), products)
    if not totals[size, product] > 0.0:
        return best
    difference = gains[:, product] - own
    sharing = np.argsort(-difference, kind="stable")[: size + 1]
    for viewer in sharing.tolist():
        chosen[viewer] = product
    gain = best.gain + float(totals[size, product])
    return Plan(gain, tuple(chosen), product, tuple(sorted(sharing.tolist())))


def _show(board: Board, state: _State, weight: float, plan: Plan) -> None:
    for viewer, product in enumerate(plan.products):
        if product == NOTHING:
            continue
        state.shown[viewer, product] = max(state.shown[viewer, product], weight)
        kind = int(board.kinds[product])
        worth = weight * float(board.wants[viewer, product])
        state.best_of_kind[viewer, kind] = max(state.best_of_kind[viewer, kind], worth)
    if plan.shared != NOTHING:
        talked = weight * (len(plan.sharing) - 1)
        state.talked[plan.shared] = max(state.talked[plan.shared], talked)


def usable_weights(weights: Sequence[float], limit: int) -> list[float]:
    """At most `limit` weights; what is no number above 0 is taken for 1."""
    return [
        float(weight) if math.isfinite(weight) and weight > 0 else 1.0
        for weight in list(weights)[:limit]
    ]


def talk_worth(wants: Matrix, party: Floats, talk_weight: float) -> Matrix:
    """What each product is worth talking about, (m,): two must care, or the party already does.

    The second most interested member decides, so that one fan alone does not; what the party has
    handled together (`party`, 0..1) counts as interest of both.
    """
    if wants.shape[0] < 2:
        return np.zeros(wants.shape[1])
    second = np.partition(wants, -2, axis=0)[-2]
    worth = talk_weight * np.maximum(second, np.asarray(party, dtype=np.float64))
    return np.asarray(worth, dtype=np.float64)
