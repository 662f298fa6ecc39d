"""Starts the workers, watches them, starts again what has died, and stops them all.

The supervisor holds the port (it takes no connections), the directory and both ends of every door;
the workers do everything else. A worker that dies takes its rooms with it: its people come back to
other workers with a fresh session, and carts, holds and orders are in the database. The supervisor
dying ends all workers, politely.
"""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from typing import Any

import structlog

from server.clock import Clock, SystemClock
from server.config import Settings
from server.config_groups import WorkerSettings
from server.errors import GalleriaError
from server.parking import parked_room_ids, parking_path
from server.port import open_port, url_of_port
from server.store import load_store
from server.workers.desk import Desk
from server.workers.directory import RoomTemplate
from server.workers.doors import door_pairs
from server.workers.start import FIRST_WORKER, Start

log = structlog.get_logger(__name__)

STOP_SPARE_S = 10.0
"""Given to a worker that is told to stop beyond its own drain time; then it is killed."""

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)
BACKLOG = 2_048
"""Connections that wait to be taken, as uvicorn has it."""

WATCH_INTERVAL_S = 1.0
LAST_WORDS_S = 2.0


class Supervisor:
    """Runs `settings.workers.count` workers on one listening socket."""

    def __init__(self, settings: Settings, clock: Clock, desk: Desk, port: socket.socket) -> None:
        self._settings = settings
        self._clock = clock
        self._desk = desk
        self._port = port
        self._doors = door_pairs(settings.workers.count)
        self._processes: dict[int, asyncio.subprocess.Process] = {}
        self._stopping = asyncio.Event()
        self._keepers: list[asyncio.Task[None]] = []

    def stop(self) -> None:
        """End all workers politely; the second time at once."""
        how = signal.SIGKILL if self._stopping.is_set() else signal.SIGTERM
        self._stopping.set()
        for process in self._processes.values():
            with suppress(ProcessLookupError):
                process.send_signal(how)

    async def run(self, on_ready: Callable[[], object]) -> None:
        """Keep the workers going until `stop`. Raises WORKER_FAILED when one does not start at all.

        The first worker starts alone: it brings the database up to date before others open it.
        """
        upkeep = asyncio.create_task(self._desk.run())
        try:
            numbers = range(FIRST_WORKER, self._settings.workers.count + 1)
            for worker in numbers:
                parked = parked_room_ids(parking_path(self._settings.data_dir, worker))
                if parked:
                    self._desk.directory.expect(worker, parked)
            await self._start_keeping(numbers[:1])
            await self._start_keeping(numbers[1:])
            if not self._stopping.is_set():
                on_ready()
            await asyncio.gather(*self._keepers)
        finally:
            self.stop()
            await asyncio.gather(*self._keepers, return_exceptions=True)
            upkeep.cancel()
            with suppress(asyncio.CancelledError):
                await upkeep
            for ends in self._doors.values():
                for end in ends:
                    end.close()

    async def _start_keeping(self, workers: range) -> None:
        firsts: list[asyncio.Future[bool]] = []
        for worker in workers:
            first = asyncio.get_running_loop().create_future()
            firsts.append(first)
            self._keepers.append(asyncio.create_task(self._keep(worker, first)))
        if not all(await asyncio.gather(*firsts)) and not self._stopping.is_set():
            raise GalleriaError(
                "WORKER_FAILED", "A worker did not start; what it said is above.", {}
            )

    # --- one worker -----------------------------------------------------------------------------

    async def _keep(self, worker: int, first: "asyncio.Future[bool]") -> None:
        """Run one worker again and again; `first` gets whether its first life began well."""
        pauses = restart_pauses(self._settings.workers)
        pause_ms = next(pauses)
        while not self._stopping.is_set():
            began_ms = self._clock()
            status = await self._live(worker, first)
            if not first.done():
                first.set_result(False)
                return
            if self._stopping.is_set():
                return
            if self._clock() - began_ms >= self._settings.workers.restart_calm_ms:
                pauses = restart_pauses(self._settings.workers)
                pause_ms = next(pauses)
            self._desk.restarts += 1
            log.warning("worker_ended", worker=worker, status=status, restart_in_ms=pause_ms)
            with suppress(TimeoutError):
                async with asyncio.timeout(pause_ms / 1_000):
                    await self._stopping.wait()
            pause_ms = next(pauses)
        if not first.done():
            first.set_result(False)

    async def _live(self, worker: int, first: "asyncio.Future[bool]") -> int:
        """One life of a worker, from its start to its end; its exit status."""
        ready = asyncio.Event()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            process = await self._spawn(worker, theirs)
        except OSError as error:
            log.error("worker_not_started", worker=worker, error=error.strerror)
            ours.close()
            return os.EX_OSERR
        serving = asyncio.create_task(self._desk.serve(worker, ours, ready))
        watching = asyncio.create_task(self._watch(worker, process, ready, first))
        try:
            return await process.wait()
        finally:
            self._processes.pop(worker, None)
            watching.cancel()
            # What it said last is heard to the end; then its rooms are given up.
            await asyncio.wait([serving], timeout=LAST_WORDS_S)
            serving.cancel()
            await asyncio.gather(serving, watching, return_exceptions=True)

    async def _spawn(self, worker: int, channel: socket.socket) -> asyncio.subprocess.Process:
        listen = self._settings.listen
        inward, _ = self._doors[worker]
        start = Start(
            worker,
            self._settings.workers.count,
            listen.host,
            listen.port,
            self._port.fileno(),
            channel.fileno(),
            inward.fileno(),
            {str(n): ends[1].fileno() for n, ends in self._doors.items() if n != worker},
        )
        with channel:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "server.workers.process",
                start.as_json(),
                stdin=asyncio.subprocess.DEVNULL,
                pass_fds=start.descriptors,
                # A group of its own: Ctrl-C is for us, and we tell the workers.
                start_new_session=True,
            )
        self._processes[worker] = process
        if self._stopping.is_set():
            process.terminate()
        log.info("worker_started", worker=worker, pid=process.pid)
        return process

    async def _watch(
        self,
        worker: int,
        process: asyncio.subprocess.Process,
        ready: asyncio.Event,
        first: "asyncio.Future[bool]",
    ) -> None:
        """Kill what does not get ready, what has stopped talking, and what does not stop."""
        workers, problem = self._settings.workers, "did not get ready"
        try:
            async with asyncio.timeout(workers.start_timeout_ms / 1_000):
                await ready.wait()
            if not first.done():
                first.set_result(True)
            log.info("worker_ready", worker=worker)
            problem = "stopped talking"
            while not self._stopping.is_set():
                heard_ms = self._desk.heard_ms(worker)
                if heard_ms is not None and self._clock() - heard_ms > workers.stall_ms:
                    raise TimeoutError
                with suppress(TimeoutError):
                    async with asyncio.timeout(WATCH_INTERVAL_S):
                        await self._stopping.wait()
            problem = "did not stop"
            drain_s = self._settings.realtime.drain_timeout_ms / 1_000
            await asyncio.sleep(drain_s + STOP_SPARE_S)
        except TimeoutError:
            pass
        log.error("worker_killed", worker=worker, why=problem)
        process.kill()


