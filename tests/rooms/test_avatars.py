"""The pose table takes what a body can do and nothing else."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from rooms.avatars import COORDINATE_LIMIT_M, POSE_BYTES, POSE_DTYPE, UNTRACKED, PoseTable
from rooms.rotations import NO_ROTATION, facing
from rooms.settings import PoseSettings

BOUNDS = ((-6.0, 0.0, -5.0), (6.0, 4.0, 5.0))
INT16 = st.integers(-32_768, 32_767)
RECORD = st.tuples(
    st.integers(0, 5),
    st.tuples(INT16, st.integers(-200, 3_000), INT16),
    st.tuples(INT16, INT16, INT16),
    st.tuples(INT16, INT16, INT16),
    st.tuples(*[st.integers(0, (1 << 32) - 1)] * 3),
)
NEAR = st.tuples(
    st.integers(1, 3),
    st.tuples(st.integers(-400, 400), st.integers(1_400, 1_800), st.integers(-400, 400)),
    st.just((UNTRACKED, 0, 0)),
    st.just((100, -300, -200)),
    st.just((NO_ROTATION,) * 3),
)


def table(*avatar_ids: int) -> PoseTable:
    poses = PoseTable(8)
    for avatar_id in avatar_ids or (1,):
        poses.enter(avatar_id, (0.0, 0.0, 0.0), 0.0, 0, BOUNDS)
    return poses


def ids(*avatar_ids: int) -> NDArray[np.intp]:
    return np.array(avatar_ids, dtype=np.intp)


def pose(
    avatar_id: int = 1,
    head: tuple[int, int, int] = (0, 1_600, 0),
    left: tuple[int, int, int] = (UNTRACKED, 0, 0),
    right: tuple[int, int, int] = (UNTRACKED, 0, 0),
) -> tuple[object, ...]:
    return (avatar_id, head, left, right, (NO_ROTATION,) * 3)


def batch(*records: tuple[object, ...]) -> NDArray[np.void]:
    return np.array(list(records), dtype=POSE_DTYPE)


def test_a_record_is_32_little_endian_bytes() -> None:
    assert POSE_BYTES == 32
    record = batch((0x0102, (1, -1, 256), (2, 3, 4), (5, 6, 7), (1, 2, 0xFF000000)))
    parts = "0201 0100ffff0001 020003000400 050006000700 01000000 02000000 000000ff"
    assert record.tobytes() == bytes.fromhex(parts)


def test_a_newcomer_stands_upright_with_hands_unknown() -> None:
    poses = table()
    assert poses.position(1) == (0.0, 1.6, 0.0)
    record = np.frombuffer(poses.record(1), POSE_DTYPE)[0]
    assert record["id"] == 1
    assert record["left"][0] == record["right"][0] == UNTRACKED
    assert record["rotations"][0] == facing(0)


def test_a_good_pose_is_taken() -> None:
    poses = table(1, 2)
    offered = batch(pose(1, (300, 1_700, -200), (100, -200, 0)), pose(2, (-500, 1_500, 0)))
    outcome = poses.accept(offered, 50)
    assert outcome.accepted.tolist() == [1, 2]
    assert outcome.refused == []
    assert poses.records([1, 2]) == offered.tobytes()
    assert poses.position(1) == (0.3, 1.7, -0.2)


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (pose(head=(6_001, 1_600, 0)), "POSE_OUT_OF_BOUNDS"),
        (pose(head=(0, 1_600, -5_001)), "POSE_OUT_OF_BOUNDS"),
        (pose(head=(0, -1, 0)), "POSE_OUT_OF_BOUNDS"),
        (pose(head=(-32_768, -32_768, -32_768)), "POSE_OUT_OF_BOUNDS"),
        (pose(head=(0, 199, 0)), "POSE_HEIGHT"),
        (pose(head=(0, 2_601, 0)), "POSE_HEIGHT"),
        (pose(left=(1_601, 0, 0)), "POSE_HAND_REACH"),
        (pose(right=(32_767, -32_768, 32_767)), "POSE_HAND_REACH"),
        (pose(head=(4_001, 1_600, 0)), "POSE_TOO_FAST"),
        (pose(avatar_id=2), "POSE_UNKNOWN_AVATAR"),
        (pose(avatar_id=0), "POSE_UNKNOWN_AVATAR"),
        (pose(avatar_id=9), "POSE_UNKNOWN_AVATAR"),
        (pose(avatar_id=65_535), "POSE_UNKNOWN_AVATAR"),
    ],
)
def test_a_bad_pose_is_refused_and_changes_nothing(bad: tuple[object, ...], code: str) -> None:
    poses = table()
    before = poses.state(ids(1))
    outcome = poses.accept(batch(bad), 0)
    assert outcome.accepted.tolist() == []
    assert outcome.refused == [(bad[0], code)]
    assert poses.state(ids(1)) == before


def test_one_bad_pose_does_not_spoil_the_others() -> None:
    poses = table(1, 2, 3)
    outcome = poses.accept(batch(pose(1), pose(2, (0, 100, 0)), pose(3)), 10)
    assert outcome.accepted.tolist() == [1, 3]
    assert outcome.refused == [(2, "POSE_HEIGHT")]


def test_of_two_poses_of_one_avatar_the_last_counts() -> None:
    poses = table(1, 2)
    outcome = poses.accept(batch(pose(1, (100, 1_600, 0)), pose(2), pose(1, (200, 1_600, 0))), 50)
    assert sorted(outcome.accepted.tolist()) == [1, 2]
    assert poses.position(1) == (0.2, 1.6, 0.0)


def test_a_hand_that_is_not_tracked_has_no_reach() -> None:
    poses = table()
    outcome = poses.accept(batch(pose(left=(UNTRACKED, 32_767, 32_767))), 0)
    assert outcome.refused == []


def test_movement_refills_with_time_and_is_bounded() -> None:
    poses = table()
    # The whole allowance of 4 m at once, then 6 m/s.
    assert poses.accept(batch(pose(head=(4_000, 1_600, 0))), 0).refused == []
    assert poses.accept(batch(pose(head=(3_399, 1_600, 0))), 100).refused == [(1, "POSE_TOO_FAST")]
    assert poses.accept(batch(pose(head=(3_400, 1_600, 0))), 100).refused == []
    # Standing still for an hour saves up no more than 4 m.
    poses.accept(batch(pose(head=(-601, 1_600, 0))), 3_600_000)
    assert poses.position(1)[0] == 3.4
    assert poses.accept(batch(pose(head=(-600, 1_600, 0))), 3_600_000).refused == []


def test_time_that_goes_back_gives_nothing() -> None:
    poses = table()
    poses.accept(batch(pose(head=(4_000, 1_600, 0))), 1_000)
    assert poses.accept(batch(pose(head=(3_000, 1_600, 0))), 0).refused == [(1, "POSE_TOO_FAST")]
    assert poses.accept(batch(pose(head=(3_994, 1_600, 0))), 1_001).refused == []


@given(st.lists(st.tuples(st.integers(0, 400), st.integers(-900, 900)), max_size=60))
def test_nobody_outruns_the_limit(moves: list[tuple[int, int]]) -> None:
    """Whatever is asked, the way that was let through is at most allowance + speed × time."""
    poses, now_ms, way_mm, limits = table(), 0, 0.0, PoseSettings()
    for elapsed_ms, x in moves:
        now_ms += elapsed_ms
        before = poses.position(1)[0]
        poses.accept(batch(pose(head=(x * 6, 1_600, 0))), now_ms)
        way_mm += abs(poses.position(1)[0] - before) * 1_000
    most_mm = limits.movement_allowance_m * 1_000 + limits.speed_maximum_m_s * now_ms
    assert way_mm <= most_mm + 1e-6


@given(st.lists(RECORD, max_size=20), st.integers(0, 10_000))
def test_anything_is_judged_and_what_is_kept_is_plausible(
    records: list[tuple[object, ...]], now_ms: int
) -> None:
    poses = table(1, 2, 3)
    outcome = poses.accept(batch(*records), now_ms)
    named = [int(i) for i in outcome.accepted] + [i for i, _ in outcome.refused]
    assert sorted(named) == sorted({int(str(record[0])) for record in records})
    for avatar_id in (1, 2, 3):
        x, y, z = poses.position(avatar_id)
        assert -6 <= x <= 6
        assert 0.2 <= y <= 2.6
        assert -5 <= z <= 5


@given(st.lists(st.lists(NEAR, max_size=6), max_size=8))
def test_no_change_is_lost_and_idle_avatars_cost_nothing(
    batches: list[list[tuple[object, ...]]],
) -> None:
    poses = table(1, 2, 3)
    seen = dict.fromkeys((1, 2, 3), b"")
    now_ms = 0
    for records in [*batches, []]:
        now_ms += 10
        poses.accept(batch(*records), now_ms)
        told = poses.take_changed(ids(1, 2, 3), now_ms)
        for at in range(0, len(told), POSE_BYTES):
            record = told[at : at + POSE_BYTES]
            seen[int.from_bytes(record[:2], "little")] = record
        assert seen == {avatar_id: poses.record(avatar_id) for avatar_id in (1, 2, 3)}
        assert poses.take_changed(ids(1, 2, 3), now_ms) == b""


def test_who_stopped_is_told_once_more() -> None:
    poses = table()
    poses.accept(batch(pose(head=(100, 1_600, 0))), 50)
    moved = poses.take_changed(ids(1), 50)
    assert moved == poses.record(1)
    poses.accept(batch(pose(head=(100, 1_600, 0))), 900)
    assert poses.take_changed(ids(1), 1_049) == b""
    assert poses.take_changed(ids(1), 1_050) == moved
    assert poses.take_changed(ids(1), 9_999) == b""


def test_changes_of_one_room_are_not_taken_by_another() -> None:
    poses = table(1, 2)
    assert poses.take_changed(ids(1), 0) == poses.record(1)
    assert poses.take_changed(ids(2), 0) == poses.record(2)
    assert poses.take_changed(ids(), 0) == b""


def test_a_teleport_moves_and_refills() -> None:
    poses = table()
    poses.take_changed(ids(1), 0)
    poses.accept(batch(pose(head=(4_000, 1_600, 0))), 0)
    poses.allow_teleport(1, (-5.0, 0.0, 4.0), 90.0, 0)
    assert poses.position(1) == (-5.0, 1.6, 4.0)
    assert poses.yaw_degrees(1) == pytest.approx(90, abs=0.2)
    assert poses.take_changed(ids(1), 0) == poses.record(1)
    assert poses.accept(batch(pose(head=(-1_001, 1_600, 4_000))), 0).refused == []


def test_positions_beyond_a_record_are_kept_within_it() -> None:
    poses = PoseTable(2)
    poses.enter(1, (1e9, 0.0, -1e9), 0.0, 0)
    assert poses.position(1) == (COORDINATE_LIMIT_M, 1.6, -COORDINATE_LIMIT_M)


def test_who_is_gone_is_gone() -> None:
    poses = table(1, 2)
    poses.remove(1)
    assert poses.records([1, 2]) == poses.record(2)
    assert poses.take_changed(ids(1), 0) == b""
    assert poses.accept(batch(pose(1)), 0).refused == [(1, "POSE_UNKNOWN_AVATAR")]
    for use in (poses.remove, poses.position, poses.record, poses.yaw_degrees):
        with pytest.raises(ValueError, match="not in the pose table"):
            use(1)
    assert poses.can_enter(1)


def test_wrong_use_is_refused() -> None:
    poses = table()
    for avatar_id in (1, 0, 9):
        with pytest.raises(ValueError, match="cannot enter"):
            poses.enter(avatar_id, (0, 0, 0), 0, 0)
    with pytest.raises(ValueError, match="POSE_DTYPE"):
        poses.accept(np.zeros(3, dtype=np.uint8), 0)
    for capacity in (0, 65_536):
        with pytest.raises(ValueError, match="capacity"):
            PoseTable(capacity)


def test_floor_points() -> None:
    poses = table(1)
    poses.enter(2, (1.5, 0.0, -2.5), 0.0, 0, BOUNDS)
    assert poses.floor_points([2, 1]).tolist() == [[1.5, -2.5], [0, 0]]
    assert poses.floor_points([]).shape == (0, 2)
