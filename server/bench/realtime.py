"""`galleria bench realtime`: what one delivered avatar update costs the server.

One room of N avatars; everybody moves and sees everybody. The same clients then send the same to
the yardstick. One update is another avatar's state in one client's frame.
"""

import asyncio
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx

from server.bench.load import Load, PoseClient, join_galleria, join_yardstick, walk_all
from server.bench.process import (
    MeasuredProcess,
    free_port,
    galleria_server,
    inherited,
    measured_process,
)

AVATARS = (10, 50, 200)
OPEN_TIME_LIMIT_S = 10.0


@dataclass(frozen=True, slots=True)
class RealtimeSpec:
    """Sizes of the room, and times of each run: warm-up that is not counted, then `seconds`."""

    avatars: Sequence[int] = AVATARS
    seconds: float = 8.0
    warm_up_s: float = 2.0


@dataclass(frozen=True, slots=True)
class Measurement:
    """One server under one load. `rate_hz` is how often each client got each other one."""

    updates: int
    rate_hz: float
    cpu_s: float
    cpu_us_per_update: float
    bytes_per_update: float
    p50_ms: float
    p99_ms: float
    refused: int


@dataclass(frozen=True, slots=True)
class RealtimeResult:
    """A size of the room, both servers."""

    avatars: int
    galleria: Measurement
    yardstick: Measurement

    @property
    def ratio(self) -> float:
        """Our cost by the yardstick's; below 1 is cheaper."""
        if not self.yardstick.cpu_us_per_update:
            return 0.0
        return self.galleria.cpu_us_per_update / self.yardstick.cpu_us_per_update

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "ratio": round(self.ratio, 3)}


async def run_realtime(
    spec: RealtimeSpec, report: Callable[[str], object] = lambda _line: None
) -> list[RealtimeResult]:
    """Measure every size of the room, the yardstick right after our server."""
    results = []
    report("Starting the server")
    async with galleria_server(room_settings(max(spec.avatars))) as server:
        for avatars in spec.avatars:
            report(f"{avatars} avatars, Galleria")
            ours = await measure_galleria(spec, server.base_url, server.process.cpu_s, avatars)
            report(f"{avatars} avatars, yardstick")
            yardstick = await measure_yardstick(spec, avatars)
            results.append(RealtimeResult(avatars, ours, yardstick))
    return results


def room_settings(avatars: int) -> dict[str, str]:
    """Settings of a server whose room takes so many, all of them from one address."""
    return {
        "GALLERIA_ROOM__CAPACITY": str(max(avatars, 64)),
        "GALLERIA_HTTP__REQUESTS_PER_SECOND": "100000",
        "GALLERIA_HTTP__REQUESTS_BURST": "100000",
    }


async def measure_galleria(
    spec: RealtimeSpec, base_url: str, cpu_s: Callable[[], float], avatars: int
) -> Measurement:
    """Let so many avatars into the first room of a server that has nobody else to serve.

    `cpu_s` tells the processor time that the server has used so far, seconds.
    """
    load = Load()
    async with httpx.AsyncClient(base_url=base_url, timeout=OPEN_TIME_LIMIT_S) as http:
        clients = [await join_galleria(http, load, number) for number in range(avatars)]
    return await _measure(spec, cpu_s, clients, load)


async def measure_yardstick(spec: RealtimeSpec, avatars: int) -> Measurement:
    load = Load()
    async with yardstick_process() as (url, process):
        clients = [await join_yardstick(url, load, number) for number in range(avatars)]
        return await _measure(spec, process.cpu_s, clients, load)


@asynccontextmanager
async def yardstick_process() -> AsyncIterator[tuple[str, MeasuredProcess]]:
    """The yardstick in a process of its own; its address, and the process."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="galleria-bench-") as folder:
        arguments = ["-m", "server.bench.yardstick", str(port)]
        async with measured_process(
            arguments, inherited(), Path(folder, "yardstick.log")
        ) as process:
            await _port_open(port)
            yield f"ws://127.0.0.1:{port}/", process


async def _port_open(port: int) -> None:
    async with asyncio.timeout(OPEN_TIME_LIMIT_S):
        while True:
            try:
                _reader, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
                continue
            writer.close()
            await writer.wait_closed()
            return


async def _measure(
    spec: RealtimeSpec, cpu_s: Callable[[], float], clients: list[PoseClient], load: Load
) -> Measurement:
    """Let everybody walk, count for a while, and let everybody go."""
    tasks = [asyncio.create_task(client.receive()) for client in clients]
    tasks.append(asyncio.create_task(walk_all(clients)))
    try:
        await asyncio.sleep(spec.warm_up_s)
        load.reset()
        spent_s, started = cpu_s(), time.perf_counter()
        await asyncio.sleep(spec.seconds)
        spent_s, seconds = cpu_s() - spent_s, time.perf_counter() - started
        measurement = _measurement(load, len(clients), spent_s, seconds)
        for task in tasks:
            if task.done():
                task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(*(client.leave() for client in clients))
    return measurement


def _measurement(load: Load, avatars: int, cpu_s: float, seconds: float) -> Measurement:
    pairs = avatars * max(1, avatars - 1)
    updates = max(1, load.updates)
    return Measurement(
        updates=load.updates,
        rate_hz=round(load.updates / pairs / seconds, 2),
        cpu_s=round(cpu_s, 3),
        cpu_us_per_update=round(cpu_s * 1e6 / updates, 4),
        bytes_per_update=round(load.payload_bytes / updates, 2),
        p50_ms=round(load.latencies.percentile(50), 2),
        p99_ms=round(load.latencies.percentile(99), 2),
        refused=load.refused,
    )


def typical_ratio(results: Sequence[RealtimeResult]) -> float:
    """The geometric mean of the ratios: the one mean that does not depend on who is the unit."""
    ratios = [result.ratio for result in results if result.ratio > 0]
    return statistics.geometric_mean(ratios) if ratios else 0.0
