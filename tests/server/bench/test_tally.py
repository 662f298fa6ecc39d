"""Counting: percentiles by nearest rank, and lateness in steps."""

import statistics

from hypothesis import given
from hypothesis import strategies as st

from server.bench.crew import Report
from server.bench.tally import LATENESS_STEP_MS, Tally, lateness_percentile_ms, percentile


@given(st.lists(st.floats(0, 1e6), min_size=1), st.sampled_from([1, 50, 90, 99, 100]))
def test_a_percentile_is_one_of_the_values(values: list[float], percent: int) -> None:
    found = percentile(values, percent)
    assert found in values
    assert sum(value <= found for value in values) >= len(values) * percent / 100
    assert sum(value < found for value in values) < len(values) * percent / 100


def test_no_values_have_no_percentile() -> None:
    assert percentile([], 99) == 0
    assert lateness_percentile_ms(Tally().lateness, 99) == 0


def test_lateness_is_told_by_its_step() -> None:
    tally = Tally()
    for _ in range(98):
        tally.late(0.000_01)
    tally.late(0.007)
    tally.late(5.0)
    assert lateness_percentile_ms(tally.lateness, 50) == LATENESS_STEP_MS
    assert abs(lateness_percentile_ms(tally.lateness, 99) - 7.1) < 0.11
    assert lateness_percentile_ms(tally.lateness, 100) == 200.1


def test_tallies_of_several_processes_add_up() -> None:
    report = Report()
    for number in (1, 2):
        tally = Tally(updates=10 * number, age_ms=[float(number)])
        tally.errors["BUSY"] += number
        tally.late(0.001)
        report.add(tally.as_json())
    assert report.counts["updates"] == 30
    assert report.errors == {"BUSY": 3}
    assert statistics.mean(report.age_ms) == 1.5
    assert sum(report.lateness) == 2
    assert len(report.cpu_percents) == 2
