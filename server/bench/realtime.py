"""`galleria bench realtime`: what one delivered avatar update costs the server.

Everybody moves. Each row has a server of its own, in a process of its own and, where the system
lets us, on a core of its own; the same load then goes to the yardstick. Validation, sessions,
metrics and the journal are on, as they are in a shop.
"""

import asyncio
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from server.bench.cases import DEFAULT_NAMES, SPREAD_NEAR_M, SPREAD_SEEN, Bars, Case, cases_of
from server.bench.crew import Crew, crew_of, processes_for
from server.bench.door import Door, YardstickDoor, galleria_door
from server.bench.loops import loop_names
from server.bench.measurement import Measurement, measurement_of
from server.bench.parts import FILE_VARIABLE, parts_between, sums_in
from server.bench.process import (
    Cores,
    MeasuredProcess,
    Memory,
    free_port,
    galleria_server,
    inherited,
    measured_process,
)

OPEN_TIME_LIMIT_S = 10.0
POLL_S = 0.05
CHURN_SHARE_A_S = 0.05
PEOPLE_A_HOSTILE = 9
"""People beside each hostile client: a tenth of all is hostile."""

BESET_P99_FACTOR = 1.2
BESET_GROWTH_MB = 25.0
"""Hostile clients have connections too: so much more may be held while they are there."""
EVENTS_LOST_BAR = 0.5
"""None, as a bar that is not zero."""

COMING_IN_MAX = 8
"""Clients on their way in at a time: seats are kept for some seconds only."""

EVERYWHERE_M = 200.0
ANY_CORES = Cores()
FLOOR = "floor"
"""In the place of a loop's name: the program that only reads and sends."""

LOAD_MODULE, HOSTILE_MODULE = "server.bench.load", "server.bench.hostile"


@dataclass(frozen=True, slots=True)
class RealtimeSpec:
    """Rows, and times of each: warm-up that is not counted, then `seconds`. With `churn`, a
    twentieth of the people leaves each second, and as many come in. With `hostile`, each row is
    measured again with hostile clients beside the people, one for nine of them."""

    cases: Sequence[Case] = field(default_factory=lambda: cases_of(DEFAULT_NAMES))
    seconds: float = 8.0
    warm_up_s: float = 2.0
    churn: bool = False
    hostile: bool = False
    yardstick: bool = True
    parts: bool = False
    """Each row is measured again, to see where the time goes."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A bar, what was measured, and whether it was kept."""

    name: str
    measured: float
    bar: float

    @property
    def kept(self) -> bool:
        return self.measured <= self.bar


@dataclass(frozen=True, slots=True)
class RealtimeResult:
    """A row: our server, and the yardstick on each event loop there is."""

    case: Case
    galleria: Measurement
    yardsticks: dict[str, Measurement] = field(default_factory=dict)
    beset: Measurement | None = None
    """The same people, with hostile clients beside them."""
    floor: Measurement | None = None
    """System calls and nothing else (`server.bench.floor`)."""
    parts: dict[str, float] = field(default_factory=dict)
    """Share of the processor time by part (`server.bench.parts`)."""

    @property
    def quicker(self) -> Measurement | None:
        """The cheaper yardstick."""
        served = [each for each in self.yardsticks.values() if each.updates]
        return min(served, key=lambda each: each.cpu_us_per_update, default=None)

    @property
    def ratio(self) -> float:
        """Our cost by that of the quicker yardstick; below 1 is cheaper, 0 is unknown."""
        quicker = self.quicker
        if quicker is None or not quicker.cpu_us_per_update:
            return 0.0
        return self.galleria.cpu_us_per_update / quicker.cpu_us_per_update

    @property
    def verdicts(self) -> list[Verdict]:
        """Each bar of this row."""
        bars: Bars = self.case.bars
        ours = self.galleria
        found = [
            Verdict("cpu_us", ours.cpu_us_per_update, bars.cpu_us),
            Verdict("ratio", self.ratio, bars.ratio if self.ratio else 0.0),
            Verdict("p99_ms", ours.p99_ms, bars.p99_ms),
            Verdict("command_p99_ms", ours.command_p99_ms, bars.command_p99_ms),
            Verdict("resident_mb", ours.resident_mb, bars.resident_mb),
            Verdict("bytes_per_update", ours.payload_bytes_per_update, bars.bytes_per_update),
        ]
        if self.beset is not None:
            found.append(Verdict("beset_p99_ms", self.beset.p99_ms, ours.p99_ms * BESET_P99_FACTOR))
            # Where nothing happens nothing can be lost.
            lost_bar = EVENTS_LOST_BAR if self.beset.events else 0.0
            memory_bar = ours.resident_mb + BESET_GROWTH_MB
            found.append(Verdict("beset_events_lost", self.beset.events_lost, lost_bar))
            found.append(Verdict("beset_resident_mb", self.beset.resident_mb, memory_bar))
        return [verdict for verdict in found if verdict.bar]

    def as_json(self) -> dict[str, Any]:
        """Numbers, and for each bar whether it was kept."""
        return {
            "case": self.case.name,
            "rooms": self.case.rooms,
            "avatars": self.case.avatars,
            "galleria": self.galleria.as_json(),
            "yardsticks": {name: each.as_json() for name, each in self.yardsticks.items()},
            "beset": self.beset.as_json() if self.beset is not None else None,
            "floor": self.floor.as_json() if self.floor is not None else None,
            "parts": self.parts,
            "ratio": round(self.ratio, 3),
            "bars": {
                verdict.name: {
                    "measured": round(verdict.measured, 4),
                    "bar": verdict.bar,
                    "kept": verdict.kept,
                }
                for verdict in self.verdicts
            },
        }


