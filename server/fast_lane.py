"""Game sockets outside the event loop, read at the tick.

With fifty to two hundred people in a room the cost of a message is not reading it but being woken
for it. So after the handshake a plain TCP socket leaves the event loop: its descriptor is
duplicated and kept in a selector of our own. The room host reads all sockets of a room at its tick,
without asking which have something, because at twenty poses a second nearly all have.

A command must not wait for a tick. A socket is therefore reported as readable only when it has more
than two poses (SO_RCVLOWAT): poses alone wake nobody, a longer message does. The selector itself
is watched by the event loop, and what it reports is read at once; when that was less than `beat_ms`
after the last time, the next one waits for a beat, so that a busy room is read in one go. Clients
make their requests longer than that (PROTOCOL.md); of one that does not, every message wakes us
from its first short request on. Where the option does not exist it is the same for all.

A `LiftedSocket` has the methods of a transport, so what is decided about frames and connections is
the same on both lanes. TLS that ends in this process cannot leave the loop; such sockets stay on
the ordinary lane, which is right and a little dearer.

Limits: of a socket at most `RECEIVE_MAX_BYTES` are read at a time, so that a flood waits in the
kernel's buffer and in the end at its sender; an unfinished frame is kept up to the largest frame
that is allowed; what a peer does not read is bounded by who writes (`server.connection`).
"""

import asyncio
import math
import selectors
import socket
from collections.abc import Callable

from server.lifted_socket import LiftedSocket, Owner

READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE


class FastLane:
    """All lifted sockets of the process.

    `on_ready` is called when sockets want to be read before their tick, at most twice in `beat_ms`;
    it has to call `drain` and `flush`.
    """

    def __init__(self, now_ms: Callable[[], int], frame_max_bytes: int, beat_ms: int = 10) -> None:
        self.now_ms = now_ms()
        self.frame_max_bytes = frame_max_bytes
        self.dirty: list[LiftedSocket] = []
        self.on_ready: Callable[[], object] = self._drain_and_flush
        self._clock = now_ms
        self._beat_s = beat_ms / 1_000
        self._selector = selectors.DefaultSelector()
        # epoll and kqueue are descriptors themselves; where there is neither, we look every beat.
        self._descriptor = self._selector.fileno() if hasattr(self._selector, "fileno") else None
        self._sockets: set[LiftedSocket] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._rest: asyncio.TimerHandle | None = None
        self._woken_s = -math.inf
        self._flush_scheduled = False
        self._gathering = False

    def __len__(self) -> int:
        return len(self._sockets)

    def adopt(
        self, transport: asyncio.Transport, owner: Owner, send_buffer_bytes: int
    ) -> LiftedSocket | None:
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
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
            self._watch_selector()
        return lifted

    def drain(self) -> None:
        """Read the sockets that have more than a pose.

        Until `flush` everything that is written is gathered, to go out in one call per socket.
        """
        self.gather()
        for key, events in self._selector.select(0):
            lifted: LiftedSocket = key.data
            if events & READ:
                lifted.read()
            if events & WRITE:
                lifted.flush()

    def gather(self) -> None:
        """From now until `flush` what is written waits, to go out in one call per socket."""
        self._gathering = True
        self.now_ms = self._clock()

    def _drain_and_flush(self) -> None:
        self.drain()
        self.flush()

    def _watch_selector(self) -> None:
        self._rest = None
        if self._loop is None:
            return
        if self._descriptor is not None:
            self._loop.add_reader(self._descriptor, self._woken)
        else:
            self._woken()

    def _woken(self) -> None:
        """A socket is ready, or may be: serve it, and when this is often, let all wait for a beat.

        Resting costs a wake-up of its own, which for one command a second is dearer than serving.
        """
        assert self._loop is not None  # noqa: S101 - it is the one that calls
        self.on_ready()
        before_s, self._woken_s = self._woken_s, self._loop.time()
        if self._descriptor is not None:
            if self._woken_s - before_s >= self._beat_s:
                return
            self._loop.remove_reader(self._descriptor)
        self._rest = self._loop.call_later(self._beat_s, self._watch_selector)

    def flush(self) -> None:
        """Send everything that was written and has not been sent."""
        self._gathering = False
        self._flush_scheduled = False
        if self.dirty:
            dirty, self.dirty = self.dirty, []
            for lifted in dirty:
                lifted.flush()

    def request_flush(self) -> None:
        """Something was written: it goes out with what is being gathered, or soon."""
        if not self._gathering and not self._flush_scheduled and self._loop is not None:
            self._flush_scheduled = True
            self._loop.call_soon(self.flush)

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
        if self._rest is not None:
            self._rest.cancel()
        elif self._loop is not None and self._descriptor is not None:
            self._loop.remove_reader(self._descriptor)
        self._loop = None
        self._selector.close()
