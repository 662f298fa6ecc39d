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
is bounded. So late poses that arrive together are fine and a jump across the room is not.
"""

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

# Columns of what is known of each avatar: head, corners of its room, both in mm, what is left of
# the allowance of movement, mm, and up to when it is refilled, ms.
_HEAD, _LOWEST, _HIGHEST = slice(0, 3), slice(3, 6), slice(6, 9)
_ALLOWANCE, _REFILLED, _KNOWN_COLUMNS = 9, 10, 11

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
        lowest, highest = bounds
        known = self._known[avatar_id]
        known[_LOWEST] = [_millimetres(value) for value in lowest]
        known[_HIGHEST] = [_millimetres(value) for value in highest]
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
        known[_ALLOWANCE] = self.settings.movement_allowance_m * MM_PER_M
        known[_REFILLED] = now_ms
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
        known = self._known[ids]
        codes = self._judge(words, known, now_ms)
        self._known[ids] = known
        if codes is not None:
            good = codes == 0
            refused += [
                (int(i), REFUSAL_CODES[code])
                for i, code in zip(ids[~good], codes[~good].tolist(), strict=True)
            ]
            ids, words = ids[good], words[good]
        moved = (words != self._words[ids]).any(axis=1)
        self._changed[ids] |= moved
        self._words[ids] = words
        return Accepted(ids, refused)

    def _of_known(
        self, words: NDArray[np.uint64], *, distinct: bool
    ) -> tuple[NDArray[np.intp], NDArray[np.uint64], list[tuple[int, str]]]:
        """Ids and records of avatars that are here, the last of each; and who is not here."""
        ids = words.view("<u2")[:, 0].astype(np.intp)
        wanted = self._present[ids]
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
        self, words: NDArray[np.uint64], known: NDArray[np.float64], now_ms: int
    ) -> NDArray[np.int8] | None:
        """The code of each record (0: good); None when all are good, as they nearly always are.

        What is known of each, (n, columns), is brought up to now.
        """
        limits = self.settings
        # Head, left hand and right hand, three numbers each.
        points = words.view("<i2")[:, 1:10].astype(np.float64)
        head, hands = points[:, :3], points[:, 3:].reshape(-1, 2, 3)
        step = head - known[:, _HEAD]
        moved_mm = np.sqrt(np.einsum("ij,ij->i", step, step))
        refilled_ms = known[:, _REFILLED]
        elapsed_ms = np.maximum(now_ms - refilled_ms, 0)
        # Metres a second are millimetres a millisecond.
        allowance_mm = np.minimum(
            known[:, _ALLOWANCE] + elapsed_ms * limits.speed_maximum_m_s,
            limits.movement_allowance_m * MM_PER_M,
        )
        known[:, _REFILLED] = refilled_ms + elapsed_ms
        left_mm = allowance_mm - moved_mm
        reach_mm = limits.hand_reach_m * MM_PER_M
        too_far = np.einsum("ijk,ijk->ij", hands, hands) > reach_mm * reach_mm
        too_far &= hands[:, :, 0] != UNTRACKED
        out = (head < known[:, _LOWEST]) | (head > known[:, _HIGHEST])
        height = head[:, 1]
        low, high = limits.head_height_minimum_m, limits.head_height_maximum_m
        wrong = np.count_nonzero(too_far) or np.count_nonzero(out) or left_mm.min() < 0
        if not wrong and height.min() >= low * MM_PER_M and height.max() <= high * MM_PER_M:
            known[:, _HEAD], known[:, _ALLOWANCE] = head, left_mm
            return None
        codes = np.zeros(len(known), dtype=np.int8)
        codes[left_mm < 0] = _SPEED
        codes[too_far.any(axis=1)] = _HAND
        codes[(height < low * MM_PER_M) | (height > high * MM_PER_M)] = _HEIGHT
        codes[out.any(axis=1)] = _BOUNDS
        good = codes == 0
        known[good, _HEAD] = head[good]
        known[:, _ALLOWANCE] = np.where(good, left_mm, allowance_mm)
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
        return bytes(self._words[ids[self._present[ids]]].tobytes())

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
            return bytes(self._words[avatar_ids].tobytes())
        settle_due_ms = self._settle_due_ms[avatar_ids]
        settled = ~moved & (settle_due_ms != 0) & (settle_due_ms <= now_ms)
        told = moved | settled
        if not told.any():
            return b""
        self._changed[avatar_ids[moved]] = False
        self._settle_due_ms[avatar_ids[moved]] = now_ms + self.settings.settle_ms
        self._settle_due_ms[avatar_ids[settled]] = 0
        return bytes(self._words[avatar_ids[told]].tobytes())

    def state(self, avatar_ids: NDArray[np.intp]) -> bytes:
        """Everything that decides what happens to these avatars next; for the state hash."""
        return b"".join(
            part[avatar_ids].tobytes()
            for part in (
                self._words,
                self._known[:, _ALLOWANCE],
                self._known[:, _REFILLED],
            )
        )

    def _check(self, avatar_id: int) -> None:
        if not (1 <= avatar_id <= self.capacity and self._present[avatar_id]):
            raise ValueError(f"avatar {avatar_id} is not in the pose table")


def _millimetres(metres: float) -> int:
    """Rounded, and kept within what a record can hold."""
    bounded = min(COORDINATE_LIMIT_M, max(-COORDINATE_LIMIT_M, metres))
    return round(bounded * MM_PER_M)
