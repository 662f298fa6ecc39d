"""What single products say, for all products at once, is what they say one by one."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.bench import bench_model
from recommender.interactions import Signal
from recommender.live import History
from recommender.live_evidence import ENTRIES, NEWEST, contributions, newest_entries
from recommender.model import text_model
from recommender.settings import LiveSettings
from recommender.singles import NO_ENTRY, singles_of
from tests.recommender.shop import NOW_MS

SIZE = 120
MADE, CATALOGUE = bench_model(SIZE)
MODEL = replace(MADE, text=text_model(CATALOGUE, 32).text)
EVERYTHING = np.arange(SIZE, dtype=np.int64)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, SIZE + 3), st.floats(-2, 3)), max_size=40))
def test_the_strongest_and_the_newest(happened: list[tuple[int, float]]) -> None:
    history = History(LiveSettings())
    for product, weight in happened:
        history.add(f"p{product}", "ann", Signal.PICK_UP, weight, NOW_MS, kept=True)
    found = singles_of(MODEL, history)
    entries = newest_entries(MODEL, history)
    if found is None:
        assert not entries
        return
    assert found.entries == entries
    assert len(entries) <= ENTRIES
    sources = np.array([MODEL.position[entry.product_id] for entry in entries])
    weights = np.array([history.weight_now(entry) for entry in entries])[:, None]
    said = [part * weights for part in contributions(MODEL, sources, EVERYTHING)]
    marks = found.strongest(EVERYTHING)
    for number, part in enumerate(said):
        best = part.max(axis=0, initial=0.0)
        assert found.numbers[number] == pytest.approx(best, rel=1e-4, abs=1e-6)
        assert found.numbers[2 + number] == pytest.approx(part[:NEWEST].sum(axis=0), abs=1e-4)
        for position in EVERYTHING[best > 1e-6].tolist():
            named = int(marks[number][position])
            assert part[named, position] == pytest.approx(best[position], rel=1e-4)
        silent = found.numbers[number] == 0
        assert (marks[number][silent] == NO_ENTRY).all()


def test_a_product_that_was_touched_twice_counts_as_touched_last() -> None:
    history = History(LiveSettings())
    history.add("p1", "ann", Signal.ADD, 1.0, NOW_MS, kept=False)
    history.add("p1", "ann", Signal.PICK_UP, 1.0, NOW_MS, kept=True)
    found = singles_of(MODEL, history)
    assert found is not None
    assert found.positions.tolist() == [1, -1]
    assert found.own(NOW_MS)[3].tolist() == [0.0, 1.0]
