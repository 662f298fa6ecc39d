"""What single products say, kept up event by event, is what they say one by one."""

import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.bench import bench_model
from recommender.interactions import Signal
from recommender.live import History
from recommender.live_evidence import ENTRIES, NEWEST, contributions, newest_entries
from recommender.model import Model, text_model
from recommender.settings import LiveSettings
from recommender.singles import Singles, singles_of
from tests.recommender.shop import NOW_MS

SIZE = 120
MADE, CATALOGUE = bench_model(SIZE)
WHOLE = replace(MADE, text=text_model(CATALOGUE, 32).text, together=MADE.together - 0.01)
"""Some of its products speak against others, as in a fitted model."""
MODELS = [
    replace(WHOLE, head=np.arange(head, dtype=np.int32), together=WHOLE.together[:head, :head])
    for head in (SIZE, SIZE // 2, 0)
]
EVERYTHING = np.arange(SIZE, dtype=np.int64)

deeds = st.lists(
    st.tuples(
        st.integers(0, SIZE + 3),
        st.sampled_from([Signal.PICK_UP, Signal.ADD, Signal.BUY, Signal.VOTE_DOWN]),
        st.floats(-2, 3),
        st.integers(-(10**8), 10**9),
        st.booleans(),
        st.booleans(),
    ),
    max_size=60,
)
Deed = tuple[int, Signal, float, int, bool, bool]


def check(model: Model, history: History, found: Singles) -> None:
    """These singles say what is said when products are asked one by one."""
    entries = newest_entries(model, history)
    assert found.entries == entries
    assert 0 < len(entries) <= ENTRIES
    sources = np.array([model.position[entry.product_id] for entry in entries])
    weights = np.array([history.weight_now(entry) for entry in entries])[:, None]
    goes, alike = (part * weights for part in contributions(model, sources, EVERYTHING))
    said, marks = found.at(EVERYTHING), found.marks(EVERYTHING)
    for part, best, newest, mark in (
        (goes, said[0], said[2], marks[0]),
        (alike, said[1], said[3], marks[1]),
    ):
        most = part.max(axis=0, initial=0.0)
        assert best == pytest.approx(most, rel=1e-4, abs=1e-5)
        assert newest == pytest.approx(part[:NEWEST].sum(axis=0), rel=1e-4, abs=1e-5)
        assert ((mark == 0) == (best == 0)).all()
        for position in EVERYTHING[mark > 0].tolist():
            named = next(n for n, e in enumerate(entries) if e is found.entry(int(mark[position])))
            assert part[named, position] == pytest.approx(most[position], rel=1e-4, abs=1e-5)
    assert found.mean_price == pytest.approx(float(model.traits[-1, sources].mean()))
    touched, own = found.touched(EVERYTHING, NOW_MS + 10**12)
    assert set(touched.tolist()) == set(sources.tolist())
    for position, numbers in zip(touched.tolist(), own.T.tolist(), strict=True):
        place = sources.tolist().index(position)
        entry = entries[place]
        days = (NOW_MS + 10**12 - entry.at_ms) / 86_400_000
        deeds_done = float(entry.signal is Signal.ADD), float(entry.signal is Signal.BUY)
        expected = [float(weights[place, 0]), days, float(place), *deeds_done]
        assert numbers == pytest.approx(expected, rel=1e-4, abs=1e-6)


@settings(max_examples=60)
@given(
    st.integers(0, len(MODELS) - 1),
    st.sampled_from([3, 30, 64]),
    st.sampled_from([0.95, 0.5, 1.0]),
    deeds,
)
def test_what_is_kept_is_what_is_made_anew(
    which: int, limit: int, decay: float, happened: list[Deed]
) -> None:
    model, history = MODELS[which], History(LiveSettings(history_limit=limit, event_decay=decay))
    at_ms, kept = NOW_MS, None
    for product, signal, weight, later_ms, remembered, looked_at in happened:
        at_ms += later_ms
        change = history.add(f"p{product}", "ann", signal, weight, at_ms, remembered)
        if kept is not None and not kept.follow(change):
            kept = None
        if kept is None:
            kept = singles_of(model, history)
        if kept is None:
            assert not newest_entries(model, history)
        elif looked_at:
            check(model, history, kept)
    if kept is not None:
        check(model, history, kept)
        anew = singles_of(model, history)
        assert anew is not None
        check(model, history, anew)
        assert kept.at(EVERYTHING) == pytest.approx(anew.at(EVERYTHING), rel=1e-4, abs=1e-5)


def test_a_product_that_was_touched_twice_counts_as_touched_last() -> None:
    history = History(LiveSettings())
    history.add("p1", "ann", Signal.ADD, 1.0, NOW_MS, kept=False)
    history.add("p1", "ann", Signal.PICK_UP, 1.0, NOW_MS, kept=True)
    found = singles_of(WHOLE, history)
    assert found is not None
    touched, own = found.touched(EVERYTHING, NOW_MS)
    assert touched.tolist() == [1]
    assert own[2:, 0].tolist() == [0.0, 0.0, 0.0]


def test_slots_are_used_again_and_again() -> None:
    """Far more products than slots come and go; some are looked at before they are swept."""
    chance, history = random.Random(3), History(LiveSettings())
    history.add("p1", "ann", Signal.PICK_UP, 1.0, NOW_MS, kept=True)
    kept = singles_of(WHOLE, history)
    assert kept is not None
    for number in range(300):
        product_id, weight = f"p{chance.randrange(SIZE)}", chance.choice([1.0, 0.5, -0.7])
        change = history.add(product_id, "ann", Signal.PICK_UP, weight, NOW_MS, kept=True)
        if not kept.follow(change):
            kept = singles_of(WHOLE, history)
            assert kept is not None
        if number % 7 == 0:
            check(WHOLE, history, kept)
