"""Good lists that are not all the same."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.diversity import best_positions, diverse_positions, pool_likeness
from recommender.model import text_model
from tests.recommender.shop import shop

MODEL = text_model(shop(12), 8)
scores = st.lists(st.integers(-5, 5), min_size=12, max_size=12)
masks = st.lists(st.booleans(), min_size=12, max_size=12)


@given(scores, masks, st.integers(0, 15))
def test_the_best_are_those_of_a_full_sort(values: list[int], mask: list[bool], count: int) -> None:
    allowed = np.array(mask)
    found = best_positions(np.array(values, dtype=np.float32), allowed, count)
    order = sorted((place for place in range(12) if mask[place]), key=lambda p: (-values[p], p))
    assert found.tolist() == order[:count]


@given(scores, masks, st.integers(0, 15), st.floats(0, 1))
def test_a_diverse_list_has_the_same_rules(
    values: list[int], mask: list[bool], count: int, diversity: float
) -> None:
    found = diverse_positions(
        MODEL, np.array(values, dtype=np.float32), np.array(mask), count, diversity, 3
    ).tolist()
    assert len(found) == len(set(found)) == min(count, sum(mask))
    assert all(mask[place] for place in found)
    if found:
        assert values[found[0]] == max(value for value, ok in zip(values, mask, strict=True) if ok)


def test_a_little_less_good_but_different_comes_before_more_of_the_same() -> None:
    values = np.full(12, -5.0, dtype=np.float32)
    values[[0, 6, 1]] = [3.0, 2.9, 2.8]  # two lamps and a chair
    allowed = np.ones(12, dtype=np.bool_)
    assert diverse_positions(MODEL, values, allowed, 2, 0.0, 4).tolist() == [0, 6]
    assert diverse_positions(MODEL, values, allowed, 2, 0.3, 4).tolist() == [0, 1]


def test_likeness_is_symmetric_and_of_the_neighbours() -> None:
    pool = np.array([6, 0, 1], dtype=np.int64)
    likeness = pool_likeness(MODEL, pool)
    assert likeness == pytest.approx(likeness.T)
    assert likeness[0, 1] > likeness[0, 2] >= 0
