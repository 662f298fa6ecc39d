"""A server in a process of its own, with its processor time counted."""

import asyncio
import os
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

from server.config import Settings
from server.errors import GalleriaError

START_TIME_LIMIT_S = 120.0
STOP_TIME_LIMIT_S = 20.0
POLL_S = 0.05
LOG_TAIL_LINES = 15
KIB = 1_024


@dataclass(frozen=True, slots=True)
class Memory:
    """Of a process: what is resident, and what of it is shared with no other process, bytes."""

    resident_bytes: int
    private_bytes: int


@dataclass(slots=True)
class MeasuredProcess:
    """A child process. `log` is where its output goes."""

    process: asyncio.subprocess.Process
    log: Path

    def cpu_s(self) -> float:
        """Processor time that the process has used so far, user and system, all threads, seconds.

        Raises BENCH_UNSUPPORTED where the system does not tell (it is read from /proc).
        """
        try:
            stat = Path("/proc", str(self.process.pid), "stat").read_text(encoding="ascii")
        except OSError as error:
            raise GalleriaError(
                "BENCH_UNSUPPORTED",
                "This system does not tell the processor time of another process; use Linux.",
            ) from error
        # The name in brackets may hold spaces; user and system time are the 14th and 15th field.
        fields = stat.rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self) -> Memory:
        """What the process holds now. Raises BENCH_UNSUPPORTED as `cpu_s`."""
        try:
            rollup = Path("/proc", str(self.process.pid), "smaps_rollup").read_text("ascii")
        except OSError as error:
            raise GalleriaError(
                "BENCH_UNSUPPORTED",
                "This system does not tell the memory of another process; use Linux.",
            ) from error
        lines = dict(line.split(":", 1) for line in rollup.splitlines()[1:])
        kib = {name: int(value.split()[0]) for name, value in lines.items()}
        private = kib["Private_Clean"] + kib["Private_Dirty"]
        return Memory(kib["Rss"] * KIB, private * KIB)

    async def end(self) -> None:
        """End it politely, or kill it; ending twice is no mistake."""
        if self.process.returncode is None:
            self.process.terminate()
        try:
            await asyncio.wait_for(self.process.wait(), STOP_TIME_LIMIT_S)
        except TimeoutError:
            self.process.kill()
            await self.process.wait()

    def tail(self) -> str:
        """The last lines that the process has written."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(lines[-LOG_TAIL_LINES:])


@asynccontextmanager
async def measured_process(
    arguments: list[str],
    environment: Mapping[str, str],
    log: Path,
    cores: frozenset[int] = frozenset(),
) -> AsyncIterator[MeasuredProcess]:
    """Run this Python with arguments in an environment, until the block is left.

    `cores` are those it may use, as numbers of the system; empty: all.
    """
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *arguments,
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    pin(process.pid, cores)
    measured = MeasuredProcess(process, log)
    try:
        yield measured
    finally:
        await measured.end()


@dataclass(slots=True)
class MeasuredServer:
    """A Galleria server of our own, with empty data."""

    base_url: str
    process: MeasuredProcess
    environment: Mapping[str, str]


@asynccontextmanager
async def galleria_server(
    settings: Mapping[str, str],
    cores: frozenset[int] = frozenset(),
    meshes: Path | None = None,
    module: str = "server",
) -> AsyncIterator[MeasuredServer]:
    """Serve the demo store on a free port with fresh data; ready when the block is entered.

    `settings` are environment variables. Meshes that a server of this installation has made before
    are used again, because making them takes longer than the bench; when there are none, those in
    the folder `meshes` are, and if it is empty they are made there. `module` is what is run instead
    of our command. Raises BENCH_SERVER_FAILED with the end of its log.
    """
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="galleria-bench-") as folder:
        _share_meshes(Path(folder, "data"), meshes)
        environment = {
            **inherited(),
            "GALLERIA_DATA_DIR": str(Path(folder, "data")),
            "GALLERIA_LISTEN__HOST": "127.0.0.1",
            "GALLERIA_LISTEN__PORT": str(port),
            "GALLERIA_LOG__LEVEL": "warning",
            **settings,
        }
        log = Path(folder, "server.log")
        arguments = ["-m", module, "serve"]
        async with measured_process(arguments, environment, log, cores) as process:
            base_url = f"http://127.0.0.1:{port}"
            await _ready(base_url, process)
            yield MeasuredServer(base_url, process, environment)


def _share_meshes(data_dir: Path, meshes: Path | None) -> None:
    """Content-addressed files never change, so two servers can have the same folder of them."""
    made = Settings.load().data_dir / "assets"
    shared = made if made.is_dir() else meshes
    if shared is not None:
        data_dir.mkdir()
        (data_dir / "assets").symlink_to(shared.absolute(), target_is_directory=True)


def inherited() -> dict[str, str]:
    """Our own environment without settings of a server: what is measured is the stated server."""
    return {name: value for name, value in os.environ.items() if not name.startswith("GALLERIA_")}


async def _ready(base_url: str, process: MeasuredProcess) -> None:
    deadline = time.monotonic() + START_TIME_LIMIT_S
    async with httpx.AsyncClient(base_url=base_url) as http:
        while time.monotonic() < deadline and process.process.returncode is None:
            try:
                if (await http.get("/readyz")).status_code == 200:
                    return
            except httpx.TransportError:
                pass  # the port is not open yet
            await asyncio.sleep(POLL_S)
    raise GalleriaError(
        "BENCH_SERVER_FAILED", f"The server to be measured did not start:\n{process.tail()}"
    )


@dataclass(frozen=True, slots=True)
class Cores:
    """Who works where: one core for the server, the others for the load. Empty: anywhere."""

    server: frozenset[int] = frozenset()
    load: frozenset[int] = frozenset()

    @classmethod
    def split(cls) -> "Cores":
        """The first core of ours for the server; on a single core everybody shares it."""
        if sys.platform != "linux":
            return cls()
        first, *others = sorted(os.sched_getaffinity(0))
        return cls(frozenset({first}), frozenset(others)) if others else cls()


def pin(process_id: int, cores: frozenset[int]) -> None:
    """Let a process that has just begun run on these cores only; 0 is our own."""
    if sys.platform == "linux" and cores:
        # It may have ended already; then nobody minds where it ran.
        with suppress(ProcessLookupError):
            os.sched_setaffinity(process_id, cores)


def free_port() -> int:
    """A TCP port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
