"""The second stage: learns from questions inside the training data how far to trust what.

Two learners of different temper give log-odds for a row of evidence: boosted trees (Friedman 2001;
scikit-learn's histogram trees after Ke et al. 2017, "LightGBM") and a logistic regression on
sign(x) * log(1 + 10 |x|). Which of them are added up is decided on a question the learners have not
seen (`mixed_on`), never on the answers of a task.

A person's rows weigh 1 / sqrt(answers): NDCG is a mean over people, yet people with many answers
teach more. Not-wanted candidates are sampled and weighted back.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from recommender.evaluate import ndcg_at
from recommender.events import Reals, Scores
from recommender.evidence import Evidence
from recommender.folds import Wanted

KEPT_NEGATIVES = 0.35
THREADS = 1
"""A fit must not take the cores that serve rooms, and sums must not depend on their number."""
TREES_SEEDS = 4
ITERATIONS = 150
ITERATIONS_FEW_ROWS = 60
LEAF_ROWS_LIMIT = 200
LEAF_ROWS_LEAST = 5
LEAF_SHARE = 100
"""A leaf has at least one in so many rows, within the two bounds: a small store has few."""
FEW_ROWS = 200_000


@dataclass(frozen=True, slots=True)
class TreeShape:
    """How many boosted trees of which size: `seeds` times `iterations` of at most `leaves` leaves.

    `iterations_few_rows` below FEW_ROWS; `rate`: the learning rate.
    """

    seeds: int = TREES_SEEDS
    iterations: int = ITERATIONS
    iterations_few_rows: int = ITERATIONS_FEW_ROWS
    leaves: int = 15
    rate: float = 0.06


@dataclass(frozen=True, slots=True)
class Lesson:
    """Rows of evidence, whether each was wanted, and what each row weighs."""

    rows: Scores
    wanted: npt.NDArray[np.bool_]
    weights: Reals


@dataclass(frozen=True, slots=True)
class Question:
    """Evidence for people of a fold, and what they wanted."""

    evidence: Evidence
    wanted: Wanted


def sampled(rows: Scores, labels: npt.NDArray[np.bool_], weights: Reals, seed: int) -> Lesson:
    """All wanted rows and a share of the others, which weigh the more."""
    kept = labels | (np.random.default_rng(seed).random(labels.size) < KEPT_NEGATIVES)
    weights = np.where(labels, weights, weights / KEPT_NEGATIVES)
    return Lesson(rows[kept], labels[kept], weights[kept])


def lesson(question: Question, seed: int) -> Lesson:
    """What one question teaches."""
    evidence = question.evidence
    people = evidence.people.tolist()
    answers = [question.wanted[person] for person in people]
    labels = np.array(
        [
            [product in wanted for product in row]
            for wanted, row in zip(answers, evidence.candidates.tolist(), strict=True)
        ],
        dtype=np.bool_,
    ).ravel()
    each = 1.0 / np.sqrt([float(len(wanted)) for wanted in answers])
    weights = np.repeat(each, evidence.candidates.shape[1])
    return sampled(evidence.rows, labels, weights, seed)


class Learner(Protocol):
    """A fitted learner."""

    def decision_function(self, rows: Scores, /) -> npt.NDArray[np.float64]: ...


def _spread(rows: Scores) -> Scores:
    return np.asarray(np.sign(rows) * np.log1p(np.abs(rows) * 10.0), dtype=np.float32)


@dataclass(frozen=True, slots=True)
class TreesPart:
    """The trees of one seed, as tables of nodes, and the log-odds before the first of them."""

    trees: Sequence[npt.NDArray[np.void]]
    base: float


class BoostedTrees:
    """Boosted trees of several seeds; the mean of their log-odds."""

    def __init__(self, taught: Lesson, shape: TreeShape) -> None:
        from sklearn.ensemble import HistGradientBoostingClassifier

        count = len(taught.rows)
        few = count < FEW_ROWS
        leaf_rows = min(LEAF_ROWS_LIMIT, max(LEAF_ROWS_LEAST, count // LEAF_SHARE))
        self._fitted = [
            HistGradientBoostingClassifier(
                max_iter=shape.iterations_few_rows if few else shape.iterations,
                learning_rate=shape.rate,
                max_leaf_nodes=shape.leaves,
                min_samples_leaf=leaf_rows,
                l2_regularization=5.0,
                max_features=0.3,
                early_stopping=False,
                random_state=seed,
            ).fit(taught.rows, taught.wanted, sample_weight=taught.weights)
            for seed in range(shape.seeds)
        ]

    def decision_function(self, rows: Scores) -> npt.NDArray[np.float64]:
        return np.asarray(np.mean([each.decision_function(rows) for each in self._fitted], axis=0))

    @property
    def parts(self) -> Sequence[TreesPart]:
        """The nodes of the trees of each seed. Inside scikit-learn they may change any day, so
        whoever uses them compares what comes of them with `decision_function`."""
        return [
            TreesPart(
                [predictors[0].nodes for predictors in each._predictors],
                float(np.ravel(each._baseline_prediction)[0]),
            )
            for each in self._fitted
        ]


class Line:
    """A logistic regression over spread and scaled columns."""

    def __init__(self, taught: Lesson) -> None:
        from sklearn.linear_model import LogisticRegression
        from sklearn.preprocessing import StandardScaler

        rows = _spread(taught.rows)
        self._scaler = StandardScaler().fit(rows)
        self._fitted = LogisticRegression(C=0.01, max_iter=300).fit(
            self._scaler.transform(rows), taught.wanted, sample_weight=taught.weights
        )

    def decision_function(self, rows: Scores) -> npt.NDArray[np.float64]:
        return np.asarray(self._fitted.decision_function(self._scaler.transform(_spread(rows))))

    @property
    def weights(self) -> Reals:
        """Of the scaled columns, float64 (columns,)."""
        return np.asarray(self._fitted.coef_[0], dtype=np.float64)

    @property
    def means(self) -> Reals:
        return np.asarray(self._scaler.mean_, dtype=np.float64)

    @property
    def scales(self) -> Reals:
        return np.asarray(self._scaler.scale_, dtype=np.float64)

    @property
    def bias(self) -> float:
        return float(self._fitted.intercept_[0])


_KINDS: Mapping[str, Callable[[Lesson, TreeShape], Learner]] = {
    "trees": BoostedTrees,
    "line": lambda taught, _: Line(taught),
}


class Ranker:
    """Fitted learners; `scores` adds up their log-odds."""

    def __init__(
        self, lessons: Sequence[Lesson], mix: Sequence[str], shape: TreeShape = TreeShape()
    ) -> None:
        """Fit on `lessons`, of which at least one row is wanted and one is not."""
        taught = Lesson(
            np.concatenate([each.rows for each in lessons]),
            np.concatenate([each.wanted for each in lessons]),
            np.concatenate([each.weights for each in lessons]),
        )
        with threadpool_limits(THREADS):
            self.learners: dict[str, Learner] = {name: _KINDS[name](taught, shape) for name in mix}

    def each(self, rows: Scores) -> dict[str, Reals]:
        """Log-odds by learner."""
        with threadpool_limits(THREADS):
            return {
                name: learner.decision_function(rows) for name, learner in self.learners.items()
            }

    def scores(self, rows: Scores) -> Reals:
        """Sum of log-odds, float64 (rows,)."""
        return np.asarray(sum(self.each(rows).values()))


def teachable(lessons: Sequence[Lesson]) -> bool:
    """Whether there is a wanted and an unwanted row to learn from."""
    return any(each.wanted.any() for each in lessons) and any(
        not each.wanted.all() for each in lessons
    )


def mixed_on(
    lessons: Sequence[Lesson],
    judge: Question,
    length: int,
    offered: Sequence[tuple[str, ...]],
    shape: TreeShape = TreeShape(),
) -> tuple[str, ...]:
    """The mix whose lists have the best NDCG on `judge`, which is not among the lessons.

    An earlier one of `offered` stays unless a later one is better; the last one has all learners.
    """
    parts = Ranker(lessons, offered[-1], shape).each(judge.evidence.rows)
    best, found = -1.0, offered[0]
    for mix in offered:
        scores = np.sum([parts[name] for name in mix], axis=0)
        gain = mean_ndcg(judge, scores, length)
        if gain > best:
            best, found = gain, mix
    return found


def best_first(evidence: Evidence, scores: Reals) -> npt.NDArray[np.int64]:
    """Candidates of each person, best first, what is not allowed last, int64 (people, k)."""
    scores = np.where(evidence.allowed.ravel(), scores, -np.inf)
    order = np.argsort(-scores.reshape(evidence.candidates.shape), axis=1, kind="stable")
    return np.take_along_axis(evidence.candidates, order, axis=1)


def mean_ndcg(question: Question, scores: Reals, length: int) -> float:
    """Mean NDCG over the people of a question."""
    lists = best_first(question.evidence, scores)[:, :length].tolist()
    people = question.evidence.people.tolist()
    gains = [
        ndcg_at(ranked, question.wanted[person], length)
        for person, ranked in zip(people, lists, strict=True)
    ]
    return float(np.mean(gains)) if gains else 0.0
