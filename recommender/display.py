"""A shelf for friends, filled from what each of them would like (`recommender.codisplay`)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recommender.codisplay import NOTHING, Board, Plan, assign, talk_worth
from recommender.diversity import best_positions
from recommender.group import unit_scale
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
    party: Floats | None,
    weights: Sequence[float],
    live: LiveSettings,
    policy: PolicySettings,
) -> dict[str, list[DisplayCell]]:
    """What each viewer sees on each place; `weights`: how much places are looked at.

    `party` float32 (products,): what the party would like by what it did together, or None.
    """
    wanted = DISPLAY_POOL + len(weights)
    pool = np.unique(
        np.concatenate([best_positions(each.scores, each.allowed, wanted) for each in viewers])
    )
    wants = np.stack([unit_scale(each.scores[pool]) for each in viewers]).astype(np.float64)
    shared = np.zeros(len(pool)) if party is None else unit_scale(party)[pool]
    board = Board(
        wants=wants,
        talk=talk_worth(wants, np.asarray(shared), policy.talk_weight),
        kinds=_kinds(model, products, pool),
        weights=np.asarray(weights, dtype=np.float64),
        diversity=live.diversity,
        allowed=np.stack([each.allowed[pool] for each in viewers]),
    )
    plans = assign(board)
    names = [each.person_id for each in viewers]
    return {
        viewer.person_id: _cells(model, products, number, viewer, plans, pool, names, live)
        for number, viewer in enumerate(viewers)
    }


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
