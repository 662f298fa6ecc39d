"""One port for several processes: a game socket that came to the wrong one is handed to the right.

All workers take connections from one listening socket, so an upgrade of `/w/2/ws` may arrive at any
of them. It goes with its descriptor to worker 2, over a datagram socket that worker 2 reads
(SCM_RIGHTS); the peer notices nothing. So there is one origin and one address, a proxy needs no
rule for it, and a client that keeps its address comes back to its worker after a drop.

A worker that is gone gets none: whoever took the connection answers, and as it knows no such
session, the answer to a resume is `fresh`.
"""

import asyncio
import functools
import re
import socket
import sys
from collections.abc import Callable, Mapping
from typing import Any, cast

from server.listener import GameProtocol, Listener

REQUEST_MAX_BYTES = 32_768
"""Largest upgrade request that is handed on; a larger one is answered here."""

TRY_INTERVAL_S = 0.01
TRIES_MAX = 200
"""When everybody comes back at once a door may be crowded for a moment; after two seconds the
socket is closed, and the client tries again."""

_PATH = re.compile(rb"^GET /w/(\d{1,3})(/ws[? ])")


def addressed_to(request: bytes) -> tuple[int, bytes]:
    """The worker that an upgrade asks for (0: none), and the request as it shall see it."""
    found = _PATH.match(request)
    if found is None:
        return 0, request
    return int(found[1]), b"GET " + request[found.start(2) :]


class Doors:
    """Our own door, and the ways to those of the others.

    `inward` is read by this process, `outward` are the sockets whose other ends the others read.
    """

    def __init__(
        self, worker: int, inward: socket.socket, outward: Mapping[int, socket.socket]
    ) -> None:
        self._worker = worker
        self._inward = inward
        self._outward = outward
        self._entering: set[asyncio.Task[None]] = set()
        self.handed_on = 0
        self.handed_in = 0

    def leads_elsewhere(self, worker: int) -> bool:
        """Whether a socket for this worker would have to be handed on."""
        return worker != self._worker and worker in self._outward

    def hand_on(self, worker: int, request: bytes, descriptor: int) -> bool:
        """Give a socket to another worker; False when its door is crowded just now."""
        try:
            socket.send_fds(self._outward[worker], [request], [descriptor])
        except OSError:
            return False
        self.handed_on += 1
        return True

    def close(self) -> None:
        """Let go of all sockets."""
        for plain in (self._inward, *self._outward.values()):
            plain.close()

    def open(self, listener: Listener, server_state: Any) -> Callable[[], None]:
        """Let in what others hand to us, from now on; call what is returned to stop."""
        loop = asyncio.get_running_loop()
        loop.add_reader(self._inward, self._let_in, listener, server_state)

        def close() -> None:
            loop.remove_reader(self._inward)

        return close

    def _let_in(self, listener: Listener, server_state: Any) -> None:
        while True:
            try:
                request, descriptors, _, _ = socket.recv_fds(self._inward, REQUEST_MAX_BYTES, 1)
            except (BlockingIOError, InterruptedError):
                return
            for descriptor in descriptors:
                task = asyncio.create_task(
                    _enter(listener, server_state, request, socket.socket(fileno=descriptor))
                )
                self._entering.add(task)
                task.add_done_callback(self._entering.discard)
                self.handed_in += 1


async def _enter(
    listener: Listener, server_state: Any, request: bytes, plain: socket.socket
) -> None:
    plain.setblocking(False)
    loop = asyncio.get_running_loop()
    try:
        _, protocol = await loop.connect_accepted_socket(
            lambda: listener(server_state=server_state), plain
        )
    except OSError:
        plain.close()
        return
    protocol.data_received(request)


class Porter:
    """Stands before the listener of a worker: what uvicorn calls at each upgrade."""

    def __init__(
        self, listener: Listener, doors: Doors, is_reachable: Callable[[int], bool]
    ) -> None:
        self.listener = listener
        self.doors = doors
        self.is_reachable = is_reachable

    def __call__(self, *, server_state: Any, **_rest: Any) -> GameProtocol:
        """Make the protocol of one connection."""
        return _Arrival(self, server_state.connections)


class _Arrival(GameProtocol):
    """A game connection whose first bytes say to whom it wants to go."""

    def __init__(self, porter: Porter, server_connections: set[Any]) -> None:
        super().__init__(porter.listener, server_connections)
        self._porter = porter
        self._arrived = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._arriving = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if self._arrived:
            super().data_received(data)
            return
        self._arrived = True
        worker, request = addressed_to(data)
        self._show_in(worker, request, TRIES_MAX)

    def _show_in(self, worker: int, request: bytes, tries: int) -> None:
        porter = self._porter
        elsewhere = porter.is_reachable(worker) and porter.doors.leads_elsewhere(worker)
        if not elsewhere or len(request) > REQUEST_MAX_BYTES:
            super().data_received(request)
            return
        plain = self._arriving.get_extra_info("socket")
        if porter.doors.hand_on(worker, request, plain.fileno()) or tries == 0:
            # Closes our descriptor only; the other worker has one of its own.
            self._arriving.abort()
        elif not self._arriving.is_closing():
            later = functools.partial(self._show_in, worker, request, tries - 1)
            asyncio.get_running_loop().call_later(TRY_INTERVAL_S, later)


def door_pairs(workers: int) -> dict[int, tuple[socket.socket, socket.socket]]:
    """For each worker the end it reads and the end that the others write to.

    The supervisor keeps both, so that a worker that is started again finds what came meanwhile.
    """
    # Both keep messages whole. The first waits in bytes and not in a handful of messages, but not
    # every system has it for local sockets.
    kind = socket.SOCK_SEQPACKET if sys.platform == "linux" else socket.SOCK_DGRAM
    pairs = {n: socket.socketpair(socket.AF_UNIX, kind) for n in range(1, workers + 1)}
    for ends in pairs.values():
        for end in ends:
            end.setblocking(False)
    return pairs
