"""A third temper beside trees and the long line: a logistic regression over a few plain habits.

What lies in the cart is bought, the newest first, above all by who has not bought yet; what was
touched is touched again; the rest follows people who are alike. With a few hundred questions, ten
numbers are learned more surely than sixty.
"""

from collections.abc import Sequence

import numpy as np
from threadpoolctl import threadpool_limits

from recommender.events import Reals, Scores
from recommender.evidence import Evidence
from recommender.ranker import Lesson

NEEDED = (
    "own_open", "own_open_place", "own_buy", "own_visits", "own_place", "own_in_last_visit",
    "like_minded_place", "ease_visits_place", "first_stage",
)  # fmt: skip


def has_habits(columns: Sequence[str]) -> bool:
    """Whether evidence with these columns tells of habits."""
    return set(NEEDED) <= set(columns)


def habit_columns(evidence: Evidence) -> Scores:
    """The plain habits of each candidate, float32 (rows, 10)."""
    at = {name: place for place, name in enumerate(evidence.columns)}
    rows = evidence.rows.reshape(*evidence.candidates.shape, len(evidence.columns))

    def column(name: str) -> Scores:
        return np.asarray(rows[:, :, at[name]])

    is_open, bought = column("own_open"), column("own_buy").any(axis=1, keepdims=True)
    newest_open = is_open * np.exp2(-column("own_open_place"))
    touched = column("own_visits") > 0
    found = (
        is_open * ~bought,
        newest_open * ~bought,
        is_open,
        newest_open,
        touched,
        touched * np.exp2(-column("own_place")),
        column("own_in_last_visit"),
        np.log1p(column("like_minded_place")),
        np.log1p(column("ease_visits_place")),
        np.log1p(column("first_stage")),
    )
    return np.column_stack([np.asarray(each, dtype=np.float32).ravel() for each in found])


class Habits:
    """Fitted weights of the habits; gives log-odds like the learners of `recommender.ranker`."""

    def __init__(self, lessons: Sequence[Lesson]) -> None:
        """Fit on lessons whose rows are `habit_columns`; something is wanted and something not."""
        from sklearn.linear_model import LogisticRegression
        from sklearn.preprocessing import StandardScaler

        rows = np.concatenate([each.rows for each in lessons])
        with threadpool_limits(1):
            self._scaler = StandardScaler().fit(rows)
            self._fitted = LogisticRegression(C=0.1, max_iter=300).fit(
                self._scaler.transform(rows),
                np.concatenate([each.wanted for each in lessons]),
                sample_weight=np.concatenate([each.weights for each in lessons]),
            )

    def scores(self, evidence: Evidence) -> Reals:
        """Log-odds, float64 (rows,)."""
        with threadpool_limits(1):
            rows = self._scaler.transform(habit_columns(evidence))
            return np.asarray(self._fitted.decision_function(rows))
