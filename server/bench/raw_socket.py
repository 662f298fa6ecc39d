"""A WebSocket client that costs as little as Python can: a non-blocking socket, one large buffer
for all, frames told apart by their headers. It says what any client says, and no more.
"""

import secrets
import selectors
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from server.errors import GalleriaError
from server.wire import codec
from server.wire.messages import PROTOCOL_VERSION, SUBPROTOCOL

RECEIVE_BUFFER_BYTES = 4 * 1_048_576
BUFFER = bytearray(RECEIVE_BUFFER_BYTES)
"""What every socket is read into; what is left of an unfinished frame is kept with its socket."""

VIEW = memoryview(BUFFER)
KERNEL_BUFFER_BYTES = 1_048_576
CONNECT_TIMEOUT_S = 10.0
HANDSHAKE_END = b"\r\n\r\n"
BINARY, CLOSE, PING = 0x82, 0x88, 0x89
PONG_FRAME = bytes((0x8A, 0x80, 0, 0, 0, 0))


def masked_frame(payload: bytes, opcode: int = BINARY) -> bytes:
    """A whole WebSocket frame as clients send it (RFC 6455, section 5.2)."""
    length = len(payload)
    if length < 126:
        head = bytes((opcode, 0x80 | length))
    elif length < 65_536:
        head = bytes((opcode, 0x80 | 126)) + length.to_bytes(2, "big")
    else:
        head = bytes((opcode, 0x80 | 127)) + length.to_bytes(8, "big")
    mask = secrets.token_bytes(4)
    wide_mask = int.from_bytes((mask * (length // 4 + 1))[:length], "big")
    return head + mask + (int.from_bytes(payload, "big") ^ wide_mask).to_bytes(length, "big")


def hello_body(token: str) -> dict[str, Any]:
    """What the load says first."""
    return {
        "protocol_min": PROTOCOL_VERSION,
        "protocol_max": PROTOCOL_VERSION,
        "client": "galleria bench",
        "kind": "bot",
        "token": token,
    }


def upgrade_request(path: str) -> bytes:
    """The request that opens a game socket."""
    return (
        f"GET {path} HTTP/1.1\r\nHost: bench\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        f"Sec-WebSocket-Protocol: {SUBPROTOCOL}\r\n\r\n"
    ).encode()


class RawSocket:
    """One connection. What comes is told by `opened`, `message` and `ended`, which a kind of client
    overrides; the message lies in `BUFFER`, and only until the call is over.

    `received_bytes` counts everything that came, `close_code` is the server's (0: none), `leaving`
    whether it is about to go.
    """

    def __init__(self, selector: selectors.BaseSelector, host: str, port: int, path: str) -> None:
        self.received_bytes = 0
        self.close_code = 0
        self.closed = False
        self.leaving = False
        self._selector = selector
        self._rest = b""
        self._unsent = b""
        self._upgraded = False
        self._socket = socket.create_connection((host, port), CONNECT_TIMEOUT_S)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, KERNEL_BUFFER_BYTES)
        self._socket.setblocking(False)
        reader: Callable[[], None] = self.read
        selector.register(self._socket, selectors.EVENT_READ, reader)
        self.send(upgrade_request(path))

    # --- for the kinds of clients ---------------------------------------------------------------

    def opened(self) -> None:
        """The handshake is done."""

    def message(self, start: int, length: int) -> None:
        """A whole message lies in the buffer."""

    def ended(self) -> None:
        """The line is gone; called once."""

    def shop(self) -> None:
        """Begin to shop; not all are here for it."""

    def leave(self) -> None:
        """Go for good."""
        self.end()

    # --- out ------------------------------------------------------------------------------------

    def send(self, data: bytes) -> bool:
        """Send now; False when the kernel takes no more, and then nothing of it is ever sent."""
        if self.closed:
            return False
        if self._unsent:
            data = self._unsent + data
        try:
            sent = self._socket.send(data)
        except (BlockingIOError, InterruptedError):
            return False
        except OSError:
            self.end()
            return False
        self._unsent = data[sent:]
        return True

    def send_message(self, number: int, head: int, body: dict[str, Any]) -> bool:
        """Send one message of the protocol; what is answered is filled up to be read at once."""
        message = codec.encode_prompt if head else codec.encode
        return self.send(masked_frame(message(number, head, body)))

    # --- in -------------------------------------------------------------------------------------

    def read(self) -> None:
        """Take all that the kernel has."""
        rest = self._rest
        start = len(rest)
        if start:
            BUFFER[:start] = rest
        try:
            count = self._socket.recv_into(VIEW[start:])
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            count = 0
        if not count:
            self.end()
            return
        self.received_bytes += count
        end = start + count
        position = 0
        if not self._upgraded:
            position = self._handshake(end)
            if not position:
                self._rest = bytes(VIEW[:end])
                return
        while end - position >= 2 and not self.closed:
            size = BUFFER[position + 1]
            header = 2
            if size == 126:
                header, size = 4, int.from_bytes(VIEW[position + 2 : position + 4], "big")
            elif size == 127:
                header, size = 10, int.from_bytes(VIEW[position + 2 : position + 10], "big")
            if position + header + size > end:
                break
            if BUFFER[position] == BINARY:
                self.message(position + header, size)
            else:
                self._control(BUFFER[position], position + header, size)
            position += header + size
        self._rest = bytes(VIEW[position:end]) if position < end else b""

    def _handshake(self, end: int) -> int:
        """Where the first frame begins; 0 while the answer is not complete."""
        place = BUFFER.find(HANDSHAKE_END, 0, end)
        if place < 0:
            return 0
        status = bytes(VIEW[:12])
        if not status.endswith(b" 101"):
            raise GalleriaError("BENCH_REFUSED", f"The game socket was refused: {status!r}")
        self._upgraded = True
        self.opened()
        return place + len(HANDSHAKE_END)

    def _control(self, opcode: int, start: int, length: int) -> None:
        if opcode == PING:
            self.send(PONG_FRAME)
        elif opcode == CLOSE:
            self.close_code = int.from_bytes(VIEW[start : start + min(length, 2)], "big")
            self.send(masked_frame(bytes(VIEW[start : start + min(length, 2)]), CLOSE))
            self.end()

    def end(self) -> None:
        """Close the socket; ending twice is no mistake."""
        if not self.closed:
            self.closed = True
            with suppress(KeyError):
                self._selector.unregister(self._socket)
            self._socket.close()
            self.ended()
