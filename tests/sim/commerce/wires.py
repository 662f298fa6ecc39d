"""A story's loop with connections to a real PostgreSQL, which takes no time of the story's.

While the server works the story stands still: its time goes on only when no question is on its way
to the server. One question is there at a time, so that whoever was first is served first. An answer
is there at once and is heard a little later, drawn from the story's chance; so others get between.

What a question is, and when it is answered, the wire sees by itself: a client ends a question by
Sync, Query or its first message, and the server its answer by ReadyForQuery; a client that wants a
statement described ends by Flush, and the description or an error is the answer
(https://www.postgresql.org/docs/current/protocol-message-formats.html).
"""

import asyncio
import random
import selectors
import struct
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any, cast

from tests.sim.commerce.timeline import THREAD_MS, StuckError, Timeline

SERVER_LIMIT_S = 60.0
"""How long the server may take for an answer, in real time."""

TURNS_MAX = 1_000_000
READY = frozenset((b"Z",))
DESCRIBED = frozenset((b"T", b"n", b"E"))
ANSWERS = {b"S": READY, b"Q": READY, b"H": DESCRIBED, b"X": frozenset[bytes]()}
"""What ends the answer, by what ended the question. After Terminate the server only hangs up."""
HEAD_BYTES = 5
"""A message is its kind, one byte, and its length, four, which counts itself."""


class _Sockets(selectors.DefaultSelector):
    """Waits for the server, else lets the story's time go on."""

    def __init__(
        self,
        asked: Callable[[], bool],
        connecting: Callable[[], bool],
        go_on: Callable[[float], None],
    ) -> None:
        super().__init__()
        self._asked = asked
        self._connecting = connecting
        self._go_on = go_on
        self._turns = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self._turns += 1
        if self._turns > TURNS_MAX:
            raise StuckError(f"the story does not end in {TURNS_MAX} turns of its loop")
        # To be connected takes steps of the loop's own as well; they come first.
        if self._asked() or (timeout != 0 and self._connecting()):
            found = super().select(SERVER_LIMIT_S)
            if not found:
                raise StuckError(f"the database did not answer in {SERVER_LIMIT_S} s")
            return found
        found = super().select(0)
        if not found and timeout is None:
            raise StuckError("nothing will happen any more, and somebody is waiting")
        if not found and timeout:
            self._go_on(timeout)
        return found


class WiredTimeline(Timeline):
    """The loop of a story that is told at a server. `cut` lets go of all connections at once, as
    the end of a process does, and refuses new ones until `mend`."""

    def __init__(self, chance: random.Random) -> None:
        self._connecting = 0
        self._waiting: deque[Wire] = deque()
        self._asking: Wire | None = None
        self._wires: set[Wire] = set()
        self._cut = False
        sockets = _Sockets(
            lambda: self._asking is not None, lambda: self._connecting > 0, self._go_on
        )
        super().__init__(chance, sockets)

    async def create_connection(  # type: ignore[override]
        self, protocol_factory: Callable[[], asyncio.Protocol], *where: Any, **options: Any
    ) -> tuple[asyncio.Transport, asyncio.Protocol]:
        """Connect as the base class does, through a wire."""
        if self._cut:
            raise ConnectionRefusedError("the process is dead")
        self._connecting += 1
        try:
            _, protocol = await super().create_connection(
                lambda: Wire(self, protocol_factory()), *where, **options
            )
        finally:
            self._connecting -= 1
        return protocol, protocol.reader

    def cut(self) -> None:
        self._cut = True
        self._waiting.clear()
        self._asking = None
        for wire in tuple(self._wires):
            wire.abort()

    def mend(self) -> None:
        self._cut = False

    # --- what wires say -------------------------------------------------------------------------

    def opened(self, wire: "Wire") -> None:
        self._wires.add(wire)

    def asks(self, wire: "Wire") -> None:
        """This wire has something to send."""
        if not self._cut and wire not in self._waiting and wire is not self._asking:
            self._waiting.append(wire)
        self._next()

    def answered(self, wire: "Wire", hear: Callable[[], None]) -> None:
        """The answer is there: it is heard later, and the next one may ask."""
        delay_ms = self._chance.choice(THREAD_MS)
        if delay_ms:
            self.call_later(delay_ms / 1_000, hear)
        else:
            self.call_soon(hear)
        self.closed(wire, open_still=True)

    def closed(self, wire: "Wire", *, open_still: bool = False) -> None:
        if not open_still:
            self._wires.discard(wire)
        if self._asking is wire:
            self._asking = None
        self._next()

    def _next(self) -> None:
        while self._asking is None and self._waiting:
            wire = self._waiting.popleft()
            if wire.send():
                self._asking = wire


class Wire(asyncio.Protocol, asyncio.Transport):
    """Between one connection of the driver and its socket: each takes it for the other."""

    def __init__(self, timeline: WiredTimeline, reader: asyncio.Protocol) -> None:
        super().__init__()
        self.reader = reader
        self._timeline = timeline
        self._transport: asyncio.Transport | None = None
        self._begun = False
        self._outgoing = bytearray()
        self._incoming = bytearray()
        self._looked_at = 0
        self._expected: list[frozenset[bytes]] = []
        self._lost = False

    # --- to the server --------------------------------------------------------------------------

    def write(self, data: Any) -> None:
        if not self._lost:
            self._outgoing += data
            self._timeline.asks(self)

    def writelines(self, list_of_data: Iterable[Any]) -> None:
        self.write(b"".join(list_of_data))

    def send(self) -> bool:
        """Send what is there; whether an answer will come."""
        if self._transport is None or self._lost:
            return False
        data, self._outgoing = bytes(self._outgoing), bytearray()
        if self._begun:
            self._expected = [ANSWERS[kind] for kind, _ in _messages(data) if kind in ANSWERS]
        else:
            # The first message has no kind.
            self._begun, self._expected = True, [READY]
        self._transport.write(data)
        return bool(self._expected)

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default if self._transport is None else self._transport.get_extra_info(name, default)

    def is_closing(self) -> bool:
        return self._lost or self._transport is None or self._transport.is_closing()

    def close(self) -> None:
        if self._transport is not None:
            if self._outgoing and not self._lost:
                self.send()
            self._transport.close()
            self._timeline.closed(self)

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()
            self._timeline.closed(self)

    def pause_reading(self) -> None:
        """What has come is held back here."""

    def resume_reading(self) -> None:
        """See above."""

    # --- from the server ------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._timeline.opened(self)
        self.reader.connection_made(self)

    def data_received(self, data: bytes) -> None:
        self._incoming += data
        for kind, end in _messages(self._incoming, self._looked_at):
            self._looked_at = end
            if self._expected and kind in self._expected[0]:
                self._expected.pop(0)
        if not self._expected:
            answer, self._incoming, self._looked_at = bytes(self._incoming), bytearray(), 0
            self._timeline.answered(self, lambda: self._hear(answer))

    def _hear(self, answer: bytes) -> None:
        if not self._lost:
            self.reader.data_received(answer)

    def eof_received(self) -> bool | None:
        self._timeline.closed(self)
        return self.reader.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost = True
        self._timeline.closed(self)
        self.reader.connection_lost(exc)


def _messages(data: bytes | bytearray, start: int = 0) -> Iterator[tuple[bytes, int]]:
    """Kind and end of each whole message."""
    while start + HEAD_BYTES <= len(data):
        (length,) = struct.unpack_from("!i", data, start + 1)
        end = start + 1 + length
        if end > len(data):
            return
        yield bytes(data[start : start + 1]), end
        start = end
