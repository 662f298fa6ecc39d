"""Poses between two ticks: kept as they came off the sockets, and read in one vectorised pass.

Nearly everything that a game server receives is a pose, and every client library writes it in one
way: a masked binary frame of 51 bytes around `[number, u64 time, bin of 32]`. Such a frame is not
even unmasked when it comes: at the tick all of them become one array of bytes, and masks, shape and
rate are looked at for all at once. The newest pose of an avatar is the only one that counts, so of
several that come together all but the last are only counted.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from rooms.avatars import POSE_BYTES, POSE_DTYPE
from server.wire.messages import BY_NAME

POSE_NUMBER = BY_NAME["Pose"].number
ARRAY_OF_THREE = 0x93

POSE_MESSAGE_BYTES = 45
_HEADER_BYTES = 6
POSE_FRAME_BYTES = _HEADER_BYTES + POSE_MESSAGE_BYTES
"""Two bytes of header and four of mask (RFC 6455, section 5.2), then the message."""
POSE_FRAME_HEADER = bytes((0x82, 0x80 | POSE_MESSAGE_BYTES))

_PADDED_BYTES = 48
_RECORD_AT = POSE_MESSAGE_BYTES - POSE_BYTES
# The first 13 bytes of the message: array of three, number, u64, bin of 32. Of the time only the
# top eleven bits are looked at, because a head has 53.
_LOOKED_AT = np.array([0xFF, 0xFF, 0xFF, 0xFF, 0xE0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF], dtype=np.uint8)
_EXPECTED = np.array(
    [ARRAY_OF_THREE, POSE_NUMBER, 0xCF, 0, 0, 0, 0, 0, 0, 0, 0, 0xC4, POSE_BYTES], dtype=np.uint8
)


def is_pose_frame(frame: bytes) -> bool:
    """Whether a frame is a masked pose, written as all clients do."""
    if len(frame) != POSE_FRAME_BYTES or not frame.startswith(POSE_FRAME_HEADER):
        return False
    mask = frame[2:_HEADER_BYTES] * 4
    return all(
        (byte ^ key) & looked_at == expected
        for byte, key, looked_at, expected in zip(
            frame[_HEADER_BYTES:], mask, _LOOKED_AT.tolist(), _EXPECTED.tolist(), strict=False
        )
    )


class PoseIntake:
    """What the clients of one room sent since its last tick.

    `frames` are masked frames with the avatar id of each in `avatar_ids`; `records` came another
    way and have their ids; `superseded` counts poses that came together with a newer one.
    """

    __slots__ = ("avatar_ids", "frames", "records", "superseded")

    def __init__(self) -> None:
        self.frames: list[bytes] = []
        self.avatar_ids: list[int] = []
        self.records: list[bytes] = []
        self.superseded: dict[int, int] = {}

    def clear(self) -> None:
        self.frames.clear()
        self.avatar_ids.clear()
        self.records.clear()
        self.superseded.clear()


@dataclass(frozen=True, slots=True)
class PoseLimits:
    """Poses that one client may send a second, and at once after a pause."""

    poses_per_second: float = 60
    poses_burst: int = 90


@dataclass(slots=True)
class PoseBatch:
    """Poses of several rooms: those of the n-th end before `ends[n]` in `records` (POSE_DTYPE).

    `malformed` are messages that look like a pose and are none, `too_many` poses over the rate,
    which are left out; both are (number of the room, avatar id, message or count).
    """

    records: NDArray[np.void]
    ends: list[int]
    frames: int = 0
    malformed: list[tuple[int, int, bytes]] = field(default_factory=list)
    too_many: list[tuple[int, int, int]] = field(default_factory=list)


class PoseReader:
    """Reads intakes, and knows how much each avatar's client has sent lately."""

    def __init__(self, avatars_max: int, limits: PoseLimits, now_ms: int) -> None:
        self._limits = limits
        self._tokens = np.full(avatars_max + 1, float(limits.poses_burst))
        self._refilled_ms = np.full(avatars_max + 1, now_ms, dtype=np.int64)

    def forget(self, avatar_id: int, now_ms: int) -> None:
        """The id will name somebody else: they begin with a full burst."""
        self._tokens[avatar_id] = self._limits.poses_burst
        self._refilled_ms[avatar_id] = now_ms

    def read(self, intakes: Sequence[PoseIntake], now_ms: int) -> PoseBatch:
        """Everything that has come in, in the order of the intakes, which are empty afterwards."""
        frames = [frame for intake in intakes for frame in intake.frames]
        ids = np.array([i for intake in intakes for i in intake.avatar_ids], dtype=np.intp)
        records, payloads, good = _unmasked(frames, ids)
        batch = PoseBatch(records, [], len(frames))
        if not good.all():
            self._note_malformed(batch, intakes, ids, payloads, good)
        self._limit(batch, intakes, ids, good, now_ms)
        _join(batch, intakes, good)
        for intake in intakes:
            intake.clear()
        return batch

    def _note_malformed(
        self,
        batch: PoseBatch,
        intakes: Sequence[PoseIntake],
        ids: NDArray[np.intp],
        payloads: NDArray[np.uint8],
        good: NDArray[np.bool_],
    ) -> None:
        rooms = np.repeat(np.arange(len(intakes)), [len(intake.frames) for intake in intakes])
        for index in np.flatnonzero(~good).tolist():
            message = payloads[index, :POSE_MESSAGE_BYTES].tobytes()
            batch.malformed.append((int(rooms[index]), int(ids[index]), message))

    def _limit(
        self,
        batch: PoseBatch,
        intakes: Sequence[PoseIntake],
        ids: NDArray[np.intp],
        good: NDArray[np.bool_],
        now_ms: int,
    ) -> None:
        """Take a token for each pose; `good` becomes False for those of clients with none left."""
        counts = np.bincount(ids, minlength=len(self._tokens))
        for intake in intakes:
            for avatar_id, count in intake.superseded.items():
                counts[avatar_id] += count
        active = np.flatnonzero(counts)
        elapsed_ms = np.maximum(now_ms - self._refilled_ms[active], 0)
        gained = elapsed_ms * (self._limits.poses_per_second / 1_000)
        tokens = np.minimum(self._limits.poses_burst, self._tokens[active] + gained)
        tokens -= counts[active]
        over = tokens < 0
        self._tokens[active] = np.maximum(tokens, 0)
        self._refilled_ms[active] = now_ms
        if over.any():
            excess = dict(zip(active[over].tolist(), (-tokens[over]).tolist(), strict=True))
            good &= ~np.isin(ids, active[over])
            for number, intake in enumerate(intakes):
                for avatar_id in dict.fromkeys((*intake.avatar_ids, *intake.superseded)):
                    if avatar_id in excess:
                        count = max(1, round(excess[avatar_id]))
                        batch.too_many.append((number, avatar_id, count))


