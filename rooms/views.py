"""What is sent of poses at a tick: views, the members they are made for, and how they are packed.

Receivers of the same bytes share a view. All bytes are taken from the tables in one go.
"""

from dataclasses import dataclass
from functools import cached_property

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


@dataclass(slots=True)
class Tiers:
    """Who is how near to whom, per group of receivers (groups, n): `near`, `wide` (near or middle),
    `within` (all but beyond), and since the last turn of the far tier: `parted`, now beyond and
    perhaps not then; `crossed`, now in the middle and perhaps far then. `allowed`: poses may be
    told, `known`: anything at all may be; None when nobody is hidden from anybody."""

    near: Truths
    wide: Truths
    within: Truths
    parted: Truths
    crossed: Truths
    allowed: Truths | None
    known: Truths | None


class Frames:
    """Collects what is sent to whom at one tick."""

    def __init__(self, here: Members, records: NDArray[np.void]) -> None:
        self._here = here
        self._records = records
        self._receivers: dict[bytes, list[int]] = {}
        self._wanted: list[Truths] = []

    def add(self, of: Rows, receiving: Truths, full: Truths, heads: Truths, gone: Truths) -> None:
        """To the receivers (n,) of each group: the rows (groups, n) of each kind."""
        wanted = np.concatenate([full, heads, gone], axis=1)
        some = np.asarray(wanted.any(axis=1))
        packed = np.packbits(wanted, axis=1)
        receivers = np.flatnonzero(receiving & some[of])
        groups = of[receivers].tolist()
        keys = {group: packed[group].tobytes() for group in groups}
        for group, key in keys.items():
            if key not in self._receivers:
                self._receivers[key] = []
                self._wanted.append(wanted[group])
        for avatar_id, group in zip(self._here.ids[receivers].tolist(), groups, strict=True):
            self._receivers[keys[group]].append(avatar_id)

    def add_parties(
        self, of: Rows, needs: Truths, changed: Truths, full: Truths, tiers: Tiers
    ) -> None:
        """What members of a party lack of one another in the frames so far, one frame a party."""
        here = self._here
        receivers, others = here.mates
        if not len(receivers):
            return
        groups = of[receivers]
        lacks = np.where(
            needs[receivers],
            ~tiers.wide[groups, others],
            changed[others] & ~full[groups, others],
        )
        lacks = lacks & here.receiving[receivers]
        if tiers.allowed is not None:
            lacks &= tiers.allowed[groups, others]
        told: dict[int, tuple[set[int], set[int]]] = {}
        for receiver, other in zip(receivers[lacks].tolist(), others[lacks].tolist(), strict=True):
            to, about = told.setdefault(int(here.party[receiver]), (set(), set()))
            to.add(receiver)
            about.add(other)
        for to, about in told.values():
            wanted = np.zeros(3 * len(here.ids), dtype=bool)
            wanted[list(about)] = True
            key = np.packbits(wanted).tobytes()
            if key not in self._receivers:
                self._receivers[key] = []
                self._wanted.append(wanted)
            self._receivers[key] += here.ids[sorted(to)].tolist()

    def views(self) -> list[View]:
        if not self._wanted:
            return []
        count, wanted = len(self._here.ids), np.stack(self._wanted)
        records = _sliced(self._records, wanted[:, :count])
        heads = [b""] * len(wanted)
        if wanted[:, count:].any():
            heads = _sliced(self._all_heads(), wanted[:, count:])
        return [
            View(tuple(receivers), records[index], heads[index])
            for index, receivers in enumerate(self._receivers.values())
        ]

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
    ends = (wanted.sum(axis=1) * table.itemsize).cumsum().tolist()
    return [taken[start:end] for start, end in zip([0, *ends], ends, strict=False)]
