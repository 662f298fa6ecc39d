"""Latencies are by nearest rank, of the newest requests."""

from collections import deque

import pytest

from server.client.statistics import ClientStatistics


@pytest.mark.parametrize(("percent", "expected"), [(0, 1), (50, 50), (99, 99), (100, 100)])
def test_percentiles(percent: float, expected: float) -> None:
    statistics = ClientStatistics(deque(float(value) for value in range(100, 0, -1)))
    assert statistics.percentile_ms(percent) == expected


def test_without_samples_it_is_nothing() -> None:
    assert ClientStatistics(deque(maxlen=3)).percentile_ms(99) == 0.0
