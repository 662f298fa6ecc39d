"""A token bucket: a steady rate with a burst."""


class TokenBucket:
    """Holds at most `burst` tokens and gains `per_second`; the time is handed in, in ms."""

    __slots__ = ("_burst", "_per_ms", "_tokens", "_updated_ms")

    def __init__(self, per_second: float, burst: int, now_ms: int) -> None:
        self._per_ms = per_second / 1_000
        self._burst = float(burst)
        self._tokens = float(burst)
        self._updated_ms = now_ms

    def take(self, amount: int, now_ms: int) -> bool:
        """Take this many tokens, or none when there are not enough."""
        gained = max(0, now_ms - self._updated_ms) * self._per_ms
        self._tokens = min(self._burst, self._tokens + gained)
        self._updated_ms = now_ms
        if self._tokens < amount:
            return False
        self._tokens -= amount
        return True
