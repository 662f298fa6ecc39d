"""The pose record: 32 bytes for a head and two hands, little endian, in and out of metres.

    offset  type     meaning
         0  u16      avatar id
         2  i16 x 3  head: x, y, z in mm, in the room
         8  i16 x 3  left hand: mm from the head, along the room's axes; x = -32768: not tracked
        14  i16 x 3  right hand, the same
        20  u32 x 3  rotations of head, left hand, right hand

A rotation is a unit quaternion as "smallest three": the two top bits say which of x, y, z, w is the
largest; the other three follow in that order, ten bits each, scaled from -1/sqrt(2)..1/sqrt(2),
which no component but the largest can leave. The largest is made positive (q and -q turn the same)
and found again from the unit length.

Of somebody far away only the head is told, in 12 bytes: id, head and its rotation, as above. A head
whose x is -32768 is nowhere: that avatar is out of sight until it is heard of again.

Positions come back within 0.5 mm, rotations within 0.28 degrees: half a step of a component is
6.9e-4; with all four components equal, three such errors and what they do to the largest add up to
a quaternion error of sqrt(12) x 6.9e-4, and the angle is twice that.
"""

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass

Vector = tuple[float, float, float]
Quaternion = tuple[float, float, float, float]

POSE_BYTES = 32
NOT_TRACKED = -32_768
POSITION_MAX_M = 32.767
POSITION_ERROR_M = 0.000_5
ROTATION_ERROR_DEGREES = 0.28
NO_ROTATION: Quaternion = (0.0, 0.0, 0.0, 1.0)

_RECORD = struct.Struct("<H9h3I")
_HEAD = struct.Struct("<H3hI")
HEAD_BYTES = _HEAD.size
_COMPONENT_MAX = math.sqrt(0.5)
_STEPS = 1_023
_LARGEST_MM = 32_767


@dataclass(frozen=True, slots=True)
class Pose:
    """Where somebody is. `head` is in metres in the room (right-handed, +Y up, -Z ahead); hands are
    metres from the head along the same axes, None when not tracked. Rotations are unit quaternions
    (x, y, z, w)."""

    avatar_id: int
    head: Vector
    head_rotation: Quaternion = NO_ROTATION
    left: Vector | None = None
    left_rotation: Quaternion = NO_ROTATION
    right: Vector | None = None
    right_rotation: Quaternion = NO_ROTATION


def pack_pose(pose: Pose) -> bytes:
    """The record of a pose. What is beyond 32.767 m is put on that limit.

    ValueError: a number is not finite, a rotation has no length, or the id is no u16.
    """
    if not 0 <= pose.avatar_id <= 0xFFFF:
        raise ValueError("an avatar id is between 0 and 65535")
    return _RECORD.pack(
        pose.avatar_id,
        *_millimetres(pose.head),
        *_hand(pose.left),
        *_hand(pose.right),
        pack_rotation(pose.head_rotation),
        pack_rotation(pose.left_rotation),
        pack_rotation(pose.right_rotation),
    )


def unpack_pose(record: bytes) -> Pose:
    """The pose of a record. ValueError: not 32 bytes."""
    if len(record) != POSE_BYTES:
        raise ValueError(f"a pose record has {POSE_BYTES} bytes, not {len(record)}")
    return _pose(_RECORD.unpack(record))


def unpack_poses(records: bytes) -> Iterator[Pose]:
    """All poses of a Poses body. ValueError: not whole records."""
    if len(records) % POSE_BYTES:
        raise ValueError(f"{len(records)} bytes are not whole records of {POSE_BYTES}")
    return map(_pose, _RECORD.iter_unpack(records))


def pack_head(pose: Pose | int) -> bytes:
    """The 12 bytes of a pose from afar; of an avatar id: that it is out of sight. ValueError as
    `pack_pose`."""
    if isinstance(pose, int):
        return _HEAD.pack(pose, NOT_TRACKED, 0, 0, pack_rotation(NO_ROTATION))
    rotation = pack_rotation(pose.head_rotation)
    return _HEAD.pack(pose.avatar_id, *_millimetres(pose.head), rotation)


def records_of_heads(heads: bytes) -> Iterator[tuple[int, bytes]]:
    """Each avatar of a Heads body with its record as if no hand were tracked; empty bytes when it
    is out of sight. ValueError: not whole heads."""
    if len(heads) % HEAD_BYTES:
        raise ValueError(f"{len(heads)} bytes are not whole heads of {HEAD_BYTES}")
    upright = pack_rotation(NO_ROTATION)
    for avatar_id, x, y, z, rotation in _HEAD.iter_unpack(heads):
        hands = (NOT_TRACKED, 0, 0) * 2
        record = _RECORD.pack(avatar_id, x, y, z, *hands, rotation, upright, upright)
        yield avatar_id, b"" if x == NOT_TRACKED else record


def pack_rotation(rotation: Quaternion) -> int:
    """A rotation in 32 bits; its length does not matter. ValueError: none, or not finite."""
    length = math.hypot(*rotation)
    if not math.isfinite(length) or length < 1e-9:
        raise ValueError("a rotation is a quaternion of finite length")
    largest = max(range(4), key=lambda index: abs(rotation[index]))
    scale = (-1 if rotation[largest] < 0 else 1) / length
    packed = largest
    for index in range(4):
        if index != largest:
            share = (rotation[index] * scale / _COMPONENT_MAX + 1) / 2
            packed = packed << 10 | min(_STEPS, max(0, round(share * _STEPS)))
    return packed


def unpack_rotation(packed: int) -> Quaternion:
    """The unit quaternion (x, y, z, w) of 32 bits."""
    largest = packed >> 30
    parts = [
        ((packed >> shift & _STEPS) / _STEPS * 2 - 1) * _COMPONENT_MAX for shift in (20, 10, 0)
    ]
    # Three components that no quaternion has together leave nothing for the largest.
    parts.insert(largest, math.sqrt(max(0.0, 1 - sum(part * part for part in parts))))
    x, y, z, w = parts
    return x, y, z, w


def _millimetres(vector: Vector) -> tuple[int, int, int]:
    x, y, z = (_clamped_mm(value) for value in vector)
    return x, y, z


def _clamped_mm(metres: float) -> int:
    if not math.isfinite(metres):
        raise ValueError("a position has finite numbers")
    return max(-_LARGEST_MM, min(_LARGEST_MM, round(metres * 1_000)))


def _hand(hand: Vector | None) -> tuple[int, int, int]:
    return (NOT_TRACKED, 0, 0) if hand is None else _millimetres(hand)


def _pose(values: tuple[int, ...]) -> Pose:
    left, right = values[4:7], values[7:10]
    return Pose(
        values[0],
        _metres(values[1:4]),
        unpack_rotation(values[10]),
        None if left[0] == NOT_TRACKED else _metres(left),
        unpack_rotation(values[11]),
        None if right[0] == NOT_TRACKED else _metres(right),
        unpack_rotation(values[12]),
    )


def _metres(millimetres: tuple[int, ...]) -> Vector:
    x, y, z = millimetres
    return x / 1_000, y / 1_000, z / 1_000
