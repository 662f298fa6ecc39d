"""Rotations survive their packing within the stated error."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rooms.rotations import NO_ROTATION, facing, pack_rotation, unpack_rotation, yaw_of

COMPONENT = st.floats(-1, 1)


@given(st.tuples(COMPONENT, COMPONENT, COMPONENT, COMPONENT))
def test_packing_is_exact_to_the_stated_error(raw: tuple[float, ...]) -> None:
    length = math.hypot(*raw)
    if length < 0.01:
        return
    x, y, z, w = (part / length for part in raw)
    packed = pack_rotation(x, y, z, w)
    assert 0 <= packed < 1 << 32
    back = unpack_rotation(packed)
    cosine = min(1.0, abs(sum(a * b for a, b in zip((x, y, z, w), back, strict=True))))
    assert math.degrees(2 * math.acos(cosine)) <= 0.28


@given(st.integers(0, (1 << 32) - 1))
def test_every_pattern_of_bits_is_a_rotation(packed: int) -> None:
    assert math.hypot(*unpack_rotation(packed)) == pytest.approx(1)


@given(st.floats(-1e6, 1e6))
def test_a_yaw_is_what_it_was(yaw_degrees: float) -> None:
    difference = (yaw_of(facing(yaw_degrees)) - yaw_degrees + 180) % 360 - 180
    assert abs(difference) < 0.2


def test_known_values() -> None:
    # w is the largest (3 in the two top bits), the others are the middle of 0..1023.
    assert NO_ROTATION == 3 << 30 | 512 << 20 | 512 << 10 | 512
    assert yaw_of(NO_ROTATION) == pytest.approx(0, abs=0.1)
    assert yaw_of(facing(90)) == pytest.approx(90, abs=0.2)
