"""Counting is right, bounded, and says no when something was lost."""

import json

from hypothesis import given
from hypothesis import strategies as st

from server.bots.report import SAMPLES_MAX, UNEXPECTED_MAX, Latencies, Tally


def test_percentiles_are_by_nearest_rank() -> None:
    latencies = Latencies()
    for value in range(1, 101):
        latencies.add(value)
    assert (latencies.percentile(50), latencies.percentile(99), latencies.percentile(100)) == (
        50,
        99,
        100,
    )
    assert Latencies().percentile(99) == 0.0


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0, 100))
def test_a_percentile_is_one_of_the_samples(samples: list[float], percent: float) -> None:
    latencies = Latencies()
    for sample in samples:
        latencies.add(sample)
    assert latencies.percentile(percent) in samples


def test_samples_are_bounded_and_fair() -> None:
    latencies = Latencies(seed=1)
    for value in range(4 * SAMPLES_MAX):
        latencies.add(float(value))
    assert latencies.count == 4 * SAMPLES_MAX
    assert abs(latencies.percentile(50) - 2 * SAMPLES_MAX) < SAMPLES_MAX * 0.1


def test_a_quiet_run_is_good() -> None:
    tally = Tally()
    tally.done("grab")
    tally.refused("grab", "PROP_TAKEN", expected=True, message="Somebody holds it.")
    report = tally.report(shoppers=1, seed=2, seconds=3.04)
    assert report.ok
    assert report.actions == {"grab": {"done": 1, "refused": 1}}
    assert report.errors == {"PROP_TAKEN": 1}
    assert json.loads(json.dumps(report.as_json()))["ok"] is True


def test_a_loss_or_a_surprise_is_not() -> None:
    lossy, surprised = Tally(losses=1), Tally()
    surprised.refused("grab", "BAD_FRAME", expected=False, message="What?")
    assert not lossy.report(shoppers=1, seed=1, seconds=1).ok
    assert surprised.unexpected == ["grab: BAD_FRAME: What?"]
    assert not surprised.report(shoppers=1, seed=1, seconds=1).ok


def test_surprises_are_counted_beyond_what_is_kept() -> None:
    tally = Tally()
    for number in range(UNEXPECTED_MAX + 10):
        tally.surprise(str(number))
    report = tally.report(shoppers=1, seed=1, seconds=1)
    assert (len(report.unexpected), report.unexpected_count) == (
        UNEXPECTED_MAX,
        UNEXPECTED_MAX + 10,
    )
