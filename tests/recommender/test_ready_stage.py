"""What is served while somebody waits is what was learned: the fast way says what the rows say."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.bench import bench_model
from recommender.columns import COLUMNS
from recommender.diversity import best_positions
from recommender.evaluate import allowed_mask, history_sums
from recommender.interactions import Signal
from recommender.live import History
from recommender.live_evidence import live_rows, spoken_by
from recommender.model import Model, text_model
from recommender.second_stage import Line, SecondStage
from recommender.settings import LiveSettings
from recommender.shortlist import shortlist
from tests.recommender.shop import NOW_MS

SIZE, POOL = 150, 24
MADE, CATALOGUE = bench_model(SIZE)
TEXT = text_model(CATALOGUE, 32).text


def model_of(learners: str, head: int) -> Model:
    """The made-up model with these learners, and with an item-item matrix over a part of it."""
    assert MADE.second is not None
    random = np.random.default_rng(7)
    line = Line(random.standard_normal(len(COLUMNS), dtype=np.float32) / np.float32(9), -1.0)
    second = SecondStage(
        MADE.second.trees if "trees" in learners else None, line if "line" in learners else None
    )
    together = MADE.together[:head, :head]
    return replace(
        MADE,
        head=np.arange(head, dtype=np.int32),
        together=together.copy(),
        text=TEXT,
        second=second,
    )


MODELS = [
    model_of(learners, head)
    for learners in ("trees", "line", "trees+line")
    for head in (SIZE, SIZE // 2, 0)
]

deeds = st.lists(
    st.tuples(
        st.integers(0, SIZE + 5),
        st.sampled_from([Signal.PICK_UP, Signal.VOTE_DOWN, Signal.BUY, Signal.ADD]),
        st.floats(-2, 3),
        st.booleans(),
        st.integers(0, 10**9),
    ),
    max_size=40,
)


def history_of(happened: list[tuple[int, Signal, float, bool, int]]) -> History:
    history, at_ms = History(LiveSettings()), NOW_MS - 10**11
    for product, signal, weight, kept, later_ms in happened:
        at_ms += later_ms
        history.add(f"p{product}", "ann", signal, weight, at_ms, kept)
    return history


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(MODELS), deeds)
def test_a_short_list_is_in_the_order_that_the_rows_would_give(
    model: Model, happened: list[tuple[int, Signal, float, bool, int]]
) -> None:
    history = history_of(happened)
    together, text = history_sums(model, history)
    scale = history.scale_at(NOW_MS) / (1.0 + history.mass)
    allowed = allowed_mask(model, history, NOW_MS)
    found = shortlist(model, history, (together, text), scale, allowed, NOW_MS, POOL)
    first = model.blended(together, text, scale)
    pool = best_positions(first, allowed, POOL)
    rows = live_rows(
        model, history, spoken_by(model, history, pool), pool, first[pool],
        together[pool] * np.float32(scale), text[pool] * np.float32(scale), NOW_MS,
    )  # fmt: skip
    assert model.second is not None
    expected = dict(zip(pool.tolist(), model.second.scores(rows).tolist(), strict=True))
    assert set(found.positions.tolist()) == set(expected)
    # A number that lies on a threshold may fall on either side of it: nearly all must agree.
    apart = [
        abs(score - expected[position])
        for position, score in zip(found.positions.tolist(), found.scores.tolist(), strict=True)
    ]
    assert sum(each > 1e-3 for each in apart) <= 1


def test_a_stranger_is_served_too() -> None:
    nothing = np.zeros(SIZE, dtype=np.float32)
    for model in MODELS:
        everything = np.ones(SIZE, dtype=np.bool_)
        found = shortlist(model, None, (nothing, nothing), 0.0, everything, NOW_MS, SIZE)
        rows = live_rows(
            model, None, None, (pool := best_positions(model.by_popularity, everything, SIZE)),
            model.by_popularity[pool], nothing, nothing, NOW_MS,
        )  # fmt: skip
        assert model.second is not None
        expected = np.sort(model.second.scores(rows))[::-1]
        assert found.scores == pytest.approx(expected, abs=1e-3)
