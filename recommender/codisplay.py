"""Co-display: what each friend sees on each place of a shelf that they look at together.

A place may show every viewer the same product, some of them the same and the others their own, or
each their own. Seeing the same thing is worth something by itself when two or more would care: it
is what friends talk about, point at and hand over. What is to be made large, with place weights w:

    sum over viewers v and products p shown to v of    w(place of p) * (1 - d) * u[v, p]
  + sum over viewers v and kinds k of                  d * max of w * u[v, p] over p of k shown to v
  + sum over products p that several share of          w ** 2 * t * second(p) * sum of their u[v, p]

u in 0..1 is how much v wants p, d the diversity, w in 0..1 how likely a place is looked at, t the
talk weight, and a product that v sees twice counts once, on the better place. The last sum is what
talk adds. Two must look (w ** 2) and both must care: the second most interested of those who share
a product decides, so that one fan alone starts no talk. Who shares it then wants it the more, by t
of what they want it anyway.

All three are sums of weighted maxima over what was chosen, so the whole is a monotone submodular
function of the set of (place, plan) pairs; one plan a place is a partition matroid. The greedy
choice takes the pair with the greatest gain again and again, which gives

    at least 1/2 of the best possible value                  (Fisher, Nemhauser, Wolsey 1978)
    at least 1 - 1/e of it when all places weigh the same    (Nemhauser, Wolsey, Fisher 1978)

No plan is worth less on a place of more weight, so the greedy takes the places in the order of
their weights. The plans of a place are not listed (there are products ** viewers of them); the best
one is found exactly: once it is said whose interest is the second of a product, every viewer's part
of the gain stands alone, so who joins is decided viewer by viewer.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

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
        kinds: (m,) int, number of the kind (such as the department) of each product.
        weights: (places,) in 0..1, how likely each place is looked at, over the best one.
        talk_weight: 0..1, how much more something is wanted that friends talk about.
        diversity: 0..1.
        allowed: (n, m) bool, what each viewer may be shown; None: everything.
    """

    wants: Matrix
    kinds: npt.NDArray[np.int64]
    weights: Matrix
    talk_weight: float = 0.25
    diversity: float = 0.2
    allowed: npt.NDArray[np.bool_] | None = None


class _State:
    """What has been shown so far: weights for `shown`, gains for the others."""

    def __init__(self, board: Board) -> None:
        viewers, products = board.wants.shape
        self.shown: Matrix = np.zeros((viewers, products))
        self.best_of_kind: Matrix = np.zeros((viewers, int(board.kinds.max(initial=-1)) + 1))
        self.talked: Matrix = np.zeros(products)


def assign(board: Board) -> tuple[Plan, ...]:
    """A plan for each place, in order of the places; the bound is in the module's words.

    O(places * viewers ** 2 * products).
    """
    state = _State(board)
    plans: dict[int, Plan] = {}
    for place in np.argsort(-board.weights, kind="stable").tolist():
        weight = float(board.weights[place])
        plans[place] = _best_plan(board, state, weight)
        _show(board, state, weight, plans[place])
    return tuple(plans[place] for place in range(len(board.weights)))


def value(board: Board, plans: Sequence[Plan]) -> float:
    """What plans are worth, place by place; see the module."""
    state = _State(board)
    for weight, plan in zip(board.weights.tolist(), plans, strict=True):
        _show(board, state, weight, plan)
    own = (1.0 - board.diversity) * float((state.shown * board.wants).sum())
    kinds = board.diversity * float(state.best_of_kind.sum())
    return own + kinds + float(state.talked.sum())


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
    # Who may be shown nothing (any more) sees nothing; that is worth nothing. Nor is what they see
    # on a better place already.
    blind = own == -np.inf
    own = np.where(blind, 0.0, own)
    nothing = blind | (state.shown[np.arange(viewers), favourites] > 0.0)
    chosen = [NOTHING if nothing[v] else int(favourites[v]) for v in range(viewers)]
    best = Plan(float(own.sum()), tuple(chosen))
    if viewers < 2:
        return best
    shared, sharing, more = _best_sharing(board, gains - own[:, None], state.talked, weight)
    if not more > 0.0:
        return best
    for viewer in sharing:
        chosen[viewer] = shared
    return Plan(best.gain + more, tuple(chosen), shared, sharing)


def _best_sharing(
    board: Board, losses: Matrix, talked: Matrix, weight: float
) -> tuple[int, tuple[int, ...], float]:
    """The product that is best shared on a place, by whom, and what that adds to their favourites.

    `losses` (viewers, products): what seeing a product instead of their favourite adds, at most 0.
    """
    viewers, products = losses.shape
    columns = np.arange(products)
    order = np.argsort(-board.wants, axis=0, kind="stable")
    wants = np.take_along_axis(board.wants, order, axis=0)
    losses = np.take_along_axis(losses, order, axis=0)
    best: tuple[int, tuple[int, ...], float] = (NOTHING, (), 0.0)
    for second in range(1, viewers):
        # What each adds by joining, once the talk is decided by the viewer of this rank.
        talk = weight**2 * board.talk_weight * wants[second]
        joins = losses + talk * wants
        first = joins[:second].argmax(axis=0)
        totals = joins[first, columns] + joins[second] - talked
        totals += np.maximum(0.0, joins[second + 1 :]).sum(axis=0)
        shared = int(totals.argmax())
        if totals[shared] > best[2]:
            ranks = [int(first[shared]), second]
            ranks += [r for r in range(second + 1, viewers) if joins[r, shared] > 0.0]
            sharing = tuple(sorted(order[ranks, shared].tolist()))
            best = (shared, sharing, float(totals[shared]))
    return best


def _show(board: Board, state: _State, weight: float, plan: Plan) -> None:
    for viewer, product in enumerate(plan.products):
        if product == NOTHING:
            continue
        state.shown[viewer, product] = max(state.shown[viewer, product], weight)
        kind = int(board.kinds[product])
        worth = weight * float(board.wants[viewer, product])
        state.best_of_kind[viewer, kind] = max(state.best_of_kind[viewer, kind], worth)
    if plan.shared != NOTHING:
        state.talked[plan.shared] = max(state.talked[plan.shared], _talk(board, plan, weight))


def _talk(board: Board, plan: Plan, weight: float) -> float:
    """What the talk about a shared product adds."""
    wants = np.sort(board.wants[list(plan.sharing), plan.shared])
    return float(weight**2 * board.talk_weight * wants[-2] * wants.sum())


def usable_weights(weights: Sequence[float], limit: int) -> list[float]:
    """At most `limit` weights, over the best of them; what is no number above 0 is taken for 1."""
    usable = [
        float(weight) if math.isfinite(weight) and weight > 0 else 1.0
        for weight in list(weights)[:limit]
    ]
    best = max(usable, default=1.0)
    return [weight / best for weight in usable]
