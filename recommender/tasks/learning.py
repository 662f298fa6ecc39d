"""What the tasks learn from their questions: boosted trees and a line, whose log-odds are added up.

The data decide of which shape. Many questions teach trees and the long line over all columns of
`recommender.ranker`, if asked for as a cascade: a first line learns from all candidates, then trees
and a second line from its best of each person alone. What tells a product from hopeless ones says
little of which of two good ones is better, and only the first places of a list count (Wang, Lin,
Metzler 2011, "A Cascade Ranking Model for Efficient Ranked Retrieval"). With few questions all
candidates teach, trees are smaller and learn more slowly, and where the evidence tells of habits,
the line is the short one over these (`Habits`).
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from recommender.events import Ints, Reals, Scores
from recommender.evidence import Evidence
from recommender.ranker import Lesson, Question, Ranker, TreeShape, lesson, teachable
from recommender.tasks.habits import Habits, habit_columns, has_habits

MANY_ROWS = 200_000
"""Rows of evidence from which questions count as many."""

TREES = TreeShape()
TREES_OF_BEST = TreeShape(seeds=8, iterations_few_rows=100)
TREES_OF_FEW = TreeShape(leaves=7, rate=0.04, iterations_few_rows=120)
BINS = 255
OF_TREES, OF_LINE = 100, 50
"""Candidates of a person that teach the trees and the last line, where questions are many."""


class Bins:
    """Columns as numbers of equally filled bins.

    Trees ask only what is larger, so they learn the same from bins; scikit-learn makes bins of its
    own, too, but with weighted rows takes far longer for it than for growing the trees.
    """

    def __init__(self, rows: Scores) -> None:
        shares = np.linspace(0.0, 1.0, BINS + 1)[1:-1]
        self._edges = [np.unique(np.quantile(column, shares)) for column in rows.T]

    def of(self, rows: Scores) -> Scores:
        """The bin of each value, float32 (rows, columns)."""
        found = [
            np.searchsorted(edges, column)
            for edges, column in zip(self._edges, rows.T, strict=True)
        ]
        return np.column_stack(found).astype(np.float32)


class BinnedTrees:
    """Boosted trees over bins; without a shape, of one that suits the number of rows."""

    def __init__(self, lessons: Sequence[Lesson], shape: TreeShape | None = None) -> None:
        if shape is None:
            shape = TREES if _rows(lessons) >= MANY_ROWS else TREES_OF_FEW
        self._bins = Bins(np.concatenate([each.rows for each in lessons]))
        binned = [replace(each, rows=self._bins.of(each.rows)) for each in lessons]
        self._ranker = Ranker(binned, ("trees",), shape)

    def scores(self, rows: Scores) -> Reals:
        """Log-odds, float64 (rows,)."""
        return self._ranker.scores(self._bins.of(rows))


def contenders(question: Question, scores: Reals, count: int) -> Question:
    """The same question about the `count` candidates of each person with the best scores."""
    evidence = question.evidence
    shape = evidence.candidates.shape
    ranked = np.where(evidence.allowed, scores.reshape(shape), -np.inf)
    best = np.argsort(-ranked, axis=1, kind="stable")[:, :count]
    rows = evidence.rows.reshape(*shape, -1)
    kept = replace(
        evidence,
        candidates=np.take_along_axis(evidence.candidates, best, axis=1),
        allowed=np.take_along_axis(evidence.allowed, best, axis=1),
        rows=np.take_along_axis(rows, best[:, :, None], axis=1).reshape(-1, rows.shape[2]),
    )
    return Question(kept, question.wanted)


class Learned:
    """Learners fitted on questions, given the weight of each person of each question.

    Raises:
        ValueError: nothing is wanted, or everything; see `learned`.
    """

    def __init__(
        self, questions: Sequence[Question], weights: Sequence[Reals], *, cascade: bool
    ) -> None:
        taught = _lessons(questions, weights)
        few = _rows(taught) < MANY_ROWS
        self._line: Ranker | Habits
        if cascade and not few:
            first = Ranker(taught, ("line",))
            order = [first.scores(question.evidence.rows) for question in questions]
            self._trees = BinnedTrees(_among(questions, order, weights, OF_TREES), TREES_OF_BEST)
            self._line = Ranker(_among(questions, order, weights, OF_LINE), ("line",))
            return
        self._trees = BinnedTrees(taught)
        if few and all(has_habits(question.evidence.columns) for question in questions):
            plain = [
                replace(each, evidence=replace(each.evidence, rows=habit_columns(each.evidence)))
                for each in questions
            ]
            self._line = Habits(_lessons(plain, weights))
        else:
            self._line = Ranker(taught, ("line",))

    def scores(self, evidence: Evidence) -> Reals:
        """Sum of log-odds of each candidate, float64 (rows,)."""
        line = self._line
        found = line.scores(evidence) if isinstance(line, Habits) else line.scores(evidence.rows)
        return np.asarray(self._trees.scores(evidence.rows) + found)


def learned(
    questions: Sequence[Question], weights: Sequence[Reals], *, cascade: bool = False
) -> Learned | None:
    """Learners fitted on the questions, or None with nothing to learn from.

    A `cascade` is for candidates that were picked among many. Where every product of a small group
    is a candidate, the best of them differ too little to teach a line.
    """
    if not teachable(_lessons(questions, weights)):
        return None
    return Learned(questions, weights, cascade=cascade)


def _rows(lessons: Sequence[Lesson]) -> int:
    return sum(len(each.rows) for each in lessons)


def _lessons(questions: Sequence[Question], weights: Sequence[Reals]) -> list[Lesson]:
    """What the questions teach, one lesson for each question and weight."""
    found: list[Lesson] = []
    for question, each in zip(questions, weights, strict=True):
        for weight in np.unique(each[each > 0.0]).tolist():
            taught = lesson(_only(question, np.flatnonzero(each == weight)), len(found))
            found.append(replace(taught, weights=taught.weights * weight))
    return found


def _among(
    questions: Sequence[Question], order: Sequence[Reals], weights: Sequence[Reals], count: int
) -> list[Lesson]:
    """What the best candidates teach; what all do when nothing wanted is among them."""
    best = [contenders(*each, count) for each in zip(questions, order, strict=True)]
    found = _lessons(best, weights)
    return found if teachable(found) else _lessons(questions, weights)


def _only(question: Question, chosen: Ints) -> Question:
    evidence = question.evidence
    shape = (*evidence.candidates.shape, evidence.rows.shape[1])
    people = evidence.people[chosen]
    return Question(
        replace(
            evidence,
            people=people,
            candidates=evidence.candidates[chosen],
            allowed=evidence.allowed[chosen],
            rows=evidence.rows.reshape(shape)[chosen].reshape(-1, shape[-1]),
        ),
        {person: question.wanted[person] for person in people.tolist()},
    )
