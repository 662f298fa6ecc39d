"""Bodies move as people do: no jumps, no spins, hands within reach, gazes that arrive."""

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from server.bots.motion import TURN_RAD_S, Body, Hands, Stance, rotation, yaw_towards

FRAME_S = 0.05
coordinates = st.floats(-15.0, 15.0)
ways = st.lists(st.tuples(coordinates, coordinates), max_size=6)


def frames(body: Body, seconds: float) -> list[Stance]:
    stances = []
    for _ in range(round(seconds / FRAME_S)):
        body.step(FRAME_S)
        stances.append(body.stance())
    return stances


def forward(quaternion: tuple[float, float, float, float]) -> tuple[float, float, float]:
    """Where -Z points after the rotation."""
    x, y, z, w = quaternion
    return (-2 * (x * z + w * y), -2 * (y * z - w * x), -(1 - 2 * (x * x + y * y)))


def test_a_body_arrives_and_stands() -> None:
    body = Body((0.0, 0.0), 0.0)
    body.walk([(3.0, 0.0), (3.0, 3.0)])
    frames(body, 12.0)
    assert body.arrived
    assert math.dist(body.position, (3.0, 3.0)) < 0.1


def test_a_gaze_arrives() -> None:
    body = Body((0.0, 0.0), 1.0, height_m=1.7)
    target = (2.0, 1.0, -2.0)
    body.look_at(target)
    stance = frames(body, 3.0)[-1]
    ahead = forward(stance.head_rotation)
    wanted = [t - h for t, h in zip(target, (0.0, 1.7, 0.0), strict=True)]
    scale = math.hypot(*wanted)
    assert all(abs(a - w / scale) < 0.02 for a, w in zip(ahead, wanted, strict=True))


def test_hands_hold_and_offer_before_the_body() -> None:
    body = Body((0.0, 0.0), 0.0)
    body.hands = Hands.HOLDING
    holding = frames(body, 1.0)[-1]
    body.hands = Hands.OFFERING
    offering = frames(body, 1.0)[-1]
    assert -0.45 < holding.right[2] < -0.3
    assert offering.right[2] < -0.55
    assert holding.left == offering.left or holding.left[1] < -0.6


def test_placing_forgets_the_way() -> None:
    body = Body((0.0, 0.0), 0.0)
    body.walk([(9.0, 9.0)])
    body.place((1.0, 2.0), 0.5)
    frames(body, 1.0)
    assert body.position == (1.0, 2.0)


def test_yaw_zero_looks_along_minus_z() -> None:
    assert yaw_towards((0.0, 0.0), (0.0, -1.0)) == 0.0
    assert abs(yaw_towards((0.0, 0.0), (-1.0, 0.0)) - math.pi / 2) < 1e-12
    assert forward(rotation(math.pi / 2, 0.0))[0] < -0.999
    assert forward(rotation(0.0, 0.5))[1] > 0.4


@settings(max_examples=50)
@given(ways, st.floats(0.6, 1.6), st.floats(-7.0, 7.0))
def test_motion_is_human(way: list[tuple[float, float]], speed_m_s: float, yaw: float) -> None:
    body = Body((0.0, 0.0), yaw, speed_m_s=speed_m_s)
    body.walk(way)
    before = body.stance()
    yaw_before = body.yaw
    for _ in range(120):
        body.step(FRAME_S)
        stance = body.stance()
        moved = math.dist(before.head, stance.head)
        assert moved <= (speed_m_s + 0.2) * FRAME_S
        assert abs(body.yaw - yaw_before) <= TURN_RAD_S * FRAME_S + 1e-9
        assert 0.4 < math.hypot(*stance.right) < 1.0
        assert 0.4 < math.hypot(*stance.left) < 1.0
        assert abs(math.hypot(*stance.head_rotation) - 1) < 1e-9
        before, yaw_before = stance, body.yaw
