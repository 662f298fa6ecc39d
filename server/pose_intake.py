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
    """What the clients of one room sent since its last tick: masked frames with the avatar id of
    each in `avatar_ids`, and records that came another way and have their ids."""

    __slots__ = ("avatar_ids", "frames", "records")

    def __init__(self) -> None:
        self.frames: list[bytes] = []
        self.avatar_ids: list[int] = []
        self.records: list[bytes] = []

    def __bool__(self) -> bool:
        return bool(self.frames or self.records)

    def clear(self) -> None:
        self.frames.clear()
        self.avatar_ids.clear()
        self.records.clear()


@dataclass(slots=True)
class PoseBatch:
    """Poses of several rooms: those of the n-th end before `ends[n]` in `records` (POSE_DTYPE).

    `malformed` are messages that look like a pose and are none: number of the room, avatar id,
    message. `frames` is how many were read.
    """

    records: NDArray[np.void]
    ends: list[int]
    frames: int
    malformed: list[tuple[int, int, bytes]] = field(default_factory=list)


def read_poses(intakes: Sequence[PoseIntake]) -> PoseBatch:
    """Everything that has come in, in the order of the intakes, which are empty afterwards."""
    frames = [frame for intake in intakes for frame in intake.frames]
    ids = np.array([i for intake in intakes for i in intake.avatar_ids], dtype=np.uint16)
    records, payloads, wrong = _unmasked(frames, ids)
    batch = PoseBatch(records, [], len(frames))
    ends = np.cumsum([len(intake.frames) for intake in intakes])
    if wrong.any():
        rooms = np.searchsorted(ends, np.flatnonzero(wrong), side="right")
        for room, index in zip(rooms.tolist(), np.flatnonzero(wrong).tolist(), strict=True):
            message = payloads[index, :POSE_MESSAGE_BYTES].tobytes()
            batch.malformed.append((room, int(ids[index]), message))
        batch.records = records[~wrong]
        ends = np.concatenate(([0], np.cumsum(~wrong)))[ends]
    _join(batch, intakes, ends.tolist())
    for intake in intakes:
        intake.clear()
    return batch


def _unmasked(
    frames: list[bytes], ids: NDArray[np.uint16]
) -> tuple[NDArray[np.void], NDArray[np.uint8], NDArray[np.bool_]]:
    """Records (n,) with the ids of their senders, messages (n, 48), and which are no poses."""
    count = len(frames)
    raw = np.frombuffer(b"".join(frames), dtype=np.uint8).reshape(count, POSE_FRAME_BYTES)
    # Twelve words a message instead of 45 bytes, which start at no multiple of four.
    payloads = np.zeros((count, _PADDED_BYTES), dtype=np.uint8)
    payloads[:, :POSE_MESSAGE_BYTES] = raw[:, _HEADER_BYTES:]
    words = payloads.view(np.uint32)
    words ^= np.ascontiguousarray(raw[:, 2:_HEADER_BYTES]).view(np.uint32)
    differing = (payloads[:, :_RECORD_AT] ^ _EXPECTED) & _LOOKED_AT
    wrong: NDArray[np.bool_] = (differing != 0).any(axis=1)
    bodies = np.ascontiguousarray(payloads[:, _RECORD_AT:POSE_MESSAGE_BYTES])
    # Who sent a pose is known from the socket; the id in the record is not trusted.
    bodies.view(np.uint16)[:, 0] = ids
    records: NDArray[np.void] = bodies.reshape(-1).view(POSE_DTYPE)
    return records, payloads, wrong


def _join(batch: PoseBatch, intakes: Sequence[PoseIntake], ends: list[int]) -> None:
    """Put the records that came another way behind the frames of their room."""
    batch.ends = ends
    if not any(intake.records for intake in intakes):
        return
    parts, start, total = list[NDArray[np.void]](), 0, 0
    batch.ends = []
    for intake, end in zip(intakes, ends, strict=True):
        others = np.frombuffer(b"".join(intake.records), dtype=POSE_DTYPE)
        parts += [batch.records[start:end], others]
        total += end - start + len(others)
        batch.ends.append(total)
        start = end
    batch.records = np.concatenate(parts)
