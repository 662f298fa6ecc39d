"""Trees without walking say what walking them says."""

import numpy as np
import numpy.typing as npt
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.second_stage import LEAVES, SPREAD, Line, SecondStage, Trees

COLUMNS = 4
Floats = npt.NDArray[np.float32]


def complete_tree(seed: int, count: int) -> Trees:
    """Trees of three full levels: node 0, then 1 and 2, then 3 to 6, leaves from left to right."""
    random = np.random.default_rng(seed)
    bits = [0b1111, 0b11, 0b110000, 0b1, 0b100, 0b10000, 0b1000000]
    nodes = (LEAVES - 1, count)
    return Trees(
        columns=random.integers(0, COLUMNS, nodes).astype(np.int32).ravel(),
        thresholds=random.integers(-3, 3, nodes).astype(np.float32).ravel(),
        ruled_out=np.repeat(np.array(bits, dtype=np.uint8), count),
        leaves=random.random((count, LEAVES), dtype=np.float32),
        base=0.5,
    )


def walked(trees: Trees, row: Floats) -> float:
    count = len(trees.leaves)
    columns = trees.columns.reshape(LEAVES - 1, count)
    thresholds = trees.thresholds.reshape(LEAVES - 1, count)
    total = trees.base
    for tree in range(count):
        node = 0
        while node < LEAVES - 1:
            greater = row[columns[node, tree]] > thresholds[node, tree]
            node = 2 * node + (2 if greater else 1)
        total += float(trees.leaves[tree, node - (LEAVES - 1)])
    return total


@settings(deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 5), st.integers(1, 9))
def test_trees_say_what_walking_them_says(seed: int, count: int, candidates: int) -> None:
    trees = complete_tree(seed, count)
    random = np.random.default_rng(seed + 1)
    rows = random.integers(-4, 4, (COLUMNS, candidates)).astype(np.float32)
    expected = [walked(trees, rows[:, column]) for column in range(candidates)]
    assert np.allclose(trees.scores(rows), expected, atol=1e-5)


def test_a_line_is_the_sum_of_spread_columns() -> None:
    line = Line(np.array([1.0, -2.0], dtype=np.float32), 0.25)
    rows = np.array([[3.0, 0.0], [-0.5, 0.0]], dtype=np.float32)
    spread = np.log1p(SPREAD * np.array([3.0, 0.5]))
    assert np.allclose(line.scores(rows), [spread[0] + 2.0 * spread[1] + 0.25, 0.25])


def test_learners_count_alike() -> None:
    trees, line = complete_tree(1, 2), Line(np.ones(COLUMNS, dtype=np.float32), 0.0)
    rows = np.ones((COLUMNS, 3), dtype=np.float32)
    both = SecondStage(trees, line).scores(rows)
    assert np.allclose(2 * both, trees.scores(rows) + line.scores(rows))
    assert np.allclose(SecondStage(line=line).scores(rows), line.scores(rows))
