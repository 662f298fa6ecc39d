"""One server under one load, in numbers."""

from dataclasses import asdict, dataclass, field
from typing import Any

from server.bench.cases import Case
from server.bench.crew import Report
from server.bench.pose_frames import PERIOD_S
from server.bench.process import Memory
from server.bench.tally import lateness_percentile_ms, percentile

LOAD_CPU_MAX_PERCENT = 85.0
LATENESS_P99_MAX_MS = 5.0
MIB = 1_048_576


@dataclass(frozen=True, slots=True)
class LoadProof:
    """How busy the load was itself: the busiest of its processes in percent of a core, how late it
    sent, and what part of the poses it should have sent it did send."""

    processes: int = 0
    cpu_percent: float = 0.0
    lateness_p99_ms: float = 0.0
    sent_ratio: float = 0.0

    @property
    def is_bottleneck(self) -> bool:
        """Then what was measured is the load, and not the server."""
        return self.cpu_percent > LOAD_CPU_MAX_PERCENT or self.lateness_p99_ms > LATENESS_P99_MAX_MS


@dataclass(frozen=True, slots=True)
class Measurement:
    """What a row says of one server.

    An update is another avatar's state in one client's frame. `rate_hz` is how often each client
    got each other one of its room; `delivery_ratio` is updates by poses sent to so many others.
    Payload is that of the messages that carry poses; `wire_bytes_per_update` is everything that
    came in at the sockets, events and WebSocket headers included, TCP and below not. Latency is
    from the sending of a pose to the decoding of the frame that has it.
    """

    seconds: float = 0.0
    updates: int = 0
    rate_hz: float = 0.0
    cpu_s: float = 0.0
    cpu_us_per_update: float = 0.0
    core_percent: float = 0.0
    payload_bytes_per_update: float = 0.0
    wire_bytes_per_update: float = 0.0
    receiver_bytes_per_s: float = 0.0
    p50_ms: float = 0.0
    p99_ms: float = 0.0
    delivery_ratio: float = 0.0
    commands: int = 0
    command_p50_ms: float = 0.0
    command_p99_ms: float = 0.0
    events: int = 0
    events_lost: int = 0
    corrections: dict[str, int] = field(default_factory=dict)
    errors: dict[str, int] = field(default_factory=dict)
    closes: dict[str, int] = field(default_factory=dict)
    hostile_closes: dict[str, int] = field(default_factory=dict)
    resident_mb: float = 0.0
    private_mb: float = 0.0
    load: LoadProof = LoadProof()

    @property
    def valid(self) -> bool:
        return self.updates > 0 and not self.load.is_bottleneck

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "valid": self.valid}


def measurement_of(
    case: Case, report: Report, cpu_s: float, memory: Memory | None = None
) -> Measurement:
    """Put together what the load has counted and what the server has used meanwhile."""
    counts, seconds = report.counts, report.seconds
    updates = max(1, counts["updates"])
    pairs = case.clients * (case.avatars - 1)
    ages, commands = report.age_ms, report.command_ms
    return Measurement(
        seconds=round(seconds, 3),
        updates=counts["updates"],
        rate_hz=round(counts["updates"] / pairs / seconds, 2),
        cpu_s=round(cpu_s, 3),
        cpu_us_per_update=round(cpu_s * 1e6 / updates, 4),
        core_percent=round(100 * cpu_s / seconds, 1),
        payload_bytes_per_update=round(counts["payload_bytes"] / updates, 2),
        wire_bytes_per_update=round(counts["wire_bytes"] / updates, 2),
        receiver_bytes_per_s=round(counts["wire_bytes"] / case.clients / seconds),
        p50_ms=round(percentile(ages, 50), 2),
        p99_ms=round(percentile(ages, 99), 2),
        delivery_ratio=round(counts["updates"] / max(1, counts["pairs"]), 4),
        commands=len(commands),
        command_p50_ms=round(percentile(commands, 50), 2),
        command_p99_ms=round(percentile(commands, 99), 2),
        events=counts["events"],
        events_lost=counts["events_lost"],
        corrections=dict(report.corrections),
        errors=dict(report.errors),
        closes=dict(report.closes),
        resident_mb=round(memory.resident_bytes / MIB, 1) if memory else 0.0,
        private_mb=round(memory.private_bytes / MIB, 1) if memory else 0.0,
        load=LoadProof(
            processes=len(report.cpu_percents),
            cpu_percent=round(max(report.cpu_percents), 1),
            lateness_p99_ms=lateness_percentile_ms(report.lateness, 99),
            sent_ratio=round(counts["sent"] * PERIOD_S / seconds / case.clients, 4),
        ),
    )
