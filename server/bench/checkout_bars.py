"""What the checkout has to keep up with: bars, and whether a run kept them.

The bars are those of the checkout's design, for one core of the server with database and load on
another one. They are printed and never asserted: on a busy machine the numbers say little.
"""

from dataclasses import dataclass

DECIDED_MAX_S = 1.0
HOLD_P99_MAX_MS = 100.0
CHECKOUT_CPU_MAX_MS = 10.0
REFUSAL_CPU_MAX_MS = 3.0
ORDINARY_MIN_PER_CPU_S = {"postgresql": 150.0, "sqlite": 300.0}
HOLDS_MIN_PER_S = 50_000.0
HOLDS_RATIO_MIN = 20.0


@dataclass(frozen=True, slots=True)
class Bar:
    """A measured value beside what it may be at most, or has to be `at_least`."""

    name: str
    measured: float
    bar: float
    at_least: bool = False

    @property
    def kept(self) -> bool:
        """Whether the run kept it."""
        return self.measured >= self.bar if self.at_least else self.measured <= self.bar
