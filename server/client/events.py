"""Handing events on: callbacks, streams, and waiting for one event."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, NamedTuple

from server.client.errors import ClientError, EventsMissed, TimedOut


class Event(NamedTuple):
    """Something that happened. Its body has the fields of the message of the same name."""

    name: str
    body: Mapping[str, Any]


Callback = Callable[[Mapping[str, Any]], object]
Condition = Callable[[], bool]

_END = Event("", {})


class EventHub:
    """Spreads events to everybody who wants them.

    A stream keeps at most `queue_max` events for its reader; a reader who is slower gets
    EventsMissed, because a stream with a hole in it would be worse.
    """

    def __init__(self, queue_max: int) -> None:
        self._queue_max = queue_max
        self._callbacks: dict[str, list[Callback]] = {}
        self._streams: dict[asyncio.Queue[Event], list[bool]] = {}
        self._watches: list[tuple[Condition, asyncio.Future[None]]] = []
        self._ended: ClientError | None = None

    def on(self, name: str, callback: Callback) -> Callable[[], None]:
        """Call back at every event of this name; the return value ends it."""
        self._callbacks.setdefault(name, []).append(callback)
        return lambda: self._callbacks[name].remove(callback)

    def wants(self, name: str) -> bool:
        """Whether anybody has a callback for this name."""
        return bool(self._callbacks.get(name))

    def emit(self, name: str, body: Mapping[str, Any]) -> None:
        """Tell everybody."""
        for callback in tuple(self._callbacks.get(name, ())):
            callback(body)
        event = Event(name, body)
        for queue, missed in self._streams.items():
            if queue.full():
                missed[0] = True
            else:
                queue.put_nowait(event)
        self.look()

    def call(self, name: str, body: Mapping[str, Any]) -> None:
        """Tell only those with a callback: for poses, which come too often for anything else."""
        for callback in tuple(self._callbacks.get(name, ())):
            callback(body)

    async def stream(self) -> AsyncIterator[Event]:
        """Events from now on, until the client is closed."""
        queue: asyncio.Queue[Event] = asyncio.Queue(self._queue_max)
        missed = [False]
        self._streams[queue] = missed
        try:
            while self._ended is None or not queue.empty():
                event = await queue.get()
                if event is _END:
                    return
                yield event
                if missed[0] and queue.empty():
                    raise EventsMissed(
                        "EVENTS_MISSED", "This reader of events was too slow; some are missing."
                    )
        finally:
            del self._streams[queue]

    async def wait_for(
        self, name: str, predicate: Callable[[Mapping[str, Any]], bool] | None, timeout_s: float
    ) -> Mapping[str, Any]:
        """The next event of this name that fits."""
        found: list[Mapping[str, Any]] = []

        def take(body: Mapping[str, Any]) -> None:
            if not found and (predicate is None or predicate(body)):
                found.append(body)

        stop = self.on(name, take)
        try:
            await self.until(lambda: bool(found), timeout_s, name)
        finally:
            stop()
        return found[0]

    async def until(self, condition: Condition, timeout_s: float, what: str) -> None:
        """Wait until a condition holds; it is looked at now and after every event."""
        if condition():
            return
        if self._ended is not None:
            raise self._ended
        watch = (condition, asyncio.get_running_loop().create_future())
        self._watches.append(watch)
        try:
            async with asyncio.timeout(timeout_s):
                await watch[1]
        except TimeoutError as error:
            raise TimedOut(
                "TIMED_OUT", f"Waited {timeout_s:g} s in vain for {what}.", {"what": what}
            ) from error
        finally:
            self._watches.remove(watch)

    def look(self) -> None:
        """Look at the conditions that somebody waits for."""
        for condition, future in tuple(self._watches):
            if not future.done() and condition():
                future.set_result(None)

    def end(self, error: ClientError) -> None:
        """Nothing comes any more: streams end, waits fail."""
        self._ended = error
        for queue in self._streams:
            if not queue.full():
                queue.put_nowait(_END)
        for _, future in tuple(self._watches):
            if not future.done():
                future.set_exception(error)
