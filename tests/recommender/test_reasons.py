"""Reasons are true and never tell what somebody else did in private."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.evaluate import history_sums
from recommender.interactions import PARTY_VISIBLE_SIGNALS, Signal
from recommender.live import History
from recommender.reasons import DEEDS, explain, explain_own, usual_reason
from recommender.settings import LiveSettings
from recommender.singles import singles_of
from tests.recommender.models import handmade
from tests.recommender.shop import NOW_MS, shop

PRODUCTS = shop(12)
CATALOGUE = {product.product_id: product for product in PRODUCTS}
MODEL = handmade(PRODUCTS, {(0, 1): 1.0}, {5: 1.0})


def history_of(*deeds: tuple[str, Signal]) -> History:
    history = History(LiveSettings())
    for product_id, signal in deeds:
        history.add(product_id, "ann", signal, 1.5, NOW_MS, kept=True)
    return history


def told(
    history: History | None, places: list[int], party: bool = False, minimum: int = 5
) -> list[tuple[str, str]]:
    return explain(
        MODEL,
        CATALOGUE,
        history,
        np.array(places, dtype=np.int64),
        prior_weight=1.0,
        people_minimum=minimum,
        party=party,
    )


def test_what_goes_together_and_what_is_alike() -> None:
    reasons = told(history_of(("p0", Signal.TRY_ON)), [1, 6])
    assert reasons == [
        ("goes_with", "Goes with red lamp, which you tried on."),
        ("similar_to", "Similar to red lamp, which you tried on."),
    ]
    assert told(history_of(("p0", Signal.APPROACH)), [4], minimum=99)[0][0] == "similar_to"
    assert told(history_of(("gone", Signal.BUY)), [4]) == [("department", "Worth a look in bags.")]


def test_popular_needs_enough_people() -> None:
    assert told(None, [5]) == [("popular", "Popular in the store lately.")]
    assert told(None, [5], minimum=10) == [("department", "Worth a look in mugs.")]
    assert told(None, []) == []


def test_what_was_rejected_is_no_reason() -> None:
    history = History(LiveSettings())
    history.add("p0", "ann", Signal.VOTE_DOWN, -1.5, NOW_MS, kept=True)
    assert told(history, [1])[0][0] == "department"


@given(
    st.lists(st.tuples(st.integers(0, 11), st.sampled_from(Signal)), max_size=12),
    st.lists(st.integers(0, 11), min_size=1, max_size=6),
)
def test_a_partys_reason_never_names_a_private_deed(
    deeds: list[tuple[int, Signal]], places: list[int]
) -> None:
    history = history_of(*[(f"p{place}", signal) for place, signal in deeds])
    public = {
        CATALOGUE[entry.product_id].name
        for entry in history.entries.values()
        if entry.signal in PARTY_VISIBLE_SIGNALS
    }
    for code, sentence in told(history, places, party=True):
        if code == "suits_party":
            assert sentence == "Should suit everyone in your party."
        else:
            assert code in ("party_goes_with", "party_similar_to")
            assert any(name in sentence for name in public)
            assert "your party" in sentence


@given(
    st.lists(st.tuples(st.integers(0, 11), st.floats(0.1, 3)), min_size=1, max_size=12),
    st.lists(st.integers(0, 11), min_size=1, max_size=6, unique=True),
)
def test_what_is_kept_of_a_history_gives_the_reasons_of_the_history(
    deeds: list[tuple[int, float]], places: list[int]
) -> None:
    history = History(LiveSettings())
    for place, weight in deeds:
        history.add(f"p{place}", "ann", Signal.TRY_ON, weight, NOW_MS, kept=True)
    sums = history_sums(MODEL, history)
    scale = 1.0 / (1.0 + history.mass)
    found = explain_own(
        MODEL,
        CATALOGUE,
        singles_of(MODEL, history),
        sums,
        scale,
        np.array(places, dtype=np.int64),
        lambda place: usual_reason(MODEL, CATALOGUE, place, 5, party=False),
    )
    names = {CATALOGUE[entry.product_id].name for entry in history.entries.values()}
    for (code, sentence), (code_by_history, _) in zip(found, told(history, places), strict=True):
        assert code == code_by_history
        if code in ("goes_with", "similar_to"):
            assert any(name in sentence for name in names)


@pytest.mark.parametrize("signal", Signal)
def test_every_signal_can_be_told(signal: Signal) -> None:
    assert DEEDS[signal]
