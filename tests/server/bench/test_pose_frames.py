"""Poses of the load are good poses, and say when they were sent."""

import math

from hypothesis import given
from hypothesis import strategies as st

from server.bench.pose_frames import (
    CIRCLE_M,
    PERIOD_S,
    RECORD,
    ROTATION_AT,
    SPEED_M_S,
    STEPS,
    PoseTrack,
    age_ms,
    rotation_of,
    stamp_now,
)
from server.pose_intake import is_pose_frame
from server.wire import codec
from tests.fuzz.mutations import masked

STAMPS = st.integers(0, 2**19 - 1)


@given(sent=STAMPS, late=st.integers(0, 400_000))
def test_the_hidden_time_comes_out_again(sent: int, late: int) -> None:
    assert age_ms(rotation_of(sent), (sent + late) % 2**19) == late / 10


@given(sent=STAMPS)
def test_it_is_hidden_in_a_rotation(sent: int) -> None:
    first, second, third = (((rotation_of(sent) >> shift) & 0x3FF) - 512 for shift in (20, 10, 0))
    assert sum((part / 512 / math.sqrt(2)) ** 2 for part in (first, second, third)) < 1


def test_other_rotations_carry_no_time() -> None:
    for rotation in (0, 2**32 - 1, 3 << 30 | 512 << 20 | 512 << 10 | 512, 2 << 30 | 300):
        assert age_ms(rotation, stamp_now()) is None


def test_frames_are_good_poses_that_walk_a_circle() -> None:
    track = PoseTrack(7, (3.0, -2.0))
    before = (3.0, -2.0)
    for _ in range(STEPS + 2):
        frame = track.next_frame()
        assert is_pose_frame(frame)
        message = bytes(byte ^ frame[2 + at % 4] for at, byte in enumerate(frame[6:]))
        body = codec.decode(message).body
        assert isinstance(body, bytes)
        assert masked(message, mask=frame[2:6]) == frame
        avatar_id, x, _y, z, *_rest = RECORD.unpack(body)
        assert avatar_id == 7
        place = (x / 1_000, z / 1_000)
        assert math.dist(place, before) <= SPEED_M_S * PERIOD_S * 1.05
        assert math.dist(place, (3.0, -2.0)) <= 2 * CIRCLE_M + 0.002
        before = place
        rotation = int.from_bytes(body[ROTATION_AT : ROTATION_AT + 4], "little")
        age = age_ms(rotation, stamp_now())
        assert age is not None
        assert age < 10_000