def restart_pauses(settings: WorkerSettings) -> Iterator[int]:
    """Pauses before a worker is started again, ms: each twice the last, up to a limit."""
    pause_ms = settings.restart_first_ms
    while True:
        yield min(pause_ms, settings.restart_max_ms)
        pause_ms = min(2 * pause_ms, settings.restart_max_ms)


def check_system(settings: Settings) -> None:
    """Raises WORKERS_UNSUPPORTED where processes cannot hand sockets to one another."""
    if settings.workers.count > 1 and (os.name != "posix" or not hasattr(socket, "send_fds")):
        raise GalleriaError(
            "WORKERS_UNSUPPORTED",
            "Several workers need a POSIX system such as Linux or macOS; leave --workers at 1.",
            {"workers": settings.workers.count},
        )


async def supervise(
    settings: Settings,
    on_ready: Callable[[str], object],
    beside: Callable[[str], Coroutine[Any, Any, None]] | None = None,
) -> None:
    """Run the workers until SIGINT or SIGTERM; `beside` runs next to them once they are ready."""
    clock, store, loop = SystemClock(), load_store(), asyncio.get_running_loop()
    companions: list[asyncio.Task[None]] = []
    with open_port(settings) as port:
        port.listen(BACKLOG)
        url = url_of_port(port.getsockname()[1], settings)
        desk = Desk(settings, clock, RoomTemplate(store.room_id, store.name))
        supervisor = Supervisor(settings, clock, desk, port)

        def ready() -> None:
            on_ready(url)
            if beside is not None:
                companions.append(asyncio.create_task(beside(url)))

        def stop() -> None:
            for companion in companions:
                companion.cancel()
            supervisor.stop()

        for number in STOP_SIGNALS:
            loop.add_signal_handler(number, stop)
        try:
            await supervisor.run(ready)
        finally:
            for number in STOP_SIGNALS:
                loop.remove_signal_handler(number)
            await asyncio.gather(*companions, return_exceptions=True)
