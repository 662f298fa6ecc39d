"""Deadlines of a room in a heap: a step looks at the earliest one and not at everybody."""

import heapq

TimerKey = tuple[str, int | str]
"""What is due ("grace", "offer", "gaze", "handling", "recommend_avatar", "recommend_party", "line"
or "admission") and for whom."""

_STALE_ALLOWED = 64


class Timers:
    """At most one deadline a key. Deadlines of equal time are due in the order they were set."""

    def __init__(self) -> None:
        self._due: dict[TimerKey, tuple[int, int]] = {}
        self._heap: list[tuple[int, int, TimerKey]] = []
        self._count = 0

    def set(self, key: TimerKey, due_ms: int) -> None:
        """Set or move a deadline."""
        self._count += 1
        self._due[key] = (due_ms, self._count)
        heapq.heappush(self._heap, (due_ms, self._count, key))
        # Moved and cancelled deadlines stay in the heap until they come up; were it not swept,
        # somebody whose gaze jumps about could grow it without end.
        if len(self._heap) > 2 * len(self._due) + _STALE_ALLOWED:
            self._heap = [(due, count, k) for k, (due, count) in self._due.items()]
            heapq.heapify(self._heap)

    def cancel(self, key: TimerKey) -> None:
        """Forget a deadline; none is fine."""
        self._due.pop(key, None)

    def is_due(self, now_ms: int) -> bool:
        """Whether `take_due` may find something."""
        return bool(self._heap) and self._heap[0][0] <= now_ms

    def is_set(self, key: TimerKey) -> bool:
        """Whether there is a deadline under this key."""
        return key in self._due

    def take_due(self, now_ms: int) -> TimerKey | None:
        """Remove and return the earliest deadline that has come, or None."""
        while self._heap and self._heap[0][0] <= now_ms:
            due_ms, count, key = heapq.heappop(self._heap)
            if self._due.get(key) == (due_ms, count):
                del self._due[key]
                return key
        return None

    def pending(self) -> list[tuple[str, str, int]]:
        """All deadlines as (what, for whom, when), sorted; for the state hash."""
        return sorted((key[0], str(key[1]), due_ms) for key, (due_ms, _) in self._due.items())

    def __len__(self) -> int:
        return len(self._due)
