"""Questions made inside the data: nothing of the answer, or after it, is in the history."""

from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.folds import last_visit_fold, later_fold, own_moments, time_fold
from recommender.settings import DAY_MS
from tests.recommender.tables import FIRST_MS, table

DEEDS = [
    (0, 0, 1, 0.0), (0, 1, 2, 5.0), (0, 2, 2, 5.2), (0, 3, 3, 9.0),
    (1, 0, 4, 6.0),
]  # fmt: skip
CUT_MS = FIRST_MS + 4 * DAY_MS


def test_a_cut_in_time_asks_for_the_first_day_of_those_who_are_known() -> None:
    fold = time_fold(table(DEEDS, 2, 4), CUT_MS, 30 * DAY_MS)
    assert fold.wanted == {0: {1, 2}}
    assert fold.history.product.tolist() == [0]
    assert fold.now_ms.tolist() == [CUT_MS, CUT_MS]


def test_the_horizon_ends_the_question() -> None:
    assert time_fold(table(DEEDS, 2, 4), CUT_MS, 1 * DAY_MS).wanted == {}


def test_later_asks_for_all_that_is_new() -> None:
    events = table([*DEEDS, (0, 0, 9, 12.0)], 2, 4)
    assert later_fold(events, CUT_MS, 30 * DAY_MS).wanted == {0: {1, 2, 3}}


def test_the_last_visit_is_cut_off_again_and_again() -> None:
    first = last_visit_fold(table(DEEDS, 2, 4))
    assert first.wanted == {0: {3}}
    second = last_visit_fold(first.history)
    assert second.wanted == {0: {1, 2}}
    assert last_visit_fold(second.history).wanted == {}


deeds = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 5), st.integers(0, 3), st.floats(0, 20)),
    max_size=40,
)


@settings(max_examples=60, deadline=None)
@given(deeds)
def test_no_history_reaches_into_its_question(
    made: list[tuple[int, int, int, float]],
) -> None:
    # A session belongs to one person.
    events = table([(p, i, 10 * p + s, d) for p, i, s, d in made], 4, 6)
    fold = last_visit_fold(events)
    moments = own_moments(fold.history)
    for person in fold.wanted:
        rows = events.person == person
        newest_session = events.session[rows][-1]
        begins = events.occurred_ms[events.session == newest_session].min()
        assert moments[person] < begins
    for question in (fold, time_fold(events, CUT_MS, 10 * DAY_MS)):
        touched = set(
            zip(question.history.person.tolist(), question.history.product.tolist(), strict=True)
        )
        for person, wanted in question.without_touched().wanted.items():
            assert all((person, product) not in touched for product in wanted)
