"""A tiny hub on a real port: real sessions, real connections, and no rooms.

A token `guest:<name>` is good. Every request is executed (noted) once and answered with its own
fields, Join with the example of the reference; a Look becomes a reliable SpotlightChanged for
everybody; a pose goes to everybody.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI

from server.clock import Clock, SystemClock
from server.connection import Connection
from server.connection_limits import ConnectionLimits
from server.fast_lane import FastLane
from server.listener import Listener
from server.resume_tokens import ResumeTokens
from server.session import Session, SessionLimits, SessionRegistry
from server.wire import codec
from server.wire.codec import Frame
from server.wire.errors import CloseCode
from server.wire.messages import BY_NAME
from server.wire.schema import Delivery
from server.wire.vectors import example_body
from server.wire.websocket import binary_frame
from tests.fuzz.certificate import ADDRESS, certificate_files, client_context

SECRET = b"a secret of the tests, long enough for HMAC"
ANSWER, ROOM_STATE, SPOTLIGHT, POSES, WELCOME = (
    BY_NAME[name].number for name in ("Answer", "RoomState", "SpotlightChanged", "Poses", "Welcome")
)


FAST_LANE = True
"""Whether sockets leave the event loop; suites that run on both lanes set it."""
TLS = False
"""Whether the port speaks TLS, whose sockets cannot leave the loop."""


class EchoHub:
    """Implements `server.connection.Hub`."""

    def __init__(self, clock: Clock, limits: SessionLimits | None = None) -> None:
        self.tokens = ResumeTokens(SECRET, clock, ttl_ms=60_000)
        self.sessions = SessionRegistry(self.tokens, limits or SessionLimits())
        self.members: dict[str, Session] = {}
        self.executed: list[tuple[str, str, int]] = []
        self.looks: list[str] = []
        self.poses: list[bytes] = []
        self.lost_reasons: list[str] = []
        self.fault: Exception | None = None
        self._changed = asyncio.Event()
        self._clock = clock

    def now_ms(self) -> int:
        return self._clock()

    async def until(self, condition: Callable[[], bool], limit_s: float = 8.0) -> None:
        """Wait until something holds that a hello or a loss brings about."""
        async with asyncio.timeout(limit_s):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    def hello(self, connection: Connection, body: dict[str, Any]) -> None:
        kind, _, person_id = body["token"].partition(":")
        if body["protocol_min"] > 1 or body["protocol_max"] < 1:
            connection.close(CloseCode.PROTOCOL_VERSION)
        elif kind != "guest" or not person_id:
            connection.close(CloseCode.TOKEN_INVALID)
        else:
            self._welcome(connection, person_id, body)

    def _welcome(self, connection: Connection, person_id: str, body: dict[str, Any]) -> None:
        now_ms = self._clock()
        outcome = self.sessions.hello(
            connection, person_id, body["resume_token"], body["last_seq"], now_ms
        )
        if outcome is None:
            connection.close(CloseCode.SERVER_FULL)
            return
        session = outcome.session
        self.members[session.session_id] = session
        welcome = {
            "protocol": 1,
            "session_id": session.session_id,
            "person_id": person_id,
            "resume_token": outcome.resume_token,
            "resumed": outcome.resumed,
            "fresh_reason": outcome.fresh_reason,
            "last_request_id": session.last_request_id,
            "server_time_ms": now_ms,
            "tick_rate_hz": 20,
            "grace_period_ms": 15_000,
            "ping_interval_ms": 15_000,
        }
        connection.send(codec.encode(WELCOME, 0, welcome))
        session.replay(body["last_seq"])
        self._changed.set()

    def frame(self, connection: Connection, frame: Frame, received_ms: int) -> None:
        if self.fault is not None:
            raise self.fault
        session = connection.session
        assert session is not None
        if isinstance(frame.body, bytes):
            self.poses.append(frame.body)
            shared = binary_frame(codec.encode(POSES, received_ms, frame.body))
            for member in self.members.values():
                if member.connection is not None:
                    member.connection.send_poses(shared)
        elif frame.message.delivery is Delivery.REQUEST:
            self.executed.append((session.session_id, frame.message.name, frame.head))
            body = frame.body
            if frame.message.name == "Join":
                body = example_body(frame.message.answer)
            answer = {"request_id": frame.head, "body": body}
            session.deliver(ANSWER, codec.encode_body("Answer", answer))
            if frame.message.name == "Join":
                state = example_body(BY_NAME["RoomState"].fields)
                session.deliver(ROOM_STATE, codec.encode_body("RoomState", state))
        else:
            self.looks.append(frame.body["product_id"])
            self.spotlight(frame.body["product_id"])

    def spotlight(self, product_id: str) -> None:
        """Tell everybody something reliable."""
        body = codec.encode_body("SpotlightChanged", {"product_id": product_id, "by_avatar_id": 1})
        for member in self.members.values():
            member.deliver(SPOTLIGHT, body)

    def lost(self, connection: Connection, reason: str) -> None:
        self.lost_reasons.append(reason)
        if connection.session is not None:
            self.sessions.detach(connection.session, connection, self._clock())
        self._changed.set()


class EchoServer:
    """A port with the hub behind it."""

    def __init__(self, hub: EchoHub, listener: Listener, server: uvicorn.Server) -> None:
        self.hub = hub
        self.listener = listener
        self.server = server
        self.port = int(server.servers[0].sockets[0].getsockname()[1])
        secure = "s" if TLS else ""
        self.tls = client_context() if TLS else None
        self.base_url = f"http{secure}://{ADDRESS}:{self.port}"
        self.socket_url = f"ws{secure}://{ADDRESS}:{self.port}/ws"

    def http(self) -> httpx.AsyncClient:
        """A client of its HTTP side."""
        return httpx.AsyncClient(base_url=self.base_url, verify=self.tls or True)


@asynccontextmanager
async def echo_server(
    limits: ConnectionLimits | None = None, session_limits: SessionLimits | None = None
) -> AsyncIterator[EchoServer]:
    """Serve an echo hub on a free port of this loop."""
    hub = EchoHub(SystemClock(), session_limits)
    limits = limits or ConnectionLimits(drain_timeout_ms=1_000)
    lane = FastLane(hub.now_ms, limits.max_frame_bytes) if FAST_LANE else None
    listener = Listener(hub, limits, lane)
    files = certificate_files() if TLS else (None, None)
    config = uvicorn.Config(
        _shop(),
        ssl_certfile=files[0],
        ssl_keyfile=files[1],
        host="127.0.0.1",
        port=0,
        ws=listener,  # type: ignore[arg-type]  # uvicorn takes any callable here
        lifespan="off",
        log_config=None,
        timeout_graceful_shutdown=2,
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    sweeping = asyncio.create_task(listener.run())
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.001)
    try:
        yield EchoServer(hub, listener, server)
    finally:
        server.should_exit = True
        await serving
        sweeping.cancel()
        await asyncio.gather(sweeping, return_exceptions=True)
        if lane is not None:
            lane.close()


def _shop() -> FastAPI:
    """The two HTTP calls that come before the socket."""
    shop = FastAPI()

    @shop.post("/session/guest")
    async def guest(body: dict[str, str]) -> dict[str, str]:
        return {"token": f"guest:{body['name']}"}

    @shop.post("/seats")
    async def seats() -> dict[str, str]:
        return {"seat_token": "a seat"}

    return shop