Report = Callable[[str], object]


async def run_realtime(
    spec: RealtimeSpec, report: Report = lambda _line: None
) -> AsyncIterator[RealtimeResult]:
    """Measure row by row, the yardstick right after our server; a row is told when it is done.

    `report` is called once for each step with what it is; `steps_of` says how many there are.
    """
    cores = Cores.split()
    with tempfile.TemporaryDirectory(prefix="galleria-bench-") as folder:
        meshes = Path(folder)
        for case in spec.cases:
            report(f"{case.name}: Galleria")
            ours = await measure_case(spec, case, cores, meshes)
            beset = None
            if spec.hostile:
                report(f"{case.name}: Galleria, beset")
                beset = await measure_case(spec, case, cores, meshes, hostile=hostile_of(case))
            yardsticks, floor, parts = dict[str, Measurement](), None, dict[str, float]()
            if has_yardstick(spec, case):
                for loop in loop_names():
                    report(f"{case.name}: yardstick on {loop}")
                    yardsticks[loop] = await measure_yardstick(spec, case, loop, cores)
            if has_floor(spec, case):
                report(f"{case.name}: floor")
                floor = await measure_yardstick(spec, floor_of(case), FLOOR, cores)
            if spec.parts:
                report(f"{case.name}: parts")
                parts = await measure_parts(spec, case, cores, meshes)
            yield RealtimeResult(case, ours, yardsticks, beset, floor, parts)


def has_yardstick(spec: RealtimeSpec, case: Case) -> bool:
    """The yardstick knows neither places nor newcomers, and has nothing against anybody hostile."""
    return spec.yardstick and not (case.spread or spec.churn or spec.hostile)


def has_floor(spec: RealtimeSpec, case: Case) -> bool:
    """The floor knows no newcomers, and no tiers."""
    return spec.yardstick and not (case.default_tiers or spec.churn or spec.hostile)


def floor_of(case: Case) -> Case:
    """The row whose floor is that of this one. Who is spread over the floor and sees those around
    is to a program without places somebody in a room with as many others."""
    if not case.spread:
        return case
    seen = min(case.avatars, SPREAD_SEEN)
    return Case(case.name, seen, max(1, round(case.avatars / seen)))


def steps_of(spec: RealtimeSpec) -> int:
    """How often `run_realtime` reports."""
    return sum(
        1
        + spec.hostile
        + len(loop_names()) * has_yardstick(spec, case)
        + has_floor(spec, case)
        + spec.parts
        for case in spec.cases
    )


