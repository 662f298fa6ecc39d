"""The game socket on the server's one port: uvicorn hands WebSocket upgrades to `GameProtocol`.

The handshake, control frames and fragments go through websockets' sans-I/O `ServerProtocol`; frames
to clients are built once and written as they are. permessage-deflate is not offered.

After the handshake a plain TCP socket moves to the fast lane (`server.fast_lane`); one with TLS, or
any when there is no fast lane, stays a transport of the event loop. What is decided about a frame
is the same on both.
"""

import asyncio
import json
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import urlsplit

import structlog
from websockets.frames import CloseCode as StandardCode
from websockets.frames import Frame, Opcode
from websockets.http11 import Request, Response
from websockets.protocol import OPEN
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from server.clock import until_next_s
from server.connection import Connection, Hub
from server.connection_limits import ConnectionLimits
from server.fast_lane import FastLane
from server.lifted_socket import LiftedSocket
from server.proxies import FORWARDED_FOR, TrustedProxies
from server.wire.errors import CLOSES, CloseCode
from server.wire.messages import SUBPROTOCOL

log = structlog.get_logger(__name__)

GAME_PATH = "/ws"
CLOSE_TIMEOUT_S = 2.0
"""How long a peer may take to answer our close before the socket is cut."""

SWEEP_INTERVAL_S = 0.5
"""Between two looks at the clocks of all connections: one timer for all is cheaper than three each.
All limits of time are therefore kept to half a second."""


class Listener:
    """All game connections of the process."""

    def __init__(self, hub: Hub, limits: ConnectionLimits, lane: FastLane | None = None) -> None:
        self.hub = hub
        self.limits = limits
        self.lane = lane
        self.proxies = TrustedProxies(limits.trusted_proxies)
        self.protocols: set[GameProtocol] = set()

    def __call__(self, *, server_state: Any, **_rest: Any) -> "GameProtocol":
        """Make the protocol of one connection; uvicorn calls this at each upgrade."""
        return GameProtocol(self, server_state.connections)

    @property
    def connections(self) -> Iterable[Connection]:
        return (p.connection for p in self.protocols if p.connection is not None)

    async def run(self) -> None:
        """Ping the quiet, close the dead and the slow, until cancelled."""
        while True:
            await asyncio.sleep(until_next_s(SWEEP_INTERVAL_S))
            now_ms = self.hub.now_ms()
            for protocol in tuple(self.protocols):
                if protocol.connection is not None and protocol.connection.check(now_ms):
                    protocol.ping()


class _WebSocket(ServerProtocol):
    """websockets' protocol, with our close code for what is too large."""

    def fail(self, code: int, reason: str = "") -> None:
        if code == StandardCode.MESSAGE_TOO_BIG:
            code, reason = CloseCode.TOO_LARGE, CLOSES[CloseCode.TOO_LARGE].reason
        super().fail(code, reason)


