"""Short lists are kept exactly as long as nothing changes that matters to them."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.impressions import Showing, Surface
from recommender.interactions import Recommendation, Signal
from recommender.preferences import Preferences
from recommender.serving import Serving
from recommender.settings import LiveSettings, PolicySettings
from tests.recommender.models import handmade
from tests.recommender.shop import NOW_MS, PERSONAL, shop
from tests.recommender.stages import by_column, stump

PRODUCTS = shop(24)
MODEL = handmade(PRODUCTS, {(0, 1): 1.0, (2, 9): 0.8}, {5: 1.0, 7: 0.4})
SECOND = replace(MODEL, version=2, second=by_column("price", 1.0))
POLICY = PolicySettings(exploration_share=0.0)


def serving(live: LiveSettings | None = None) -> Serving:
    made = Serving(live or LiveSettings(), 100, POLICY)
    made.replace(SECOND, PRODUCTS)
    return made


def ids(found: list[Recommendation]) -> list[str]:
    return [each.product_id for each in found]


def steer(made: Serving, product_id: str, at_ms: int = NOW_MS, person_id: str = "ann") -> None:
    made.steer(person_id, None, product_id, Signal.TRY_ON, 2.0, at_ms, kept=True)


deeds = st.lists(
    st.one_of(
        st.tuples(st.just("touch"), st.integers(0, 23)),
        st.tuples(st.just("sold out"), st.integers(0, 23)),
        st.tuples(st.just("back"), st.integers(0, 23)),
        st.tuples(st.just("wish"), st.integers(0, 5)),
        st.tuples(st.just("margin"), st.integers(0, 23)),
        st.tuples(st.just("wait"), st.integers(0, 90_000)),
        st.tuples(st.just("show"), st.integers(0, 20)),
        st.tuples(st.just("leave"), st.just(0)),
        st.tuples(st.just("model"), st.integers(0, 1)),
    ),
    max_size=12,
)


def do(made: Serving, what: str, number: int, now_ms: int) -> None:
    product_id = f"p{number}"
    if what == "touch":
        made.steer("ann", "duo", product_id, Signal.PICK_UP, 1.0, now_ms, kept=number % 2 == 0)
    elif what in ("sold out", "back"):
        made.set_available(product_id, available=what == "back")
    elif what == "wish":
        made.set_preferences("ann", Preferences(departments=(PRODUCTS[number].department,)))
    elif what == "margin":
        made.rules.set_margins({product_id: 0.5, "p0": 0.1})
    elif what == "show":
        shown = tuple(f"p{number + step}" for step in range(3))
        made.exposure.show(Showing("ann", Surface.YOU, shown, now_ms, PERSONAL, None))
    elif what == "leave":
        made.end_session("ann")
    elif what == "model":
        made.replace((SECOND, MODEL)[number], PRODUCTS)


@settings(max_examples=80, deadline=None)
@given(deeds)
def test_a_kept_list_is_the_list_made_afresh(happened: list[tuple[str, int]]) -> None:
    live = LiveSettings(shortlist_ms=1)
    kept, afresh, now_ms = serving(live), serving(live), NOW_MS
    for what, number in happened:
        now_ms += number if what == "wait" else 0
        for made in (kept, afresh):
            do(made, what, number, now_ms)
        kept.for_person("ann", 5, now_ms, ())
        afresh.own.forget_lists()
        found = kept.for_person("ann", 5, now_ms, ("p4",))
        again = afresh.for_person("ann", 5, now_ms, ("p4",))
        assert ids(found) == ids(again)
        assert [each.reason for each in found] == [each.reason for each in again]
        assert [each.score for each in found] == pytest.approx([each.score for each in again])


def test_nothing_is_worked_out_twice() -> None:
    made = serving()
    steer(made, "p0")
    first = made.for_person("ann", 5, NOW_MS, ())
    again = made.for_person("ann", 5, NOW_MS + 10, ())
    assert all(one.reason is other.reason for one, other in zip(first, again, strict=True))
    steer(made, "p2", NOW_MS + 20)
    changed = made.for_person("ann", 5, NOW_MS + 20, ())
    assert changed != first


def test_strangers_share_one_list() -> None:
    made = serving()
    one = made.for_person("somebody", 5, NOW_MS, ())
    other = made.for_person("somebody else", 5, NOW_MS, ())
    assert one[0].reason is other[0].reason


def test_the_second_stage_decides_for_people_and_through_them_for_parties() -> None:
    # With 24 products all are on the short list, so the dearest comes first.
    assert ids(serving().for_person("stranger", 1, NOW_MS, ())) == ["p23"]
    made = serving()
    for person_id in ("ann", "bob"):
        steer(made, "p0", person_id=person_id)
    assert ids(made.for_person("ann", 1, NOW_MS, ())) == ["p23"]
    assert ids(made.for_party("duo", ["ann", "bob"], 1, NOW_MS, ())) == ["p23"]
    cells = made.for_display("duo", ["ann", "bob"], [1.0], NOW_MS, ())
    assert cells["ann"][0].recommendation.product_id == "p23"


def test_a_list_longer_than_the_short_list_goes_on_with_the_first_stage() -> None:
    live = LiveSettings(shortlist=3, diversity=0.0)
    made = Serving(live, 100, POLICY)
    made.replace(replace(MODEL, second=stump("popular", 2.0)), PRODUCTS)
    found = ids(made.for_person("ann", 20, NOW_MS, ()))
    assert len(set(found)) == 20
    assert set(found[:3]) == {"p0", "p5", "p7"}
    scores = [each.score for each in made.for_person("ann", 20, NOW_MS, ())]
    assert scores == sorted(scores, reverse=True)


def test_kept_lists_are_bounded() -> None:
    made = serving(LiveSettings(vectors_limit=2))
    for number in range(5):
        steer(made, "p0", person_id=f"person {number}")
        made.for_person(f"person {number}", 3, NOW_MS, ())
    assert made.own.kept == 2


def test_a_kept_list_does_not_outlive_the_session() -> None:
    made = serving()
    for person_id in ("ann", "bob"):
        made.steer(person_id, None, "p0", Signal.TRY_ON, 2.0, NOW_MS, kept=False)
        made.for_person(person_id, 3, NOW_MS, ())
    made.end_session("ann")
    assert made.own.kept == 1
    made.sweep(NOW_MS + LiveSettings().session_idle_ms)
    assert made.own.kept == made.people == 0
