"""Limits on what one person may say."""

from hypothesis import given
from hypothesis import strategies as st

from recommender.gates import AnonymousGate, RateGate
from recommender.settings import LiveSettings
from tests.recommender.shop import AGGREGATE, NOW_MS, did


def test_a_flood_is_stopped_and_a_minute_refills() -> None:
    gate = RateGate(LiveSettings(events_per_minute_limit=10))
    assert sum(gate.admits("ann", NOW_MS) for _ in range(50)) == 10
    assert gate.admits("bob", NOW_MS)
    assert sum(gate.admits("ann", NOW_MS + 30_000) for _ in range(50)) == 5
    gate.forget("ann")
    assert gate.admits("ann", NOW_MS + 30_000)


@given(st.lists(st.integers(-120_000, 120_000), min_size=1, max_size=60))
def test_no_clock_lets_more_through_than_the_rate(offsets_ms: list[int]) -> None:
    gate = RateGate(LiveSettings(events_per_minute_limit=5))
    admitted = sum(gate.admits("ann", NOW_MS + offset_ms) for offset_ms in offsets_ms)
    span_ms = max(0, max(offsets_ms) - min(offsets_ms))
    assert admitted <= 5 + 5 * span_ms / 60_000 + 1e-6


def test_the_watched_people_are_bounded() -> None:
    gate = RateGate(LiveSettings(events_per_minute_limit=1, rate_people_limit=2))
    assert [gate.admits(person, NOW_MS) for person in ("ann", "ann", "bob", "cy", "ann")] == [
        True, False, True, True, True,
    ]  # fmt: skip


def test_anonymous_rows_are_limited_for_person_product_and_window() -> None:
    gate = AnonymousGate(LiveSettings(anonymous_rows_limit=2, anonymous_window_ms=1_000))
    one = did("ann", "p1", consent=AGGREGATE)
    assert [gate.admits(one, 5_000) for _ in range(4)] == [True, True, False, False]
    assert gate.admits(did("bob", "p1", consent=AGGREGATE), 5_000)
    assert gate.admits(did("ann", "p2", consent=AGGREGATE), 5_000)
    assert not gate.admits(one, 4_000)
    assert gate.admits(one, 6_000)
    gate.forget("ann")
    assert [gate.admits(one, 6_000) for _ in range(3)] == [True, True, False]


def test_a_full_table_refuses_new_pairs_only() -> None:
    gate = AnonymousGate(LiveSettings(anonymous_pairs_limit=1))
    assert gate.admits(did("ann", "p1"), NOW_MS)
    assert not gate.admits(did("bob", "p1"), NOW_MS)
    assert gate.admits(did("ann", "p1"), NOW_MS)
    gate.forget("ann")
    assert gate.admits(did("bob", "p1"), NOW_MS)
