"""What the bots did and how they fared: counts by action and outcome, latencies, losses, errors."""

import dataclasses
import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

DONE = "done"
REFUSED = "refused"
# Latency samples kept; beyond that a fair sample of all (reservoir sampling, Vitter's algorithm R).
SAMPLES_MAX = 20_000
UNEXPECTED_MAX = 50


class Latencies:
    """Durations in ms, of which at most `SAMPLES_MAX` are kept."""

    def __init__(self, seed: int = 0) -> None:
        self.count = 0
        self._kept: list[float] = []
        self._chance = random.Random(seed)

    def add(self, duration_ms: float) -> None:
        self.count += 1
        if len(self._kept) < SAMPLES_MAX:
            self._kept.append(duration_ms)
            return
        place = self._chance.randrange(self.count)
        if place < SAMPLES_MAX:
            self._kept[place] = duration_ms

    def percentile(self, percent: float) -> float:
        """By nearest rank, ms; 0 when there is no sample."""
        if not self._kept:
            return 0.0
        ordered = sorted(self._kept)
        rank = max(0, -(-len(ordered) * percent // 100) - 1)
        return ordered[min(len(ordered) - 1, int(rank))]

    def summary(self) -> dict[str, float]:
        return {
            "count": self.count,
            "p50_ms": round(self.percentile(50), 2),
            "p99_ms": round(self.percentile(99), 2),
        }


@dataclass(slots=True)
class Tally:
    """Everything the bots count while they run."""

    actions: Counter[tuple[str, str]] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    unexpected: list[str] = field(default_factory=list)
    unexpected_count: int = 0
    requests: Latencies = field(default_factory=Latencies)
    poses: Latencies = field(default_factory=Latencies)
    poses_sent: int = 0
    pose_frames: int = 0
    pose_updates: int = 0
    pose_refusals: Counter[str] = field(default_factory=Counter)
    events: int = 0
    drops: int = 0
    resumed: int = 0
    fresh: int = 0
    losses: int = 0
    orders: set[str] = field(default_factory=set)
    present: int = 0
    peak: int = 0

    def done(self, action: str) -> None:
        self.actions[action, DONE] += 1

    def refused(self, action: str, code: str, *, expected: bool, message: str) -> None:
        """A typed refusal; one that this action should not meet is kept as unexpected."""
        self.actions[action, REFUSED] += 1
        self.errors[code] += 1
        if not expected:
            self.surprise(f"{action}: {code}: {message}")

    def surprise(self, what: str) -> None:
        """Something that must not happen. All are counted, the first ones are kept."""
        self.unexpected_count += 1
        if len(self.unexpected) < UNEXPECTED_MAX:
            self.unexpected.append(what)

    def report(self, *, shoppers: int, seed: int, seconds: float) -> "BotReport":
        actions: dict[str, dict[str, int]] = {}
        for (action, outcome), count in sorted(self.actions.items()):
            actions.setdefault(action, {DONE: 0, REFUSED: 0})[outcome] = count
        return BotReport(
            shoppers=shoppers,
            seed=seed,
            seconds=round(seconds, 1),
            present=self.present,
            peak=self.peak,
            actions=actions,
            errors=dict(self.errors.most_common()),
            requests=self.requests.summary(),
            poses=self.poses.summary(),
            poses_sent=self.poses_sent,
            pose_updates=self.pose_updates,
            pose_refusals=dict(self.pose_refusals.most_common()),
            events=self.events,
            drops=self.drops,
            resumed=self.resumed,
            fresh=self.fresh,
            losses=self.losses,
            orders=len(self.orders),
            unexpected=list(self.unexpected),
            unexpected_count=self.unexpected_count,
        )


@dataclass(frozen=True, slots=True)
class BotReport:
    """The result of a run.

    `poses` is the time from sending a pose to its decoding by another bot, `losses` the gaps in
    sequence numbers of reliable events, `fresh` the resumes that the server did not grant, and
    `peak` the most bots that were in the room at one time.
    """

    shoppers: int
    seed: int
    seconds: float
    present: int
    peak: int
    actions: dict[str, dict[str, int]]
    errors: dict[str, int]
    requests: dict[str, float]
    poses: dict[str, float]
    poses_sent: int
    pose_updates: int
    pose_refusals: dict[str, int]
    events: int
    drops: int
    resumed: int
    fresh: int
    losses: int
    orders: int
    unexpected: list[str]
    unexpected_count: int

    @property
    def ok(self) -> bool:
        """Nothing was lost and nothing happened that must not."""
        return self.losses == 0 and self.unexpected_count == 0

    def as_json(self) -> dict[str, Any]:
        return {**dataclasses.asdict(self), "ok": self.ok}
