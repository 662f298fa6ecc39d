"""What the tasks learn from their questions: boosted trees and a line, whose log-odds are added up.

The data decide of which shape. Many questions teach the trees and the long line over all columns of
`recommender.ranker`. With few questions, trees are smaller and learn more slowly, and where the
evidence tells of habits, the line is the short one over these (`Habits`).
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
TREES_OF_FEW = TreeShape(leaves=7, rate=0.04, iterations_few_rows=120)
BINS = 255


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
    """Boosted trees over bins, of a shape that suits the number of rows."""

    def __init__(self, lessons: Sequence[Lesson]) -> None:
        self._bins = Bins(np.concatenate([each.rows for each in lessons]))
        binned = [replace(each, rows=self._bins.of(each.rows)) for each in lessons]
        shape = TREES if _rows(lessons) >= MANY_ROWS else TREES_OF_FEW
        self._ranker = Ranker(binned, ("trees",), shape)

    def scores(self, rows: Scores) -> Reals:
        """Log-odds, float64 (rows,)."""
        return self._ranker.scores(self._bins.of(rows))


class Learned:
    """Learners fitted on questions, given the weight of each person of each question.

    Raises:
        ValueError: nothing is wanted, or everything; see `learned`.
    """

    def __init__(self, questions: Sequence[Question], weights: Sequence[Reals]) -> None:
        taught = _lessons(questions, weights)
        self._trees = BinnedTrees(taught)
        self._line: Ranker | Habits
        few = _rows(taught) < MANY_ROWS
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


def learned(questions: Sequence[Question], weights: Sequence[Reals]) -> Learned | None:
    """Learners fitted on the questions, or None with nothing to learn from."""
    if not teachable(_lessons(questions, weights)):
        return None
    return Learned(questions, weights)


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
