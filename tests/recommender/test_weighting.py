"""Weights of interactions, one at a time and many at once."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.interactions import VALUE_LIMIT, Signal
from recommender.settings import default_signal_weights
from recommender.weighting import SIGNAL_NUMBER, interaction_weight, interaction_weights

WEIGHTS = default_signal_weights()
values = st.floats(0, VALUE_LIMIT, width=32)


@given(st.lists(st.tuples(st.sampled_from(Signal), values), max_size=20))
def test_one_at_a_time_and_many_at_once_agree(pairs: list[tuple[Signal, float]]) -> None:
    many = interaction_weights(
        np.array([SIGNAL_NUMBER[signal] for signal, _ in pairs], dtype=np.int8),
        np.array([value for _, value in pairs], dtype=np.float32),
        WEIGHTS,
    )
    single = [interaction_weight(signal, value, WEIGHTS) for signal, value in pairs]
    assert many == pytest.approx(single, rel=1e-5)


@given(st.sampled_from(Signal), values)
def test_a_weight_is_bounded(signal: Signal, value: float) -> None:
    assert abs(interaction_weight(signal, value, WEIGHTS)) <= 3 * abs(WEIGHTS[signal])


def test_a_passing_glance_says_nothing_and_long_looks_level_off() -> None:
    glance, look, stare, asleep = (
        interaction_weight(Signal.DWELL, seconds, WEIGHTS) for seconds in (0.5, 5, 30, 3_000)
    )
    assert glance == 0 < look < stare
    assert stare == asleep == WEIGHTS[Signal.DWELL]
