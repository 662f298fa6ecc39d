"""Pose records: exact layout, stated precision, and the same meaning as the pose table's."""

import math
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rooms.avatars import POSE_DTYPE
from server.wire.pose import (
    HEAD_BYTES,
    NO_ROTATION,
    NOT_TRACKED,
    POSE_BYTES,
    POSITION_ERROR_M,
    POSITION_MAX_M,
    ROTATION_ERROR_DEGREES,
    Pose,
    Quaternion,
    Vector,
    pack_head,
    pack_pose,
    pack_rotation,
    records_of_heads,
    unpack_pose,
    unpack_poses,
    unpack_rotation,
)

metres = st.floats(-POSITION_MAX_M, POSITION_MAX_M)
vectors = st.tuples(metres, metres, metres)
component = st.floats(-1, 1)
quaternions = st.tuples(component, component, component, component).filter(
    lambda q: math.hypot(*q) > 0.01
)
poses = st.builds(
    Pose,
    st.integers(0, 65_535),
    vectors,
    quaternions,
    st.none() | vectors,
    quaternions,
    st.none() | vectors,
    quaternions,
)


def angle_degrees(a: Quaternion, b: Quaternion) -> float:
    """The turn between two rotations, by a formula that is exact for small ones."""
    a_length, b_length = math.hypot(*a), math.hypot(*b)
    unit_a = [x / a_length for x in a]
    unit_b = [x / b_length for x in b]
    sign = 1 if sum(x * y for x, y in zip(unit_a, unit_b, strict=True)) >= 0 else -1
    chord = math.dist(unit_a, [sign * x for x in unit_b])
    return math.degrees(4 * math.asin(min(1.0, chord / 2)))


def near(a: Vector | None, b: Vector | None) -> bool:
    if a is None or b is None:
        return a is b
    return all(abs(x - y) <= POSITION_ERROR_M + 1e-9 for x, y in zip(a, b, strict=True))


@given(poses)
def test_a_pose_comes_back_within_the_stated_precision(pose: Pose) -> None:
    record = pack_pose(pose)
    back = unpack_pose(record)
    assert len(record) == POSE_BYTES
    assert back.avatar_id == pose.avatar_id
    assert near(pose.head, back.head)
    assert near(pose.left, back.left)
    assert near(pose.right, back.right)
    for before, after in (
        (pose.head_rotation, back.head_rotation),
        (pose.left_rotation, back.left_rotation),
        (pose.right_rotation, back.right_rotation),
    ):
        assert angle_degrees(before, after) <= ROTATION_ERROR_DEGREES


@given(poses)
def test_packing_again_changes_nothing_that_can_be_seen(pose: Pose) -> None:
    once = unpack_pose(pack_pose(pose))
    twice = unpack_pose(pack_pose(once))
    assert (twice.head, twice.left, twice.right) == (once.head, once.left, once.right)
    assert angle_degrees(once.head_rotation, twice.head_rotation) <= ROTATION_ERROR_DEGREES


@given(st.integers(0, 2**32 - 1))
def test_any_32_bits_are_a_finite_rotation(packed: int) -> None:
    rotation = unpack_rotation(packed)
    assert all(math.isfinite(part) for part in rotation)
    assert 0.9 < math.hypot(*rotation) < 1.25


def test_the_layout_is_the_one_of_the_pose_table() -> None:
    pose = Pose(513, (1.0, 1.6, -2.0), NO_ROTATION, None, NO_ROTATION, (0.1, -0.2, -0.3))
    (row,) = np.frombuffer(pack_pose(pose), POSE_DTYPE)
    assert POSE_DTYPE.itemsize == POSE_BYTES
    assert row["id"] == 513
    assert row["head"].tolist() == [1_000, 1_600, -2_000]
    assert row["left"].tolist() == [NOT_TRACKED, 0, 0]
    assert row["right"].tolist() == [100, -200, -300]
    assert NOT_TRACKED == -(2**15)


def test_the_worked_example_of_the_protocol() -> None:
    """PROTOCOL.md goes through these bytes one by one."""
    half = math.sqrt(0.5)
    pose = Pose(7, (1.25, 1.62, -3.5), (0.0, half, 0.0, half), (-0.25, -0.4, -0.3))
    expected = "0700 e204 5406 54f2 06ff 70fe d4fe 0080 0000 0000"
    record = pack_pose(pose)
    assert record[:20] == bytes.fromhex(expected)
    assert struct.unpack("<3I", record[20:]) == (
        1 << 30 | 512 << 20 | 512 << 10 | 1_023,
        3 << 30 | 512 << 20 | 512 << 10 | 512,
        3 << 30 | 512 << 20 | 512 << 10 | 512,
    )


def test_the_sign_and_the_length_of_a_quaternion_do_not_matter() -> None:
    assert pack_rotation((0.0, 0.0, 0.0, -3.0)) == pack_rotation(NO_ROTATION)
    assert pack_rotation((0.1, -0.2, 0.3, -0.9)) == pack_rotation((-0.1, 0.2, -0.3, 0.9))


def test_beyond_the_range_is_on_its_edge() -> None:
    assert unpack_pose(pack_pose(Pose(1, (1e9, -1e9, 0.0)))).head == (32.767, -32.767, 0.0)


def test_several_records() -> None:
    first, second = Pose(1, (0.0, 1.6, 0.0)), Pose(2, (1.0, 1.7, 0.0))
    both = list(unpack_poses(pack_pose(first) + pack_pose(second)))
    assert [pose.avatar_id for pose in both] == [1, 2]


@pytest.mark.parametrize(
    "pose",
    [
        Pose(1, (math.nan, 0.0, 0.0)),
        Pose(1, (0.0, math.inf, 0.0)),
        Pose(1, (0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 0.0)),
        Pose(1, (0.0, 0.0, 0.0), (math.nan, 0.0, 0.0, 1.0)),
        Pose(70_000, (0.0, 0.0, 0.0)),
    ],
)
def test_what_is_no_pose_is_refused(pose: Pose) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        pack_pose(pose)


def test_what_is_no_record_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        unpack_pose(bytes(31))
    with pytest.raises(ValueError, match="whole records"):
        unpack_poses(bytes(33))


def test_a_head_is_the_pose_without_hands() -> None:
    pose = Pose(7, (1.25, 1.62, -3.5), (0.0, 0.6, 0.0, 0.8), left=(0.1, 0.2, 0.3))
    assert len(pack_head(pose)) == HEAD_BYTES == 12
    ((avatar_id, record),) = records_of_heads(pack_head(pose))
    assert avatar_id == 7
    seen = unpack_pose(record)
    assert (seen.head, seen.left, seen.right) == (pose.head, None, None)
    assert seen.head_rotation == unpack_pose(pack_pose(pose)).head_rotation
    assert list(records_of_heads(pack_head(9) + pack_head(pose))) == [(9, b""), (7, record)]
    with pytest.raises(ValueError, match="whole heads"):
        list(records_of_heads(bytes(13)))
