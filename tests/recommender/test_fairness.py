"""Fairness over time: who was neglected counts more, within a limit."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.fairness import Fairness, list_satisfaction
from recommender.group import combined_scores
from recommender.settings import PolicySettings

POLICY = PolicySettings()


def test_satisfaction_is_the_worth_of_the_list_over_the_best_possible() -> None:
    scores = np.array([0.0, 1.0, 2.0, 4.0], dtype=np.float32)
    allowed = np.ones(4, dtype=np.bool_)
    assert list_satisfaction(scores, [3, 2], allowed) == 1.0
    assert list_satisfaction(scores, [0, 1], allowed) == pytest.approx(0.25 / 1.5)
    assert list_satisfaction(np.ones(4, dtype=np.float32), [0], allowed) == 1.0
    assert list_satisfaction(scores, [], allowed) == 1.0
    # What may not be shown anyway is no loss.
    allowed[3] = False
    assert list_satisfaction(scores, [2, 1], allowed) == 1.0


def test_the_neglected_count_more() -> None:
    fairness = Fairness()
    assert fairness.weights(["ann", "bob"], POLICY).tolist() == [1.0, 1.0]
    fairness.note({"ann": 0.9, "bob": 0.2}, 0.5, 8)
    ann, bob, cat = fairness.weights(["ann", "bob", "cat"], POLICY)
    assert ann < cat < bob
    unfair = PolicySettings(fairness_strength=0.0)
    assert fairness.weights(["ann", "bob"], unfair).tolist() == [1.0, 1.0]
    fairness.forget("bob")
    assert fairness.weights(["bob"], POLICY).tolist() == [1.0]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8), st.floats(0, 100), st.floats(1, 10))
def test_weights_have_the_mean_one_and_a_limit(
    satisfaction: list[float], strength: float, ratio: float
) -> None:
    policy = PolicySettings(fairness_strength=strength, fairness_ratio_limit=ratio)
    fairness = Fairness()
    members = [f"m{number}" for number in range(len(satisfaction))]
    for member, value in zip(members, satisfaction, strict=True):
        fairness.note({member: value}, 0.0, 8)
    weights = fairness.weights(members, policy)
    assert weights.mean() == pytest.approx(1.0, rel=1e-4)
    assert weights.max() / weights.min() <= ratio * 1.001


def test_members_are_bounded() -> None:
    fairness = Fairness()
    for number in range(9):
        fairness.note({f"m{number}": number / 10}, 0.5, 4)
    assert fairness.mean(["m0"]) is None
    assert fairness.mean(["m8"]) is not None


def test_weights_turn_the_list_to_the_neglected() -> None:
    ann = np.array([1.0, 0.5, 0.0], dtype=np.float32)
    bob = np.array([0.0, 0.5, 1.0], dtype=np.float32)
    nothing = np.zeros(3, dtype=np.float32)
    even = combined_scores([ann, bob], nothing, 0.0, 0.6, np.ones(2, dtype=np.float32))
    assert even == pytest.approx(combined_scores([ann, bob], nothing, 0.0, 0.6))
    turned = combined_scores([ann, bob], nothing, 0.0, 0.6, np.array([0.5, 1.5], dtype=np.float32))
    assert turned[2] > turned[0]
    assert turned.min() >= 0.0
