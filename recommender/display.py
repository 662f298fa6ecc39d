"""A shelf for friends, filled from what each of them would like (`recommender.codisplay`)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recommender.codisplay import NOTHING, Board, Plan, assign
from recommender.diversity import best_positions
from recommender.interactions import Product, Recommendation
from recommender.live import History
from recommender.model import Floats, Model, probability
from recommender.reasons import TOGETHER, explain
from recommender.settings import LiveSettings, PolicySettings

DISPLAY_POOL = 32
"""Best products of each viewer that a display is filled from."""

Positions = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class DisplayCell:
    """What one viewer sees on one place (from 0) of a display, and who sees the same there."""

    place: int
    recommendation: Recommendation
    shared_with: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Viewer:
    """Somebody in front of a display: log-odds float32 (products,), what may be shown to them, and
    the history that reasons are told from."""

    person_id: str
    scores: Floats
    allowed: npt.NDArray[np.bool_]
    history: History | None


def display(
    model: Model,
    products: Mapping[str, Product],
    viewers: Sequence[Viewer],
    weights: Sequence[float],
    live: LiveSettings,
    policy: PolicySettings,
) -> dict[str, list[DisplayCell]]:
    """What each viewer sees on each place; `weights` in 0..1: how likely places are looked at."""
    wanted = DISPLAY_POOL + len(weights)
    pool = np.unique(
        np.concatenate([best_positions(each.scores, each.allowed, wanted) for each in viewers])
    )
    board = Board(
        wants=np.stack([_wants(each, pool) for each in viewers]),
        kinds=_kinds(model, products, pool),
        weights=np.asarray(weights, dtype=np.float64),
        talk_weight=policy.talk_weight,
        diversity=live.diversity,
        allowed=np.stack([each.allowed[pool] for each in viewers]),
    )
    plans = assign(board)
    names = [each.person_id for each in viewers]
    return {
        viewer.person_id: _cells(model, products, number, viewer, plans, pool, names, live)
        for number, viewer in enumerate(viewers)
    }


def _wants(viewer: Viewer, pool: Positions) -> npt.NDArray[np.float64]:
    """How likely a viewer is to want each product of the pool, over the likeliest: 0..1.

    Chances, not log-odds: half way down a scale of log-odds is wanted a small part as often, and
    would be shared far too readily. Over the likeliest, so that nobody counts more for being keen.
    """
    chances = -np.logaddexp(0.0, -viewer.scores[pool].astype(np.float64))  # Logarithms of them.
    return np.asarray(np.exp(chances - chances.max(initial=-np.inf)), dtype=np.float64)


def _kinds(model: Model, products: Mapping[str, Product], pool: Positions) -> npt.NDArray[np.int64]:
    names: dict[str, int] = {}
    kinds = []
    for place in pool.tolist():
        product = products.get(model.product_ids[place])
        name = product.department if product is not None else ""
        kinds.append(names.setdefault(name, len(names)))
    return np.array(kinds, dtype=np.int64)


def _cells(
    model: Model,
    products: Mapping[str, Product],
    number: int,
    viewer: Viewer,
    plans: Sequence[Plan],
    pool: Positions,
    names: Sequence[str],
    live: LiveSettings,
) -> list[DisplayCell]:
    """One viewer's places, with reasons that name only what this viewer did."""
    shown = [(p, plan) for p, plan in enumerate(plans) if plan.products[number] != NOTHING]
    chosen = pool[[plan.products[number] for _, plan in shown]]
    reasons = explain(
        model, products, viewer.history, chosen, prior_weight=live.prior_weight,
        people_minimum=live.reason_people_minimum, party=False,
    )  # fmt: skip
    chances = probability(viewer.scores[chosen])
    cells: list[DisplayCell] = []
    for column, (place, plan) in enumerate(shown):
        together = plan.shared != NOTHING and number in plan.sharing
        code, sentence = TOGETHER if together else reasons[column]
        product_id = model.product_ids[chosen[column]]
        friends = tuple(names[v] for v in plan.sharing if v != number) if together else ()
        advice = Recommendation(product_id, float(chances[column]), code, sentence)
        cells.append(DisplayCell(place, advice, friends))
    return cells
