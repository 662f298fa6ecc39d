"""The floor: what the system calls alone cost a Python server that does nothing else.

It reads every socket at the tick and sends every socket one frame, as our rooms do, and leaves out
all the rest: no event loop, no checks, no sessions, no commands. Whatever a server adds, its cost
is above this one's on the same machine in the same run. It takes the load of the yardstick (a room
is a path) and runs as `python -m server.bench.floor PORT`.
"""

import socket
import sys
import time
from contextlib import suppress

import msgpack

from server.bench.yardstick import POSES, TICK_S
from server.pose_intake import POSE_FRAME_BYTES
from server.wire.websocket import binary_frame

READ_BYTES = 4_096
MASK_AT, RECORD_AT, RECORD_BYTES = 2, 19, 32
PHASE = (RECORD_AT - 6) % 4
"""Where in the mask the record begins: the message starts behind six bytes."""

GREETING = b"HTTP/1.1 101 Switching Protocols\r\n\r\n"


def record_of(data: bytes) -> bytes:
    """The unmasked record of the last pose in what was read; empty when there is no whole one."""
    if len(data) < POSE_FRAME_BYTES:
        return b""
    frame = data[-POSE_FRAME_BYTES:]
    mask = frame[MASK_AT : MASK_AT + 4]
    turned = (mask[PHASE:] + mask[:PHASE]) * (RECORD_BYTES // 4)
    plain = int.from_bytes(frame[RECORD_AT:], "big") ^ int.from_bytes(turned, "big")
    return plain.to_bytes(RECORD_BYTES, "big")


class FloorServer:
    """Sockets by room. Raises OSError when the port is taken."""

    def __init__(self, port: int) -> None:
        self._listener = socket.create_server(("127.0.0.1", port), backlog=1_024)
        self._listener.setblocking(False)
        self._rooms: dict[bytes, list[socket.socket]] = {}

    def run(self) -> None:
        """Tick for ever."""
        due = time.monotonic()
        while True:
            due += TICK_S
            time.sleep(max(0.0, due - time.monotonic()))
            self.tick()

    def tick(self) -> None:
        """Let newcomers in, read everybody, and send each room what its people said."""
        with suppress(BlockingIOError):
            while True:
                self._greet(self._listener.accept()[0])
        for members in self._rooms.values():
            records = [record for each in tuple(members) if (record := self._read(members, each))]
            if records:
                now_ms = time.time_ns() // 1_000_000
                frame = binary_frame(msgpack.packb([POSES, now_ms, b"".join(records)]))
                for each in members:
                    with suppress(OSError):
                        each.send(frame)

    def _greet(self, newcomer: socket.socket) -> None:
        """Take the upgrade on trust: the load is ours."""
        newcomer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        path = newcomer.recv(READ_BYTES).split(b" ", 2)[1:2]
        if path:
            newcomer.sendall(GREETING)
            newcomer.setblocking(False)
            self._rooms.setdefault(path[0], []).append(newcomer)

    def _read(self, members: list[socket.socket], member: socket.socket) -> bytes:
        try:
            data = member.recv(READ_BYTES)
        except BlockingIOError:
            return b""
        except OSError:
            data = b""
        if not data:
            members.remove(member)
            member.close()
        return record_of(data)

    def close(self) -> None:
        """Let go of the port and of everybody."""
        self._listener.close()
        for members in self._rooms.values():
            for member in members:
                member.close()


if __name__ == "__main__":
    FloorServer(int(sys.argv[1])).run()
