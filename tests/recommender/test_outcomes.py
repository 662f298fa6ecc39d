"""What came of what was shown: sums over processes, and the test judged on them."""

import pytest

from recommender.experiments import Tally, sequential_ratio
from recommender.outcomes import ArmOutcome, SlotOutcome, outcomes


def slot(number: int, shown: float, add: float, propensity: float) -> dict[str, float]:
    name = f"slot_{number:02d}"
    return {
        f"{name}_shown": shown,
        f"{name}_seconds": 2.0 * shown,
        f"{name}_answered": add,
        f"{name}_dwell": 2.0 * add,
        f"{name}_add": add,
        f"{name}_buy": 0.0,
        f"{name}_propensity": propensity,
    }


def arms(control: tuple[int, int], treated: tuple[int, int], p_value: float) -> dict[str, float]:
    found: dict[str, float] = {"experiment_p_value": p_value}
    for name, (parties, converted) in (("control", control), ("treated", treated)):
        found[f"experiment_{name}_parties"] = float(parties)
        found[f"experiment_{name}_converted"] = float(converted)
    return found


def test_nothing_shown_and_no_test() -> None:
    several: list[list[dict[str, float]]] = [[], [{}], [{"observed": 3.0}, {}]]
    for processes in several:
        found = outcomes(processes)
        assert (found.slots, found.arms, found.p_value) == ((), (), None)


def test_places_of_all_processes_are_summed() -> None:
    found = outcomes([slot(1, 10, 2, 1.0), slot(1, 30, 4, 0.5) | slot(12, 1, 0, 0.3), {}])
    assert found.slots[0] == SlotOutcome(1, 40, 80.0, 6, 12, 6, 0, 0.625)
    assert [row.slot for row in found.slots] == [1, 12]


def test_one_process_tells_its_own_p_value() -> None:
    found = outcomes([arms((100, 20), (100, 25), 0.04)])
    assert found.arms == (
        ArmOutcome("control", 100, 20, 0.2), ArmOutcome("treated", 100, 25, 0.25),
    )  # fmt: skip
    assert found.p_value == 0.04


def test_several_processes_are_judged_together() -> None:
    """None of them has enough to say on its own."""
    parts = [arms((400, 40), (400, 100), 0.9)] * 4
    found = outcomes(parts)
    assert [arm.parties for arm in found.arms] == [1_600, 1_600]
    ratio = sequential_ratio(Tally(1_600, 160), Tally(1_600, 400))
    assert found.p_value == pytest.approx(1.0 / ratio)
    assert found.p_value is not None
    assert found.p_value < 0.001