def hostile_of(case: Case) -> int:
    """How many hostile clients there are beside the people of a row."""
    return max(1, case.clients // PEOPLE_A_HOSTILE)


def room_settings(case: Case, *, churn: bool = False) -> dict[str, str]:
    """Settings of a server that takes a whole row, all of it from one address.

    Only a spread row has tiers that matter: in the others everybody is near everybody.
    """
    # People are spread over rooms by the rooms being full.
    capacity = case.avatars if case.rooms > 1 else case.avatars + hostile_of(case)
    settings = {
        "GALLERIA_ROOM__CAPACITY": str(capacity + COMING_IN_MAX * churn),
        "GALLERIA_WORKERS__ROOMS_MAX": str(case.rooms + 1),
        "GALLERIA_WORKERS__PLACEMENT_BUSY_FRACTION": "1",
        "GALLERIA_HTTP__REQUESTS_PER_SECOND": "100000",
        "GALLERIA_HTTP__REQUESTS_BURST": "100000",
    }
    if not case.default_tiers:
        reach_m = SPREAD_NEAR_M if case.spread else EVERYWHERE_M
        for tier in ("NEAR", "MIDDLE", "FAR"):
            settings[f"GALLERIA_ROOM__INTEREST__{tier}_M"] = str(reach_m)
    return settings


async def measure_case(
    spec: RealtimeSpec, case: Case, cores: Cores, meshes: Path | None = None, hostile: int = 0
) -> Measurement:
    """One row, with a server of its own, and so many hostile clients; `meshes` as for
    `server.bench.process.galleria_server`."""
    async with galleria_server(
        room_settings(case, churn=spec.churn), cores.server, meshes
    ) as server:
        process = server.process
        async with galleria_door(case, server.base_url) as door:
            async with mob(door, case, hostile, cores) as closes:
                measured = await measure_through(
                    door, spec, case, process.cpu_s, process.memory, cores
                )
            return replace(measured, hostile_closes=dict(closes))


async def measure_parts(
    spec: RealtimeSpec, case: Case, cores: Cores, meshes: Path | None = None
) -> dict[str, float]:
    """Where the time of this row goes: share of the processor time by part."""
    with tempfile.TemporaryDirectory(prefix="galleria-bench-") as folder:
        file = Path(folder, "parts.json")
        settings = {**room_settings(case), FILE_VARIABLE: str(file)}
        async with (
            galleria_server(settings, cores.server, meshes, "server.bench.watched") as server,
            galleria_door(case, server.base_url) as door,
        ):
            moments = list[dict[str, float]]()

            def cpu_s() -> float:
                moments.append(sums_in(file))
                return server.process.cpu_s()

            await measure_through(door, spec, case, cpu_s, None, cores)
    return parts_between(*moments)


async def measure_yardstick(
    spec: RealtimeSpec, case: Case, loop: str, cores: Cores = ANY_CORES
) -> Measurement:
    """The same row on the yardstick; `loop` is one of `server.bench.loops.loop_names`, or FLOOR."""
    async with yardstick_process(loop, cores.server) as (port, process):
        door = YardstickDoor(case, port)
        return await measure_through(door, spec, case, process.cpu_s, process.memory, cores)


@asynccontextmanager
async def yardstick_process(
    loop: str, cores: frozenset[int] = frozenset()
) -> AsyncIterator[tuple[int, MeasuredProcess]]:
    """The yardstick in a process of its own; its port, and the process."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="galleria-bench-") as folder:
        module = "server.bench.floor" if loop == FLOOR else "server.bench.yardstick"
        arguments = ["-m", module, str(port), loop]
        log = Path(folder, "yardstick.log")
        async with measured_process(arguments, inherited(), log, cores) as process:
            await _port_open(port)
            yield port, process


async def _port_open(port: int) -> None:
    async with asyncio.timeout(OPEN_TIME_LIMIT_S):
        while True:
            try:
                _reader, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(POLL_S)
                continue
            writer.close()
            await writer.wait_closed()
            return


async def measure_through(
    door: Door,
    spec: RealtimeSpec,
    case: Case,
    cpu_s: Callable[[], float],
    memory: Callable[[], Memory] | None = None,
    cores: Cores = ANY_CORES,
) -> Measurement:
    """Let everybody in, count for a while, and let everybody go.

    `cpu_s` tells the processor time that the server has used so far, seconds; `memory` what it
    holds.
    """
    processes = processes_for(case.clients, cores.load)
    async with crew_of(LOAD_MODULE, processes, cores.load) as crew:
        for number in range(case.clients):
            await crew.until_inside(number + 1 - COMING_IN_MAX)
            crew.admit(await door.ticket(number))
        await crew.until_inside(case.clients)
        churning = asyncio.create_task(_churn(spec, case, door, crew))
        try:
            await asyncio.sleep(spec.warm_up_s)
            crew.measure()
            spent_s = cpu_s()
            await asyncio.sleep(spec.seconds)
            report = await crew.report()
            spent_s = cpu_s() - spent_s
            # What a command costs is commerce, and is not to count for the poses.
            crew.shop()
            await asyncio.sleep(spec.warm_up_s)
            crew.measure()
            await asyncio.sleep(spec.seconds)
            shopping = await crew.report()
            report.command_ms = shopping.command_ms
            for name in ("events", "events_lost"):
                report.counts[name] += shopping.counts[name]
            held = memory() if memory is not None else None
            if churning.done():
                churning.result()
        finally:
            churning.cancel()
            await asyncio.gather(churning, return_exceptions=True)
        await crew.leave()
    return measurement_of(case, report, spent_s, held)


@asynccontextmanager
async def mob(door: Door, case: Case, count: int, cores: Cores) -> AsyncIterator[Counter[str]]:
    """Hostile clients in a process of their own, until the block is left.

    Afterwards the counter says how often a habit was ended with which close code.
    """
    closes: Counter[str] = Counter()
    if not count:
        yield closes
        return
    async with crew_of(HOSTILE_MODULE, 1, cores.load) as crew:
        for number in range(count):
            crew.admit(await door.ticket(case.clients + number))
        await crew.until_inside(count)
        yield closes
        closes.update((await crew.report()).closes)
        await crew.leave()


async def _churn(spec: RealtimeSpec, case: Case, door: Door, crew: Crew) -> None:
    """Who has been here longest leaves, and somebody new comes in, for ever."""
    period_s = 1 / (case.clients * CHURN_SHARE_A_S)
    number = case.clients
    while spec.churn:
        await asyncio.sleep(period_s)
        crew.swap(1)
        crew.admit(await door.ticket(number))
        number += 1
