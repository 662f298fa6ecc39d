"""What was shown where and for how long, and what people tire of."""

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from recommender import ConsentClass, Signal
from recommender.exposure import Exposure
from recommender.impressions import Showing, Surface
from recommender.settings import DAY_MS, ExposureSettings
from tests.recommender.shop import AGGREGATE, NOW_MS, PERSONAL, SESSION

SETTINGS = ExposureSettings()
SECOND = 1_000


def exposure(settings: ExposureSettings = SETTINGS) -> Exposure:
    return Exposure(settings, 3_600_000, 100)


def shown(
    *product_ids: str,
    at_ms: int = NOW_MS,
    consent: frozenset[ConsentClass] = PERSONAL,
    surface: Surface = Surface.YOU,
    person_id: str = "ann",
    explored: frozenset[str] = frozenset(),
) -> Showing:
    return Showing(person_id, surface, product_ids, at_ms, consent, "party", "s", explored)


def test_an_impression_lasts_until_the_product_leaves_its_place() -> None:
    table = exposure()
    assert table.show(shown("p0", "p1", "p2")) == []
    # p0 stays where it is, p1 moves, p2 goes.
    (one, two) = table.show(shown("p0", "p3", "p1", at_ms=NOW_MS + 5 * SECOND))
    assert {(each.product_id, each.place, each.duration_ms) for each in (one, two)} == {
        ("p1", 1, 5_000),
        ("p2", 2, 5_000),
    }
    ended = table.end("ann", NOW_MS + 8 * SECOND)
    assert {(each.product_id, each.place, each.duration_ms) for each in ended} == {
        ("p0", 0, 8_000),
        ("p3", 1, 3_000),
        ("p1", 2, 3_000),
    }
    assert table.end("ann", NOW_MS + 9 * SECOND) == []
    assert table.slots.numbers()["slot_02_shown"] == 2


def test_surfaces_do_not_end_each_other() -> None:
    table = exposure()
    table.show(shown("p0"))
    assert table.show(shown("p0", at_ms=NOW_MS + 9_000, surface=Surface.PARTY)) == []
    assert len(table.show(shown(at_ms=NOW_MS + 10_000))) == 1


def test_too_short_is_not_seen_and_too_long_is_cut() -> None:
    table = exposure()
    table.show(shown("p0"))
    assert table.show(shown("p1", at_ms=NOW_MS + 499)) == []
    (kept,) = table.show(shown(at_ms=NOW_MS + DAY_MS))
    assert kept.duration_ms == SETTINGS.impression_maximum_ms
    # A clock that goes back makes no negative time.
    table.show(shown("p0", at_ms=NOW_MS + DAY_MS))
    assert table.show(shown("p1", at_ms=NOW_MS)) == []


def tired(table: Exposure, now_ms: int, person_id: str = "ann") -> dict[str, float]:
    return dict(table.tiredness(person_id, now_ms))


def test_what_is_passed_over_sinks_while_it_is_shown_and_recovers() -> None:
    table = exposure()
    table.show(shown("p0"))
    assert tired(table, NOW_MS) == {}
    sunk = [tired(table, NOW_MS + minutes * 60_000)["p0"] for minutes in (1, 2, 5)]
    assert sunk == sorted(sunk)
    assert sunk[1] == pytest.approx(SETTINGS.fatigue_limit * 0.632, rel=1e-3)
    table.show(shown(at_ms=NOW_MS + 300_000))
    assert tired(table, NOW_MS + 300_000)["p0"] == pytest.approx(sunk[2])
    later = NOW_MS + 300_000 + SETTINGS.fatigue_half_life_ms
    assert tired(table, later)["p0"] < 0.8 * sunk[2]
    assert tired(table, later, "bob") == {}


def test_an_answer_wakes_and_a_look_does_not() -> None:
    table = exposure()
    table.show(shown("p0", "p1"))
    assert table.answer("ann", "p0", Signal.PICK_UP, NOW_MS + 60_000)
    assert table.answer("ann", "p1", Signal.DWELL, NOW_MS + 60_000)
    assert set(tired(table, NOW_MS + 120_000)) == {"p1"}
    kept = table.show(shown(at_ms=NOW_MS + 120_000))
    assert {(each.product_id, each.answered) for each in kept} == {("p0", True), ("p1", False)}
    assert set(tired(table, NOW_MS + 120_000)) == {"p1"}
    table.answer("ann", "p1", Signal.TRY_ON, NOW_MS + 130_000)
    assert tired(table, NOW_MS + 130_000) == {}


