"""The group ranker on groups whose wishes are known because they were planted."""

from dataclasses import replace

import numpy as np
import pytest

from recommender.errors import FitError, InvalidInteractionError
from recommender.group_ranker import GroupRanker, Party
from recommender.group_tables import GroupTables, held_out
from tests.recommender.travellers import GROUPS, PLACES, QUICK, REGIONS, planted_trips, tables_of

EVERYWHERE = list(range(REGIONS * PLACES))


@pytest.fixture(scope="module")
def tables() -> GroupTables:
    return tables_of(planted_trips(), untouched=2).checked()


@pytest.fixture(scope="module")
def ranker(tables: GroupTables) -> GroupRanker:
    return GroupRanker.fit(tables, QUICK)


def test_finds_where_a_group_goes_next() -> None:
    held = held_out(tables_of(planted_trips()), np.arange(GROUPS), 1, np.random.default_rng(5))
    fitted = GroupRanker.fit(held.tables, QUICK)
    lists = [np.array(EVERYWHERE)] * held.group.size
    found = 0
    for scores, product in zip(fitted.score_groups(held.group, lists), held.product, strict=True):
        found += int(np.count_nonzero(scores > scores[product]) < PLACES)
    # By chance it is one in REGIONS.
    assert found > 0.8 * GROUPS


def test_a_new_party_needs_only_members_and_what_they_handled(ranker: GroupRanker) -> None:
    region = 2
    handled = [region * PLACES, region * PLACES + 1]
    scores = ranker.score(Party(members=[2, 8, 14], items=handled), EVERYWHERE)
    best = [place for place in np.argsort(-scores).tolist() if place not in handled][:4]
    assert sum(place // PLACES == region for place in best) >= 3


def test_people_without_a_history_get_a_list(ranker: GroupRanker) -> None:
    assert np.isfinite(ranker.score(Party(members=[], items=[]), EVERYWHERE)).all()
    assert ranker.score(Party(members=[1], items=[]), []).shape == (0,)


def test_a_known_group_is_scored_alike_as_a_party(ranker: GroupRanker, tables: GroupTables) -> None:
    people = np.flatnonzero(tables.members.toarray()[7])
    items = np.flatnonzero(tables.group_items.toarray()[7])
    party = Party(members=people.tolist(), items=items.tolist(), group=7)
    rows = np.array([3, 7])
    lists = [np.array([5, 6]), np.array(EVERYWHERE)]
    assert np.allclose(
        ranker.score(party, EVERYWHERE), ranker.score_groups(rows, lists)[1], atol=1e-4
    )


def test_same_tables_same_scores(ranker: GroupRanker, tables: GroupTables) -> None:
    again = GroupRanker.fit(tables, QUICK)
    party = Party(members=[0, 6], items=[1])
    assert np.array_equal(ranker.score(party, EVERYWHERE), again.score(party, EVERYWHERE))


def test_too_little_to_learn_from_still_ranks(tables: GroupTables) -> None:
    fitted = GroupRanker.fit(tables, replace(QUICK, examples_minimum=10_000))
    scores = fitted.score(Party(members=[], items=[16, 17]), EVERYWHERE)
    assert set(np.argsort(-scores)[:4].tolist()) <= set(range(16, 24))


def test_empty_tables_rank_all_alike() -> None:
    empty = tables_of(planted_trips()._replace(members=[], alone=[], together=[]))
    scores = GroupRanker.fit(empty, QUICK).score(Party(members=[0], items=[3]), EVERYWHERE)
    assert not scores.any()


@pytest.mark.parametrize(
    ("party", "candidates", "field"),
    [
        (Party(members=[60], items=[]), [0], "members"),
        (Party(members=[-1], items=[]), [0], "members"),
        (Party(members=[0], items=[50]), [0], "items"),
        (Party(members=[0], items=[]), [0, 50], "candidates"),
    ],
)
def test_unknown_positions_are_refused(
    ranker: GroupRanker, party: Party, candidates: list[int], field: str
) -> None:
    with pytest.raises(InvalidInteractionError) as caught:
        ranker.score(party, candidates)
    assert caught.value.code == "unknown_position"
    assert caught.value.data["field"] == field


def test_unknown_groups_are_refused(ranker: GroupRanker) -> None:
    with pytest.raises(InvalidInteractionError):
        ranker.score_groups(np.array([GROUPS]), [np.array([0])])


def test_broken_tables_are_refused(tables: GroupTables) -> None:
    with pytest.raises(FitError):
        GroupRanker.fit(replace(tables, members=tables.members[:5]), QUICK)


def test_progress_is_told(tables: GroupTables) -> None:
    told: list[float] = []
    settings = replace(QUICK, trees=1)
    GroupRanker.fit(tables, settings, lambda _stage, share: told.append(share))
    assert told == sorted(told)
    assert 0.0 <= told[0] <= told[-1] <= 1.0
