"""A histogram for what is timed at every beat.

The library's own takes a lock for each of its numbers and adds to two of them: tens of microseconds
at a beat that has just been woken. Beats and drains happen on the event loop only, so plain
integers will do; they become a metric when somebody asks.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import accumulate

from prometheus_client.metrics_core import HistogramMetricFamily
from prometheus_client.registry import Collector


class Durations(Collector):
    """Seconds that something took, counted by `bounds` (ascending upper limits, inclusive)."""

    def __init__(self, name: str, meaning: str, bounds: Sequence[float]) -> None:
        self._name = name
        self._meaning = meaning
        self._bounds = tuple(bounds)
        self._counts = [0] * (len(self._bounds) + 1)
        self._sum_s = 0.0

    def observe(self, seconds: float) -> None:
        """Count one more."""
        self._counts[bisect_left(self._bounds, seconds)] += 1
        self._sum_s += seconds

    def collect(self) -> Iterator[HistogramMetricFamily]:
        """The metric as it is now."""
        limits = [*map(repr, self._bounds), "+Inf"]
        buckets = list(zip(limits, map(float, accumulate(self._counts)), strict=True))
        yield HistogramMetricFamily(self._name, self._meaning, buckets, self._sum_s)
