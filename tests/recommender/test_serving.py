"""Lists in memory: safe for anything, live after one event, private between people."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.interactions import REASON_CODES, KeptInteraction, Recommendation, Signal, keep
from recommender.model import text_model
from recommender.preferences import Preferences
from recommender.serving import Serving
from recommender.settings import LiveSettings, PolicySettings
from tests.recommender.models import handmade
from tests.recommender.shop import NOW_MS, did, product, shop

PRODUCTS = shop(12)
MODEL = handmade(PRODUCTS, {(0, 1): 1.0, (2, 9): 0.8}, {5: 1.0, 7: 0.4})


def serving(live: LiveSettings | None = None) -> Serving:
    made = Serving(live or LiveSettings(), 100)
    made.replace(MODEL, PRODUCTS)
    return made


def ids(found: list[Recommendation]) -> list[str]:
    return [each.product_id for each in found]


def steer(
    made: Serving,
    person_id: str,
    product_id: str,
    signal: Signal = Signal.TRY_ON,
    party_id: str | None = None,
    kept: bool = True,
    at_ms: int = NOW_MS,
) -> None:
    made.steer(person_id, party_id, product_id, signal, 2.0, at_ms, kept)


def test_one_event_changes_the_list() -> None:
    made = serving()
    assert ids(made.for_person("ann", 3, NOW_MS, ()))[0] == "p5"
    steer(made, "ann", "p0")
    first = made.for_person("ann", 3, NOW_MS, ())[0]
    assert (first.product_id, first.reason_code) == ("p1", "goes_with")
    assert 0 < first.score < 1
    assert ids(made.for_person("bob", 3, NOW_MS, ()))[0] == "p5"


people = st.sampled_from(["ann", "bob", "cy"])
deeds = st.lists(
    st.tuples(
        people,
        st.integers(0, 13).map(lambda number: f"p{number}"),
        st.sampled_from(Signal),
        st.sampled_from([None, "party", "other"]),
        st.booleans(),
        st.integers(-(10**7), 10**7),
    ),
    max_size=25,
)
Deed = tuple[str, str, Signal, str | None, bool, int]


@settings(max_examples=60, deadline=None)
@given(deeds, st.integers(-3, 200), st.sets(st.sampled_from([f"p{n}" for n in range(15)])))
def test_lists_keep_their_rules_whatever_happened(
    happened: list[Deed], count: int, exclude: set[str]
) -> None:
    made = serving()
    made.set_available("p3", available=False)
    for person_id, product_id, signal, party_id, kept, offset_ms in happened:
        made.steer(person_id, party_id, product_id, signal, 3.0, NOW_MS + offset_ms, kept)
    for found in (
        made.for_person("ann", count, NOW_MS, exclude),
        made.for_person("stranger", count, NOW_MS, exclude),
        made.for_party("party", ["ann", "bob", "nobody", "ann"], count, NOW_MS, exclude),
        made.for_party("no party", [], count, NOW_MS, exclude),
    ):
        listed = ids(found)
        assert len(listed) == len(set(listed)) <= max(0, count)
        assert not set(listed) & (exclude | {"p3"})
        assert set(listed) <= set(MODEL.product_ids)
        assert all(0 <= each.score <= 1 and each.reason for each in found)
        assert {each.reason_code for each in found} <= REASON_CODES.keys()


@settings(max_examples=60, deadline=None)
@given(deeds)
def test_what_others_do_alone_changes_nothing_for_me(happened: list[Deed]) -> None:
    alone, crowded = serving(), serving()
    for person_id, product_id, signal, party_id, kept, offset_ms in happened:
        at_ms = NOW_MS + offset_ms
        crowded.steer(person_id, party_id, product_id, signal, 3.0, at_ms, kept)
        if person_id == "ann":
            alone.steer(person_id, party_id, product_id, signal, 3.0, at_ms, kept)
    assert alone.for_person("ann", 5, NOW_MS, ()) == crowded.for_person("ann", 5, NOW_MS, ())
    assert alone.for_person("dan", 5, NOW_MS, ()) == crowded.for_person("dan", 5, NOW_MS, ())


@settings(max_examples=60, deadline=None)
@given(deeds)
def test_erasing_leaves_no_trace_of_a_person(happened: list[Deed]) -> None:
    made = serving(LiveSettings(event_decay=1.0))
    for person_id, product_id, signal, party_id, kept, offset_ms in happened:
        made.steer(person_id, party_id, product_id, signal, 3.0, NOW_MS + offset_ms, kept)
    made.for_party("party", ["ann", "bob"], 3, NOW_MS, ())
    made.forget_person("ann")
    stranger = made.for_person("stranger", 5, NOW_MS, ())
    assert made.for_person("ann", 5, NOW_MS, ()) == stranger
    assert not made.has_history("ann")
    if all(person_id == "ann" for person_id, *_ in happened):
        assert made.people == made.parties == 0
        nobody = serving().for_party("party", ["ann"], 5, NOW_MS, ())
        assert made.for_party("party", ["ann"], 5, NOW_MS, ()) == nobody


def test_what_steers_the_session_goes_with_it() -> None:
    made = serving()
    steer(made, "ann", "p0", party_id="party", kept=False)
    steer(made, "bob", "p2", party_id="party", kept=False)
    steer(made, "bob", "p4", kept=True)
    assert (made.people, made.parties) == (2, 1)
    made.end_session("ann")
    made.end_session("nobody")
    assert (made.people, made.parties) == (1, 1)
    made.end_session("bob")
    assert (made.people, made.parties) == (1, 0)
    assert made.has_history("bob")


def test_silence_ends_a_session() -> None:
    live = LiveSettings(session_idle_ms=1_000)
    made = serving(live)
    steer(made, "ann", "p0", party_id="party", kept=False)
    steer(made, "bob", "p0", kept=True)
    stranger = ids(made.for_person("stranger", 3, NOW_MS, ()))
    assert ids(made.for_person("ann", 3, NOW_MS + 999, ()))[0] == "p1"
    assert ids(made.for_person("ann", 3, NOW_MS + 1_000, ())) == stranger
    assert not made.has_history("ann")
    made.sweep(NOW_MS + 500)
    assert made.parties == 1
    made.sweep(NOW_MS + 1_000)
    assert made.parties == 0
    assert made.has_history("bob")


def test_a_party_follows_what_it_does_together() -> None:
    made = serving()
    steer(made, "ann", "p0", Signal.PICK_UP, party_id="party")
    steer(made, "bob", "p0", Signal.HAND_OVER, party_id="party")
    first = made.for_party("party", ["ann", "bob"], 3, NOW_MS, ())[0]
    assert (first.product_id, first.reason_code) == ("p1", "party_goes_with")
    assert first.reason == "Goes with red lamp, which your party handed over."


def test_what_a_party_has_just_rejected_is_not_on_the_list_of_its_members() -> None:
    made = serving()
    made.steer("ann", "duo", "p5", Signal.VOTE_DOWN, 1.0, NOW_MS, kept=True)
    made.steer("bob", "duo", "p4", Signal.PICK_UP, 1.0, NOW_MS, kept=True)

    def listed(party_id: str | None) -> set[str]:
        found = made.for_person("bob", 30, NOW_MS, (), party_id=party_id)
        return {each.product_id for each in found}

    alone = listed(None)
    assert "p5" in alone
    assert listed("duo") == alone - {"p5"}
    # What is kept of Bob's list is his own: it is as it was without the party.
    assert listed(None) == alone
    made.end_session("ann")
    assert listed("duo") == alone


def test_private_deeds_are_not_told_to_the_party() -> None:
    made = serving()
    for signal in (Signal.DWELL, Signal.TRY_ON, Signal.BUY, Signal.LIKE, Signal.INSPECT):
        steer(made, "ann", "p0", signal, party_id="party")
    steer(made, "ann", "p2", Signal.ADD)
    for each in made.for_party("party", ["ann", "bob"], 12, NOW_MS, ()):
        assert each.reason_code == "suits_party"


def test_memory_is_bounded() -> None:
    live = LiveSettings(people_limit=3, parties_limit=2, vectors_limit=2)
    made = serving(live)
    for number in range(9):
        steer(made, f"u{number}", "p0", party_id=f"g{number}")
        made.for_person(f"u{number}", 2, NOW_MS, ())
        made.for_party(f"g{number}", [f"u{number}"], 2, NOW_MS, ())
    assert (made.people, made.parties) == (3, 2)
    assert made.sums_held <= 2
    assert ids(made.for_person("u8", 2, NOW_MS, ()))[0] == "p1"


@pytest.mark.parametrize("size", [0, 1])
def test_the_smallest_catalogues(size: int) -> None:
    made = Serving(LiveSettings(), 100)
    assert made.for_person("ann", 5, NOW_MS, ()) == []
    products = PRODUCTS[:size]
    made.replace(handmade(products), products)
    steer(made, "ann", "p0", party_id="party")
    assert len(made.for_person("ann", 5, NOW_MS, ())) == size
    assert len(made.for_party("party", ["ann"], 5, NOW_MS, ())) == size


def test_availability_outlives_models_and_comes_before_them() -> None:
    made = Serving(LiveSettings(), 100)
    made.set_available("p5", available=False)
    made.set_available("never heard of", available=False)
    made.replace(MODEL, PRODUCTS)
    assert "p5" not in ids(made.for_person("ann", 12, NOW_MS, ()))
    other = [*PRODUCTS[::-1], product("new")]
    made.replace(handmade(other), other)
    assert "p5" not in ids(made.for_person("ann", 13, NOW_MS, ()))
    made.set_available("p5", available=True)
    assert "p5" in ids(made.for_person("ann", 13, NOW_MS, ()))


def test_stored_histories_come_back() -> None:
    made = serving()
    stored: list[KeptInteraction] = []
    for person_id, product_id in (("ann", "p0"), ("bob", "p2")):
        kept = keep(did(person_id, product_id, Signal.TRY_ON), 1)
        assert kept is not None
        stored.append(kept)
    made.load(stored)
    assert ids(made.for_person("ann", 1, NOW_MS, ())) == ["p1"]
    assert ids(made.for_person("bob", 1, NOW_MS, ())) == ["p9"]


def test_an_empty_store_lists_by_words_and_prices() -> None:
    """Nobody has done anything yet: there is no model but the texts, and the wishes of the one."""
    products = [replace(each, price_minor=1_000 * number) for number, each in enumerate(shop(24))]
    made = Serving(LiveSettings(diversity=0.0), 100, PolicySettings(exploration_share=0.0))
    made.replace(text_model(products, 8), products)
    assert len(made.for_person("ann", 5, NOW_MS, ())) == 5
    made.steer("ann", None, "p0", Signal.PICK_UP, 1.0, NOW_MS, kept=False)
    lamps = {"p0", "p6", "p12", "p18"}
    assert {each.product_id for each in made.for_person("ann", 4, NOW_MS, ())} & lamps
    made.set_preferences("ann", Preferences(price_limit_minor=8_000))
    found = [each.product_id for each in made.for_person("ann", 6, NOW_MS, ())]
    assert all(int(product_id[1:]) <= 8 for product_id in found)
