"""New products get a bounded, steady and even chance."""

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from recommender.exploration import Explorer, places_for_new
from recommender.model import Model
from recommender.settings import ExposureSettings, PolicySettings
from recommender.slots import SlotStatistics
from tests.recommender.models import handmade
from tests.recommender.shop import NOW_MS, shop

POLICY = PolicySettings()
KNOWN = dict.fromkeys(range(12), 0.5)
"""Of the 24 products the first 12 are known; the others are new."""


def made(policy: PolicySettings = POLICY) -> tuple[Explorer, SlotStatistics, Model]:
    slots = SlotStatistics(ExposureSettings(), 100)
    explorer = Explorer(policy, slots)
    model = handmade(shop(24), popularity=KNOWN)
    explorer.replace(model, 5)
    return explorer, slots, model


def explored(explorer: Explorer, model: Model, reader: str, now_ms: int = NOW_MS) -> list[int]:
    chosen = np.arange(8, dtype=np.int64)
    scores = np.zeros(24, dtype=np.float32)
    allowed = np.ones(24, dtype=np.bool_)
    found, places = explorer.explored(model, chosen, lambda: scores, allowed, reader, now_ms)
    new = [place for place, position in enumerate(found.tolist()) if position >= 12]
    assert sorted(places) == new
    assert len(set(found.tolist())) == 8
    return [int(position) for position in found]


@given(st.integers(0, 200), st.floats(0, 1), st.integers(0, 10))
def test_the_share_is_a_bound(length: int, share: float, first: int) -> None:
    policy = PolicySettings(exploration_share=share, exploration_first_place=first)
    assert places_for_new(policy, length) <= share * length + 1e-6
    assert places_for_new(policy, length) <= max(0, length - first)


def test_one_new_product_in_a_list_of_eight_and_never_on_the_first_places() -> None:
    explorer, _, model = made()
    assert explorer.new_products == 12
    seen: dict[int, int] = {}
    for reader in range(600):
        found = explored(explorer, model, f"reader-{reader}")
        new = [place for place, position in enumerate(found) if position >= 12]
        assert len(new) == 1
        seen[new[0]] = seen.get(new[0], 0) + 1
        # The others keep their order.
        assert [position for position in found if position < 12] == list(range(7))
    assert set(seen) == {2, 3, 4, 5, 6, 7}
    assert max(seen.values()) < 1.6 * min(seen.values())


def test_a_list_does_not_flicker() -> None:
    explorer, _, model = made()
    window_ms = POLICY.exploration_window_ms
    begin_ms = NOW_MS // window_ms * window_ms
    first = explored(explorer, model, "ann", begin_ms)
    assert explored(explorer, model, "ann", begin_ms + window_ms - 1) == first
    later = {tuple(explored(explorer, model, "ann", begin_ms + n * window_ms)) for n in range(9)}
    assert len(later) > 3


def test_what_disappoints_is_drawn_less_and_what_was_shown_enough_not_at_all() -> None:
    explorer, slots, model = made()
    for _ in range(300):
        slots.count_product("p13", 0, answered=False)
        slots.count_product("p14", 0, answered=True)
    drawn = [max(explored(explorer, model, f"reader-{reader}")) for reader in range(200)]
    assert drawn.count(13) < 5
    assert drawn.count(14) > 150
    for _ in range(300):
        slots.count_product("p14", 0, answered=True)
    later_ms = NOW_MS + POLICY.exploration_window_ms
    again = [max(explored(explorer, model, f"reader-{n}", later_ms)) for n in range(50)]
    assert 14 not in again


def test_what_nobody_has_looked_at_goes_before_what_is_known() -> None:
    explorer, slots, model = made(PolicySettings(exploration_pool=1))
    for place in range(12, 23):
        for _ in range(20):
            slots.count_product(f"p{place}", 0, answered=True)
    assert {max(explored(explorer, model, f"reader-{n}")) for n in range(20)} == {23}


def test_nothing_is_new_to_a_model_that_knows_nobody() -> None:
    explorer, _, model = made()
    explorer.replace(replace(model, people=3), 5)
    assert explorer.new_products == 0
    assert explored(explorer, model, "ann") == list(range(8))


@examples(max_examples=30)
@given(st.sets(st.integers(0, 23)), st.integers(0, 8))
def test_only_what_may_be_listed(allowed_places: set[int], count: int) -> None:
    explorer, _, model = made(PolicySettings(exploration_share=1.0, exploration_first_place=0))
    allowed = np.zeros(24, dtype=np.bool_)
    allowed[list(allowed_places)] = True
    chosen = np.flatnonzero(allowed)[:count]
    found, _ = explorer.explored(
        model, chosen, lambda: np.zeros(24, dtype=np.float32), allowed, "ann", NOW_MS
    )
    assert set(found.tolist()) <= allowed_places
    assert len(found) == len(chosen) == len(set(found.tolist()))
