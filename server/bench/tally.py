"""What the clients of one load process have counted in the time that is measured."""

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

LATENESS_STEP_MS = 0.1
LATENESS_STEPS = 2_000
"""Sends later than 200 ms count as 200 ms late."""


@dataclass(slots=True)
class Tally:
    """`updates` are states of one other avatar in one client's frame. `age_ms` are samples of how
    long a pose was on its way, `command_ms` of how long a command was unanswered. `lateness` counts
    sends by how late they were, in steps of `LATENESS_STEP_MS`."""

    updates: int = 0
    frames: int = 0
    payload_bytes: int = 0
    wire_bytes: int = 0
    sent: int = 0
    not_sent: int = 0
    pairs: int = 0
    events: int = 0
    events_lost: int = 0
    corrections: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    closes: Counter[str] = field(default_factory=Counter)
    age_ms: list[float] = field(default_factory=list)
    command_ms: list[float] = field(default_factory=list)
    lateness: list[int] = field(default_factory=lambda: [0] * (LATENESS_STEPS + 1))
    began_s: float = field(default_factory=time.monotonic)
    began_cpu_s: float = field(default_factory=time.process_time)

    def late(self, late_s: float) -> None:
        """One send was so late."""
        step = int(late_s * 1_000 / LATENESS_STEP_MS)
        self.lateness[min(LATENESS_STEPS, step)] += 1

    def as_json(self) -> dict[str, Any]:
        """Everything, and the time and processor time it took this process."""
        return {
            **{name: getattr(self, name) for name in COUNTS},
            "corrections": dict(self.corrections),
            "errors": dict(self.errors),
            "closes": dict(self.closes),
            "age_ms": self.age_ms,
            "command_ms": self.command_ms,
            "lateness": self.lateness,
            "seconds": time.monotonic() - self.began_s,
            "cpu_s": time.process_time() - self.began_cpu_s,
        }


COUNTS = (
    "updates", "frames", "payload_bytes", "wire_bytes", "sent", "not_sent", "pairs", "events",
    "events_lost",
)  # fmt: skip


def percentile(values: list[float], percent: float) -> float:
    """By nearest rank; 0 when there is no value."""
    ordered = sorted(values)
    rank = max(0, int(-(-len(ordered) * percent // 100)) - 1)
    return ordered[rank] if ordered else 0.0


def lateness_percentile_ms(lateness: list[int], percent: float) -> float:
    """The upper end of the step in which this percentile of the sends is, ms; 0 for no sends."""
    wanted = sum(lateness) * percent / 100
    for step, count in enumerate(lateness):
        wanted -= count
        if count and wanted <= 0:
            return round((step + 1) * LATENESS_STEP_MS, 1)
    return 0.0