def _unmasked(
    frames: list[bytes], ids: NDArray[np.intp]
) -> tuple[NDArray[np.void], NDArray[np.uint8], NDArray[np.bool_]]:
    """Records (n,) with the ids of their senders, messages (n, 48), and which look as they must."""
    count = len(frames)
    raw = np.frombuffer(b"".join(frames), dtype=np.uint8).reshape(count, POSE_FRAME_BYTES)
    # Twelve words a message instead of 45 bytes, which start at no multiple of four.
    payloads = np.zeros((count, _PADDED_BYTES), dtype=np.uint8)
    payloads[:, :POSE_MESSAGE_BYTES] = raw[:, _HEADER_BYTES:]
    masks = np.ascontiguousarray(raw[:, 2:_HEADER_BYTES]).view(np.uint32)
    words = payloads.view(np.uint32)
    words ^= masks
    good: NDArray[np.bool_] = ((payloads[:, :_RECORD_AT] & _LOOKED_AT) == _EXPECTED).all(axis=1)
    bodies = np.ascontiguousarray(payloads[:, _RECORD_AT:POSE_MESSAGE_BYTES])
    records: NDArray[np.void] = bodies.reshape(-1).view(POSE_DTYPE)
    # Who sent a pose is known from the socket; the id in the record is not trusted.
    records["id"] = ids
    return records, payloads, good


def _join(batch: PoseBatch, intakes: Sequence[PoseIntake], good: NDArray[np.bool_]) -> None:
    """Leave out what is not good, and put the records that came another way behind the frames."""
    ends = np.cumsum([len(intake.frames) for intake in intakes])
    if not good.all():
        batch.records = batch.records[good]
        ends = np.concatenate(([0], np.cumsum(good)))[ends]
    if not any(intake.records for intake in intakes):
        batch.ends = ends.tolist()
        return
    parts, start, total = list[NDArray[np.void]](), 0, 0
    for intake, end in zip(intakes, ends.tolist(), strict=True):
        others = np.frombuffer(b"".join(intake.records), dtype=POSE_DTYPE)
        parts += [batch.records[start:end], others]
        total += end - start + len(others)
        batch.ends.append(total)
        start = end
    batch.records = np.concatenate(parts)
