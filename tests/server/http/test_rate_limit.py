"""Token buckets by address: fair, bounded, and never more than the settings say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.http.rate_limit import UNKNOWN_ADDRESS, AddressLimiter, network_of


class TurnedClock:
    def __init__(self) -> None:
        self.now_ms = 1_900_000_000_000

    def __call__(self) -> int:
        return self.now_ms


def test_burst_then_rate() -> None:
    clock = TurnedClock()
    limiter = AddressLimiter(10, 3, 100, clock)
    assert [limiter.wait_ms("a") for _ in range(4)] == [0, 0, 0, 100]
    assert limiter.wait_ms("b") == 0
    clock.now_ms += 99
    assert limiter.wait_ms("a") == 1
    clock.now_ms += 1
    assert limiter.wait_ms("a") == 0


def test_the_wait_is_long_enough_and_not_longer() -> None:
    clock = TurnedClock()
    limiter = AddressLimiter(3, 1, 100, clock)
    assert limiter.wait_ms("a") == 0
    wait_ms = limiter.wait_ms("a")
    assert wait_ms in (333, 334)
    clock.now_ms += 334
    assert limiter.wait_ms("a") == 0


def test_the_table_is_bounded_and_forgets_the_oldest() -> None:
    limiter = AddressLimiter(0.001, 1, 3, TurnedClock())
    for address in ("a", "b", "c"):
        assert limiter.wait_ms(address) == 0
    assert limiter.wait_ms("a") > 0
    assert limiter.wait_ms("d") == 0
    assert len(limiter) == 3
    assert limiter.wait_ms("a") > 0
    assert limiter.wait_ms("b") == 0


@given(
    st.integers(1, 50),
    st.integers(1, 20),
    st.lists(st.integers(0, 500), max_size=200),
)
def test_never_more_than_burst_and_rate(rate: int, burst: int, steps_ms: list[int]) -> None:
    clock = TurnedClock()
    limiter = AddressLimiter(rate, burst, 10, clock)
    started_ms = clock.now_ms
    allowed = 0
    for step in steps_ms:
        clock.now_ms += step
        allowed += limiter.wait_ms("a") == 0
        assert allowed <= burst + (clock.now_ms - started_ms) * rate / 1_000 + 1e-6


@pytest.mark.parametrize(
    ("host", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::1", "::/64"),
        ("testclient", UNKNOWN_ADDRESS),
        ("", UNKNOWN_ADDRESS),
        (None, UNKNOWN_ADDRESS),
    ],
)
def test_what_counts_as_one_address(host: str | None, network: str) -> None:
    assert network_of(host) == network
