"""How the room's second stage is learned, in the fit process: by the ranker of the offline tasks.

Questions are the cases of `recommender.evaluate`: what people wanted after a cut in time, asked of
a model fitted on what lay before it. The rows are those that the room makes while somebody waits
(`recommender.live_evidence`), the learners and the choice between them are those of
`recommender.ranker`; only the trees are smaller. What comes out is turned into plain numbers
(`recommender.second_stage`) and compared with the learners' own answers before it is believed.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from recommender.diversity import best_positions
from recommender.evaluate import Case, allowed_mask, case_sums, evaluate
from recommender.events import Scores
from recommender.evidence import Evidence
from recommender.live_evidence import COLUMNS, Indices, live_rows, spoken_by
from recommender.model import Floats, Model
from recommender.ranker import (
    BoostedTrees,
    Question,
    Ranker,
    TreeShape,
    lesson,
    mixed_on,
    teachable,
)
from recommender.ranker import (
    Line as FittedLine,
)
from recommender.second_stage import LEAVES, Line, SecondStage, Trees
from recommender.settings import FitSettings, LiveSettings

LIVE_TREES = TreeShape(seeds=1, iterations=60, iterations_few_rows=40, leaves=LEAVES, rate=0.1)
"""Small enough to be asked within a tenth of a millisecond."""

LIVE_MIXES = (("line",), ("trees",), ("trees", "line"))
DIFFERENCE_LIMIT = 1e-3
"""Log-odds by which the plain numbers may differ from the learners: float32 against float64."""


def question_of(model: Model, cases: Sequence[Case], live: LiveSettings) -> Question | None:
    """The cases with the rows of their short lists by the first stage; None without any.

    Cases with less than half of the usual number of candidates teach nothing.
    """
    pools = [_pool(model, case, live) for case in cases]
    most = max((pool.size for pool, _ in pools), default=0)
    kept = [number for number, (pool, _) in enumerate(pools) if 2 * pool.size > most]
    if not kept:
        return None
    size = min(pools[number][0].size for number in kept)
    candidates = np.stack([pools[number][0][:size] for number in kept])
    evidence = Evidence(
        people=np.arange(len(kept), dtype=np.int64),
        candidates=candidates,
        allowed=np.ones(candidates.shape, dtype=np.bool_),
        rows=np.concatenate([pools[number][1][:, :size].T for number in kept]),
        columns=COLUMNS,
    )
    return Question(evidence, {row: cases[number].wanted for row, number in enumerate(kept)})


def _pool(model: Model, case: Case, live: LiveSettings) -> tuple[Indices, Floats]:
    (together, text), scale = case_sums(model, case, live)
    first = model.blended(together, text, scale)
    allowed = allowed_mask(model, case.history, case.cut_ms)
    pool = best_positions(first, allowed, live.shortlist)
    together, text = together[pool] * np.float32(scale), text[pool] * np.float32(scale)
    spoken = spoken_by(model, case.history, pool)
    moment = case.cut_ms
    return pool, live_rows(model, case.history, spoken, pool, first[pool], together, text, moment)


def taught_stage(
    model: Model, cases: Sequence[Case], live: LiveSettings, fit: FitSettings
) -> SecondStage | None:
    """What `cases` teach, or None when they teach nothing.

    Every second case decides which learners are added up; then all of them teach.
    """
    questions = [question_of(model, part, live) for part in (cases[::2], cases[1::2])]
    found = [question for question in questions if question is not None]
    lessons = [lesson(question, fit.seed + number) for number, question in enumerate(found)]
    if len(lessons) < 2 or not all(teachable([each]) for each in lessons):
        return None
    mix = mixed_on(lessons[:1], found[1], fit.list_length, LIVE_MIXES, LIVE_TREES)
    ranker = Ranker(lessons, mix, LIVE_TREES)
    return as_numbers(ranker, found[0].evidence.rows)


def better_stage(
    model: Model,
    taught: Sequence[Case],
    judged: Sequence[Case],
    live: LiveSettings,
    fit: FitSettings,
) -> SecondStage | None:
    """A second stage that beats the first alone on people it was not taught on, or None.

    Better by more than chance: by one standard error of the mean of the differences case by case.
    """
    if len(taught) + len(judged) < fit.second_stage_cases_minimum:
        return None
    found = taught_stage(model, taught, live, fit)
    if found is None:
        return None
    before = evaluate(model, judged, live, fit.list_length)
    after = evaluate(replace(model, second=found), judged, live, fit.list_length)
    gains = np.subtract(after.ndcg_of_cases, before.ndcg_of_cases)
    error = float(gains.std()) / max(1.0, float(gains.size)) ** 0.5
    return found if float(gains.mean()) > error else None


def as_numbers(ranker: Ranker, rows: Scores) -> SecondStage | None:
    """The ranker's learners as plain numbers; None when these do not say what the learners say.

    `rows` float32 (k, columns) are what the two are compared on. The nodes of the trees are no part
    of scikit-learn's promises, so nothing is taken on trust.
    """
    trees, line = ranker.learners.get("trees"), ranker.learners.get("line")
    stage = SecondStage(
        trees=_plain_trees(trees) if isinstance(trees, BoostedTrees) else None,
        line=_plain_line(line) if isinstance(line, FittedLine) else None,
    )
    expected = ranker.scores(rows) / len(ranker.learners)
    apart = np.abs(stage.scores(np.ascontiguousarray(rows.T)) - expected)
    return stage if float(apart.max(initial=0.0)) < DIFFERENCE_LIMIT else None


def _plain_line(line: FittedLine) -> Line:
    """Scaling and weights as one: w * (x - mean) / scale + b."""
    weights = line.weights / line.scales
    bias = line.bias - float((weights * line.means).sum())
    return Line(weights.astype(np.float32), bias)


def _plain_trees(trees: BoostedTrees) -> Trees:
    nodes = [tree for part in trees.parts for tree in part.trees]
    shape = (len(nodes), LEAVES - 1)
    columns = np.zeros(shape, dtype=np.int32)
    # Nothing is greater than the greatest number, so a place without a node rules nothing out.
    thresholds = np.full(shape, np.finfo(np.float32).max, dtype=np.float32)
    ruled_out = np.zeros(shape, dtype=np.uint8)
    leaves = np.zeros((len(nodes), LEAVES), dtype=np.float32)
    for number, tree in enumerate(nodes):
        # From left to right: a node rules out the leaves of its left side.
        for inner, (node, first, last) in enumerate(_inner_nodes(tree)):
            columns[number, inner] = tree["feature_idx"][node]
            thresholds[number, inner] = _down(float(tree["num_threshold"][node]))
            ruled_out[number, inner] = (1 << last) - (1 << first)
        for leaf, node in enumerate(_leaves(tree, 0)):
            leaves[number, leaf] = tree["value"][node]
    count = len(trees.parts)
    return Trees(
        columns=columns.T.ravel(),
        thresholds=thresholds.T.ravel(),
        ruled_out=ruled_out.T.ravel(),
        leaves=leaves / np.float32(count),
        base=sum(part.base for part in trees.parts) / count,
    )


Nodes = npt.NDArray[np.void]


def _leaves(tree: Nodes, node: int) -> list[int]:
    """Leaves under a node, from left to right."""
    if tree["is_leaf"][node]:
        return [node]
    return _leaves(tree, int(tree["left"][node])) + _leaves(tree, int(tree["right"][node]))


def _inner_nodes(tree: Nodes) -> list[tuple[int, int, int]]:
    """Each inner node with the first leaf of its left side and the one after its last."""
    found: list[tuple[int, int, int]] = []
    waiting = [(0, 0)]
    while waiting:
        node, first = waiting.pop()
        if tree["is_leaf"][node]:
            continue
        left, right = int(tree["left"][node]), int(tree["right"][node])
        last = first + len(_leaves(tree, left))
        found.append((node, first, last))
        waiting += [(left, first), (right, last)]
    return found


def _down(threshold: float) -> float:
    """The largest float32 that is not above: then x > it says the same for every float32 x."""
    near = np.float32(threshold)
    # As Python's floats: numpy would round the threshold to float32 before it compares.
    return float(near if float(near) <= threshold else np.nextafter(near, np.float32(-np.inf)))
