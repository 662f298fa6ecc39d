"""Game sockets outside the event loop, read at the beat.

With fifty to two hundred people in a room the cost of a message is not reading it but being woken
for it. So after the handshake a plain TCP socket leaves the event loop: its descriptor is
duplicated and kept in a selector of our own, which the room host drains at every beat. Everything
that came in meanwhile is read at once, and what is written during a beat goes out in one call per
socket.

A `LiftedSocket` has the methods of a transport, so what is decided about frames and connections is
the same on both lanes. TLS that ends in this process cannot leave the loop; such sockets stay on
the ordinary lane, which is right and a little dearer.

Limits: of a socket at most `RECEIVE_MAX_BYTES` are read in a beat, so that a flood waits in the
kernel's buffer and in the end at its sender; an unfinished frame is kept up to the largest frame
that is allowed; what a peer does not read is bounded by who writes (`server.connection`).
"""

import asyncio
import selectors
import socket
import struct
from collections.abc import Callable
from typing import Any, Protocol

import structlog
from websockets.utils import apply_mask

from server.connection import Connection
from server.pose_intake import (
    ARRAY_OF_THREE,
    POSE_FRAME_BYTES,
    POSE_FRAME_HEADER,
    POSE_NUMBER,
    is_pose_frame,
)

try:
    from websockets.speedups import apply_mask as quick_apply_mask
except ImportError:  # no compiled extension on this platform
    quick_apply_mask = apply_mask

log = structlog.get_logger(__name__)

RECEIVE_MAX_BYTES = 4_096
FINAL_BINARY = 0x82
MASKED = 0x80
LENGTH_16, LENGTH_64 = 126, 127
MASK_BYTES = 4
READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE

_U16 = struct.Struct(">H")
_U64 = struct.Struct(">Q")


class Owner(Protocol):
    """What a lifted socket belongs to: `server.listener.GameProtocol`."""

    connection: Connection | None
    ordinary: bool
    """Whether every frame must go the long way: between fragments, or closing."""

    def data_received(self, data: bytes) -> None:
        """Take bytes that want the whole WebSocket protocol."""

    def eof_received(self) -> None:
        """The peer sends nothing more."""

    def failed(self) -> None:
        """Something of ours went wrong: end this connection."""

    def line_lost(self, error: Exception | None) -> None:
        """The socket is closed; called once."""


class FastLane:
    """All lifted sockets of the process."""

    def __init__(self, now_ms: Callable[[], int], frame_max_bytes: int) -> None:
        self.now_ms = now_ms()
        self.frame_max_bytes = frame_max_bytes
        self.dirty: list[LiftedSocket] = []
        self.received_bytes = 0
        self.reads = 0
        self.sends = 0
        self._clock = now_ms
        self._selector = selectors.DefaultSelector()
        self._sockets: set[LiftedSocket] = set()
        self._flush_scheduled = False
        self._in_beat = False

    def __len__(self) -> int:
        return len(self._sockets)

    def adopt(self, transport: asyncio.Transport, owner: Owner, send_buffer_bytes: int) -> Any:
        """Take the socket out of the loop; None when it cannot be.

        The transport is aborted: that closes only its own descriptor, and the peer notices nothing.
        """
        original = transport.get_extra_info("socket")
        if original is None or transport.get_extra_info("sslcontext") is not None:
            return None
        if original.family not in (socket.AF_INET, socket.AF_INET6):
            return None
        transport.pause_reading()
        plain = socket.fromfd(original.fileno(), original.family, socket.SOCK_STREAM)
        plain.setblocking(False)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # Poses that wait in the kernel are old when they arrive; a small buffer shows early who
        # does not keep up, and bounds what a connection costs.
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer_bytes)
        transport.abort()
        lifted = LiftedSocket(self, plain, owner, transport.get_extra_info("peername"))
        self._sockets.add(lifted)
        self._selector.register(plain, READ, lifted)
        return lifted

    def drain(self) -> int:
        """Read what has come in since the last beat; how many sockets had something.

        Until `flush` everything that is written is gathered, to go out in one call per socket.
        """
        self._in_beat = True
        self.now_ms = self._clock()
        ready = self._selector.select(0)
        for key, events in ready:
            lifted: LiftedSocket = key.data
            try:
                if events & READ:
                    lifted.read()
                if events & WRITE:
                    lifted.flush()
            except Exception:
                # A fault of ours must end this connection, and not those behind it.
                log.exception("connection_failed")
                lifted.owner.failed()
        return len(ready)

    def flush(self) -> None:
        """Send everything that was written and has not been sent."""
        self._in_beat = False
        self._flush_scheduled = False
        if self.dirty:
            dirty, self.dirty = self.dirty, []
            for lifted in dirty:
                lifted.flush()

    def request_flush(self) -> None:
        """Something was written: at the end of the beat, or soon when there is none under way."""
        if not self._in_beat and not self._flush_scheduled:
            self._flush_scheduled = True
            asyncio.get_running_loop().call_soon(self.flush)

    def watch(self, lifted: "LiftedSocket", *, for_write: bool) -> None:
        """Wait for room in the kernel's buffer as well, or no longer."""
        events = READ | WRITE if for_write else READ
        self._selector.modify(lifted.socket, events, lifted)

    def discard(self, lifted: "LiftedSocket") -> None:
        """Forget a socket that is about to be closed."""
        self._sockets.discard(lifted)
        self._selector.unregister(lifted.socket)

    def close(self) -> None:
        """Cut every socket that is left, and let go of the selector."""
        for lifted in tuple(self._sockets):
            lifted.abort()
        self._selector.close()


