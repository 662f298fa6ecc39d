"""What a client counts."""

from collections import deque
from dataclasses import dataclass, field


@dataclass(slots=True)
class ClientStatistics:
    """Counts since the client was made; `latencies_ms` are of the newest answered requests.

    `gaps` counts reliable events that were missing where they should have been: always 0 unless
    there is a fault.
    """

    latencies_ms: deque[float]
    messages_in: int = 0
    bytes_in: int = 0
    messages_out: int = 0
    bytes_out: int = 0
    events: int = 0
    poses_skipped: int = 0
    drops: int = 0
    resumed: int = 0
    fresh: int = 0
    gaps: int = 0
    errors: dict[str, int] = field(default_factory=dict)

    def percentile_ms(self, percent: float) -> float:
        """Latency of requests by nearest rank; 0 before the first answer."""
        ordered = sorted(self.latencies_ms)
        if not ordered:
            return 0.0
        rank = max(1, -(-len(ordered) * percent // 100))
        return ordered[min(len(ordered), int(rank)) - 1]
