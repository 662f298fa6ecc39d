"""Server time from four timestamps (the on-wire arithmetic of NTP, RFC 5905, section 8).

A question leaves at t0 and its answer arrives at t3 on our clock; the server saw it at t1 and
answered at t2 on its own:

    round trip = (t3 - t0) - (t2 - t1)
    offset     = ((t1 - t0) + (t2 - t3)) / 2        server clock less ours

An offset is wrong by at most half its round trip, so only the quicker half of the newest samples
counts, and of those the median: one late packet moves nothing.
"""

import statistics
from collections import deque
from collections.abc import Callable

SAMPLES_KEPT = 16


class ServerClock:
    """The server's time as this client knows it. `local_ms` reads our clock (ms, never back)."""

    def __init__(self, local_ms: Callable[[], float]) -> None:
        self._local_ms = local_ms
        self._samples: deque[tuple[float, float]] = deque(maxlen=SAMPLES_KEPT)
        self._offset_ms = 0.0
        self.round_trip_ms = 0.0

    def add(self, sent_ms: float, received_ms: float, answered_ms: float) -> None:
        """Take an exchange whose answer has just arrived; one that went backwards is not used."""
        arrived_ms = self._local_ms()
        round_trip_ms = (arrived_ms - sent_ms) - (answered_ms - received_ms)
        if round_trip_ms < 0:
            return
        offset_ms = ((received_ms - sent_ms) + (answered_ms - arrived_ms)) / 2
        self._samples.append((round_trip_ms, offset_ms))
        quicker = sorted(self._samples)[: (len(self._samples) + 1) // 2]
        self.round_trip_ms = quicker[0][0]
        self._offset_ms = statistics.median(offset for _, offset in quicker)

    def guess(self, server_ms: float) -> None:
        """A first guess from a message that carries server time; used until the first exchange."""
        if not self._samples:
            self._offset_ms = server_ms - self._local_ms()

    @property
    def samples(self) -> int:
        """Exchanges that count."""
        return len(self._samples)

    @property
    def offset_ms(self) -> float:
        """Server clock less ours."""
        return self._offset_ms

    def now_ms(self) -> int:
        """Server time, ms since the Unix epoch."""
        return round(self._local_ms() + self._offset_ms)
