"""Second stages made by hand, for tests."""

import numpy as np

from recommender.columns import COLUMNS, PLACE
from recommender.second_stage import LEAVES, Line, SecondStage, Trees


def by_column(name: str, weight: float) -> SecondStage:
    """Orders a short list by one column alone."""
    weights = np.zeros(len(COLUMNS), dtype=np.float32)
    weights[PLACE[name]] = weight
    return SecondStage(line=Line(weights, -3.0))


def stump(name: str, threshold: float) -> SecondStage:
    """One tree: what is above the threshold in a column is wanted."""
    nodes = LEAVES - 1
    thresholds = np.full(nodes, np.finfo(np.float32).max, dtype=np.float32)
    ruled_out = np.zeros(nodes, dtype=np.uint8)
    leaves = np.zeros((1, LEAVES), dtype=np.float32)
    thresholds[0], ruled_out[0], leaves[0, 1] = threshold, 1, 4.0
    columns = np.full(nodes, PLACE[name], dtype=np.int32)
    return SecondStage(trees=Trees(columns, thresholds, ruled_out, leaves, -3.0))
