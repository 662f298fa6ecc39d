"""Views of a product by groups: what they see, and what they must not."""

import numpy as np
import pytest

from recommender.errors import SettingsError
from recommender.group_tables import NOBODY, GroupTables, Parties, Table, counted
from recommender.group_views import (
    CONTEXT_NAMES,
    FEATURE_NAMES,
    VIEW_NAMES,
    GroupViews,
    ViewSettings,
)
from tests.recommender.travellers import planted_trips, tables_of

# Groups 0 and 1 share person 1; group 2 shares nobody.
MEMBERS = counted([(0, 0), (0, 1), (1, 1), (1, 2), (2, 3)], (3, 4))
ALONE = counted([(0, 0), (3, 4)], (4, 5))
TOGETHER = counted([(0, 0), (0, 0), (0, 1), (1, 1), (1, 2), (2, 3)], (3, 5))


@pytest.fixture
def views() -> GroupViews:
    return GroupViews(GroupTables(MEMBERS, ALONE, TOGETHER), ViewSettings())


def parties(row: int, own_row: int) -> Parties:
    return Parties(MEMBERS[[row]], TOGETHER[[row]], np.array([own_row]))


def view(scores: Table, name: str) -> Table:
    return np.asarray(scores[VIEW_NAMES.index(name), 0])


def test_every_view_and_fact_has_a_row(views: GroupViews) -> None:
    asked = GroupTables(MEMBERS, ALONE, TOGETHER).parties(np.arange(3))
    assert views.scores(asked).shape == (len(VIEW_NAMES), 3, 5)
    assert views.context(asked).shape == (len(CONTEXT_NAMES), 3, 5)


def test_popularity_counts_groups_and_people(views: GroupViews) -> None:
    scores = views.scores(parties(0, 0))
    assert view(scores, "popular with groups").tolist() == [1, 2, 1, 1, 0]
    assert view(scores, "popular with people").tolist() == [1, 0, 0, 0, 1]


def test_groups_that_share_members(views: GroupViews) -> None:
    seen = view(views.scores(parties(0, 0)), "shared members")
    # Of group 1: its members have degrees 2 and 1, itself 2 members and 2 products.
    overlap = (1 / np.sqrt(2)) * (1 / np.sqrt(2)) * (1 / np.sqrt(2)) * (1 / np.sqrt(2))
    assert np.allclose(seen, [0, overlap / np.sqrt(2 * 2), overlap / np.sqrt(2 * 1), 0, 0])


@pytest.mark.parametrize(
    "name", ["shared members", "shared members, two steps", "history and members"]
)
def test_a_group_is_not_its_own_neighbour(views: GroupViews, name: str) -> None:
    known = view(views.scores(parties(2, 2)), name)
    stranger = view(views.scores(parties(2, NOBODY)), name)
    assert known[3] == 0.0
    if name != "shared members, two steps":
        assert stranger[3] > 0.0


def test_facts(views: GroupViews) -> None:
    facts = views.context(parties(0, 0))[:, 0]
    assert facts[0].tolist() == [2, 1, 0, 0, 0]
    assert facts[1].tolist() == [1, 0, 0, 0, 0]
    assert facts[2].tolist() == [0.5, 0, 0, 0, 0]
    assert [fact[0] for fact in facts[3:]] == [3, 2, 1]


def test_features_are_of_the_right_group_and_product(views: GroupViews) -> None:
    asked = GroupTables(MEMBERS, ALONE, TOGETHER).parties(np.arange(3))
    lists = [np.array([4, 1]), np.array([], dtype=np.int64), np.array([2])]
    features = views.features(asked, np.array([2, 0, 1]), lists)
    scores = views.scores(asked)
    assert features.shape == (3, len(FEATURE_NAMES))
    for line, (group, product) in zip(features, [(2, 4), (2, 1), (1, 2)], strict=True):
        assert np.allclose(line[: len(VIEW_NAMES)], scores[:, group, product], atol=1e-6)
    crowd = FEATURE_NAMES.index("popularity of the candidates")
    assert np.allclose(features[:, crowd], [np.log(3) / 2, np.log(3) / 2, np.log(2)])
    place = FEATURE_NAMES.index("place: popular with groups")
    assert np.allclose(np.exp(features[:, place]), [5, 1, 4])


def test_batches_change_nothing() -> None:
    tables = tables_of(planted_trips()).checked()
    lists = [np.array([group % 7, 20, 33]) for group in range(48)]
    whole, pieces = (
        GroupViews(tables, ViewSettings(cells_limit=limit)).features(
            tables.parties(np.arange(48)), np.arange(48), lists
        )
        for limit in (8_000_000, 10_000)
    )
    assert np.allclose(whole, pieces, atol=1e-5)


@pytest.mark.parametrize("field", ["ridge", "factors", "cells_limit"])
def test_settings_have_limits(field: str) -> None:
    with pytest.raises(SettingsError) as caught:
        ViewSettings(**{field: 0})
    assert caught.value.data["field"] == field
