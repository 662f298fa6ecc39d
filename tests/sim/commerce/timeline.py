"""An event loop whose time is a number: whoever waits is woken at once, in the right order.

There are no threads and no sockets in it. What would go to a thread runs on the spot and is
answered a little later, so that others get in between; how much later is drawn from the story's
chance. So a story is the same in every run, and an hour costs nothing.
"""

import asyncio
import random
import selectors
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from typing import Any, TypeVar

T = TypeVar("T")

THREAD_MS = (0, 0, 0, 0, 1, 1, 4)
"""After how long a thread answers, one as likely as the other."""


TURNS_MAX = 50_000
"""Many times what a story needs."""


class StuckError(AssertionError):
    """Somebody waits for what will never happen."""


class _NoSockets(selectors.SelectSelector):
    """Instead of waiting for a socket, time goes on."""

    def __init__(self, wait: Callable[[float], None]) -> None:
        super().__init__()
        self._wait = wait
        self._turns = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise StuckError("nothing will happen any more, and somebody is waiting")
        self._turns += 1
        if self._turns > TURNS_MAX:
            raise StuckError(f"the story does not end in {TURNS_MAX} turns of its loop")
        if timeout > 0:
            self._wait(timeout)
        return []


class Timeline(asyncio.SelectorEventLoop):
    """The loop of a story. `time()` is seconds since its beginning."""

    def __init__(
        self, chance: random.Random, selector: selectors.BaseSelector | None = None
    ) -> None:
        self._chance = chance
        self._now_s = 0.0
        self.complaints: list[str] = []
        """What would have been logged as an error that nobody looked at."""
        super().__init__(selector or _NoSockets(self._go_on))
        self.set_exception_handler(self._complain)

    def _go_on(self, seconds: float) -> None:
        self._now_s += seconds

    def time(self) -> float:
        return self._now_s

    def run_in_executor(  # type: ignore[override]
        self,
        executor: Executor | None,  # noqa: ARG002 - there are no threads
        func: Callable[..., T],
        *args: Any,
    ) -> asyncio.Future[T]:
        """Run it here; the answer comes later."""
        answer: asyncio.Future[T] = self.create_future()
        try:
            result = func(*args)
        except BaseException as error:  # noqa: BLE001 - the one who waits raises it
            self._later(answer, answer.set_exception, error)
        else:
            self._later(answer, answer.set_result, result)
        return answer

    def _later(self, answer: asyncio.Future[T], settle: Callable[[Any], None], value: Any) -> None:
        def arrive() -> None:
            if not answer.done():
                settle(value)

        delay_ms = self._chance.choice(THREAD_MS)
        if delay_ms:
            self.call_later(delay_ms / 1_000, arrive)
        else:
            self.call_soon(arrive)

    def _complain(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if error is None or isinstance(error, Exception):
            self.complaints.append(f"{context['message']}: {error!r}")


def run(timeline: Timeline, story: Coroutine[Any, Any, T]) -> T:
    """Run a story to its end and let go of everything."""
    try:
        return timeline.run_until_complete(story)
    finally:
        left = asyncio.all_tasks(timeline)
        for task in left:
            task.cancel()
        if left:
            timeline.run_until_complete(asyncio.wait(left))
        timeline.close()
