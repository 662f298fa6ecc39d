"""The trained second stage as numbers alone, so that numpy can apply it while people wait.

`recommender.ranker` fits the learners in the fit process; this is what is left of them: the nodes
of the boosted trees and the weights of the logistic regression. scikit-learn is not needed to use
it, and the fit process compares its answers with those of the learners before it is kept.

Trees are not walked. For one tree and one row, each inner node whose test fails ("greater") rules
out the leaves on its left; the row ends in the leftmost leaf that nobody ruled out. With a bit for
each leaf that is one OR over nodes, for all trees and rows at once (QuickScorer: Lucchese, Nardini,
Orlando, Perego, Tonellotto, Venturini, SIGIR 2015). `LEAVES` bits fill one byte.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]

LEAVES = 8
"""Most leaves of a tree: one bit of a byte each."""

SPREAD = 10.0
"""The logistic regression sees sign(x) * log(1 + SPREAD * |x|): evidence has long tails."""

_LEFTMOST = np.array(
    [
        next((bit for bit in range(LEAVES) if not dead >> bit & 1), LEAVES - 1)
        for dead in range(256)
    ],
    dtype=np.int64,
)
"""The leftmost leaf that is not ruled out, for each set of ruled out leaves."""


@dataclass(frozen=True, slots=True)
class Trees:
    """Boosted trees over `c` columns, t trees of LEAVES - 1 inner nodes each.

    Nodes are in order of their number within the tree, then of the tree, so that the OR over the
    nodes of a tree goes over whole blocks of memory.

    Attributes:
        columns: int32 ((LEAVES - 1) * t,), the column each node looks at.
        thresholds: float32 ((LEAVES - 1) * t,); a value above fails the test. Places without a
            node have a test that nothing fails.
        ruled_out: uint8 ((LEAVES - 1) * t,), bits of the leaves to the left of each node.
        leaves: float32 (t, LEAVES), log-odds that each leaf adds.
        base: log-odds before the first tree.
    """

    columns: npt.NDArray[np.int32]
    thresholds: Floats
    ruled_out: Bytes
    leaves: Floats
    base: float

    def scores(self, rows: Floats) -> Floats:
        """Log-odds, float32 (k,), for `rows` float32 (c, k): one column a candidate."""
        count = len(self.leaves)
        failed = rows[self.columns] > self.thresholds[:, None]
        dead = failed.view(np.uint8) * self.ruled_out[:, None]
        dead = np.bitwise_or.reduce(dead.reshape(LEAVES - 1, count, -1), axis=0)
        ends = _LEFTMOST[dead]
        ends += np.arange(0, count * LEAVES, LEAVES)[:, None]
        found = self.leaves.ravel()[ends].sum(axis=0)
        found += np.float32(self.base)
        return np.asarray(found, dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Line:
    """A logistic regression over `c` spread columns: float32 (c,) weights and a bias."""

    weights: Floats
    bias: float

    def scores(self, rows: Floats) -> Floats:
        """Log-odds, float32 (k,), for `rows` float32 (c, k)."""
        spread = np.abs(rows)
        spread *= np.float32(SPREAD)
        np.log1p(spread, out=spread)
        np.copysign(spread, rows, out=spread)
        return np.asarray(self.weights @ spread + np.float32(self.bias), dtype=np.float32)


@dataclass(frozen=True, slots=True)
class SecondStage:
    """The mean of the log-odds of its learners, of which there is at least one."""

    trees: Trees | None = None
    line: Line | None = None

    def scores(self, rows: Floats) -> Floats:
        """Log-odds, float32 (k,), for `rows` float32 (c, k): one column a candidate."""
        found = [each.scores(rows) for each in (self.trees, self.line) if each is not None]
        return found[0] if len(found) == 1 else (found[0] + found[1]) * np.float32(0.5)

    @property
    def names(self) -> str:
        """The learners in it, such as `trees+line`."""
        known = {"trees": self.trees, "line": self.line}
        return "+".join(name for name, part in known.items() if part is not None)
