"""A socket of the fast lane: cuts bytes into frames, and gathers what is written.

It has the methods of a transport, so `server.listener.GameProtocol` does not mind which lane it is
on. A lone pose, which is nearly everything that comes, takes the shortest way: it is kept as it is.
"""

import asyncio
import socket
import struct
from contextlib import suppress
from typing import Protocol

import structlog
from websockets.utils import apply_mask

from server.connection import Connection
from server.pose_intake import (
    ARRAY_OF_THREE,
    POSE_FRAME_BYTES,
    POSE_FRAME_HEADER,
    POSE_MESSAGE_BYTES,
    POSE_NUMBER,
    is_pose_frame,
)
from server.wire.codec import PROMPT_BYTES
from server.wire.messages import MESSAGES
from server.wire.schema import Delivery, Direction

try:
    from websockets.speedups import apply_mask as quick_apply_mask
except ImportError:  # no compiled extension on this platform
    quick_apply_mask = apply_mask

log = structlog.get_logger(__name__)

RECEIVE_MAX_BYTES = 4_096
WAKE_BYTES = POSE_FRAME_BYTES - POSE_MESSAGE_BYTES + PROMPT_BYTES
"""What is shorter waits for the tick: a pose or two, but no request as our clients write it."""
FINAL_BINARY = 0x82
MASKED = 0x80
LENGTH_16, LENGTH_64 = 126, 127
MASK_BYTES = 4

_URGENT = {
    message.number
    for message in MESSAGES
    if message.direction is Direction.TO_SERVER
    and (message.delivery is Delivery.REQUEST or message.name == "Clock")
}

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


class Lane(Protocol):
    """What a lifted socket needs of its lane: `server.fast_lane.FastLane`."""

    now_ms: int
    frame_max_bytes: int
    dirty: "list[LiftedSocket]"

    def request_flush(self) -> None:
        """Something was written."""

    def watch(self, lifted: "LiftedSocket", *, for_write: bool) -> None:
        """Wait for room in the kernel's buffer as well, or no longer."""

    def discard(self, lifted: "LiftedSocket") -> None:
        """Forget a socket that is about to be closed."""


class LiftedSocket:
    """A plain TCP socket that only the beat reads, with the methods of a transport."""

    __slots__ = (
        "_calm",
        "_closed",
        "_closing",
        "_hasty",
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

    def __init__(self, lane: Lane, plain: socket.socket, owner: Owner, peer: object) -> None:
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
        self._calm = False
        self._hasty = False

    # --- in -------------------------------------------------------------------------------------

    def read(self) -> None:
        """Take what the kernel has, at most `RECEIVE_MAX_BYTES`; a lone pose waits for the tick."""
        if self._closed:
            return
        try:
            data = self.socket.recv(RECEIVE_MAX_BYTES)
            if (
                len(data) == POSE_FRAME_BYTES
                and not self._partial
                and data.startswith(POSE_FRAME_HEADER)
                and data[2] ^ data[6] == ARRAY_OF_THREE
                and data[3] ^ data[7] == POSE_NUMBER
                and not self._hasty
                and self._keep_pose(data)
            ):
                return
            if data:
                self._take(data)
            else:
                self.owner.eof_received()
                self.close()
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._lost(error)
        except Exception:
            # A fault of ours ends this connection, and not those behind it.
            log.exception("connection_failed")
            self.owner.failed()

    def _keep_pose(self, frame: bytes) -> bool:
        """Keep a masked pose for the tick, when it is counted; False when it is not to be had so
        easily."""
        connection = self.owner.connection
        if connection is None or connection.closing or self.owner.ordinary:
            return False
        session = connection.session
        if session is None or session.intake is None:
            return False
        connection.heard_ms = self._lane.now_ms
        session.confirmed_epoch = session.epoch
        frames = session.intake.frames
        if session.avatar_id in frames:
            connection.count_poses(1)
        frames[session.avatar_id] = frame
        if not self._calm and not self._hasty:
            self._wake_for(WAKE_BYTES)
            self._calm = True
        return True

    def read_at_once(self) -> None:
        """From now on everything that comes wakes us: nobody reads this socket at a tick."""
        if self._calm and not self._closed:
            self._calm = False
            self._wake_for(1)

    def _wake_for(self, byte_count: int) -> None:
        """Count as readable only with so many bytes, where the system can do that."""
        with suppress(OSError):
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, byte_count)

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
        self._take_poses(newest, poses)

    def _take_poses(self, newest: bytes, count: int) -> None:
        """Of several poses that came together the newest one counts; all count for the rate."""
        connection = self.owner.connection
        if not count or connection is None or connection.closing:
            return
        if connection.session is None or connection.session.intake is None:
            connection.count_poses(count - 1)
            connection.admit_poses(count - 1, self._lane.now_ms)
            self._take_frame(newest, POSE_FRAME_BYTES - POSE_MESSAGE_BYTES)
        elif connection.admit_poses(count, self._lane.now_ms) and self._keep_pose(newest):
            connection.count_poses(count - 1)
        else:
            connection.count_poses(count)

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
        message = quick_apply_mask(frame[header:], frame[header - MASK_BYTES : header])
        if len(frame) < WAKE_BYTES and not self._hasty and is_urgent(message):
            # This client's requests are so short that they would wait for a tick.
            self._hasty, self._calm = True, False
            self._wake_for(1)
        connection.received(message)

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


def is_urgent(message: bytes) -> bool:
    """Whether somebody waits for the answer to this message."""
    return len(message) > 1 and message[1] in _URGENT


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
