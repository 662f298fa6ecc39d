"""What is sent of poses at a tick: views, the members they are made for, and how they are packed.

Receivers of the same bytes share a view. All bytes are taken from the tables in one go.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from rooms.avatars import UNTRACKED
from rooms.rotations import NO_ROTATION

HEAD_DTYPE = np.dtype([("id", "<u2"), ("head", "<i2", (3,)), ("rotation", "<u4")])
"""A far avatar, little endian: id, head in mm, rotation of the head as in the pose record. One
whose x is -32768 has no place: the avatar is out of sight until it is heard of again."""

HEAD_BYTES = HEAD_DTYPE.itemsize
OUT_OF_SIGHT_MM = UNTRACKED

Rows = NDArray[np.intp]
Truths = NDArray[np.bool_]
Pairs = frozenset[tuple[int, int]]
NO_PAIRS: Pairs = frozenset()


@dataclass(frozen=True, slots=True)
class View:
    """What some avatars are sent: `records` of 32 bytes, `heads` of 12; not both are empty."""

    receivers: tuple[int, ...]
    records: bytes
    heads: bytes


@dataclass(frozen=True)
class Members:
    """The avatars of a room, n of them, and what counts for who sees whom.

    `ids` ascending (n,); `party` (n,): equal numbers for one party; `is_host` (n,); `receiving`
    (n,): who can be sent something at all. `blocked` are pairs (receiver, other) of ids that must
    not hear of each other, `apart` such that get no poses of each other; both ways are listed.
    """

    ids: Rows
    party: Rows
    is_host: Truths
    receiving: Truths
    blocked: Pairs = NO_PAIRS
    apart: Pairs = NO_PAIRS

    @cached_property
    def receivers(self) -> tuple[int, ...]:
        return tuple(self.ids[self.receiving].tolist())

    @cached_property
    def all_receive(self) -> bool:
        return bool(self.receiving.all())

    @cached_property
    def has_hosts(self) -> bool:
        return bool(self.is_host.any())

    @cached_property
    def mates(self) -> tuple[Rows, Rows]:
        """All pairs of two members of one party, as rows (of receivers, of others)."""
        rows: dict[int, list[int]] = {}
        for row, party in enumerate(self.party.tolist()):
            rows.setdefault(party, []).append(row)
        pairs = [(a, b) for members in rows.values() for a in members for b in members if a != b]
        table = np.array(pairs, dtype=np.intp).reshape(-1, 2)
        return table[:, 0], table[:, 1]

    @cached_property
    def unseen(self) -> dict[int, tuple[frozenset[int], frozenset[int]]]:
        """Of each row that must not see everybody: the rows of (blocked, apart)."""
        blocked, apart = self._by_row(self.blocked), self._by_row(self.apart)
        return {
            row: (frozenset(blocked.get(row, ())), frozenset(apart.get(row, ())))
            for row in sorted({*blocked, *apart})
        }

    def _by_row(self, pairs: Pairs) -> dict[int, list[int]]:
        row_of = {avatar_id: row for row, avatar_id in enumerate(self.ids.tolist())}
        rows: dict[int, list[int]] = {}
        for receiver, other in pairs:
            if receiver in row_of and other in row_of:
                rows.setdefault(row_of[receiver], []).append(row_of[other])
        return rows


class Groups(Protocol):
    """Receivers of the same: the group of each row that receives (n,), and the ids of each."""

    @property
    def of(self) -> Rows:
        """Groups count from 0."""

    @property
    def allowed(self) -> Truths | None:
        """Whose poses each may be told (groups, n); None: everybody's."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What each group is to be told of each avatar: `rows` (groups, 3n), and its thirds (groups,
    n): a `full` record, the head, that the avatar is `gone` from sight."""

    rows: Truths
    full: Truths
    heads: Truths
    gone: Truths

    @classmethod
    def nothing(cls, shape: tuple[int, ...]) -> Self:
        """For so many groups and avatars."""
        groups, count = shape
        rows = np.zeros((groups, 3 * count), dtype=bool)
        return cls(rows, rows[:, :count], rows[:, count : 2 * count], rows[:, 2 * count :])

    def keep_to(self, allowed: Truths) -> None:
        """Tell nobody of others than these (groups, n)."""
        np.logical_and(self.full, allowed, out=self.full)
        np.logical_and(self.heads, allowed, out=self.heads)
        np.logical_and(self.gone, allowed, out=self.gone)


class Frames:
    """Collects what is sent to whom at one tick; the same for several groups is one frame."""

    def __init__(self, here: Members, records: NDArray[np.void]) -> None:
        self._here = here
        self._records = records
        self._receivers: dict[bytes, tuple[int, ...]] = {}
        self._wanted: list[Truths] = []

    def add(self, rows: Truths, receivers: Sequence[tuple[int, ...]]) -> None:
        """To the receivers of each group, ids, what is wanted of `rows` (groups, 3n)."""
        keys, width = np.packbits(rows, axis=1).tobytes(), (rows.shape[1] + 7) // 8
        nothing, known, new = bytes(width), self._receivers, list[int]()
        for group, ids in enumerate(receivers):
            key = keys[group * width : (group + 1) * width]
            if not ids or key == nothing:
                continue
            others = known.get(key)
            if others is None:
                known[key] = ids
                new.append(group)
            else:
                known[key] = others + ids
        self._wanted.append(rows if len(new) == len(rows) else rows[new])

    def add_parties(
        self,
        groups: Groups,
        changed: Truths,
        wanted: Wanted,
        needs: Truths | None = None,
        missed: Wanted | None = None,
    ) -> None:
        """What members of a party lack of one another in the frames so far, one frame a party:
        those who need all got what they `missed`, the others what is `wanted`."""
        here = self._here
        receivers, others = here.mates
        if not len(receivers):
            return
        of = groups.of[receivers]
        lacks = changed[others] & ~wanted.full[of, others]
        if needs is not None and missed is not None:
            lacks = np.where(needs[receivers], ~missed.full[of, others], lacks)
        lacks &= here.receiving[receivers]
        if groups.allowed is not None:
            lacks &= groups.allowed[of, others]
        told: dict[int, tuple[set[int], set[int]]] = {}
        for receiver, other in zip(receivers[lacks].tolist(), others[lacks].tolist(), strict=True):
            to, about = told.setdefault(int(here.party[receiver]), (set(), set()))
            to.add(receiver)
            about.add(other)
        rows = np.zeros((len(told), 3 * len(here.ids)), dtype=bool)
        for row, (_, about) in zip(rows, told.values(), strict=True):
            row[list(about)] = True
        self.add(rows, [tuple(here.ids[sorted(to)].tolist()) for to, _ in told.values()])

    def views(self) -> list[View]:
        """One for each frame."""
        count = len(self._here.ids)
        wanted = self._wanted[0] if len(self._wanted) == 1 else np.concatenate(self._wanted)
        records = _sliced(self._records, wanted[:, :count])
        heads = [b""] * len(wanted)
        with_heads = np.flatnonzero(wanted[:, count:].any(axis=1))
        if len(with_heads):
            slices = _sliced(self._all_heads(), wanted[with_heads, count:])
            for index, part in zip(with_heads.tolist(), slices, strict=True):
                heads[index] = part
        return list(map(View, self._receivers.values(), records, heads))

    def _all_heads(self) -> NDArray[np.void]:
        """The head of each row, and behind them each row out of sight, (2n,)."""
        records = self._records
        heads = np.zeros(2 * len(records), dtype=HEAD_DTYPE)
        heads["id"] = np.tile(records["id"], 2)
        seen, gone = heads[: len(records)], heads[len(records) :]
        seen["head"], seen["rotation"] = records["head"], records["rotations"][:, 0]
        gone["head"], gone["rotation"] = (OUT_OF_SIGHT_MM, 0, 0), NO_ROTATION
        return heads


def _sliced(table: NDArray[np.void], wanted: Truths) -> list[bytes]:
    """The bytes of the wanted rows of a table (m,), for each of (views, m)."""
    rows = np.flatnonzero(wanted) % len(table)
    # numpy moves rows of plain numbers much faster than records.
    numbers = table.view(np.uint32).reshape(len(table), -1)
    taken = numbers.take(rows, axis=0).tobytes()
    ends = (np.count_nonzero(wanted, axis=1) * table.itemsize).cumsum().tolist()
    return [taken[start:end] for start, end in zip([0, *ends], ends, strict=False)]
