"""Histories fade, are bounded, and their kept sums are those of the formula."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.interactions import Signal
from recommender.live import History, Profile
from recommender.model import Floats
from recommender.settings import LiveSettings
from recommender.weighting import interaction_weight
from tests.recommender.models import handmade
from tests.recommender.shop import NOW_MS, shop

SETTINGS = LiveSettings(history_limit=5)
PRODUCTS = shop(12)
MODEL = handmade(PRODUCTS, {(0, 1): 0.8, (2, 3): 0.5, (4, 5): -0.3})
OTHER_MODEL = handmade(PRODUCTS, {(0, 2): 0.4}, version=2)

events = st.lists(
    st.tuples(
        st.integers(0, 13).map(lambda number: f"p{number}"),
        st.sampled_from(["ann", "bob"]),
        st.sampled_from(Signal),
        st.integers(-(10**9), 10**9),
        st.booleans(),
    ),
    max_size=30,
)
Event = tuple[str, str, Signal, int, bool]


def take(profile: Profile, event: Event) -> None:
    product_id, person_id, signal, offset_ms, kept = event
    weight = interaction_weight(signal, 5.0, SETTINGS.signal_weights)
    profile.take(product_id, person_id, signal, weight, NOW_MS + offset_ms, kept)


@given(events)
def test_kept_sums_are_those_of_the_history(happened: list[Event]) -> None:
    kept, fresh = Profile(SETTINGS), Profile(SETTINGS)
    kept.sums(MODEL)
    for event in happened:
        take(kept, event)
        take(fresh, event)
    assert kept.holds_sums
    for one, other in zip(kept.sums(MODEL), fresh.sums(MODEL), strict=True):
        assert one == pytest.approx(other, abs=1e-3)


@given(events)
def test_a_history_is_bounded_and_its_mass_is_right(happened: list[Event]) -> None:
    profile = Profile(SETTINGS)
    for event in happened:
        take(profile, event)
    history = profile.history
    weights = [history.weight_now(entry) for entry in history.entries.values()]
    assert len(weights) <= SETTINGS.history_limit
    assert all(abs(weight) <= SETTINGS.product_weight_limit + 1e-9 for weight in weights)
    assert history.mass == pytest.approx(sum(map(abs, weights)), abs=1e-6)
    assert 0 <= history.scale_at(NOW_MS) <= 1


@given(events, st.sampled_from(["ann", "bob"]))
def test_dropping_a_person_leaves_what_the_others_did(happened: list[Event], gone: str) -> None:
    roomy = LiveSettings(event_decay=1.0, half_life_ms=10**13)
    profile, others = Profile(roomy), Profile(roomy)
    profile.sums(MODEL)
    for event in happened:
        take(profile, event)
        if event[1] != gone:
            take(others, event)
    profile.drop(lambda entry: entry.person_id == gone)
    assert all(entry.person_id != gone for entry in profile.history.entries.values())
    for one, other in zip(profile.sums(MODEL), others.sums(MODEL), strict=True):
        assert one == pytest.approx(other, abs=1e-2)


def test_time_and_newer_interests_let_an_interest_fade() -> None:
    settings = LiveSettings(half_life_ms=1_000, event_decay=0.5)
    history = History(settings)
    history.add("p0", "ann", Signal.ADD, 2.0, NOW_MS, kept=True)
    entry = history.entries[("p0", "ann", True)]
    assert history.weight_now(entry) == 2.0
    history.add("p1", "ann", Signal.ADD, 2.0, NOW_MS + 1_000, kept=True)
    assert history.weight_now(entry) == pytest.approx(0.5)
    assert history.scale_at(NOW_MS + 3_000) == pytest.approx(0.25)


def test_a_clock_that_goes_back_makes_nothing_grow() -> None:
    history = History(LiveSettings(half_life_ms=1_000, event_decay=1.0))
    history.add("p0", "ann", Signal.ADD, 2.0, NOW_MS, kept=True)
    history.add("p1", "ann", Signal.ADD, 2.0, NOW_MS - 1_000, kept=True)
    weights = {entry.product_id: history.weight_now(entry) for entry in history.entries.values()}
    assert weights == pytest.approx({"p0": 2.0, "p1": 1.0})
    assert history.as_of_ms == NOW_MS
    assert history.scale_at(NOW_MS - 10**6) == 1.0


@pytest.mark.parametrize(
    ("signals", "resting"),
    [
        ([Signal.PICK_UP], False),
        ([Signal.ADD], True),
        ([Signal.ADD, Signal.HOLD_EXPIRED], False),
        ([Signal.VOTE_DOWN], True),
        ([Signal.VOTE_DOWN, Signal.VOTE_UP], False),
        ([Signal.REMOVE], True),
        ([Signal.BUY], True),
        ([Signal.RETURN], True),
        ([Signal.LIKE], False),
    ],
)
def test_what_is_in_the_cart_bought_or_rejected_rests(signals: list[Signal], resting: bool) -> None:
    history = History(LiveSettings())
    for signal in signals:
        history.add("p0", "ann", signal, 1.0, NOW_MS, kept=True)
    assert list(history.resting(NOW_MS + 1)) == (["p0"] if resting else [])
    assert list(history.resting(NOW_MS + 10**12)) == []


def test_the_strongest_deed_is_the_one_that_is_told() -> None:
    history = History(LiveSettings())
    for signal, weight in ((Signal.DWELL, 0.5), (Signal.ADD, 2.0), (Signal.PICK_UP, 0.6)):
        history.add("p0", "ann", signal, weight, NOW_MS, kept=True)
    assert history.entries[("p0", "ann", True)].signal is Signal.ADD


def test_another_model_makes_the_sums_anew_and_the_end_of_the_session_forgets() -> None:
    profile = Profile(SETTINGS)
    take(profile, ("p0", "ann", Signal.ADD, 0, True))
    take(profile, ("p2", "ann", Signal.ADD, 0, False))
    profile.party_ids.add("party")
    together, _ = profile.sums(MODEL)
    assert together[1] > 0
    together, _ = profile.sums(OTHER_MODEL)
    assert together[1] == 0 < together[2]
    assert profile.end_session() == 1
    assert [entry.product_id for entry in profile.history.entries.values()] == ["p0"]
    assert not profile.party_ids
    assert not profile.session_only


def test_scores_of_a_light_history_lean_on_the_prior() -> None:
    light, heavy = Profile(LiveSettings()), Profile(LiveSettings())
    light.take("p0", "ann", Signal.DWELL, 0.1, NOW_MS, kept=True)
    heavy.take("p0", "ann", Signal.BUY, 3.0, NOW_MS, kept=True)
    lift = [scores(profile, NOW_MS)[1] - MODEL.blend.bias for profile in (light, heavy)]
    assert 0 < lift[0] < lift[1] < 4.0 * 0.8 + 1.0
    assert np.allclose(scores(heavy, NOW_MS + 10**12), MODEL.blend.bias, atol=1e-3)


def scores(profile: Profile, now_ms: int) -> Floats:
    return MODEL.blended(*profile.sums(MODEL), profile.scale(1.0, now_ms))


def test_every_change_of_a_history_can_be_told_by_the_revision() -> None:
    profile = Profile(LiveSettings())
    profile.take("p0", "ann", Signal.DWELL, 0.1, NOW_MS, kept=False)
    taken = profile.revision
    assert profile.drop(lambda entry: entry.product_id == "p5") == 0
    assert profile.revision == taken > 0
    profile.end_session()
    assert profile.revision > taken
