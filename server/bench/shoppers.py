"""A small HTTP/1.1 client for benches: what is measured is the server, not its client.

A general client spends more time on a request than the server does on the answer. This one keeps a
fixed number of connections, sends JSON, and reads answers that have a Content-Length, as ours do.
"""

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

REQUEST_TIME_LIMIT_S = 60.0


class LetGoError(ConnectionError):
    """The server closed a connection before it answered: it does so with those that nobody has used
    for a while, and such a request was not taken (RFC 9112, 9.3.1)."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `timing` is the server's own: ms by name, out of Server-Timing."""

    status: int
    body: Any
    timing: Mapping[str, float] = field(default_factory=dict, compare=False)

    @property
    def code(self) -> str:
        """The stable code of a refusal, or the status."""
        named = self.body.get("code") if isinstance(self.body, dict) else None
        return str(named or self.status)


class Shoppers:
    """A pool of `connections` to one server. A request waits until one is free."""

    def __init__(self, base_url: str, connections: int) -> None:
        parts = urlsplit(base_url)
        self._host, self._port = str(parts.hostname), int(parts.port or 80)
        self._connections = connections
        self._free: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = (
            asyncio.Queue()
        )

    async def __aenter__(self) -> Self:
        for _ in range(self._connections):
            self._free.put_nowait(await asyncio.open_connection(self._host, self._port))
        return self

    async def __aexit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        while not self._free.empty():
            _, writer = self._free.get_nowait()
            writer.close()
            # The server may have closed it before.
            with suppress(OSError):
                await writer.wait_closed()

    async def ask(
        self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send a request and read its answer. Raises OSError or TimeoutError."""
        connection = await self._free.get()
        try:
            async with asyncio.timeout(REQUEST_TIME_LIMIT_S):
                try:
                    return await _ask(connection, self._host, method, path, body, headers or {})
                except LetGoError:
                    connection[1].close()
                    connection = await asyncio.open_connection(self._host, self._port)
                    return await _ask(connection, self._host, method, path, body, headers or {})
        finally:
            self._free.put_nowait(connection)


async def _ask(
    connection: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    host: str,
    method: str,
    path: str,
    body: object,
    headers: Mapping[str, str],
) -> Answer:
    reader, writer = connection
    content = b"" if body is None else json.dumps(body).encode()
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", f"Content-Length: {len(content)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if content:
        lines.append("Content-Type: application/json")
    if reader.at_eof() or writer.is_closing():
        raise LetGoError
    writer.write("\r\n".join((*lines, "", "")).encode() + content)
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    except (asyncio.IncompleteReadError, ConnectionError) as error:
        if getattr(error, "partial", b""):
            raise
        raise LetGoError from error
    length = int(head.partition("content-length:")[2].partition("\r\n")[0] or 0)
    received = await reader.readexactly(length)
    content_read = json.loads(received) if received else None
    return Answer(int(head.split(" ", 2)[1]), content_read, _timing(head))


def _timing(head: str) -> dict[str, float]:
    """The durations that an answer tells of itself, ms by name."""
    named = head.partition("server-timing:")[2].partition("\r\n")[0].split(",")
    parts = (entry.partition(";dur=") for entry in named)
    return {name.strip(): float(duration_ms) for name, _, duration_ms in parts if duration_ms}
