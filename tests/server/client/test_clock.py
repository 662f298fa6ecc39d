"""Server time is found through jitter and lopsided lines, and kept through a late packet."""

import random

from hypothesis import given
from hypothesis import strategies as st

from server.client.clock import ServerClock


class Local:
    def __init__(self) -> None:
        self.now_ms = 5_000.0

    def __call__(self) -> float:
        return self.now_ms


def exchange(
    clock: ServerClock, local: Local, offset_ms: float, up_ms: float, down_ms: float
) -> None:
    sent_ms = local.now_ms
    received_ms = sent_ms + up_ms + offset_ms
    local.now_ms += up_ms + 1 + down_ms
    clock.add(sent_ms, received_ms, received_ms + 1)


@given(st.floats(-1e6, 1e6), st.integers(0, 1_000))
def test_the_error_is_at_most_half_the_quickest_round_trip(offset_ms: float, seed: int) -> None:
    chance, local = random.Random(seed), Local()
    clock = ServerClock(local)
    for _ in range(12):
        exchange(clock, local, offset_ms, chance.uniform(1, 60), chance.uniform(1, 60))
    assert abs(clock.offset_ms - offset_ms) <= 60
    assert 2 <= clock.round_trip_ms <= 120


def test_one_late_packet_moves_nothing() -> None:
    local = Local()
    clock = ServerClock(local)
    for _ in range(5):
        exchange(clock, local, 1_000, 10, 10)
    exchange(clock, local, 1_000, 10, 4_000)
    assert clock.offset_ms == 1_000
    assert clock.now_ms() == round(local.now_ms + 1_000)


def test_a_guess_serves_until_the_first_exchange() -> None:
    local = Local()
    clock = ServerClock(local)
    clock.guess(9_000)
    assert clock.now_ms() == 9_000
    exchange(clock, local, 100, 5, 5)
    clock.guess(0)
    assert clock.offset_ms == 100
    assert clock.samples == 1


def test_an_exchange_that_went_backwards_is_not_used() -> None:
    clock = ServerClock(Local())
    clock.add(9_000, 0, 0)
    assert clock.samples == 0
