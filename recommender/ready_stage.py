"""The second stage made ready for the products of one model, so that a list costs little.

`recommender.second_stage` says what a stage is and how its trees are read: nodes that fail rule out
leaves, and an OR over them leaves the leaf in which a row ends. Most columns of a row do not
depend on the reader: what they rule out is worked out once for each product. While somebody waits,
only the columns that move with the history are compared, and the three parts are joined by OR.
The line is a sum, so the same holds for it with +.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from recommender.columns import MOVING, OWN, OWN_MISSING, PERSON, PLACE, TRAITS
from recommender.second_stage import LEAVES, SPREAD, Bytes, Floats, Line, SecondStage, Trees

Indices = npt.NDArray[np.int64]

ALONE = ("popular", *TRAITS)
"""Columns of a product alone."""

KNOWN = (*OWN, *PERSON)

CHUNK = 2_048
"""Products whose columns are compared at a time when a stage is made ready."""

PLACES = 128
"""Places of a short list for which `first_stage_place` is worked out at first."""

_SETS_OF_LEAVES = 1 << LEAVES


class Person(NamedTuple):
    """What moves a short list of k besides its `MOVING` columns.

    Attributes:
        numbers: the columns PERSON, of the reader.
        touched: int64 (e,), places in the short list of products that are in the history.
        own: float32 (OWN, e), what is in the history about them.
    """

    numbers: tuple[float, float, float]
    touched: Indices
    own: Floats


class _Tests:
    """The inner nodes that look at some of the columns: at most `deep` of each of t trees."""

    def __init__(self, nodes: "_Nodes", names: tuple[str, ...]) -> None:
        local = {PLACE[name]: number for number, name in enumerate(names)}
        wanted = np.isin(nodes.columns, list(local)) & (nodes.ruled_out > 0)
        self.counts = wanted.sum(axis=0)
        self.trees, self.deep = nodes.columns.shape[1], int(self.counts.max(initial=0))
        # Nodes of interest first, then places without a node, which rule nothing out.
        order = np.argsort(~wanted, axis=0, kind="stable")[: self.deep]
        taken = np.take_along_axis(wanted, order, axis=0)
        columns = np.take_along_axis(nodes.columns, order, axis=0)
        self.columns = np.array(
            [local.get(column, 0) for column in columns.ravel().tolist()], dtype=np.int64
        )
        self.thresholds = np.take_along_axis(nodes.thresholds, order, axis=0).ravel()[:, None]
        ruled_out = np.take_along_axis(nodes.ruled_out, order, axis=0)
        self.ruled_out = np.where(taken, ruled_out, 0).astype(np.uint8).ravel()[:, None]

    def dead(self, rows: Floats) -> Bytes:
        """Leaves that are ruled out, uint8 (t, k), for `rows` float32 (columns, k)."""
        if self.deep == 0:
            return np.zeros((self.trees, rows.shape[1]), dtype=np.uint8)
        failed = (rows.take(self.columns, axis=0) > self.thresholds).view(np.uint8)
        failed *= self.ruled_out
        return np.asarray(
            np.bitwise_or.reduce(failed.reshape(self.deep, self.trees, -1), axis=0), dtype=np.uint8
        )


class _MovingTests(_Tests):
    """The same without the places that have no node, for trees in falling order of their nodes."""

    def __init__(self, nodes: "_Nodes", names: tuple[str, ...]) -> None:
        super().__init__(nodes, names)
        kept = (self.ruled_out > 0).ravel()
        self.columns = self.columns[kept]
        self.thresholds, self.ruled_out = self.thresholds[kept], self.ruled_out[kept]
        self.layers = [int((self.counts > depth).sum()) for depth in range(self.deep)]

    def dead(self, rows: Floats) -> Bytes:
        failed = (rows.take(self.columns, axis=0) > self.thresholds).view(np.uint8)
        failed *= self.ruled_out
        if not self.layers or self.layers[0] < self.trees:
            found = np.zeros((self.trees, rows.shape[1]), dtype=np.uint8)
            begin = 0
        else:
            found, begin = failed[: self.trees], self.trees
        for count in self.layers[1:] if begin else self.layers:
            found[:count] |= failed[begin : begin + count]
            begin += count
        return found


@dataclass(frozen=True, slots=True)
class _Nodes:
    """Inner nodes of trees, each (LEAVES - 1, t)."""

    columns: npt.NDArray[np.int32]
    thresholds: Floats
    ruled_out: Bytes

    def of_trees(self, order: Indices) -> "_Nodes":
        return _Nodes(self.columns[:, order], self.thresholds[:, order], self.ruled_out[:, order])


def _leaf_values(leaves: Floats) -> Floats:
    """What each tree says when a set of its leaves is ruled out, float32 (t, sets)."""
    sets = np.arange(_SETS_OF_LEAVES)
    left = np.array([[not each >> bit & 1 for bit in range(LEAVES)] for each in sets.tolist()])
    # Nothing left does not happen; it would be read as the last leaf.
    left[-1, -1] = True
    return leaves[:, left.argmax(axis=1)]


class ReadyTrees:
    """Trees over `alone` float32 (ALONE, n)."""

    def __init__(self, trees: Trees, alone: Floats) -> None:
        shape = (LEAVES - 1, len(trees.leaves))
        nodes = _Nodes(
            trees.columns.reshape(shape),
            trees.thresholds.reshape(shape),
            trees.ruled_out.reshape(shape),
        )
        # Trees with most moving nodes come first, so that each layer of nodes is one block.
        order = np.argsort(-_Tests(nodes, MOVING).counts, kind="stable")
        nodes = nodes.of_trees(order)
        self._moving = _MovingTests(nodes, MOVING)
        self._known = _Tests(nodes, KNOWN)
        self._placed = _Tests(nodes, ("first_stage_place",))
        self._places = self._dead_by_place(PLACES)
        tests = _Tests(nodes, ALONE)
        parts = [
            tests.dead(alone[:, begin : begin + CHUNK]).T
            for begin in range(0, alone.shape[1], CHUNK)
        ]
        nothing = np.zeros((0, shape[1]), dtype=np.uint8)
        self._alone = np.ascontiguousarray(np.concatenate([nothing, *parts]))
        self._values = _leaf_values(trees.leaves[order]).ravel()
        self._firsts = np.arange(0, self._values.size, _SETS_OF_LEAVES, dtype=np.intp)[:, None]
        self._base = np.float32(trees.base)

    def _dead_by_place(self, count: int) -> Bytes:
        return self._placed.dead(np.arange(count, dtype=np.float32)[None])

    def scores(self, pool: Indices, moving: Floats, person: Person) -> Floats:
        """Log-odds, float32 (k,), for `pool` int64 (k,) and `moving` float32 (MOVING, k)."""
        if pool.size > self._places.shape[1]:
            self._places = self._dead_by_place(pool.size)
        dead = self._moving.dead(moving)
        dead |= self._alone.take(pool, axis=0).T
        dead |= self._places[:, : pool.size]
        # The first of these columns is of what is not in the history.
        known = np.empty((len(KNOWN), 1 + person.touched.size), dtype=np.float32)
        known[:, 0] = (*OWN_MISSING, *person.numbers)
        if person.touched.size:
            known[: len(OWN), 1:] = person.own
            known[len(OWN) :, 1:] = known[len(OWN) :, :1]
            ruled_out = self._known.dead(known)
            touched = dead[:, person.touched] | ruled_out[:, 1:]
            dead |= ruled_out[:, :1]
            dead[:, person.touched] = touched
        else:
            dead |= self._known.dead(known)
        said = self._values.take(np.add(dead, self._firsts, dtype=np.intp))
        found = np.add.reduce(said, axis=0)
        found += self._base
        return np.asarray(found, dtype=np.float32)


def _spread(rows: Floats) -> Floats:
    spread = np.abs(rows)
    spread *= np.float32(SPREAD)
    np.log1p(spread, out=spread)
    return np.copysign(spread, rows, out=spread)


class ReadyLine:
    """A line over `alone` float32 (ALONE, n)."""

    def __init__(self, line: Line, alone: Floats) -> None:
        def of(names: tuple[str, ...]) -> Floats:
            return line.weights[[PLACE[name] for name in names]]

        self._moving, self._person, self._own = of(MOVING), of(PERSON), of(OWN)
        self._place = line.weights[PLACE["first_stage_place"]]
        missing = self._own @ _spread(np.array(OWN_MISSING, dtype=np.float32))
        self._alone = of(ALONE) @ _spread(alone) + np.float32(line.bias) + missing
        self._missing = missing

    def scores(self, pool: Indices, moving: Floats, person: Person) -> Floats:
        """Log-odds, float32 (k,), for `pool` int64 (k,) and `moving` float32 (MOVING, k)."""
        found = self._moving @ _spread(moving)
        found += self._alone[pool]
        found += self._place * _spread(np.arange(pool.size, dtype=np.float32))
        found += self._person @ _spread(np.array(person.numbers, dtype=np.float32))
        if person.touched.size:
            found[person.touched] += self._own @ _spread(person.own) - self._missing
        return np.asarray(found, dtype=np.float32)


class ReadyStage:
    """A second stage over the products of one model; `alone` float32 (ALONE, n).

    Says what `SecondStage.scores` says of whole rows, but for the rounding of sums.
    """

    def __init__(self, stage: SecondStage, alone: Floats) -> None:
        self._parts: list[ReadyTrees | ReadyLine] = []
        if stage.trees is not None:
            self._parts.append(ReadyTrees(stage.trees, alone))
        if stage.line is not None:
            self._parts.append(ReadyLine(stage.line, alone))

    def scores(self, pool: Indices, moving: Floats, person: Person) -> Floats:
        """Log-odds, float32 (k,), for `pool` int64 (k,), the best of the first stage first, and
        `moving` float32 (MOVING, k)."""
        found = self._parts[0].scores(pool, moving, person)
        for part in self._parts[1:]:
            found += part.scores(pool, moving, person)
        if len(self._parts) > 1:
            found /= np.float32(len(self._parts))
        return found
