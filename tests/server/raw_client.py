"""A client without any library between it and the bytes, which reads and writes as badly as a test
wants it to."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from server.wire import codec
from server.wire.messages import BY_NAME
from server.wire.schema import Delivery, Direction
from tests.fuzz.certificate import ADDRESS
from tests.fuzz.echo_hub import EchoServer
from tests.fuzz.mutations import masked

UPGRADE = (
    b"GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
    b"Sec-WebSocket-Protocol: galleria.1\r\n\r\n"
)
RECEIVE_BUFFER_BYTES = 4_096
"""Of our kernel, and twice what asyncio reads ahead: who does not read is noticed early."""

READ_BYTES = 65_536
DEADLINE_S = 10.0
BINARY, CLOSE, PING, PONG = 0x82, 0x88, 0x89, 0x8A


def message(name: str, head: int = 0, body: Any = None) -> bytes:
    """A message of the protocol as a masked frame."""
    return masked(codec.encode(BY_NAME[name].number, head, {} if body is None else body))


class RawClient:
    """What it has been told so far: events in the order in which they came (by `seqs`), how often
    poses came, and how it ended."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.welcome: dict[str, Any] = {}
        self.seqs: list[int] = []
        self.events: list[codec.Frame] = []
        self.poses = 0
        self.close_code = 0
        self.ended = False
        self._reader = reader
        self._writer = writer
        self._bytes = bytearray()
        self._finished = False

    @property
    def last_seq(self) -> int:
        return self.seqs[-1] if self.seqs else 0

    def send(self, data: bytes) -> None:
        """Write bytes as they are; nobody waits for them to be gone."""
        if not self._finished:
            self._writer.write(data)

    def finish(self) -> None:
        """Say that nothing more will be sent, where the line can say that."""
        if self._writer.can_write_eof():
            self._finished = True
            self._writer.write_eof()

    async def read(self, most: int = READ_BYTES) -> None:
        """Read once, at most so many bytes."""
        async with asyncio.timeout(DEADLINE_S):
            try:
                data = await self._reader.read(most)
            except ConnectionError:
                data = b""
        self.ended = self.ended or not data
        self._bytes += data
        while self._take_frame():
            pass

    async def until(self, condition: Callable[[], bool]) -> None:
        """Read until something holds."""
        while not condition():
            assert not self.ended, "the line ended before"
            await self.read()

    async def until_ended(self) -> None:
        """Read to the end of the line."""
        while not self.ended:
            await self.read()

    def _take_frame(self) -> bool:
        data = self._bytes
        if len(data) < 2:
            return False
        header, length = 2, data[1]
        if length == 126:
            header, length = 4, int.from_bytes(data[2:4], "big")
        elif length == 127:
            header, length = 10, int.from_bytes(data[2:10], "big")
        if len(data) < header + length:
            return False
        opcode, payload = data[0], bytes(data[header : header + length])
        del data[: header + length]
        if opcode == BINARY:
            self._take_message(codec.decode(payload, Direction.TO_CLIENT))
        elif opcode == CLOSE:
            self.close_code = int.from_bytes(payload[:2], "big")
            self.send(masked(payload, CLOSE))
        else:
            assert opcode in (PING, PONG)
        return True

    def _take_message(self, frame: codec.Frame) -> None:
        if frame.message.name == "Welcome":
            assert isinstance(frame.body, dict)
            self.welcome = frame.body
        elif frame.message.name == "Poses":
            self.poses += 1
        elif frame.message.delivery is Delivery.RELIABLE:
            self.seqs.append(frame.head)
            self.events.append(frame)


@asynccontextmanager
async def raw_client(
    server: EchoServer, name: str, resume: RawClient | None = None
) -> AsyncIterator[RawClient]:
    """A client that has been welcomed; `resume` is the one whose session it goes on with."""
    plain = socket.socket()
    plain.setblocking(False)
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
    await asyncio.get_running_loop().sock_connect(plain, (ADDRESS, server.port))
    reader, writer = await asyncio.open_connection(
        sock=plain,
        limit=RECEIVE_BUFFER_BYTES // 2,
        ssl=server.tls,
        server_hostname=ADDRESS if server.tls is not None else None,
    )
    try:
        writer.write(UPGRADE)
        async with asyncio.timeout(DEADLINE_S):
            await reader.readuntil(b"\r\n\r\n")
        client = RawClient(reader, writer)
        body = {"protocol_min": 1, "protocol_max": 1, "client": "raw", "kind": "bot"}
        if resume is not None:
            body |= {"resume_token": resume.welcome["resume_token"], "last_seq": resume.last_seq}
        client.send(message("Hello", 0, body | {"token": f"guest:{name}"}))
        await client.until(lambda: bool(client.welcome))
        yield client
    finally:
        # Not politely: a peer that has not read must not keep us here.
        writer.transport.abort()
