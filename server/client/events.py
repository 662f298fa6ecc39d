"""Handing events on: callbacks, streams, and waiting for one event."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Self

from server.client.errors import ClientError, EventsMissed, TimedOut


class Event(NamedTuple):
    """Something that happened. Its body has the fields of the message of the same name."""

    name: str
    body: Mapping[str, Any]


Callback = Callable[[Mapping[str, Any]], object]
Condition = Callable[[], bool]


class EventStream:
    """An endless `async for` of events, in order.

    It keeps at most `queue_max` events for its reader. A reader who is slower gets EventsMissed
    after what was kept, because a stream with a hole in it would be worse. `close` it (or leave
    its `with` block) when it is not read to its end.
    """

    def __init__(self, queue_max: int, on_close: "Callable[[EventStream], None]") -> None:
        self._queue: deque[Event] = deque()
        self._queue_max = queue_max
        self._on_close = on_close
        self._news = asyncio.Event()
        self._missed = False
        self._ended = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_reason: object) -> None:
        self.close()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        while not self._queue:
            if self._missed:
                self.close()
                raise EventsMissed(
                    "EVENTS_MISSED", "This reader of events was too slow; some are missing."
                )
            if self._ended:
                raise StopAsyncIteration
            self._news.clear()
            await self._news.wait()
        return self._queue.popleft()

    def put(self, event: Event) -> None:
        """Keep an event for the reader; after a missed one, nothing more is kept."""
        if self._missed or len(self._queue) >= self._queue_max:
            self._missed = True
        else:
            self._queue.append(event)
        self._news.set()

    def end(self) -> None:
        """No more events; the reader gets what is kept, then the end."""
        self._ended = True
        self._news.set()

    def close(self) -> None:
        """The reader has enough."""
        self.end()
        self._on_close(self)


class EventHub:
    """Spreads events to everybody who wants them."""

    def __init__(self, queue_max: int) -> None:
        self._queue_max = queue_max
        self._callbacks: dict[str, list[Callback]] = {}
        self._streams: set[EventStream] = set()
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
        for stream in self._streams:
            stream.put(event)
        self.look()

    def call(self, name: str, body: Mapping[str, Any]) -> None:
        """Tell only those with a callback: for poses, which come too often for anything else."""
        for callback in tuple(self._callbacks.get(name, ())):
            callback(body)

    def stream(self) -> "EventStream":
        """Events from now on, until the client is closed."""
        stream = EventStream(self._queue_max, self._streams.discard)
        self._streams.add(stream)
        if self._ended is not None:
            stream.end()
        return stream

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
        for stream in tuple(self._streams):
            stream.end()
        for _, future in tuple(self._watches):
            if not future.done():
                future.set_exception(error)
