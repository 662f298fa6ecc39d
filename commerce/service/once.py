"""Lets twins of one request share one run and one answer.

A double click, or a client that repeats what it has not heard the end of, arrives while the first
one is still running. The twin waits for it here; after its end the database knows the key.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeVar

from commerce.errors import IdempotencyKeyReusedError

T = TypeVar("T")


class Once(Generic[T]):
    """Runs of requests that are under way, by key."""

    def __init__(self) -> None:
        self._running: dict[tuple[str, ...], tuple[str, asyncio.Task[T]]] = {}

    async def run(
        self, key: tuple[str, ...], body_hash: str, work: Callable[[], Awaitable[T]]
    ) -> T:
        """Run `work`, or wait for the run of this key that is under way.

        The run goes on when the one who asked is cancelled. Raises IDEMPOTENCY_KEY_REUSED when the
        run under way is of another request.
        """
        found = self._running.get(key)
        if found is None:
            task = asyncio.ensure_future(_started(work))
            self._running[key] = (body_hash, task)
            task.add_done_callback(lambda done: self._ended(key, done))
        else:
            before, task = found
            if before != body_hash:
                raise IdempotencyKeyReusedError
        return await asyncio.shield(task)

    def running(self, key: tuple[str, ...]) -> bool:
        """Whether a run of this key is under way."""
        return key in self._running

    async def finish(self) -> None:
        """Wait for all that is under way."""
        while self._running:
            await asyncio.wait([task for _, task in self._running.values()])

    def _ended(self, key: tuple[str, ...], task: asyncio.Task[Any]) -> None:
        self._running.pop(key, None)
        if not task.cancelled():
            # Looked at here, so that an error nobody waits for any more is no warning.
            task.exception()


async def _started(work: Callable[[], Awaitable[T]]) -> T:
    return await work()
