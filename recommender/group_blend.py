"""How far to trust each view of a product: learned from what groups did, a part of it held out.

Groups are dealt into parts. For one part at a time, some events of each of its groups are taken
away, the views are fitted on the rest, and a gradient-boosted tree model (scikit-learn's
HistGradientBoostingClassifier; Friedman 2001, "Greedy Function Approximation: A Gradient Boosting
Machine") learns to tell the taken products from drawn ones by `group_views.FEATURE_NAMES`. Several
of them with different seeds see half of the features at a split; the mean of their log-odds is the
score.

Negatives are drawn from the whole catalogue, the untouched products too: were these left out, a
product that lost its only event would be the one without any, and the model would learn that.
Some lists of negatives are crowded with popular products, as a shop's preselected candidates are;
`group_views` tells the trees how crowded a list is, so that they learn what popularity is worth in
the one kind and in the other.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from recommender.errors import SettingsError
from recommender.group_filters import sums
from recommender.group_tables import GroupTables, HeldOut, Positions, held_out, marked
from recommender.group_views import GroupViews, ViewSettings

Floats = npt.NDArray[np.float32]

Report = Callable[[str, float], None]
"""Told what is being done, and which share (0..1) of it is done."""


@dataclass(frozen=True, slots=True)
class BlendSettings:
    """How the blend is learned; sizes are counts.

    `parts` of the groups lose events in turn, and the whole is done again with other events until
    there are `examples` or `passes_limit` is reached. With fewer than `examples_minimum` nothing
    is learned, and one view alone makes the list.
    """

    seed: int = 7
    parts: int = 5
    passes_limit: int = 6
    examples: int = 5_000
    examples_minimum: int = 50
    negatives: int = 40
    crowded_lists: float = 0.4
    """Share of the lists that are crowded: `crowded_share` of their negatives are drawn from the
    `crowd` most popular products."""
    crowded_share: float = 0.28
    crowd: int = 50
    models: int = 3
    trees: int = 200
    leaves: int = 15
    learning_rate: float = 0.05
    leaf_rows_minimum: int = 40
    events_share: float = 0.02
    """Share of a middling group's events that are taken from a group at a time, at least one ..."""
    events_limit: int = 5
    """... and at most this many."""
    views: ViewSettings = field(default_factory=ViewSettings)

    def __post_init__(self) -> None:
        for name, low, high in (
            ("parts", 2, 100),
            ("passes_limit", 1, 100),
            ("examples_minimum", 2, math.inf),
            ("negatives", 1, 1_000),
            ("crowded_lists", 0.0, 1.0),
            ("crowded_share", 0.0, 1.0),
            ("crowd", 1, math.inf),
            ("models", 1, 100),
            ("trees", 1, 10_000),
            ("events_share", 0.0, 1.0),
            ("events_limit", 1, 1_000),
        ):
            value = getattr(self, name)
            if not low <= value <= high:
                raise SettingsError(
                    f"The setting {name} must be from {low:g} to {high:g}, not {value:g}.",
                    data={"field": name, "value": str(value)},
                )


@dataclass(frozen=True, slots=True)
class Examples:
    """`features` float32 (rows, features), `wanted` int8 (rows,), `group` int64 (rows,)."""

    features: Floats
    wanted: npt.NDArray[np.int8]
    group: Positions


def events_held_out(tables: GroupTables, settings: BlendSettings) -> int:
    """Events to take from a group at a time: a share of what a middling group has."""
    counts = sums(tables.group_items, 1)
    counts = counts[counts > 0.0]
    if counts.size == 0:
        return 1
    share = settings.events_share * float(np.median(counts))
    return max(1, min(settings.events_limit, math.floor(share)))


