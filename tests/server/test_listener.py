"""The game socket on a real port: who gets in, what ends a connection, and how the server stops."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import Opcode
from websockets.typing import Subprotocol

from server.connection_limits import ConnectionLimits
from server.session import SessionLimits
from server.wire import codec
from server.wire.codec import Frame
from server.wire.errors import CloseCode
from server.wire.messages import BY_NAME, SUBPROTOCOL
from server.wire.schema import Direction
from server.wire.vectors import TIME_MS
from server.wire.websocket import binary_frame
from tests.fuzz import echo_hub
from tests.fuzz.echo_hub import EchoServer, echo_server


@pytest.fixture(autouse=True, params=["fast", "ordinary", "tls"])
def lane(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test here runs on both lanes, and with TLS, which has only the ordinary one."""
    monkeypatch.setattr(echo_hub, "FAST_LANE", request.param != "ordinary")
    monkeypatch.setattr(echo_hub, "TLS", request.param == "tls")


HELLO = {
    "protocol_min": 1,
    "protocol_max": 1,
    "client": "test",
    "kind": "bot",
    "token": "guest:ada",
}


@asynccontextmanager
async def plain_socket(
    server: EchoServer, subprotocol: str = SUBPROTOCOL, **options: Any
) -> AsyncIterator[ClientConnection]:
    async with connect(
        server.socket_url,
        ssl=server.tls,
        subprotocols=[Subprotocol(subprotocol)],
        proxy=None,
        close_timeout=1,
        **options,
    ) as socket:
        yield socket


def frame_of(name: str, head: int = 0, body: Any = None) -> bytes:
    return codec.encode(BY_NAME[name].number, head, {} if body is None else body)


async def greet(socket: ClientConnection, **changes: Any) -> dict[str, Any]:
    await socket.send(frame_of("Hello", 0, HELLO | changes))
    frame = await receive(socket)
    assert frame.message.name == "Welcome"
    assert isinstance(frame.body, dict)
    return frame.body


async def receive(socket: ClientConnection) -> Frame:
    data = await asyncio.wait_for(socket.recv(), 5)
    assert isinstance(data, bytes)
    return codec.decode(data, Direction.TO_CLIENT)


async def close_of(socket: ClientConnection) -> tuple[int, str]:
    """Wait for the end; code and reason."""
    async with asyncio.timeout(8):
        try:
            while True:
                await socket.recv()
        except ConnectionClosed:
            return socket.close_code or 0, socket.close_reason or ""


# --- the door -------------------------------------------------------------------------------------


async def test_hello_and_a_request() -> None:
    async with echo_server() as server, plain_socket(server) as socket:
        assert socket.subprotocol == SUBPROTOCOL
        assert socket.protocol.extensions == []  # permessage-deflate was offered, and not taken
        welcome = await greet(socket)
        assert welcome["person_id"] == "ada"
        await socket.send(frame_of("Vote", 1, {"product_id": "mug", "choice": 1}))
        answer = await receive(socket)
        assert (answer.message.name, answer.head) == ("Answer", 1)


@pytest.mark.parametrize(
    ("path", "headers", "status", "code"),
    [
        ("/ws", {}, 400, "SUBPROTOCOL_MISSING"),
        ("/ws", {"Sec-WebSocket-Protocol": "chat, galleria.2"}, 400, "SUBPROTOCOL_MISSING"),
        ("/elsewhere", {"Sec-WebSocket-Protocol": SUBPROTOCOL}, 404, "NOT_FOUND"),
        ("/ws", {"Sec-WebSocket-Protocol": SUBPROTOCOL, "Origin": "https://evil.example"},
         403, "ORIGIN_REFUSED"),
        ("/ws", {"Sec-WebSocket-Protocol": SUBPROTOCOL, "Origin": "null"}, 403, "ORIGIN_REFUSED"),
    ],
)  # fmt: skip
async def test_who_does_not_get_in_is_told_why(
    path: str, headers: dict[str, str], status: int, code: str
) -> None:
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": base64.b64encode(bytes(16)).decode(),
    }
    async with echo_server() as server, server.http() as http:
        response = await http.get(path, headers=upgrade | headers)
        assert response.status_code == status
        assert response.headers["Content-Type"] == "application/problem+json"
        problem = response.json()
        assert (problem["code"], problem["status"]) == (code, status)
        assert problem["detail"].endswith(".")
        assert server.hub.lost_reasons == []


