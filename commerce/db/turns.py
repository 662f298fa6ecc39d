"""Places for so many at a time: first come, first served, but for those who go first."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Turns:
    """A semaphore that some may pass before others who wait."""

    def __init__(self, places: int) -> None:
        self._places = places
        self._waiting: deque[asyncio.Future[None]] = deque()

    @asynccontextmanager
    async def take(self, *, first: bool) -> AsyncIterator[None]:
        """Have a place while the block runs; `first`: the next that is free."""
        if self._places and not self._waiting:
            self._places -= 1
        else:
            await self._wait(first=first)
        try:
            yield
        finally:
            self._give()

    async def _wait(self, *, first: bool) -> None:
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if first:
            self._waiting.appendleft(place)
        else:
            self._waiting.append(place)
        try:
            await place
        except asyncio.CancelledError:
            if not place.cancelled():
                # It was given the place at the very moment when it gave up.
                self._give()
            raise

    def _give(self) -> None:
        while self._waiting:
            place = self._waiting.popleft()
            if not place.done():
                place.set_result(None)
                return
        self._places += 1
