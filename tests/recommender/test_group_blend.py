"""The blend: what it is given to learn from."""

from dataclasses import replace

import numpy as np
import pytest

from recommender.errors import SettingsError
from recommender.group_blend import (
    BlendSettings,
    drawn_products,
    events_held_out,
    examples_of,
    learned_blend,
    parts_held_out,
)
from recommender.group_tables import GroupTables, counted, held_out
from recommender.group_views import FEATURE_NAMES
from tests.recommender.travellers import GROUPS, QUICK, planted_trips, tables_of


def silent(_stage: str, _share: float) -> None:
    return


def test_events_held_out_follow_what_groups_have() -> None:
    few, many, none = (
        GroupTables(
            counted([(0, 0)], (1, 1)), counted([], (1, 1)), counted([(0, 0)] * count, (1, 1))
        )
        for count in (3, 180, 0)
    )
    assert events_held_out(few, BlendSettings()) == 1
    assert events_held_out(many, BlendSettings()) == 3
    assert events_held_out(many, BlendSettings(events_limit=2)) == 2
    assert events_held_out(none, BlendSettings()) == 1


def test_every_group_loses_an_event_once_a_pass() -> None:
    tables = tables_of(planted_trips()).checked()
    held = list(parts_held_out(tables, QUICK))
    assert [done for _, done in held] == [0, 0.25, 0.5, 0.75]
    for first in (0, 2):
        lost = np.concatenate([held[first][0].group, held[first + 1][0].group])
        assert sorted(lost.tolist()) == list(range(GROUPS))


def test_negatives_are_drawn_from_all_and_never_the_product_itself() -> None:
    tables = tables_of(planted_trips(), untouched=4).checked()
    held = held_out(tables, np.arange(GROUPS), 1, np.random.default_rng(1))
    drawn = drawn_products(held, np.random.default_rng(2), QUICK)
    assert drawn.shape == (GROUPS, 1 + QUICK.negatives)
    assert np.array_equal(drawn[:, 0], held.product)
    assert not (drawn[:, 1:] == drawn[:, :1]).any()
    assert set(range(48, 52)) <= set(drawn.ravel().tolist())


def test_crowded_lists_hold_more_of_the_popular() -> None:
    trips = planted_trips()
    trips.together.extend((group, 0) for group in range(GROUPS))
    held = held_out(tables_of(trips).checked(), np.arange(40), 1, np.random.default_rng(1))
    shares = []
    for crowded in (0.0, 1.0):
        settings = replace(QUICK, crowded_lists=crowded, crowded_share=0.5, crowd=1)
        drawn = drawn_products(held, np.random.default_rng(2), settings)
        shares.append(float((drawn[held.product != 0, 1:] == 0).mean()))
    assert shares[0] < 0.1
    assert 0.4 < shares[1] < 0.6


def test_examples() -> None:
    examples = examples_of(tables_of(planted_trips()).checked(), QUICK, silent)
    rows = 2 * GROUPS * (1 + QUICK.negatives)
    assert examples.features.shape == (rows, len(FEATURE_NAMES))
    assert np.isfinite(examples.features).all()
    assert int(examples.wanted.sum()) == 2 * GROUPS
    wanted = examples.features[examples.wanted == 1]
    # What was taken away is not among what the group still has.
    assert not wanted[:, FEATURE_NAMES.index("own count")].any()


def test_too_little_teaches_nothing() -> None:
    tables = tables_of(planted_trips()).checked()
    assert learned_blend(tables, replace(QUICK, examples_minimum=500), silent) is None


@pytest.mark.parametrize(
    ("field", "value"),
    [("parts", 1), ("negatives", 0), ("crowded_share", 1.5), ("models", 0), ("events_share", -0.1)],
)
def test_settings_have_limits(field: str, value: float) -> None:
    with pytest.raises(SettingsError) as caught:
        replace(BlendSettings(), **{field: value})  # type: ignore[arg-type]
    assert caught.value.data["field"] == field