async def test_our_own_pages_and_those_allowed_get_in() -> None:
    limits = ConnectionLimits(allowed_origins=("https://shop.example",))
    async with echo_server(limits) as server:
        for origin in (server.base_url, "https://shop.example"):
            async with plain_socket(server, origin=origin) as socket:
                await greet(socket)
        with pytest.raises(InvalidStatus):
            async with plain_socket(server, origin="https://shop.example.evil.example"):
                pass


@pytest.mark.parametrize(
    ("proxies", "remote"), [((), "127.0.0.1"), (("127.0.0.1",), "198.51.100.7")]
)
async def test_only_proxies_say_from_where_somebody_comes(
    proxies: tuple[str, ...], remote: str
) -> None:
    forwarded = {"X-Forwarded-For": "198.51.100.7"}
    async with (
        echo_server(ConnectionLimits(trusted_proxies=proxies)) as server,
        plain_socket(server, additional_headers=forwarded) as socket,
    ):
        await greet(socket)
        assert [connection.remote for connection in server.listener.connections] == [remote]


async def test_http_goes_on_beside() -> None:
    async with echo_server() as server, plain_socket(server), server.http() as http:
        answer = await http.post("/session/guest", json={"name": "bob"})
        assert answer.json() == {"token": "guest:bob"}


async def test_one_too_many_is_sent_away() -> None:
    async with echo_server(ConnectionLimits(connections_max=1)) as server:
        async with plain_socket(server) as first, plain_socket(server) as second:
            assert (await close_of(second))[0] == CloseCode.SERVER_FULL
            await greet(first)
        await server.hub.until(lambda: not server.listener.protocols)
        async with plain_socket(server) as third:
            await greet(third)


async def test_sessions_have_a_limit_too() -> None:
    full = SessionLimits(sessions_max=0)
    async with echo_server(session_limits=full) as server, plain_socket(server) as socket:
        await socket.send(frame_of("Hello", 0, HELLO))
        assert (await close_of(socket))[0] == CloseCode.SERVER_FULL


# --- frames ---------------------------------------------------------------------------------------


async def test_text_and_fragments() -> None:
    async with echo_server() as server, plain_socket(server) as socket:
        await greet(socket)
        await socket.send("hello?")
        error = (await receive(socket)).body
        assert isinstance(error, dict)
        assert error["code"] == "NOT_MESSAGEPACK"
        vote = frame_of("Vote", 1, {"product_id": "mug", "choice": 1})
        await socket.send([vote[:3], vote[3:9], vote[9:]])
        assert (await receive(socket)).message.name == "Answer"
        pong = await socket.ping()
        await asyncio.wait_for(pong, 5)


@pytest.mark.parametrize("pieces", [1, 5])
async def test_a_large_frame_ends_the_connection(pieces: int) -> None:
    async with echo_server() as server, plain_socket(server) as socket:
        await greet(socket)
        large = bytes(1_000)
        await socket.send([large] * pieces if pieces > 1 else large * 5)
        code, reason = await close_of(socket)
        assert (code, reason) == (CloseCode.TOO_LARGE, "a frame was larger than allowed")
    assert server.hub.lost_reasons == ["too_large"]


async def test_a_broken_websocket_frame_ends_the_connection() -> None:
    async with echo_server() as server, plain_socket(server) as socket:
        await greet(socket)
        socket.transport.write(b"\x83\x80\x00\x00\x00\x00")  # an opcode that does not exist
        assert (await close_of(socket))[0] == 1002


async def test_a_flood_of_pings_ends_the_connection() -> None:
    limits = ConnectionLimits(requests_burst=20, requests_per_second=1)
    async with echo_server(limits) as server, plain_socket(server) as socket:
        await greet(socket)
        socket.transport.write(b"\x89\x80\x00\x00\x00\x00" * 500)
        assert (await close_of(socket))[0] == CloseCode.TOO_FAST


@pytest.mark.loop_slice(5_000)  # the log of tests paints the traceback, which takes its time
async def test_a_fault_of_the_hub_ends_one_connection_only() -> None:
    async with (
        echo_server() as server,
        plain_socket(server) as socket,
        plain_socket(server) as other,
    ):
        await greet(socket)
        await greet(other)
        server.hub.fault = RuntimeError("a fault of ours")
        await socket.send(frame_of("Look", 0, {"product_id": "mug"}))
        assert (await close_of(socket))[0] == 1011
        server.hub.fault = None
        await other.send(frame_of("Look", 0, {"product_id": "mug"}))
        assert (await receive(other)).message.name == "SpotlightChanged"


