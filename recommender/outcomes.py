"""What came of what was shown, for people who run a shop: one row a place, and the running test.

Made from the numbers of `RecommenderService.numbers()`, those of one process or of several: what
was counted is summed, and the test is judged on the sums. Its p-value may be looked at as often as
one likes (see `recommender.experiments`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from recommender.experiments import Arm, Tally, sequential_ratio
from recommender.slots import PLACES

Numbers = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class SlotOutcome:
    """Showings on one place that are over, and answers to what was shown there.

    `slot` counts from 1; the last one stands for all below it too. `answered`: showings that
    somebody did more with than look. `propensity`: how likely a place is looked at, over the best.
    """

    slot: int
    shown: int
    seconds: float
    answered: int
    dwell: int
    add: int
    buy: int
    propensity: float


@dataclass(frozen=True, slots=True)
class ArmOutcome:
    """Parties of one arm that were shown something, and those who added or bought it."""

    arm: str
    parties: int
    converted: int
    share: float


@dataclass(frozen=True, slots=True)
class Outcomes:
    """`slots` that anything was shown on; `arms` and `p_value` of the test, if one runs."""

    slots: tuple[SlotOutcome, ...]
    arms: tuple[ArmOutcome, ...]
    p_value: float | None


def outcomes(processes: Sequence[Numbers]) -> Outcomes:
    """The numbers of all processes, put together."""
    tallies = {arm: _tally(processes, arm) for arm in Arm}
    runs = any(f"experiment_{Arm.CONTROL}_parties" in numbers for numbers in processes)
    found = (_slot(processes, slot) for slot in range(1, PLACES + 1))
    return Outcomes(
        slots=tuple(row for row in found if row.shown),
        arms=tuple(
            ArmOutcome(str(arm), tally.parties, tally.converted, tally.share)
            for arm, tally in tallies.items()
            if runs
        ),
        p_value=_p_value(processes, tallies) if runs else None,
    )


def _p_value(processes: Sequence[Numbers], tallies: Mapping[Arm, Tally]) -> float:
    """Of one process its own, which only falls; of several that of the sums as they are now."""
    if len(processes) == 1:
        return processes[0]["experiment_p_value"]
    return min(1.0, 1.0 / sequential_ratio(tallies[Arm.CONTROL], tallies[Arm.TREATED]))


def _sum(processes: Sequence[Numbers], name: str) -> float:
    return sum(numbers.get(name, 0.0) for numbers in processes)


def _tally(processes: Sequence[Numbers], arm: Arm) -> Tally:
    name = f"experiment_{arm}"
    return Tally(int(_sum(processes, f"{name}_parties")), int(_sum(processes, f"{name}_converted")))


def _slot(processes: Sequence[Numbers], slot: int) -> SlotOutcome:
    name = f"slot_{slot:02d}"
    shown = _sum(processes, f"{name}_shown")
    # Each process has estimated it from its own showings.
    propensity = sum(
        numbers[f"{name}_propensity"] * numbers[f"{name}_shown"]
        for numbers in processes
        if f"{name}_shown" in numbers
    )
    return SlotOutcome(
        slot=slot,
        shown=int(shown),
        seconds=round(_sum(processes, f"{name}_seconds"), 3),
        answered=int(_sum(processes, f"{name}_answered")),
        dwell=int(_sum(processes, f"{name}_dwell")),
        add=int(_sum(processes, f"{name}_add")),
        buy=int(_sum(processes, f"{name}_buy")),
        propensity=propensity / shown if shown else 0.0,
    )
