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

# Joined with so much between them, every mask and every message begins at a multiple of four bytes,
# and twelve words have a message: a row is 2 + 2 + 4 + 45 + 3 bytes.
_LEAD, _GAP, _TRAIL = bytes(2), bytes(5), bytes(3)
_ROW_WORDS, _MASK_WORD = 14, 1
_RECORD_AT = POSE_MESSAGE_BYTES - POSE_BYTES
# The first 13 bytes of the message: array of three, number, u64, bin of 32. Of the time only the
# top eleven bits are looked at, because a head has 53.
_LOOKED_AT = bytes((0xFF, 0xFF, 0xFF, 0xFF, 0xE0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0, 0, 0))
_EXPECTED = bytes(
    (ARRAY_OF_THREE, POSE_NUMBER, 0xCF, 0, 0, 0, 0, 0, 0, 0, 0, 0xC4, POSE_BYTES, 0, 0, 0)
)
_LOOKED_AT_WORDS = np.frombuffer(_LOOKED_AT, dtype=np.uint32)
_EXPECTED_WORDS = np.frombuffer(_EXPECTED, dtype=np.uint32)


def is_pose_frame(frame: bytes) -> bool:
    """Whether a frame is a masked pose, written as all clients do."""
    if len(frame) != POSE_FRAME_BYTES or not frame.startswith(POSE_FRAME_HEADER):
        return False
    mask = frame[2:_HEADER_BYTES] * 4
    return all(
        (byte ^ key) & looked_at == expected
        for byte, key, looked_at, expected in zip(
            frame[_HEADER_BYTES : _HEADER_BYTES + _RECORD_AT],
            mask,
            _LOOKED_AT,
            _EXPECTED,
            strict=False,
        )
    )


class PoseIntake:
    """What the clients of one room sent since its last tick, the newest of each by avatar id:
    masked frames, and records that came another way and have their ids."""

    __slots__ = ("frames", "records")

    def __init__(self) -> None:
        self.frames: dict[int, bytes] = {}
        self.records: dict[int, bytes] = {}

    def __bool__(self) -> bool:
        return bool(self.frames or self.records)

    def clear(self) -> None:
        self.frames.clear()
        self.records.clear()


@dataclass(slots=True)
class PoseBatch:
    """Poses of several rooms: those of the n-th end before `ends[n]` in `records` (POSE_DTYPE).

    `malformed` are messages that look like a pose and are none: number of the room, avatar id,
    message. `frames` is how many were read. `distinct`: no avatar has two records.
    """

    records: NDArray[np.void]
    ends: list[int]
    frames: int
    distinct: bool = True
    malformed: list[tuple[int, int, bytes]] = field(default_factory=list)


def read_poses(intakes: Sequence[PoseIntake]) -> PoseBatch:
    """Everything that has come in, in the order of the intakes, which are empty afterwards."""
    frames, ids, ends = list[bytes](), list[int](), list[int]()
    for intake in intakes:
        frames += intake.frames.values()
        ids += intake.frames
        ends.append(len(ids))
    batch = _unmasked(frames, ids, ends)
    if any(intake.records for intake in intakes):
        _join(batch, intakes)
    for intake in intakes:
        intake.clear()
    return batch


def _unmasked(frames: list[bytes], ids: list[int], ends: list[int]) -> PoseBatch:
    """Records of frames, with the ids of their senders: what a record says of that is not
    trusted."""
    count = len(frames)
    joined = b"".join((_LEAD, _GAP.join(frames), _TRAIL)) if frames else b""
    rows = np.frombuffer(joined, dtype=np.uint32).reshape(count, _ROW_WORDS)
    payloads = rows[:, _MASK_WORD + 1 :] ^ rows[:, _MASK_WORD, None]
    differing = (payloads[:, : len(_EXPECTED_WORDS)] ^ _EXPECTED_WORDS) & _LOOKED_AT_WORDS
    octets = payloads.view(np.uint8)
    bodies = np.empty((count, POSE_BYTES), dtype=np.uint8)
    bodies[:] = octets[:, _RECORD_AT:POSE_MESSAGE_BYTES]
    bodies.view("<u2")[:, 0] = ids
    records: NDArray[np.void] = bodies.view(POSE_DTYPE)[:, 0]
    batch = PoseBatch(records, ends, count)
    if np.count_nonzero(differing):
        wrong = np.asarray(differing.any(axis=1))
        rooms = np.searchsorted(ends, np.flatnonzero(wrong), side="right")
        for room, index in zip(rooms.tolist(), np.flatnonzero(wrong).tolist(), strict=True):
            message = octets[index, :POSE_MESSAGE_BYTES].tobytes()
            batch.malformed.append((room, ids[index], message))
        batch.records = records[~wrong]
        batch.ends = np.concatenate(([0], np.cumsum(~wrong)))[ends].tolist()
    return batch


def _join(batch: PoseBatch, intakes: Sequence[PoseIntake]) -> None:
    """Put the records that came another way behind the frames of their room."""
    parts, ends, start, total = list[NDArray[np.void]](), list[int](), 0, 0
    for intake, end in zip(intakes, batch.ends, strict=True):
        others = np.frombuffer(b"".join(intake.records.values()), dtype=POSE_DTYPE)
        parts += [batch.records[start:end], others]
        total += end - start + len(others)
        ends.append(total)
        start = end
    batch.records, batch.ends, batch.distinct = np.concatenate(parts), ends, False