class LiftedSocket:
    """A plain TCP socket that only the beat reads, with the methods of a transport."""

    __slots__ = (
        "_closed",
        "_closing",
        "_lane",
        "_out",
        "_partial",
        "_peer",
        "_shut",
        "_shut_sent",
        "_unsent",
        "blocked",
        "owner",
        "socket",
    )

    def __init__(self, lane: FastLane, plain: socket.socket, owner: Owner, peer: object) -> None:
        self.socket = plain
        self.blocked = False
        self._lane = lane
        self.owner = owner
        self._peer = peer
        self._out: list[bytes] = []
        self._unsent = 0
        self._partial = b""
        self._closing = False
        self._shut = False
        self._shut_sent = False
        self._closed = False

    # --- in -------------------------------------------------------------------------------------

    def read(self) -> None:
        """Take what the kernel has, at most `RECEIVE_MAX_BYTES`."""
        if self._closed:
            return
        try:
            data = self.socket.recv(RECEIVE_MAX_BYTES)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._lost(error)
            return
        if (
            len(data) == POSE_FRAME_BYTES
            and not self._partial
            and data.startswith(POSE_FRAME_HEADER)
            and data[2] ^ data[6] == ARRAY_OF_THREE
            and data[3] ^ data[7] == POSE_NUMBER
            and self._take_pose(data, 0)
        ):
            return
        if data:
            self._lane.received_bytes += len(data)
            self._take(data)
        else:
            self.owner.eof_received()
            self.close()

    def _take_pose(self, frame: bytes, superseded: int) -> bool:
        """Keep a masked pose for the tick; False when it is not to be had so easily."""
        connection = self.owner.connection
        if connection is None or connection.closing or self.owner.ordinary:
            return False
        session = connection.session
        if session is None or session.intake is None:
            return False
        connection.heard_ms = self._lane.now_ms
        session.confirmed_epoch = session.epoch
        intake, avatar_id = session.intake, session.avatar_id
        intake.frames.append(frame)
        intake.avatar_ids.append(avatar_id)
        if superseded:
            intake.superseded[avatar_id] = intake.superseded.get(avatar_id, 0) + superseded
        return True

    def _take(self, data: bytes) -> None:
        """Cut what came into frames; an unfinished one waits."""
        if self._partial:
            data, self._partial = self._partial + data, b""
        position, poses, newest = 0, 0, b""
        while position < len(data):
            if self._closed:
                return
            if self._is_ending():
                self.owner.data_received(data[position:])
                return
            header, length = frame_sizes(data, position)
            if length > self._lane.frame_max_bytes:
                # It is refused by its length, and nothing behind it is looked at.
                self.owner.data_received(data[position:])
                return
            if not header or position + header + length > len(data):
                self._partial = data[position:]
                break
            frame = data[position : position + header + length]
            position += header + length
            if is_pose_frame(frame):
                poses, newest = poses + 1, frame
            else:
                self._take_frame(frame, header)
        if newest and not self._take_pose(newest, poses - 1):
            self._take_frame(newest, header=6)

    def _take_frame(self, frame: bytes, header: int) -> None:
        """A whole masked binary message is unmasked here; all else goes the long way."""
        connection = self.owner.connection
        if (
            connection is None
            or frame[0] != FINAL_BINARY
            or not frame[1] & MASKED
            or self.owner.ordinary
        ):
            self.owner.data_received(frame)
            return
        mask = frame[header - MASK_BYTES : header]
        connection.received(quick_apply_mask(frame[header:], mask))

    def _is_ending(self) -> bool:
        connection = self.owner.connection
        return connection is None or connection.closing

    # --- out ------------------------------------------------------------------------------------

    def write(self, data: bytes) -> None:
        """Send soon, behind what was written before."""
        if self._closed or self._shut:
            return
        if not self._out and not self.blocked:
            self._lane.dirty.append(self)
            self._lane.request_flush()
        self._out.append(data)
        self._unsent += len(data)

    def write_now(self, data: bytes) -> bool:
        """Send at once, or with what waits already; False when the kernel takes no more."""
        if self.blocked or self._closed or self._shut:
            return False
        if self._out:
            self._out.append(data)
            self._unsent += len(data)
            return True
        try:
            sent = self.socket.send(data)
        except (BlockingIOError, InterruptedError):
            sent = 0
        except OSError as error:
            self._lost(error)
            return False
        if sent == 0:
            return False
        if sent != len(data):
            self._out.append(data[sent:])
            self._unsent = len(data) - sent
            self._block()
        return True

    def flush(self) -> None:
        """Send what waits, as far as the kernel takes it."""
        if self._closed:
            return
        if self._out:
            data = self._out[0] if len(self._out) == 1 else b"".join(self._out)
            try:
                sent = self.socket.send(data)
            except (BlockingIOError, InterruptedError):
                sent = 0
            except OSError as error:
                self._lost(error)
                return
            self._unsent = len(data) - sent
            if self._unsent:
                self._out = [data[sent:]]
                self._block()
                return
            self._out = []
        if self.blocked:
            self.blocked = False
            self._lane.watch(self, for_write=False)
        self._end_if_asked()

    def get_write_buffer_size(self) -> int:
        return self._unsent

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        """Send nothing after what waits."""
        self._shut = True
        if not self._out:
            self._end_if_asked()

    def get_extra_info(self, name: str) -> object:
        return self._peer if name == "peername" else None

    # --- the end --------------------------------------------------------------------------------

    def close(self) -> None:
        """Close once everything that waits is sent."""
        self._closing = True
        if not self._out:
            self._end_if_asked()

    def abort(self) -> None:
        """Close now."""
        self._lost(None)

    def _block(self) -> None:
        if not self.blocked:
            self.blocked = True
            self._lane.watch(self, for_write=True)

    def _end_if_asked(self) -> None:
        if self._closing:
            self._lost(None)
        elif self._shut and not self._shut_sent:
            self._shut_sent = True
            try:
                self.socket.shutdown(socket.SHUT_WR)
            except OSError as error:
                self._lost(error)

    def _lost(self, error: Exception | None) -> None:
        if self._closed:
            return
        self._closed = True
        self._out.clear()
        self._unsent = 0
        self._lane.discard(self)
        self.socket.close()
        # As transports do: never from within a call of the owner.
        asyncio.get_running_loop().call_soon(self.owner.line_lost, error)


def frame_sizes(data: bytes, position: int) -> tuple[int, int]:
    """Bytes of the header and of the payload of the frame that starts here; (0, 0) when its header
    is not complete (RFC 6455, section 5.2)."""
    left = len(data) - position
    if left < 2:
        return 0, 0
    masked = MASK_BYTES if data[position + 1] & MASKED else 0
    length = data[position + 1] & 0x7F
    header = 2
    if length == LENGTH_16:
        if left < 4:
            return 0, 0
        header, length = 4, _U16.unpack_from(data, position + 2)[0]
    elif length == LENGTH_64:
        if left < 10:
            return 0, 0
        header, length = 10, _U64.unpack_from(data, position + 2)[0]
    return (header + masked, length) if left >= header + masked else (0, length)
