"""The yardstick: the shortest honest pose server on the websockets library.

It takes the same frames, keeps the newest record of everybody, and sends all of them to all twenty
times a second with the library's own `broadcast()`. No rooms, no checks, no sessions. It runs as
`python -m server.bench.yardstick PORT`.
"""

import asyncio
import sys
import time
from contextlib import suppress

import msgpack
from websockets.asyncio.server import Server, ServerConnection, broadcast, serve
from websockets.exceptions import ConnectionClosed

from server.bench.loops import quick_loop
from server.wire.messages import BY_NAME, SUBPROTOCOL

TICK_S = 0.05
ID_BYTES = 2
POSES = BY_NAME["Poses"].number


class Yardstick:
    """Connections, and the records that changed since the last tick."""

    def __init__(self) -> None:
        self._connections: set[ServerConnection] = set()
        self._changed: dict[bytes, bytes] = {}

    async def handle(self, connection: ServerConnection) -> None:
        self._connections.add(connection)
        with suppress(ConnectionClosed):
            async for frame in connection:
                record: bytes = msgpack.unpackb(frame)[2]
                self._changed[record[:ID_BYTES]] = record
        self._connections.discard(connection)

    async def tick(self) -> None:
        """Send what changed, for ever, twenty times a second."""
        due = time.monotonic()
        while True:
            due += TICK_S
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            if self._changed:
                records = b"".join(self._changed.values())
                self._changed.clear()
                now_ms = time.time_ns() // 1_000_000
                broadcast(self._connections, msgpack.packb([POSES, now_ms, records]))


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
    with asyncio.Runner(loop_factory=quick_loop()) as runner:
        runner.run(main(int(sys.argv[1])))
