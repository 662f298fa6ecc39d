"""Tables of groups: counted right, checked, and taken apart without losing an event."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.errors import FitError
from recommender.group_tables import GroupTables, counted, held_out, marked, row_cells
from tests.recommender.travellers import planted_trips, tables_of


def household(events: list[tuple[int, int]]) -> GroupTables:
    """Person p is of group p // 2, and what each did alone counts for the group."""
    alone = counted(sorted(set(events)), (6, 5))
    members = counted([(person // 2, person) for person in range(6)], (3, 6))
    return GroupTables(members, alone, (members @ alone).tocsr()).checked()


def test_counts() -> None:
    table = counted([(0, 1), (0, 1), (1, 0)], (2, 3))
    assert table.toarray().tolist() == [[0, 2, 0], [1, 0, 0]]
    assert marked(table).toarray().tolist() == [[0, 1, 0], [1, 0, 0]]
    assert table.toarray()[0, 1] == 2
    assert row_cells(table, 0).tolist() == [1]
    assert counted([], (2, 3)).toarray().sum() == 0


def test_tables_that_do_not_fit_together_are_refused() -> None:
    tables = tables_of(planted_trips())
    with pytest.raises(FitError) as caught:
        GroupTables(tables.members, tables.person_items[:5], tables.group_items).checked()
    assert caught.value.code == "group_tables_invalid"
    assert caught.value.data == {"table": "person_items"}


@pytest.mark.parametrize("value", [np.nan, np.inf, -1.0])
def test_cells_that_count_nothing_are_refused(value: float) -> None:
    tables = tables_of(planted_trips())
    tables.group_items.data[3] = value
    with pytest.raises(FitError, match="group_items"):
        tables.checked()


def test_whether_members_are_within() -> None:
    assert household([(0, 1), (3, 2)]).members_within()
    assert not tables_of(planted_trips()).checked().members_within()
    assert not household([]).members_within()


@given(
    events=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 4)), max_size=25),
    count=st.integers(1, 3),
    seed=st.integers(0, 2**32 - 1),
)
def test_no_event_is_lost_or_made(events: list[tuple[int, int]], count: int, seed: int) -> None:
    tables = household(events)
    before = tables.group_items.toarray()
    alone = tables.person_items.toarray()
    held = held_out(tables, np.arange(3), count, np.random.default_rng(seed))
    taken = counted(list(zip(held.group.tolist(), held.product.tolist(), strict=True)), (3, 5))
    assert np.array_equal(held.tables.group_items.toarray() + taken.toarray(), before)
    for group in range(3):
        expected = count if before[group].sum() > count else 0
        assert np.count_nonzero(held.group == group) == expected
    # All events here are the members' own, so each is taken from one of them, too.
    assert alone.sum() - held.tables.person_items.toarray().sum() == held.product.size
    assert np.array_equal(tables.group_items.toarray(), before)
    assert np.array_equal(tables.person_items.toarray(), alone)


def test_members_keep_what_was_never_their_groups() -> None:
    tables = tables_of(planted_trips()).checked()
    held = held_out(tables, np.arange(48), 1, np.random.default_rng(1))
    assert held.product.size == 48
    assert np.array_equal(held.tables.person_items.toarray(), tables.person_items.toarray())
