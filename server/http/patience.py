"""HTTP connections that do not come to the point are closed.

A connection costs a file descriptor, and a process has few of them. So whoever opens one has to ask
for something, and all of a request has to be here within `http.request_timeout_ms` of its first
byte (and the first byte within that of the opening). Over it the connection is cut without an
answer: who reads so slowly does not wait for one. Between two requests uvicorn keeps a connection
for its own few seconds. Of connections that are no game sockets at most `http.connections_max` are
open; one more is cut at once, because there is nothing left to answer it with.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


def patient_protocol(
    request_timeout_ms: int, connections_max: int, count: Callable[[str], object]
) -> type[HttpToolsProtocol]:
    """uvicorn's protocol with this patience; `count` is told why a connection was cut: "too_slow"
    or "full"."""

    class PatientProtocol(HttpToolsProtocol):
        """One HTTP connection."""

        _patience: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            if len(self.connections) > connections_max:
                self._cut("full")
            else:
                self._wait()

        def connection_lost(self, exc: Exception | None) -> None:
            self._rest()
            super().connection_lost(exc)

        def on_message_begin(self) -> None:
            self._rest()
            self._wait()
            super().on_message_begin()

        def on_message_complete(self) -> None:
            self._rest()
            super().on_message_complete()

        def handle_websocket_upgrade(self) -> None:
            self._rest()
            super().handle_websocket_upgrade()

        def _wait(self) -> None:
            self._patience = self.loop.call_later(request_timeout_ms / 1_000, self._cut, "too_slow")

        def _rest(self) -> None:
            if self._patience is not None:
                self._patience.cancel()
                self._patience = None

        def _cut(self, reason: str) -> None:
            count(reason)
            transport: Any = self.transport
            transport.abort()

    return PatientProtocol
