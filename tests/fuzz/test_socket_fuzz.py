"""A live game socket against hostile bytes: one typed error or one close, and nothing changes.

After everything, somebody who behaves is served as if nothing had happened.
"""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from websockets.frames import Close

from server.connection_limits import ConnectionLimits
from server.session import SessionLimits
from server.wire import codec
from server.wire.errors import CloseCode, WireError
from server.wire.messages import BY_NAME
from server.wire.schema import Delivery, Direction
from tests.fuzz.echo_hub import EchoServer, echo_server
from tests.fuzz.mutations import masked, mutations, seeds

UPGRADE = (
    b"GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
    b"Sec-WebSocket-Protocol: galleria.1\r\n\r\n"
)
PATIENT = ConnectionLimits(
    poses_per_second=1e6,
    poses_burst=10**6,
    requests_per_second=1e6,
    requests_burst=10**6,
    bytes_per_second=1e9,
    bytes_burst=10**9,
    error_budget=10**6,
    drain_timeout_ms=500,
)
STANDARD_CLOSES = {1000, 1002, 1003, 1007, 1011}


def hello(name: str) -> bytes:
    body = {"protocol_min": 1, "protocol_max": 1, "client": "fuzz", "kind": "bot"}
    return codec.encode(BY_NAME["Hello"].number, 0, body | {"token": f"guest:{name}"})


class RawSocket:
    """A WebSocket without any library between us and the bytes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def frame(self) -> tuple[int, bytes]:
        """Opcode and payload of the next frame of the server."""
        async with asyncio.timeout(10):
            head = await self.reader.readexactly(2)
            length = head[1]
            if length == 126:
                length = int.from_bytes(await self.reader.readexactly(2), "big")
            return head[0] & 0x0F, await self.reader.readexactly(length)

    async def answers_until(self, sentinel: int) -> list[codec.Frame]:
        """Frames until the answer of a request of ours; EOF counts as the end."""
        frames = []
        while True:
            opcode, payload = await self.frame()
            assert opcode == 2
            frame = codec.decode(payload, Direction.TO_CLIENT)
            frames.append(frame)
            if frame.message.name == "Answer" and frame.body["request_id"] == sentinel:  # type: ignore[call-overload]
                return frames


@asynccontextmanager
async def raw_socket(server: EchoServer, name: str) -> AsyncIterator[RawSocket]:
    """A socket that has said Hello and got its Welcome."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    try:
        writer.write(UPGRADE)
        await reader.readuntil(b"\r\n\r\n")
        socket = RawSocket(reader, writer)
        writer.write(masked(hello(name)))
        opcode, payload = await socket.frame()
        assert opcode == 2
        assert codec.decode(payload, Direction.TO_CLIENT).message.name == "Welcome"
        yield socket
    finally:
        writer.close()


def vote(head: int) -> bytes:
    body = {"product_id": "mug", "choice": 1}
    return masked(codec.encode(BY_NAME["Vote"].number, head, body))


def expected_of(data: bytes) -> WireError | codec.Frame:
    try:
        return codec.decode(data)
    except WireError as error:
        return error


async def behaves(server: EchoServer) -> None:
    """Somebody new is served."""
    async with raw_socket(server, "somebody new") as socket:
        socket.writer.write(vote(1))
        await socket.answers_until(1)


async def test_every_bad_frame_gets_exactly_one_error() -> None:
    # We never acknowledge: every answer stays in the queue.
    queue = SessionLimits(queue_max=10_000, queue_max_bytes=10**7)
    async with echo_server(PATIENT, queue) as server, raw_socket(server, "mallory") as socket:
        bad = [data for data in mutations(11, 1_500) if isinstance(expected_of(data), WireError)]
        assert len(bad) > 500
        for data in bad:
            socket.writer.write(masked(data))
        sentinel = 2**32 - 1
        socket.writer.write(vote(sentinel))
        frames = await socket.answers_until(sentinel)
        codes = [f.body["code"] for f in frames if f.message.name == "Error"]  # type: ignore[call-overload]
        expected = [error.code for data in bad if (error := expected_of(data))]  # type: ignore[union-attr]
        assert codes == expected
        assert [f.head for f in frames] == list(range(1, len(frames) + 1))
        assert server.hub.executed == [(server.hub.executed[0][0], "Vote", sentinel)]
        assert (server.hub.looks, server.hub.poses) == ([], [])
        await behaves(server)


async def test_frames_one_byte_at_a_time() -> None:
    async with echo_server(PATIENT) as server, raw_socket(server, "slow") as socket:
        executed, head = 0, 0
        stream = b""
        for data in seeds()[::4]:
            outcome = expected_of(data)
            if isinstance(outcome, codec.Frame) and outcome.message.name in ("Hello", "Ack"):
                continue
            if isinstance(outcome, codec.Frame) and outcome.message.delivery is Delivery.REQUEST:
                head += 1
                number, body = outcome.message.number, outcome.body
                data = codec.encode(number, head, body)  # noqa: PLW2901 - with an id that grows
                executed += 1
            elif isinstance(outcome, WireError) and outcome.request_id:
                continue
            stream += masked(data)
        stream += vote(head + 1)
        for byte in stream:
            socket.writer.write(bytes((byte,)))
            await asyncio.sleep(0)
        await socket.answers_until(head + 1)
        assert len(server.hub.executed) == executed + 1


@pytest.mark.parametrize("seed", range(6))
async def test_garbage_below_the_frames(seed: int) -> None:
    """Bytes that are no WebSocket frames end in a close or an end of the line, not in a crash."""
    chance = random.Random(seed)
    async with echo_server(ConnectionLimits(drain_timeout_ms=500)) as server:
        for number in range(8):
            good = [masked(data) for data in mutations(seed * 100 + number, 5)]
            stream = bytearray(b"".join(good))
            for _ in range(chance.randrange(1, 12)):
                stream[chance.randrange(len(stream))] = chance.randrange(256)
            async with raw_socket(server, f"m{number}") as socket:
                socket.writer.write(bytes(stream) + b"\xff" * 16)
                socket.writer.write_eof()
                await assert_ends(socket)
        await server.hub.until(lambda: len(server.hub.lost_reasons) == 8)
        await behaves(server)


async def assert_ends(socket: RawSocket) -> None:
    """Whole frames come until the end of the line; a close has a code of ours or a standard one."""
    while True:
        try:
            opcode, payload = await socket.frame()
        except (asyncio.IncompleteReadError, ConnectionResetError):
            break
        if opcode == 8 and payload:
            code = Close.parse(payload).code
            assert code in set(CloseCode) | STANDARD_CLOSES
        elif opcode == 2:
            codec.decode(payload, Direction.TO_CLIENT)


async def test_a_broken_handshake_is_only_a_bad_request() -> None:
    chance = random.Random(3)
    async with echo_server(ConnectionLimits(drain_timeout_ms=500)) as server:
        for _ in range(40):
            request = bytearray(UPGRADE)
            for _ in range(chance.randrange(1, 6)):
                request[chance.randrange(len(request) - 4)] = chance.randrange(1, 256)
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(bytes(request))
            writer.write_eof()
            async with asyncio.timeout(10):
                answer = await reader.read()
            assert answer == b"" or answer.startswith(b"HTTP/1.")
            writer.close()
        await behaves(server)
