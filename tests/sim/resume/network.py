"""Virtual time, and lines between two parties that are slow, cut data anywhere and break."""

import heapq
import random
from collections.abc import Callable
from functools import partial

DELAY_MS = (1, 400)
"""Least and greatest delay of a piece of data."""


class Timeline:
    """A clock that stands until the next thing that is due, and then jumps there."""

    def __init__(self, now_ms: int) -> None:
        self.now_ms = now_ms
        self._due: list[tuple[int, int, Callable[[], None]]] = []
        self._count = 0

    def __call__(self) -> int:
        return self.now_ms

    def later(self, delay_ms: int, do: Callable[[], None]) -> None:
        """Do something so much later; what is due at one time is done in the order of asking."""
        self._count += 1
        heapq.heappush(self._due, (self.now_ms + delay_ms, self._count, do))

    def run_until(self, end_ms: int) -> None:
        while self._due and self._due[0][0] <= end_ms:
            due_ms, _, do = heapq.heappop(self._due)
            self.now_ms = max(self.now_ms, due_ms)
            do()
        self.now_ms = end_ms


class Pipe:
    """One direction of a line: bytes come in order, in pieces of any size, each after a delay.

    When it breaks, some of what is under way still comes, cut at any byte, and then nothing does.
    `finish` lets all come, and then says that it was the end.
    """

    def __init__(
        self,
        time: Timeline,
        chance: random.Random,
        take: Callable[[bytes], None],
        ended: Callable[[], None],
    ) -> None:
        self._time = time
        self._chance = chance
        self._take = take
        self._ended = ended
        self._under_way = b""
        self._left: int | None = None
        self._free_ms = 0
        self._over = False
        self._finishing = False

    def write(self, data: bytes) -> None:
        if self._over or self._finishing or self._left is not None:
            return
        self._under_way += data
        self._deliver_later(len(data))

    def finish(self) -> None:
        """Nothing more will be written."""
        self._finishing = True
        self._deliver_later(0)

    def break_off(self) -> None:
        """From now on at most so much of what is under way comes through."""
        if self._left is None:
            self._left = self._chance.randint(0, len(self._under_way))

    def close(self) -> None:
        """The reader is gone."""
        self._over = True

    def _deliver_later(self, size: int) -> None:
        # Pieces keep their order: none comes before the one before it.
        arrives_ms = max(self._free_ms, self._time.now_ms + self._chance.randint(*DELAY_MS))
        self._free_ms = arrives_ms
        while size > 0:
            piece = self._chance.randint(1, size)
            size -= piece
            self._time.later(arrives_ms - self._time.now_ms, partial(self._arrive, piece))
        if self._finishing:
            self._time.later(arrives_ms - self._time.now_ms, self._end)

    def _arrive(self, size: int) -> None:
        if self._over:
            return
        if self._left is not None:
            size = min(size, self._left)
            self._left -= size
        piece, self._under_way = self._under_way[:size], self._under_way[size:]
        if piece:
            self._take(piece)

    def _end(self) -> None:
        if not self._over and self._left is None:
            self._over = True
            self._ended()


class Splitter:
    """Cuts a stream of bytes into messages: WebSocket frames as servers write them (RFC 6455)."""

    def __init__(self) -> None:
        self._data = b""

    def feed(self, data: bytes) -> list[bytes]:
        """The messages that are whole now."""
        self._data += data
        messages = []
        while len(self._data) >= 2:
            length, start = self._data[1] & 0x7F, 2
            if length >= 126:
                wide = 2 if length == 126 else 8
                start += wide
                if len(self._data) < start:
                    break
                length = int.from_bytes(self._data[2:start], "big")
            if len(self._data) < start + length:
                break
            messages.append(self._data[start : start + length])
            self._data = self._data[start + length :]
        return messages
