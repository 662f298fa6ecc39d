"""Lists for several: nobody is overruled by being loud."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.group import combined_scores, party_share, unit_scale
from recommender.model import Floats

scores = st.lists(st.floats(-50, 50, width=32), min_size=4, max_size=4).map(
    lambda values: np.array(values, dtype=np.float32)
)


@given(st.lists(scores, max_size=5), scores, st.floats(0, 1), st.floats(0, 1))
def test_scores_stay_in_the_unit_and_the_order_of_members_does_not_matter(
    members: list[Floats], party: Floats, share: float, average_share: float
) -> None:
    combined = combined_scores(members, party, share, average_share)
    assert combined.shape == (4,)
    assert (combined >= -1e-6).all()
    assert (combined <= 1 + 1e-6).all()
    assert combined == pytest.approx(
        combined_scores(members[::-1], party, share, average_share), abs=1e-5
    )


@given(scores, scores, st.floats(0.5, 10))
def test_being_louder_does_not_count_more(one: Floats, other: Floats, louder: float) -> None:
    party = np.zeros(4, dtype=np.float32)
    quiet = combined_scores([one, other], party, 0.0, 0.6)
    loud = combined_scores([one * np.float32(louder), other], party, 0.0, 0.6)
    assert quiet == pytest.approx(loud, abs=1e-3)


def test_least_misery_prefers_what_nobody_hates() -> None:
    ann = np.array([1.0, 0.0, 0.6], dtype=np.float32)
    bob = np.array([0.0, 1.0, 0.6], dtype=np.float32)
    combined = combined_scores([ann, bob], np.zeros(3, dtype=np.float32), 0.0, 0.6)
    assert int(combined.argmax()) == 2


def test_the_partys_own_behaviour_counts_more_the_more_there_is() -> None:
    shares = [party_share(mass, 1.0, 0.6) for mass in (0.0, 1.0, 5.0, 1e9)]
    assert shares == pytest.approx([0.0, 0.3, 0.5, 0.6])


def test_flat_and_empty_scores_are_zero() -> None:
    assert unit_scale(np.full(3, 7.0, dtype=np.float32)).tolist() == [0, 0, 0]
    assert unit_scale(np.zeros(0, dtype=np.float32)).size == 0
