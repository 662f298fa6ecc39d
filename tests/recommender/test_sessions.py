"""Continuing a visit: rules, votes, places, and no look ahead."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.sessions import COLUMNS, PLACE_DECAY, RECENT_DAYS, SessionIndex
from recommender.settings import DAY_MS


def taught() -> SessionIndex:
    index = SessionIndex()
    for number in range(3):
        for step, product in enumerate((1, 2, 3)):
            moment = number * 1_000 + step
            index.observe(f"p{number}", f"s{number}", product, product == 3, moment)
    return index


def asked(index: SessionIndex, path: list[int], person: str = "new") -> dict[int, dict[str, float]]:
    candidates, rows = index.evidence(
        person, path, [False] * len(path), list(range(10_000, 10_000 + len(path))), 50
    )
    assert rows.shape == (len(candidates), len(COLUMNS))
    return {
        product: dict(zip(COLUMNS, row.tolist(), strict=True))
        for product, row in zip(candidates, rows, strict=True)
    }


def test_rules_count_steps_and_places() -> None:
    found = asked(taught(), [1, 2])
    root = 4**0.5
    assert set(found) == {3}
    # 1 -> 3 in two steps, 2 -> 3 in one, three times each, over the root of those who touched 3.
    assert found[3]["follows"] == pytest.approx((PLACE_DECAY * 1.5 + 3.0) / root)
    assert found[3]["follows_last"] == pytest.approx(3.0 / root)
    assert found[3]["together"] == 0.0
    assert found[3]["taken_share"] == pytest.approx(3 / 6)
    assert found[3]["follows_place"] == 0.0
    assert found[3]["visits_sharing"] == 3.0


def test_the_other_way_round_is_kept_apart() -> None:
    found = asked(taught(), [3])
    assert found[2]["together"] > found[1]["together"] > 0.0
    assert found[2]["follows"] == 0.0


def test_old_products_stop_being_popular() -> None:
    index = taught()
    index.observe("late", "late", 9, False, (RECENT_DAYS + 1) * DAY_MS)
    assert set(asked(index, [8])) == {9}


def test_own_products_of_earlier_visits_are_candidates() -> None:
    index = taught()
    index.observe("late", "late", 9, False, (RECENT_DAYS + 1) * DAY_MS)
    found = asked(index, [8], "p0")
    assert {1, 2, 3} <= set(found)
    assert found[1]["own_before"] == 1.0


def test_an_empty_index_has_nothing_to_offer() -> None:
    assert asked(SessionIndex(), [1]) == {}


moves = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 6)), max_size=30)


@settings(max_examples=50, deadline=None)
@given(moves, st.lists(st.integers(0, 6), min_size=1, max_size=5))
def test_nothing_of_the_visit_is_offered_again(
    made: list[tuple[int, int, int]], path: list[int]
) -> None:
    index = SessionIndex()
    for moment, (person, session, product) in enumerate(made):
        index.observe(f"p{person}", f"{person}-{session}", product, False, moment)
    found = asked(index, path)
    assert not set(found) & set(path)
    assert set(found) <= {product for _, _, product in made}
