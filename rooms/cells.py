"""The squares of the floor whose receivers share frames, and how far everybody is from each."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rooms.settings import InterestSettings
from rooms.views import Members, Rows, Truths

Metres = NDArray[np.float32]
Hidden = tuple[frozenset[int], frozenset[int]]
"""Rows that nothing may be told of, and rows whose poses may not."""


@dataclass(frozen=True, slots=True)
class Cells:
    """Groups of receivers: everybody of a cell, but those who must not see everybody are in groups
    of their own, with others of the cell who must not see the same. Groups count from 0.

    `of` (n,): the group of each row that receives; `receivers`: the ids of each group. Groups whose
    turn it is at each of the ticks in which all have one turn: `middle_turns` and `far_turns`.
    `allowed` (groups, n): poses may be told, `known`: anything at all may be; None when nobody is
    hidden from anybody.
    """

    of: Rows
    receivers: list[tuple[int, ...]]
    middle_turns: list[Rows]
    far_turns: list[Rows]
    allowed: Truths | None
    known: Truths | None
    _half_m: np.float32
    _lines_m: Metres
    _line_counts: tuple[int, int]
    _columns: Rows
    _rows: Rows

    def square_distances(self, floor_m: Metres) -> Metres:
        """From the square of each group, grown by the hysteresis, to each of the points (2, n), in
        square metres (groups, n)."""
        # Cells of one row or column of the floor share the one part of it.
        apart = np.repeat(floor_m, self._line_counts, axis=0)
        apart -= self._lines_m
        np.abs(apart, out=apart)
        apart -= self._half_m
        np.maximum(apart, 0, out=apart)
        apart *= apart
        squares: Metres = apart.take(self._columns, axis=0)
        squares += apart.take(self._rows, axis=0)
        return squares

    def receivers_but(self, needy: frozenset[int]) -> list[tuple[int, ...]]:
        """The receivers of each group without these."""
        return [tuple(i for i in ids if i not in needy) for ids in self.receivers]

    def receivers_among(self, needy: frozenset[int]) -> list[tuple[int, ...]]:
        """Those of each group who are among these."""
        return [tuple(i for i in ids if i in needy) for ids in self.receivers]


def cells_of(
    cell: NDArray[np.int32],
    here: Members,
    settings: InterestSettings,
    middle_every: int,
    far_every: int,
) -> Cells:
    """The groups of members who stand in these cells (n, 2); the middle and the far tier have a
    turn every so many ticks, and cells beside each other at different ticks."""
    of, rows, unseen = _grouped(cell, here)
    receivers: list[list[int]] = [[] for _ in rows]
    receiving = here.receiving
    for avatar_id, group in zip(here.ids[receiving].tolist(), of[receiving].tolist(), strict=True):
        receivers[group].append(avatar_id)
    cells = cell[rows]
    (across, columns), (along, places) = (np.unique(c, return_inverse=True) for c in cells.T)
    lines = np.concatenate([across, along])[:, None]
    allowed = known = None
    if unseen:
        allowed, known = np.ones((2, len(rows), len(here.ids)), dtype=bool)
        for group, (blocked, apart) in unseen.items():
            known[group, list(blocked)] = False
            allowed[group, list(blocked | apart)] = False
    return Cells(
        of=of,
        receivers=[tuple(ids) for ids in receivers],
        middle_turns=_turns(cells, middle_every),
        far_turns=_turns(cells, far_every),
        allowed=allowed,
        known=known,
        _half_m=np.float32(settings.cell_m / 2 + settings.hysteresis_m),
        _lines_m=(lines + np.float32(0.5)).astype(np.float32) * np.float32(settings.cell_m),
        _line_counts=(len(across), len(along)),
        _columns=columns,
        _rows=len(across) + places,
    )


def _turns(cells: NDArray[np.int32], every: int) -> list[Rows]:
    phase = cells.sum(axis=1) % every
    return [np.flatnonzero(phase == tick) for tick in range(every)]


def _grouped(cell: NDArray[np.int32], here: Members) -> tuple[Rows, list[int], dict[int, Hidden]]:
    """The group of each row (n,), a row of each group, and whom the groups that do not see
    everybody must not see."""
    codes = cell[:, 0].astype(np.int64) << 32 | (cell[:, 1].astype(np.int64) & 0xFFFFFFFF)
    unseen, numbers = here.unseen, dict[tuple[int, Hidden], int]()
    ordinary = here.receiving.copy()
    ordinary[list(unseen)] = False
    of = np.zeros(len(cell), dtype=np.intp)
    _, first, inverse = np.unique(codes[ordinary], return_index=True, return_inverse=True)
    of[ordinary] = inverse
    rows = np.flatnonzero(ordinary)[first].tolist()
    for row, hidden in unseen.items():
        if here.receiving[row]:
            key = (int(codes[row]), hidden)
            if key not in numbers:
                numbers[key] = len(rows)
                rows.append(row)
            of[row] = numbers[key]
    return of, rows, {number: key[1] for key, number in numbers.items()}