class GameProtocol(asyncio.Protocol):
    """One TCP connection that asked for an upgrade: the line of a `Connection`."""

    def __init__(self, listener: Listener, server_connections: set[Any]) -> None:
        self.connection: Connection | None = None
        self.ordinary = False
        self._listener = listener
        self._server_connections = server_connections
        self._transport: asyncio.Transport | LiftedSocket | None = None
        self._lifted: LiftedSocket | None = None
        self._paused = False
        # Plain attributes, because they are called for every pose of every client.
        self.read_now: Callable[[], None] = _nothing
        self.read_at_once: Callable[[], None] = _nothing
        self.write_latest: Callable[[bytes], bool] = self._write_latest
        # What is too large is refused by its length, before it is held in memory.
        self._websocket = _WebSocket(
            subprotocols=[Subprotocol(SUBPROTOCOL)], max_size=listener.limits.max_frame_bytes
        )
        self._abort_timer: asyncio.TimerHandle | None = None
        self._fragments: list[bytes] = []
        self._fragment_opcode = Opcode.BINARY

    # --- asyncio --------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports have the methods of asyncio.Transport without being one.
        self._transport = cast("asyncio.Transport", transport)
        # uvicorn waits for these when it stops, and calls their shutdown().
        self._server_connections.add(self)
        self._listener.protocols.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        # The transport of a lifted socket ends as soon as the socket is lifted; the line goes on.
        if self._lifted is None:
            self.line_lost(exc)

    def line_lost(self, exc: Exception | None) -> None:
        """The socket is closed, on whichever lane it was."""
        self._server_connections.discard(self)
        self._listener.protocols.discard(self)
        if self._abort_timer is not None:
            self._abort_timer.cancel()
        if self.connection is not None:
            connection, self.connection = self.connection, None
            connection.lost(self._end(exc))

    def data_received(self, data: bytes) -> None:
        self._websocket.receive_data(data)
        self._handle()

    def eof_received(self) -> None:
        self._websocket.receive_eof()
        self._handle()

    def failed(self) -> None:
        """Something of ours went wrong: the client is told, and may come back."""
        self._websocket.fail(StandardCode.INTERNAL_ERROR)
        self.ordinary = True
        self.read_at_once()
        self._flush()

    def pause_writing(self) -> None:
        self._paused = True

    def resume_writing(self) -> None:
        self._paused = False

    def shutdown(self) -> None:
        """The server stops: uvicorn calls this once."""
        if self.connection is not None:
            self.connection.drain(self._listener.hub.now_ms())
        else:
            self._abort()

    # --- the Line of the connection -------------------------------------------------------------

    def write(self, data: bytes) -> None:
        if self._transport is not None and self._websocket.state is OPEN:
            self._transport.write(data)

    def _write_latest(self, data: bytes) -> bool:
        if self._paused or self._transport is None or self._websocket.state is not OPEN:
            return False
        self._transport.write(data)
        return True

    def keeps_up(self) -> bool:
        return not (self._paused if self._lifted is None else self._lifted.blocked)

    def unsent_bytes(self) -> int:
        return 0 if self._transport is None else self._transport.get_write_buffer_size()

    def close(self, code: int, reason: str) -> None:
        if self._websocket.state is OPEN:
            self._websocket.send_close(code, reason)
            self._flush()
        self.ordinary = True
        self.read_at_once()
        self._abort_soon()

    def ping(self) -> None:
        """Ask whether the peer is there."""
        if self._websocket.state is OPEN:
            self._websocket.send_ping(b"")
            self._flush()

    # --- WebSocket ------------------------------------------------------------------------------

    def _handle(self) -> None:
        try:
            for event in self._websocket.events_received():
                if isinstance(event, Request):
                    self._upgrade(event)
                elif self.connection is not None and isinstance(event, Frame):
                    self._frame(self.connection, event)
        except Exception:
            # A fault of ours must end this connection, not leave it half alive.
            log.exception("connection_failed")
            self.failed()
        self._flush()
        is_open = self._websocket.state is OPEN
        self.ordinary = bool(self._fragments) or not is_open
        if self.connection is not None and not is_open:
            # It has its reason; what comes until the socket is gone must not give it another.
            self.connection.closing = True

    def _upgrade(self, request: Request) -> None:
        refusal = self._refusal(request)
        if refusal is not None:
            response = self._problem(*refusal)
        else:
            response = self._websocket.accept(request)
        self._websocket.send_response(response)
        if self._websocket.state is not OPEN:
            return
        listener = self._listener
        self._choose_lane(listener)
        self._flush()
        self.connection = Connection(self, listener.hub, listener.limits, self._remote(request))
        if len(listener.protocols) > listener.limits.connections_max:
            # After the handshake, because browsers do not tell pages why one failed.
            self.connection.close(CloseCode.SERVER_FULL)

    def _choose_lane(self, listener: Listener) -> None:
        limits = listener.limits
        transport = cast("asyncio.Transport", self._transport)
        if listener.lane is not None:
            self._lifted = listener.lane.adopt(transport, self, limits.send_buffer_bytes)
        if self._lifted is not None:
            self._transport = self._lifted
            self.read_now = self._lifted.read
            self.read_at_once = self._lifted.read_at_once
            self.write_latest = self._lifted.write_now
        else:
            transport.set_write_buffer_limits(high=limits.send_buffer_bytes)

    def _refusal(self, request: Request) -> tuple[HTTPStatus, str, str] | None:
        """Why this upgrade is not for us: HTTP status, code and sentence."""
        if request.path.split("?", 1)[0] != GAME_PATH:
            return HTTPStatus.NOT_FOUND, "NOT_FOUND", f"The game socket is at {GAME_PATH}."
        # A page of another site must not act for a shopper who has our page open.
        origins, hosts = request.headers.get_all("Origin"), request.headers.get_all("Host")
        allowed = self._listener.limits.allowed_origins
        if any(o not in allowed and [urlsplit(o).netloc] != hosts for o in origins):
            return HTTPStatus.FORBIDDEN, "ORIGIN_REFUSED", "Pages of this origin may not connect."
        offered = ",".join(request.headers.get_all("Sec-WebSocket-Protocol"))
        if SUBPROTOCOL not in [name.strip() for name in offered.split(",")]:
            sentence = f"Offer the WebSocket subprotocol {SUBPROTOCOL}."
            return HTTPStatus.BAD_REQUEST, "SUBPROTOCOL_MISSING", sentence
        return None

    def _problem(self, status: HTTPStatus, code: str, sentence: str) -> Response:
        """A refused upgrade as a problem document (RFC 9457)."""
        problem: dict[str, object] = {
            "type": f"/docs#error-{code}",
            "title": status.phrase,
            "status": status.value,
            "detail": sentence,
            "code": code,
            "data": {},
        }
        response = self._websocket.reject(status, json.dumps(problem))
        del response.headers["Content-Type"]
        response.headers["Content-Type"] = "application/problem+json"
        return response

    def _frame(self, connection: Connection, frame: Frame) -> None:
        if frame.opcode in (Opcode.BINARY, Opcode.TEXT):
            if frame.fin:
                self._message(connection, frame.opcode, bytes(frame.data))
            else:
                self._fragment_opcode = frame.opcode
                self._fragments = [bytes(frame.data)]
                connection.received_control()
        elif frame.opcode is Opcode.CONT:
            self._fragments.append(bytes(frame.data))
            if frame.fin:
                data, self._fragments = b"".join(self._fragments), []
                self._message(connection, self._fragment_opcode, data)
            else:
                connection.received_control()
        elif frame.opcode is not Opcode.CLOSE:
            connection.received_control()

    def _message(self, connection: Connection, opcode: object, data: bytes) -> None:
        if opcode is Opcode.BINARY:
            connection.received(data)
        else:
            connection.received_text()

    def _flush(self) -> None:
        if self._transport is None:
            return
        for chunk in self._websocket.data_to_send():
            if chunk:
                self._transport.write(chunk)
            elif self._transport.can_write_eof():
                self._transport.write_eof()
            else:
                self._transport.close()
        if self._websocket.close_expected():
            self._abort_soon()

    def _abort_soon(self) -> None:
        """A peer that does not read, or does not answer our close, must not keep the socket."""
        if self._abort_timer is None:
            loop = asyncio.get_running_loop()
            self._abort_timer = loop.call_later(CLOSE_TIMEOUT_S, self._abort)

    def _abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def _end(self, exc: Exception | None) -> str:
        """What ended the line, in one word."""
        sent, received = self._websocket.close_sent, self._websocket.close_rcvd
        if sent is not None and sent.code in set(CloseCode):
            return CloseCode(sent.code).name.lower()
        return "left" if received is not None and exc is None else "dropped"

    def _remote(self, request: Request) -> str:
        """From where the client comes, as far as that is known."""
        peer = self._transport.get_extra_info("peername") if self._transport else None
        address = str(peer[0]) if isinstance(peer, tuple) else "unknown"
        return self._listener.proxies.client_of(address, request.headers.get_all(FORWARDED_FOR))


def _nothing() -> None:
    """On the ordinary lane everything is read at once."""
