"""A token bucket never gives more than burst plus rate."""

from hypothesis import given
from hypothesis import strategies as st

from server.rate_limit import TokenBucket


@given(st.floats(0.1, 500), st.integers(1, 200), st.lists(st.integers(0, 300), max_size=80))
def test_never_more_than_promised(rate: float, burst: int, pauses_ms: list[int]) -> None:
    bucket = TokenBucket(rate, burst, 0)
    now_ms, taken = 0, 0
    for pause_ms in pauses_ms:
        now_ms += pause_ms
        taken += bucket.take(1, now_ms)
        assert taken <= burst + rate * now_ms / 1_000 + 1e-6


def test_a_pause_fills_it_up_to_the_burst() -> None:
    bucket = TokenBucket(10, 2, 0)
    assert [bucket.take(1, 0) for _ in range(3)] == [True, True, False]
    assert bucket.take(1, 100)
    assert [bucket.take(1, 10**6) for _ in range(3)] == [True, True, False]


def test_nothing_is_taken_when_there_is_too_little() -> None:
    bucket = TokenBucket(1, 5, 0)
    assert not bucket.take(6, 0)
    assert bucket.take(5, 0)


def test_a_clock_that_goes_back_gives_nothing() -> None:
    bucket = TokenBucket(1_000, 1, 1_000)
    assert bucket.take(1, 1_000)
    assert not bucket.take(1, 0)
