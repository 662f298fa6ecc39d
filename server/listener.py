"""The game socket on the server's one port: uvicorn hands WebSocket upgrades to `GameProtocol`.

The handshake, control frames and fragments go through websockets' sans-I/O `ServerProtocol`; frames
to clients are built once and written as they are. permessage-deflate is not offered.
"""

import asyncio
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import OPEN
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from server.connection import Connection, ConnectionLimits, Hub
from server.wire.errors import CloseCode
from server.wire.messages import SUBPROTOCOL

GAME_PATH = "/ws"
CLOSE_TIMEOUT_S = 2.0
"""How long a peer may take to answer our close before the socket is cut."""

SWEEP_INTERVAL_S = 0.5


class Listener:
    """All game connections of the process."""

    def __init__(self, hub: Hub, limits: ConnectionLimits) -> None:
        self.hub = hub
        self.limits = limits
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
            await asyncio.sleep(SWEEP_INTERVAL_S)
            now_ms = self.hub.now_ms()
            for protocol in tuple(self.protocols):
                if protocol.connection is not None and protocol.connection.check(now_ms):
                    protocol.ping()


class GameProtocol(asyncio.Protocol):
    """One TCP connection that asked for an upgrade."""

    def __init__(self, listener: Listener, server_connections: set[Any]) -> None:
        self.connection: Connection | None = None
        self._listener = listener
        self._server_connections = server_connections
        self._transport: asyncio.Transport | None = None
        # Twice the limit of ours: what is a little too large gets our close code, what is far too
        # large ends with the standard one (1009) before it is held in memory.
        self._websocket = ServerProtocol(
            subprotocols=[Subprotocol(SUBPROTOCOL)],
            max_size=listener.limits.max_frame_bytes * 2,
        )
        self._fragments: list[bytes] = []
        self._fragment_opcode = Opcode.BINARY

    # --- asyncio --------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - TCP and TLS both are
        self._transport = transport
        # uvicorn waits for these when it stops, and calls their shutdown().
        self._server_connections.add(self)
        self._listener.protocols.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._server_connections.discard(self)
        self._listener.protocols.discard(self)
        if self.connection is not None:
            connection, self.connection = self.connection, None
            connection.lost("closed" if exc is None else type(exc).__name__)

    def data_received(self, data: bytes) -> None:
        self._websocket.receive_data(data)
        self._handle()

    def eof_received(self) -> None:
        self._websocket.receive_eof()
        self._handle()

    def shutdown(self) -> None:
        """The server stops: uvicorn calls this once."""
        if self.connection is not None:
            self.connection.close(CloseCode.DRAINING)
        else:
            self._abort()

    # --- the Line of the connection -------------------------------------------------------------

    def write(self, data: bytes) -> None:
        if self._transport is not None and self._websocket.state is OPEN:
            self._transport.write(data)

    def unsent_bytes(self) -> int:
        return 0 if self._transport is None else self._transport.get_write_buffer_size()

    def close(self, code: int, reason: str) -> None:
        if self._websocket.state is OPEN:
            self._websocket.send_close(code, reason)
            self._flush()
        # A peer that does not read or does not answer must not keep the socket.
        asyncio.get_running_loop().call_later(CLOSE_TIMEOUT_S, self._abort)

    def ping(self) -> None:
        """Ask whether the peer is there."""
        if self._websocket.state is OPEN:
            self._websocket.send_ping(b"")
            self._flush()

    # --- WebSocket ------------------------------------------------------------------------------

    def _handle(self) -> None:
        for event in self._websocket.events_received():
            if isinstance(event, Request):
                self._upgrade(event)
            elif self.connection is not None and isinstance(event, Frame):
                self._frame(self.connection, event)
        self._flush()

    def _upgrade(self, request: Request) -> None:
        refusal = self._refusal(request)
        if refusal is not None:
            response = self._websocket.reject(*refusal)
        else:
            response = self._websocket.accept(request)
        self._websocket.send_response(response)
        if self._websocket.state is not OPEN:
            return
        self._flush()
        listener = self._listener
        self.connection = Connection(self, listener.hub, listener.limits, self._remote())
        if len(listener.protocols) > listener.limits.connections_max:
            # After the handshake, because browsers do not tell pages why one failed.
            self.connection.close(CloseCode.SERVER_FULL)

    def _refusal(self, request: Request) -> tuple[int, str] | None:
        """Why this upgrade is not for us, as HTTP status and sentence."""
        if request.path.split("?", 1)[0] != GAME_PATH:
            return 404, f"The game socket is at {GAME_PATH}.\n"
        origin, host = request.headers.get("Origin"), request.headers.get("Host")
        # A page of another site must not act for a shopper who has our page open.
        allowed = self._listener.limits.allowed_origins
        if origin and origin not in allowed and urlsplit(origin).netloc != host:
            return 403, "Pages of this origin may not connect.\n"
        offered = request.headers.get("Sec-WebSocket-Protocol", "")
        if SUBPROTOCOL not in [name.strip() for name in offered.split(",")]:
            return 426, f"Offer the WebSocket subprotocol {SUBPROTOCOL}.\n"
        return None

    def _frame(self, connection: Connection, frame: Frame) -> None:
        if frame.opcode in (Opcode.BINARY, Opcode.TEXT):
            if frame.fin:
                self._message(connection, frame.opcode, bytes(frame.data))
            else:
                self._fragment_opcode = frame.opcode
                self._fragments = [bytes(frame.data)]
        elif frame.opcode is Opcode.CONT:
            self._fragments.append(bytes(frame.data))
            if frame.fin:
                data, self._fragments = b"".join(self._fragments), []
                self._message(connection, self._fragment_opcode, data)
        elif frame.opcode is Opcode.PONG:
            connection.heard()

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
            asyncio.get_running_loop().call_later(CLOSE_TIMEOUT_S, self._abort)

    def _abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def _remote(self) -> str:
        peer = self._transport.get_extra_info("peername") if self._transport else None
        return str(peer[0]) if isinstance(peer, tuple) else "unknown"