def parts_held_out(tables: GroupTables, settings: BlendSettings) -> Iterator[tuple[HeldOut, float]]:
    """Each part of the groups without some events, and the share of the work before it."""
    random = np.random.default_rng(settings.seed)
    events = events_held_out(tables, settings)
    able = np.flatnonzero(sums(tables.group_items, 1) > events)
    if able.size == 0:
        return
    passes = min(settings.passes_limit, math.ceil(settings.examples / (able.size * events)))
    for turn in range(passes):
        dealt = random.permutation(able)
        for part in range(settings.parts):
            groups = np.sort(dealt[part :: settings.parts])
            done = (turn * settings.parts + part) / (passes * settings.parts)
            yield held_out(tables, groups, events, random), done


def drawn_products(
    held: HeldOut, random: np.random.Generator, settings: BlendSettings
) -> Positions:
    """int64 (n, 1 + negatives): for each event taken, its product and products drawn beside it."""
    products = held.tables.group_items.shape[1]
    wanted = sums(marked(held.tables.group_items), 0)
    popular = np.argsort(-wanted, kind="stable")[: settings.crowd]
    shape = (held.product.size, settings.negatives)
    crowded = random.random((held.product.size, 1)) < settings.crowded_lists
    drawn = np.where(
        crowded & (random.random(shape) < settings.crowded_share),
        random.choice(popular, shape),
        random.integers(products, size=shape),
    )
    # The product itself is no negative: it makes room for the one after it.
    drawn = np.where(drawn == held.product[:, None], (drawn + 1) % products, drawn)
    return np.column_stack([held.product, drawn]).astype(np.int64)


def examples_of(tables: GroupTables, settings: BlendSettings, report: Report) -> Examples:
    """What the trees learn from."""
    random = np.random.default_rng(settings.seed + 1)
    features: list[Floats] = []
    groups: list[Positions] = []
    for held, done in parts_held_out(tables, settings):
        report("learning from groups", 0.75 * done)
        if held.product.size == 0:
            continue
        asked, rows = np.unique(held.group, return_inverse=True)
        drawn = drawn_products(held, random, settings)
        views = GroupViews(held.tables, settings.views)
        features.append(views.features(held.tables.parties(asked), rows, list(drawn)))
        groups.append(np.repeat(held.group, drawn.shape[1]))
    if not features:
        return Examples(np.zeros((0, 0), np.float32), np.zeros(0, np.int8), np.zeros(0, np.int64))
    group = np.concatenate(groups)
    wanted = np.zeros(group.size, dtype=np.int8)
    wanted[:: 1 + settings.negatives] = 1
    return Examples(np.concatenate(features), wanted, group)


class GroupBlend:
    """Trees that turn features of (group, product) into log-odds of being wanted.

    On one thread: a refit runs beside rooms, whose cores it must not take.
    """

    def __init__(self, examples: Examples, settings: BlendSettings) -> None:
        from sklearn.ensemble import HistGradientBoostingClassifier
        from threadpoolctl import threadpool_limits

        self._models: list[Any] = []
        for number in range(settings.models):
            model = HistGradientBoostingClassifier(
                max_iter=settings.trees,
                learning_rate=settings.learning_rate,
                max_leaf_nodes=settings.leaves,
                min_samples_leaf=settings.leaf_rows_minimum,
                l2_regularization=5.0,
                max_features=0.5,
                early_stopping=False,
                random_state=settings.seed + number,
            )
            with threadpool_limits(limits=1):
                self._models.append(model.fit(examples.features, examples.wanted))

    def scores(self, features: Floats) -> Floats:
        """Mean log-odds, float32 (rows,)."""
        from threadpoolctl import threadpool_limits

        with threadpool_limits(limits=1):
            odds = [model.decision_function(features) for model in self._models]
        return np.asarray(np.mean(odds, axis=0), dtype=np.float32)


def learned_blend(
    tables: GroupTables, settings: BlendSettings, report: Report
) -> GroupBlend | None:
    """The blend, or None when there is too little to learn from."""
    examples = examples_of(tables, settings, report)
    if int(examples.wanted.sum()) < settings.examples_minimum:
        return None
    report("fitting trees", 0.75)
    return GroupBlend(examples, settings)
