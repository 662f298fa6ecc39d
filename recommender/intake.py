"""Interactions and impressions on their way to the database: a bounded queue.

When it is full the oldest is dropped and counted: the newest behaviour is worth most, and a slow
disk must never hold up a room.
"""

from collections import deque
from collections.abc import Iterator, Sequence

from recommender.impressions import KeptImpression
from recommender.interactions import KeptInteraction

Kept = KeptInteraction | KeptImpression


class Intake:
    """A queue of at most `limit` things to be stored, oldest first."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._waiting: deque[Kept] = deque()
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def __iter__(self) -> Iterator[Kept]:
        return iter(self._waiting)

    def put(self, kept: Kept) -> None:
        self._waiting.append(kept)
        self._shed()

    def take(self, count: int) -> list[Kept]:
        """The oldest `count`, which leave the queue."""
        return [self._waiting.popleft() for _ in range(min(count, len(self._waiting)))]

    def give_back(self, batch: Sequence[Kept]) -> None:
        """What was taken and could not be written, back to the front."""
        self._waiting.extendleft(reversed(batch))
        self._shed()

    def erase(self, person_id: str) -> int:
        """Forget what is waiting of a person. Returns how many there were."""
        before = len(self._waiting)
        self._waiting = deque(kept for kept in self._waiting if kept.person_id != person_id)
        return before - len(self._waiting)

    def _shed(self) -> None:
        while len(self._waiting) > self._limit:
            self._waiting.popleft()
            self.dropped += 1
