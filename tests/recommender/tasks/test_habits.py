"""Habits: what lies in the cart and has not been bought, and which evidence tells of them."""

from recommender.tasks.habits import NEEDED, habit_columns, has_habits
from tests.recommender.tasks.carts import CANDIDATES, question


def test_who_has_not_bought_yet_is_told_apart() -> None:
    evidence = question(4, people=2).evidence
    evidence.rows[CANDIDATES:, NEEDED.index("own_buy")] = 1.0
    found = habit_columns(evidence)
    assert found[:CANDIDATES, 0].sum() == 1.0
    assert found[CANDIDATES:, 0].sum() == 0.0
    assert not has_habits(NEEDED[1:])
