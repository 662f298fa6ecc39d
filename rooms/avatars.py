"""The pose table: where everybody's head and hands are.

One table serves all rooms of a process (struct of arrays, the row is the avatar id), so that a tick
judges and packs all poses in a few vectorised passes and not one by one.

A pose is a record of 32 bytes, little endian:

    offset  type    meaning
         0  u16     avatar id
         2  i16 ×3  head, mm
         8  i16 ×3  left hand, mm from the head; x = -32768: not tracked
        14  i16 ×3  right hand, the same
        20  u32 ×3  rotation of head, left hand, right hand (see `rooms.rotations`)

Integers are finite by construction: there is no NaN to look for. Movement is judged by a token
bucket of metres: it refills with the speed limit, a step takes out its length, and what is saved up
is bounded. So late poses that arrive together are fine and a jump across the room is not. The
bucket is kept as one number, the distance that has been used of all that the speed limit has ever
allowed (the virtual scheduling of ITU-T I.371's generic cell rate algorithm, in metres).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rooms.rotations import NO_ROTATION, facing, yaw_of
from rooms.settings import PoseSettings
from rooms.types import Position

POSE_DTYPE = np.dtype(
    [
        ("id", "<u2"),
        ("head", "<i2", (3,)),
        ("left", "<i2", (3,)),
        ("right", "<i2", (3,)),
        ("rotations", "<u4", (3,)),
    ]
)
POSE_BYTES = POSE_DTYPE.itemsize
UNTRACKED = -32_768
AVATAR_ID_MAX = 65_535
MM_PER_M = 1_000
COORDINATE_LIMIT_M = 32.767
"""Largest coordinate that a record can hold."""

REFUSAL_CODES = (
    "",
    "POSE_OUT_OF_BOUNDS",
    "POSE_HEIGHT",
    "POSE_HAND_REACH",
    "POSE_TOO_FAST",
    "POSE_UNKNOWN_AVATAR",
)
"""Why a pose is not taken. Of several reasons the first one here is told; an unknown avatar has no
other."""

_BOUNDS, _HEIGHT, _HAND, _SPEED, _UNKNOWN = range(1, 6)

# Columns of what is known of each avatar, all in mm: head, and a zero for each number of the hands,
# which are given from the head; corners of the space a head may be in; how much of what the speed
# limit has allowed since the epoch is used.
_HEAD, _FROM, _LOWEST, _HIGHEST = slice(0, 3), slice(0, 9), slice(9, 12), slice(12, 15)
_USED, _KNOWN_COLUMNS = 15, 16

Bounds = tuple[Position, Position]
"""Least and largest corner of the space a head may be in, metres."""

WHOLE_RANGE: Bounds = ((-COORDINATE_LIMIT_M,) * 3, (COORDINATE_LIMIT_M,) * 3)


@dataclass(frozen=True, slots=True)
class Accepted:
    """Outcome of a batch: ids whose pose was taken, and (id, code) of those whose was not."""

    accepted: NDArray[np.integer[Any]]
    refused: list[tuple[int, str]]


class PoseTable:
    """Poses of all avatars of this process; ids are 1 to `capacity` (at most 65535)."""

    def __init__(self, capacity: int = 4_096, settings: PoseSettings | None = None) -> None:
        if not 1 <= capacity <= AVATAR_ID_MAX:
            raise ValueError(f"capacity must be from 1 to {AVATAR_ID_MAX}, not {capacity!r}")
        self.capacity = capacity
        self.settings = settings or PoseSettings()
        rows = capacity + 1
        # The same memory twice: as records, and as four words a row for quick comparison.
        self._words: NDArray[np.uint64] = np.zeros((rows, POSE_BYTES // 8), dtype="<u8")
        self._records = self._words.view(POSE_DTYPE)[:, 0]
        # Every id that a record can name has a place here, so that none has to be checked first.
        self._present = np.zeros(AVATAR_ID_MAX + 1, dtype=bool)
        self._changed = np.zeros(rows, dtype=bool)
        self._settle_due_ms = np.zeros(rows, dtype=np.int64)
        # What a pose is judged by, in one row an avatar because a tick takes it out in one go.
        # Doubles hold all of it exactly.
        self._known = np.zeros((rows, _KNOWN_COLUMNS), dtype=np.float64)
        self._room_heights = np.zeros((rows, 2), dtype=np.float64)
        self._latest_ms = 0
        self._newest = np.zeros(AVATAR_ID_MAX + 1, dtype=np.int64)

    # --- coming and going -----------------------------------------------------------------------

    def can_enter(self, avatar_id: int) -> bool:
        """Whether this id is within the table and free."""
        return 1 <= avatar_id <= self.capacity and not self._present[avatar_id]

    def enter(
        self,
        avatar_id: int,
        position: Position,
        yaw_degrees: float,
        now_ms: int,
        bounds: Bounds = WHOLE_RANGE,
    ) -> None:
        """Put an avatar on the floor at `position` (feet, metres), within the bounds of its room.

        Raises ValueError when the id is out of range or in use.
        """
        if not self.can_enter(avatar_id):
            raise ValueError(f"avatar {avatar_id} cannot enter: the id is out of range or in use")
        lowest, highest = ([_millimetres(value) for value in corner] for corner in bounds)
        self._room_heights[avatar_id] = lowest[1], highest[1]
        limits = self.settings
        lowest[1] = max(lowest[1], math.ceil(limits.head_height_minimum_m * MM_PER_M))
        highest[1] = min(highest[1], math.floor(limits.head_height_maximum_m * MM_PER_M))
        known = self._known[avatar_id]
        known[_LOWEST], known[_HIGHEST] = lowest, highest
        self._present[avatar_id] = True
        self._settle_due_ms[avatar_id] = 0
        self._place(avatar_id, position, yaw_degrees, now_ms)

    def put_back(
        self, avatar_id: int, record: bytes, now_ms: int, bounds: Bounds = WHOLE_RANGE
    ) -> None:
        """Let an avatar in where its record says it was.

        Raises ValueError when the id is out of range or in use, or the record is not one of its.
        """
        if len(record) != POSE_BYTES or int.from_bytes(record[:2], "little") != avatar_id:
            raise ValueError(f"this is no pose of avatar {avatar_id}")
        self.enter(avatar_id, (0.0, 0.0, 0.0), 0.0, now_ms, bounds)
        self._words[avatar_id] = np.frombuffer(record, dtype="<u8")
        self._known[avatar_id, _HEAD] = self._records["head"][avatar_id]

    def remove(self, avatar_id: int) -> None:
        """Forget an avatar. Raises ValueError when it is not there."""
        self._check(avatar_id)
        self._present[avatar_id] = False
        self._changed[avatar_id] = False
        self._settle_due_ms[avatar_id] = 0
        self._words[avatar_id] = 0

    def allow_teleport(
        self, avatar_id: int, position: Position, yaw_degrees: float, now_ms: int
    ) -> None:
        """Move an avatar at once: feet at `position`, facing `yaw_degrees`.

        Raises ValueError when it is not there. Whether anybody may stand there is for the room to
        say.
        """
        self._check(avatar_id)
        self._place(avatar_id, position, yaw_degrees, now_ms)

    def _place(self, avatar_id: int, position: Position, yaw_degrees: float, now_ms: int) -> None:
        record = self._records[avatar_id]
        x, y, z = position
        record["id"] = avatar_id
        head = (x, y + self.settings.standing_head_height_m, z)
        record["head"] = [_millimetres(value) for value in head]
        for hand in ("left", "right"):
            record[hand] = (UNTRACKED, 0, 0)
        record["rotations"] = (facing(yaw_degrees), NO_ROTATION, NO_ROTATION)
        known = self._known[avatar_id]
        known[_HEAD] = record["head"]
        known[_USED] = self._allowed_mm(now_ms) - self.settings.movement_allowance_m * MM_PER_M
        self._changed[avatar_id] = True

    # --- poses ----------------------------------------------------------------------------------

    def accept(self, records: NDArray[np.void], now_ms: int, *, distinct: bool = False) -> Accepted:
        """Judge a batch of records (POSE_DTYPE, one dimension) and take the good ones.

        Of several records of one avatar the last one counts; `distinct` says that there are none
        such. A refused one changes nothing but the time up to which the allowance of movement is
        refilled. Raises ValueError for another dtype.
        """
        if records.dtype != POSE_DTYPE or records.ndim != 1:
            raise ValueError("poses must be a one-dimensional array of POSE_DTYPE")
        if not len(records):
            return Accepted(np.zeros(0, dtype=np.uint16), [])
        words = np.ascontiguousarray(records).view("<u8").reshape(-1, POSE_BYTES // 8)
        ids, words, refused = self._of_known(words, distinct=distinct)
        if not len(ids):
            return Accepted(ids, refused)
        known = self._known.take(ids, axis=0)
        codes = self._judge(ids, words, known, now_ms)
        self._known[ids] = known
        if codes is not None:
            good = codes == 0
            refused += [
                (int(i), REFUSAL_CODES[code])
                for i, code in zip(ids[~good], codes[~good].tolist(), strict=True)
            ]
            ids, words = ids[good], words[good]
        differing = words != self._words.take(ids, axis=0)
        moved = differing.view(np.uint32)[:, 0]
        self._changed[ids if np.count_nonzero(moved) == len(ids) else ids[moved != 0]] = True
        self._words[ids] = words
        return Accepted(ids, refused)

    def _allowed_mm(self, now_ms: int) -> float:
        """How far the speed limit has allowed anybody to go since the epoch; never less than it
        has been."""
        self._latest_ms = max(self._latest_ms, now_ms)
        # Metres a second are millimetres a millisecond.
        return self._latest_ms * self.settings.speed_maximum_m_s

    def _of_known(
        self, words: NDArray[np.uint64], *, distinct: bool
    ) -> tuple[NDArray[np.intp], NDArray[np.uint64], list[tuple[int, str]]]:
        """Ids and records of avatars that are here, the last of each; and who is not here."""
        ids = words.view("<u2")[:, 0].astype(np.intp)
        wanted = self._present.take(ids)
        if distinct and np.count_nonzero(wanted) == len(ids):
            return ids, words, []
        # Assigning to one index several times leaves the last value there.
        order = np.arange(len(ids))
        self._newest[ids] = order
        newest = self._newest[ids] == order
        refused = [(i, REFUSAL_CODES[_UNKNOWN]) for i in ids[newest & ~wanted].tolist()]
        wanted &= newest
        return ids[wanted], words[wanted], refused

    def _judge(
        self,
        ids: NDArray[np.intp],
        words: NDArray[np.uint64],
        known: NDArray[np.float64],
        now_ms: int,
    ) -> NDArray[np.int8] | None:
        """The code of each record (0: good); None when all are good, as they nearly always are.

        What is known of each, (n, columns), is brought up to now.
        """
        limits = self.settings
        # Head, left hand and right hand, three numbers each.
        points = words.view("<i2")[:, 1:10].astype(np.float64)
        away = (points - known[:, _FROM]).reshape(-1, 3, 3)
        squares = np.einsum("ijk,ijk->ij", away, away)
        allowed_mm = self._allowed_mm(now_ms)
        saved_mm = limits.movement_allowance_m * MM_PER_M
        before_mm = np.maximum(known[:, _USED], allowed_mm - saved_mm)
        used_mm = before_mm + np.sqrt(squares[:, 0])
        too_fast = used_mm > allowed_mm
        reach_mm = limits.hand_reach_m * MM_PER_M
        too_far = squares[:, 1:] > reach_mm * reach_mm
        head = points[:, :3]
        out = (head < known[:, _LOWEST]) | (head > known[:, _HIGHEST])
        if np.count_nonzero(too_far):
            too_far &= points[:, 3::3] != UNTRACKED
        if not (np.count_nonzero(too_fast) or np.count_nonzero(too_far) or np.count_nonzero(out)):
            known[:, _HEAD], known[:, _USED] = head, used_mm
            return None
        codes = np.zeros(len(known), dtype=np.int8)
        codes[too_fast] = _SPEED
        codes[too_far.any(axis=1)] = _HAND
        height, room = head[:, 1], self._room_heights[ids]
        out_of_room = out[:, (0, 2)].any(axis=1) | (height < room[:, 0]) | (height > room[:, 1])
        codes[out[:, 1]] = _HEIGHT
        codes[out_of_room] = _BOUNDS
        good = codes == 0
        known[good, _HEAD] = head[good]
        known[:, _USED] = np.where(good, used_mm, before_mm)
        return codes

    # --- reading --------------------------------------------------------------------------------

    def position(self, avatar_id: int) -> Position:
        """Where the head is, metres. Raises ValueError when the avatar is not there."""
        self._check(avatar_id)
        x, y, z = self._records["head"][avatar_id].tolist()
        return (x / MM_PER_M, y / MM_PER_M, z / MM_PER_M)

    def yaw_degrees(self, avatar_id: int) -> float:
        """Where the head faces; 0 is -Z, counter-clockwise. Raises ValueError as `position`."""
        self._check(avatar_id)
        return yaw_of(int(self._records["rotations"][avatar_id, 0]))

    def floor_points(self, avatar_ids: Sequence[int] | NDArray[np.intp]) -> NDArray[np.float64]:
        """x and z of these avatars in metres, shape (n, 2)."""
        ids = np.asarray(avatar_ids, dtype=np.intp)
        return self._records["head"][ids][:, (0, 2)].astype(np.float64) / MM_PER_M

    def record(self, avatar_id: int) -> bytes:
        """The 32-byte record of an avatar. Raises ValueError when it is not there."""
        self._check(avatar_id)
        return bytes(self._words[avatar_id].tobytes())

    def records(self, avatar_ids: Sequence[int] | NDArray[np.intp]) -> bytes:
        """The records of these avatars, one after the other; who is not there is left out."""
        ids = np.asarray(avatar_ids, dtype=np.intp)
        return bytes(self._words.take(ids[self._present[ids]], axis=0).tobytes())

    def take_changed(self, avatar_ids: NDArray[np.intp], now_ms: int) -> bytes:
        """The records of those of these avatars that must be told: who changed since they were last
        taken, and who stopped `settle_ms` ago and is told once more.

        An avatar belongs to one room, so one mark a row is enough and none is lost: it is set when
        a pose is taken and cleared here only.
        """
        moved = self._changed[avatar_ids]
        if np.count_nonzero(moved) == len(avatar_ids):
            self._changed[avatar_ids] = False
            self._settle_due_ms[avatar_ids] = now_ms + self.settings.settle_ms
            # Taking rows is three times as quick as indexing with their numbers.
            return bytes(self._words.take(avatar_ids, axis=0).tobytes())
        settle_due_ms = self._settle_due_ms[avatar_ids]
        settled = ~moved & (settle_due_ms != 0) & (settle_due_ms <= now_ms)
        told = moved | settled
        if not told.any():
            return b""
        self._changed[avatar_ids[moved]] = False
        self._settle_due_ms[avatar_ids[moved]] = now_ms + self.settings.settle_ms
        self._settle_due_ms[avatar_ids[settled]] = 0
        return bytes(self._words.take(avatar_ids[told], axis=0).tobytes())

    def state(self, avatar_ids: NDArray[np.intp]) -> bytes:
        """Everything that decides what happens to these avatars next; for the state hash."""
        return b"".join(
            part[avatar_ids].tobytes()
            for part in (
                self._words,
                self._known[:, _USED],
            )
        )

    def _check(self, avatar_id: int) -> None:
        if not (1 <= avatar_id <= self.capacity and self._present[avatar_id]):
            raise ValueError(f"avatar {avatar_id} is not in the pose table")


def _millimetres(metres: float) -> int:
    """Rounded, and kept within what a record can hold."""
    bounded = min(COORDINATE_LIMIT_M, max(-COORDINATE_LIMIT_M, metres))
    return round(bounded * MM_PER_M)
