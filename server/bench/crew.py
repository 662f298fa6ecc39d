"""The load as a whole: processes full of clients, told what to do and asked what they counted."""

import asyncio
import json
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from server.bench.process import inherited, pin
from server.bench.tally import COUNTS
from server.errors import GalleriaError

LINE_MAX_BYTES = 2**26
ANSWER_TIMEOUT_S = 30.0
CLIENTS_A_PROCESS = 200
LOG_TAIL_CHARACTERS = 2_000

Progress = Callable[[str], object]


@dataclass(slots=True)
class Report:
    """What all processes have counted together. `cpu_percents` is one entry a process."""

    counts: Counter[str] = field(default_factory=Counter)
    corrections: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    closes: Counter[str] = field(default_factory=Counter)
    age_ms: list[float] = field(default_factory=list)
    command_ms: list[float] = field(default_factory=list)
    lateness: list[int] = field(default_factory=list)
    seconds: float = 0.0
    cpu_percents: list[float] = field(default_factory=list)

    def add(self, part: dict[str, Any]) -> None:
        """Take in the tally of one process."""
        self.counts.update({name: part[name] for name in COUNTS})
        self.corrections.update(part["corrections"])
        self.errors.update(part["errors"])
        self.closes.update(part["closes"])
        self.age_ms += part["age_ms"]
        self.command_ms += part["command_ms"]
        late = part["lateness"]
        self.lateness = [a + b for a, b in zip(self.lateness or [0] * len(late), late, strict=True)]
        self.seconds = max(self.seconds, part["seconds"])
        self.cpu_percents.append(100 * part["cpu_s"] / part["seconds"])


class _Member:
    """One process of the load."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self.process = process
        self.log = log
        self.reports: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.left = asyncio.Event()

    def tell(self, command: dict[str, Any]) -> None:
        assert self.process.stdin is not None  # noqa: S101 - it was started with a pipe
        self.process.stdin.write((json.dumps(command) + "\n").encode())


class Crew:
    """Processes that run the same module, such as `server.bench.load`."""

    def __init__(self, members: Sequence[_Member]) -> None:
        self._members = members
        self._next = 0
        self._changed = asyncio.Event()
        self._failures: Counter[str] = Counter()
        self.inside = 0
        self._ended = False

    def admit(self, client: dict[str, Any]) -> None:
        """Let a client in, in the process whose turn it is."""
        self._members[self._next % len(self._members)].tell({"do": "admit", "client": client})
        self._next += 1

    async def until_inside(self, count: int) -> None:
        """Wait until so many have come in. Raises BENCH_REFUSED when one was not let in."""
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                while self.inside < count:
                    self._check()
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError as error:
            raise GalleriaError(
                "BENCH_LOAD_FAILED",
                f"Only {self.inside} of {count} clients came in.\n{self._logs()}",
            ) from error
        self._check()

    def measure(self) -> None:
        """Count from now on."""
        self._tell({"do": "measure"})

    def shop(self) -> None:
        """Let those begin to shop who are here for it."""
        self._tell({"do": "shop"})

    def swap(self, count: int) -> None:
        """Let those leave who have been here longest."""
        self._members[self._next % len(self._members)].tell({"do": "swap", "count": count})

    async def report(self) -> Report:
        """What has been counted since `measure`."""
        self._tell({"do": "report"})
        report = Report()
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            for member in self._members:
                report.add(await member.reports.get())
        self._check()
        return report

    async def leave(self) -> None:
        """Let everybody leave politely."""
        self._tell({"do": "leave"})
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            for member in self._members:
                await member.left.wait()

    async def hear(self, member: _Member) -> None:
        """Take what one process says, until it ends."""
        assert member.process.stdout is not None  # noqa: S101 - it was started with a pipe
        async for line in member.process.stdout:
            answer = json.loads(line)
            match answer["said"]:
                case "in":
                    self.inside += 1
                case "failed":
                    self._failures[answer["code"]] += 1
                case "report":
                    member.reports.put_nowait(answer["report"])
                case "left":
                    member.left.set()
            self._changed.set()
        if not self._ended:
            self._failures["process ended"] += 1
            self._changed.set()

    def end(self) -> None:
        """Let the processes end."""
        self._ended = True
        self._tell({"do": "end"})

    def _tell(self, command: dict[str, Any]) -> None:
        for member in self._members:
            member.tell(command)

    def _check(self) -> None:
        if self._failures:
            failures = ", ".join(f"{code} {count}" for code, count in self._failures.items())
            raise GalleriaError(
                "BENCH_REFUSED", f"Clients were not let in: {failures}\n{self._logs()}"
            )

    def _logs(self) -> str:
        texts = [member.log.read_text("utf-8", errors="replace") for member in self._members]
        return "\n".join(text[-LOG_TAIL_CHARACTERS:] for text in texts).strip()


def processes_for(clients: int, cores: frozenset[int]) -> int:
    """Enough of them, and none without a core of its own."""
    return max(1, min(len(cores), -(-clients // CLIENTS_A_PROCESS)))


@asynccontextmanager
async def crew_of(
    module: str, processes: int, cores: frozenset[int] = frozenset()
) -> AsyncIterator[Crew]:
    """Start so many processes of a module; they end when the block is left."""
    with TemporaryDirectory(prefix="galleria-bench-") as folder:
        members = [
            await _start(module, cores, Path(folder, f"load-{number}.log"))
            for number in range(processes)
        ]
        crew = Crew(members)
        hearing = [asyncio.create_task(crew.hear(member)) for member in members]
        try:
            yield crew
        finally:
            with suppress(ConnectionError):
                crew.end()
            for member in members:
                await _end(member.process)
            await asyncio.gather(*hearing)


async def _start(module: str, cores: frozenset[int], log: Path) -> _Member:
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            module,
            env=inherited(),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=output,
            limit=LINE_MAX_BYTES,
        )
    pin(process.pid, cores)
    return _Member(process, log)


async def _end(process: asyncio.subprocess.Process) -> None:
    try:
        await asyncio.wait_for(process.wait(), ANSWER_TIMEOUT_S / 6)
    except TimeoutError:
        process.kill()
        await process.wait()
