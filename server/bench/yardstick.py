"""The yardstick: the shortest honest pose server on the websockets library.

It takes the same frames, keeps the newest record of everybody, and sends all of a room to all of it
twenty times a second with the library's own `broadcast()`. A room is a path. No checks, no
sessions. It runs as `python -m server.bench.yardstick PORT LOOP`.
"""

import asyncio
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field

import msgpack
from websockets.asyncio.server import Server, ServerConnection, broadcast, serve
from websockets.exceptions import ConnectionClosed

from server.bench.loops import loop_of
from server.wire.messages import BY_NAME, SUBPROTOCOL

TICK_S = 0.05
ID_BYTES = 2
POSES = BY_NAME["Poses"].number


@dataclass(slots=True)
class YardstickRoom:
    """Connections, and the records that changed since the last tick."""

    connections: set[ServerConnection] = field(default_factory=set)
    changed: dict[bytes, bytes] = field(default_factory=dict)


class Yardstick:
    """Rooms by their paths."""

    def __init__(self) -> None:
        self._rooms: dict[str, YardstickRoom] = {}

    async def handle(self, connection: ServerConnection) -> None:
        path = connection.request.path if connection.request is not None else "/"
        room = self._rooms.setdefault(path, YardstickRoom())
        room.connections.add(connection)
        with suppress(ConnectionClosed):
            async for frame in connection:
                record: bytes = msgpack.unpackb(frame)[2]
                room.changed[record[:ID_BYTES]] = record
        room.connections.discard(connection)

    async def tick(self) -> None:
        """Send what changed, for ever, twenty times a second."""
        due = time.monotonic()
        while True:
            due += TICK_S
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            now_ms = time.time_ns() // 1_000_000
            for room in self._rooms.values():
                if room.changed:
                    records = b"".join(room.changed.values())
                    room.changed.clear()
                    broadcast(room.connections, msgpack.packb([POSES, now_ms, records]))


async def open_yardstick(port: int) -> tuple[Server, Yardstick]:
    """A yardstick that listens on 127.0.0.1; its `tick` is for the caller to run."""
    yardstick = Yardstick()
    server = await serve(
        yardstick.handle,
        "127.0.0.1",
        port,
        subprotocols=[SUBPROTOCOL],  # type: ignore[list-item]
        compression=None,
        ping_interval=None,
    )
    return server, yardstick


async def main(port: int) -> None:
    """Serve until the process is ended."""
    server, yardstick = await open_yardstick(port)
    async with server:
        await yardstick.tick()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=loop_of(sys.argv[2])) as runner:
        runner.run(main(int(sys.argv[1])))
