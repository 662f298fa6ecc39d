"""Fairness over time: who was neglected counts more, within a limit."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.fairness import Fairness, list_satisfaction
from recommender.group import Neglected, combined_scores
from recommender.settings import PolicySettings

POLICY = PolicySettings()


def test_satisfaction_is_the_worth_of_the_list_over_the_best_possible() -> None:
    scores = np.array([0.0, 1.0, 2.0, 4.0], dtype=np.float32)
    allowed = np.ones(4, dtype=np.bool_)
    assert list_satisfaction(scores, [3, 2], allowed) == 1.0
    chance = 1 / (1 + np.exp(-scores))
    expected = (chance[0] + chance[1]) / (chance[2] + chance[3])
    assert list_satisfaction(scores, [0, 1], allowed) == pytest.approx(expected, abs=1e-5)
    assert list_satisfaction(np.ones(4, dtype=np.float32), [0], allowed) == 1.0
    assert list_satisfaction(scores, [], allowed) == 1.0
    # What may not be shown anyway is no loss.
    allowed[3] = False
    assert list_satisfaction(scores, [2, 1], allowed) == 1.0


def test_the_neglected_are_heard_more() -> None:
    fairness = Fairness()
    assert fairness.neglected(["ann", "bob"], POLICY) is None
    fairness.note({"ann": 0.6, "bob": 0.5}, 0.5, 8)
    found = fairness.neglected(["ann", "bob", "cat"], POLICY)
    assert found is not None
    assert found.member == 1
    assert found.share == pytest.approx(0.1 * POLICY.fairness_strength)
    unfair = PolicySettings(fairness_strength=0.0)
    assert fairness.neglected(["ann", "bob"], unfair) is None
    fairness.forget("bob")
    assert fairness.neglected(["ann", "bob"], POLICY) is None
    assert fairness.neglected([], POLICY) is None


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8), st.floats(0, 100), st.floats(0, 1))
def test_it_is_the_least_satisfied_and_within_the_limit(
    satisfaction: list[float], strength: float, limit: float
) -> None:
    policy = PolicySettings(fairness_strength=strength, fairness_share_limit=limit)
    fairness = Fairness()
    members = [f"m{number}" for number in range(len(satisfaction))]
    for member, value in zip(members, satisfaction, strict=True):
        fairness.note({member: value}, 0.0, 8)
    found = fairness.neglected(members, policy)
    if found is None:
        assert strength * (max(satisfaction) - min(satisfaction)) == 0
    else:
        assert satisfaction[found.member] == min(satisfaction)
        assert 0 <= found.share <= limit


def test_members_are_bounded() -> None:
    fairness = Fairness()
    for number in range(9):
        fairness.note({f"m{number}": number / 10}, 0.5, 4)
    assert fairness.mean(["m0"]) is None
    assert fairness.mean(["m8"]) is not None


def test_the_list_turns_to_the_neglected() -> None:
    ann = np.array([1.0, 0.5, 0.0], dtype=np.float32)
    bob = np.array([0.0, 0.5, 1.0], dtype=np.float32)
    nothing = np.zeros(3, dtype=np.float32)
    even = combined_scores([ann, bob], nothing, 0.0, 0.6)
    assert even == pytest.approx(combined_scores([ann, bob], nothing, 0.0, 0.6, Neglected(1, 0.0)))
    turned = combined_scores([ann, bob], nothing, 0.0, 0.6, Neglected(1, 0.4))
    assert turned[2] > even[2]
    assert turned[0] < even[0]
    alone = combined_scores([ann, bob], nothing, 0.0, 0.6, Neglected(1, 1.0))
    assert alone == pytest.approx(bob)