def test_an_answer_counts_for_a_while_after_the_showing() -> None:
    table = exposure()
    table.show(shown("p0"))
    table.show(shown(at_ms=NOW_MS + 60_000))
    late = NOW_MS + 60_000 + SETTINGS.reaction_window_ms
    assert table.answer("ann", "p0", Signal.ADD, late)
    assert not table.answer("ann", "p0", Signal.ADD, late + 1)
    assert not table.answer("ann", "p9", Signal.ADD, NOW_MS)
    assert not table.answer("nobody", "p0", Signal.ADD, NOW_MS)


def test_without_consent_nothing_is_known_and_aggregate_steers_nothing() -> None:
    table = exposure()
    none = frozenset({ConsentClass.NONE})
    assert table.show(shown("p0", consent=none)) == []
    assert len(table) == 0
    table.show(shown("p0", consent=AGGREGATE))
    assert tired(table, NOW_MS + 300_000) == {}
    (kept,) = table.show(shown("p1", consent=none, at_ms=NOW_MS + 60_000))
    assert (kept.person_id, kept.party_id, kept.session_id) == (None, None, None)
    assert table.end("ann", NOW_MS + 120_000) == []
    assert len(table) == 0


def test_session_consent_tires_and_leaves_no_trace_and_no_number() -> None:
    table = exposure()
    table.show(shown("p0", consent=SESSION))
    table.answer("ann", "p0", Signal.ADD, NOW_MS + 1_000)
    table.show(shown("p1", consent=SESSION, at_ms=NOW_MS + 60_000))
    assert tired(table, NOW_MS + 120_000)
    assert table.end("ann", NOW_MS + 120_000) == []
    assert tired(table, NOW_MS + 120_000) == {}
    assert table.slots.numbers() == {}


def test_one_person_counts_only_so_often_for_a_product() -> None:
    table = exposure()
    for number in range(100):
        at_ms = NOW_MS + number * 10_000
        table.show(shown("p0", at_ms=at_ms))
        table.answer("ann", "p0", Signal.ADD, at_ms)
        table.show(shown(at_ms=at_ms + 5_000))
    looks, answers = table.slots.product("p0")
    assert answers == SETTINGS.counted_product_limit
    assert looks == pytest.approx(SETTINGS.counted_product_limit)


def test_every_table_is_bounded() -> None:
    table = exposure(ExposureSettings(people_limit=3, products_limit=4, list_limit=5))
    for number in range(20):
        ids = tuple(f"p{number}-{place}" for place in range(9))
        for person in range(6):
            table.show(shown(*ids, at_ms=NOW_MS + number * 10_000, person_id=f"u{person}"))
    assert len(table) == 3
    table.show(shown(at_ms=NOW_MS + 10**6, person_id="u5"))
    assert len(tired(table, NOW_MS + 10**6, "u5")) == 4


moves = st.lists(
    st.tuples(
        st.sampled_from(["show", "answer", "end"]),
        st.lists(st.sampled_from(["p0", "p1", "p2"]), max_size=4),
        st.integers(-5_000, 400_000),
        st.frozensets(st.sampled_from(ConsentClass)),
    ),
    max_size=20,
)


@examples(max_examples=60, deadline=None)
@given(moves)
def test_whatever_happens(
    events: list[tuple[str, list[str], int, frozenset[ConsentClass]]],
) -> None:
    """Durations and tiredness stay within limits; nothing is stored beyond the consent given."""
    table, now_ms = exposure(), NOW_MS
    allowed = {ConsentClass.PERSONAL, ConsentClass.AGGREGATE}
    ever: set[ConsentClass] = set()
    for kind, ids, step_ms, consent in events:
        now_ms += step_ms
        kept = []
        if kind == "show":
            kept = table.show(shown(*ids, at_ms=now_ms, consent=consent))
            ever |= consent
        elif kind == "end":
            kept = table.end("ann", now_ms)
        else:
            table.answer("ann", "p0", Signal.PICK_UP, now_ms)
        for each in kept:
            assert each.consent in ever & allowed
            assert (each.person_id is not None) == (each.consent is ConsentClass.PERSONAL)
            assert SETTINGS.impression_minimum_ms <= each.duration_ms
            assert each.duration_ms <= SETTINGS.impression_maximum_ms
        for _, sinks in table.tiredness("ann", now_ms):
            assert 0 < sinks <= SETTINGS.fatigue_limit
    table.forget("ann")
    assert len(table) == 0
    assert tired(table, now_ms) == {}
