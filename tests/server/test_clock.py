"""The clock never goes back, whatever the wall clock does."""

import time

from hypothesis import given
from hypothesis import strategies as st

from server.clock import SystemClock


def test_tells_the_time_of_the_day() -> None:
    assert abs(SystemClock()() - time.time() * 1_000) < 5_000


@given(st.lists(st.integers(0, 10**12), min_size=1))
def test_goes_with_the_monotonic_clock(steps_ns: list[int]) -> None:
    now_ns = 0
    # The wall clock is asked once; afterwards it may say what it wants.
    wall = iter([1_900_000_000_000_000_000])
    clock = SystemClock(lambda: next(wall), lambda: now_ns)
    last = clock()
    assert last == 1_900_000_000_000
    for step in steps_ns:
        now_ns += step
        assert clock() == 1_900_000_000_000 + now_ns // 1_000_000 >= last
        last = clock()