async def test_poses_are_shared() -> None:
    async with (
        echo_server() as server,
        plain_socket(server) as ada,
        plain_socket(server) as bob,
    ):
        await greet(ada)
        await greet(bob, token="guest:bob")
        record = bytes(range(32))
        await ada.send(frame_of("Pose", TIME_MS, record))
        for socket in (ada, bob):
            frame = await receive(socket)
            assert (frame.message.name, frame.body) == ("Poses", record)


# --- time and back-pressure -----------------------------------------------------------------------


async def test_the_quiet_are_pinged_and_the_dead_are_closed() -> None:
    limits = ConnectionLimits(ping_interval_ms=100, idle_timeout_ms=1_200)
    async with echo_server(limits) as server, plain_socket(server, ping_interval=None) as alive:
        await greet(alive)
        dead = await _deaf_socket(server)
        await server.hub.until(lambda: bool(server.hub.lost_reasons))
        assert server.hub.lost_reasons == ["idle"]
        await alive.send(frame_of("Look", 0, {"product_id": "mug"}))
        assert (await receive(alive)).message.name == "SpotlightChanged"
        dead.close()


async def test_without_hello_the_door_closes() -> None:
    limits = ConnectionLimits(hello_timeout_ms=200)
    async with echo_server(limits) as server, plain_socket(server) as socket:
        assert (await close_of(socket))[0] == CloseCode.HELLO_EXPECTED


async def test_a_client_that_does_not_read_is_let_go() -> None:
    limits = ConnectionLimits(send_buffer_bytes=4_096, slow_close_ms=600)
    async with echo_server(limits) as server:
        writer = await _deaf_socket(server)
        (connection,) = server.listener.connections
        poses = binary_frame(frame_of("Poses", TIME_MS, bytes(32 * 2_000)))
        while connection.send_poses(poses):
            pass
        assert connection.statistics.poses_skipped == 1
        await server.hub.until(lambda: bool(server.hub.lost_reasons))
        assert server.hub.lost_reasons == ["slow"]
        (session,) = server.hub.members.values()
        assert not session.overflowed  # it may resume
        writer.close()


async def _deaf_socket(server: EchoServer) -> asyncio.StreamWriter:
    """A raw socket that says Hello and then never reads again."""
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", server.port, limit=256, ssl=server.tls
    )
    writer.write(
        b"GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        b"Sec-WebSocket-Protocol: galleria.1\r\n\r\n"
    )
    await reader.readuntil(b"\r\n\r\n")
    hello = frame_of("Hello", 0, HELLO | {"token": "guest:deaf"})
    length = len(hello)
    head = bytes((0x80 | Opcode.BINARY, 0x80 | length)) if length < 126 else (
        bytes((0x80 | Opcode.BINARY, 0x80 | 126)) + length.to_bytes(2, "big")
    )  # fmt: skip
    writer.write(head + bytes(4) + hello)
    await server.hub.until(lambda: "deaf" in {s.person_id for s in server.hub.members.values()})
    return writer


# --- coming back, and the end ---------------------------------------------------------------------


async def test_a_session_goes_on_in_another_connection() -> None:
    async with echo_server() as server, plain_socket(server) as first:
        welcome = await greet(first)
        server.hub.spotlight("mug")
        server.hub.spotlight("hat")
        assert (await receive(first)).head == 1
        async with plain_socket(server) as second:
            again = await greet(second, resume_token=welcome["resume_token"], last_seq=1)
            assert again["resumed"]
            frame = await receive(second)
            assert (frame.head, frame.body) == (2, {"product_id": "hat", "by_avatar_id": 1})
            assert (await close_of(first))[0] == CloseCode.REPLACED
            server.hub.spotlight("bag")
            assert (await receive(second)).head == 3


@pytest.mark.parametrize(("abort", "reason"), [(True, "dropped"), (False, "left")])
async def test_how_it_ended_is_told(abort: bool, reason: str) -> None:
    async with echo_server() as server:
        async with plain_socket(server) as socket:
            await greet(socket)
            if abort:
                socket.transport.abort()
        await server.hub.until(lambda: bool(server.hub.lost_reasons))
        assert server.hub.lost_reasons == [reason]
        assert list(server.listener.connections) == []


async def test_a_server_that_stops_says_so() -> None:
    async with echo_server() as server:
        async with plain_socket(server) as socket:
            await greet(socket)
            server.server.should_exit = True
            draining = await receive(socket)
            assert draining.message.name == "Draining"
            assert (await close_of(socket))[0] == CloseCode.DRAINING
        await server.hub.until(lambda: bool(server.hub.lost_reasons))
        assert server.hub.lost_reasons == ["draining"]
