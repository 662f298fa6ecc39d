"""A shelf for friends: only what each may be shown, and the reasons of each alone."""

from dataclasses import replace

import numpy as np

from recommender.display import DisplayCell, Viewer, display
from recommender.interactions import Signal
from recommender.live import History
from recommender.model import Floats
from recommender.settings import LiveSettings, PolicySettings
from tests.recommender.models import handmade
from tests.recommender.shop import NOW_MS, shop

PRODUCTS = shop(12)
CATALOGUE = {product.product_id: product for product in PRODUCTS}
MODEL = handmade(PRODUCTS, {(0, 1): 1.0})
LIVE = LiveSettings()


def viewer(person_id: str, *wanted: int, history: History | None = None) -> Viewer:
    scores: Floats = np.full(12, -3.0, dtype=np.float32)
    for place, product in enumerate(wanted):
        scores[product] = 3.0 - place
    return Viewer(person_id, scores, np.ones(12, dtype=np.bool_), history)


def shown(viewers: list[Viewer], places: int, talk: float = 0.5) -> dict[str, list[DisplayCell]]:
    policy = PolicySettings(talk_weight=talk)
    return display(MODEL, CATALOGUE, viewers, [1.0] * places, LIVE, policy)


def test_friends_see_the_same_where_both_care_and_their_own_elsewhere() -> None:
    found = shown([viewer("ann", 5, 1), viewer("bob", 5, 2)], 2)
    together = [cell for cell in found["ann"] if cell.shared_with]
    assert [cell.recommendation.product_id for cell in together][:1] == ["p5"]
    assert together[0].shared_with == ("bob",)
    assert together[0].recommendation.reason_code == "together"


def test_nobody_is_shown_what_they_may_not_see() -> None:
    ann = viewer("ann", 5)
    forbidden = ann.allowed.copy()
    forbidden[5] = False
    found = shown([replace(ann, allowed=forbidden), viewer("bob", 5)], 3)
    assert "p5" not in [cell.recommendation.product_id for cell in found["ann"]]
    assert "p5" in [cell.recommendation.product_id for cell in found["bob"]]


def test_reasons_are_those_of_the_viewer_alone() -> None:
    history = History(LIVE)
    history.add("p0", "ann", Signal.TRY_ON, 1.5, NOW_MS, kept=True)
    found = shown([viewer("ann", 1, history=history), viewer("bob", 1)], 1, talk=0.0)
    (ann,), (bob,) = found["ann"], found["bob"]
    assert ann.recommendation.reason == "Goes with red lamp, which you tried on."
    assert "you" not in bob.recommendation.reason


def test_what_is_wanted_a_little_by_both_does_not_push_out_two_favourites() -> None:
    """Chances decide, not log-odds: half way down the scale is wanted a twentieth as often."""
    ann, bob = viewer("ann", 1), viewer("bob", 2)
    for each in (ann, bob):
        each.scores[5] = 0.0
    assert not any(cell.shared_with for cell in shown([ann, bob], 1)["ann"])
    for each in (ann, bob):
        each.scores[5] = 2.9
    assert all(cell.shared_with for cell in shown([ann, bob], 1)["ann"])


def test_nobody_sees_the_same_thing_twice_but_to_talk_of_it() -> None:
    ann, bob = viewer("ann", 5, 1), viewer("bob", 2, 5)
    for each in (ann, bob):
        each.allowed[[0, 3, 4, 6, 7, 8, 9, 10, 11]] = False
    policy = PolicySettings()
    found = display(MODEL, CATALOGUE, [ann, bob], [1.0, 0.8, 0.6, 0.5, 0.4, 0.3], LIVE, policy)
    for cells in found.values():
        shown = [cell.recommendation.product_id for cell in cells]
        assert set(shown) == {"p1", "p2", "p5"}
        own = [cell.recommendation.product_id for cell in cells if not cell.shared_with]
        assert len(own) == len(set(own))
        assert len(cells) < 6


def test_nothing_may_be_shown_and_scores_out_of_all_bounds() -> None:
    ann = viewer("ann", 5)
    nothing = replace(ann, allowed=np.zeros(12, dtype=np.bool_))
    assert shown([nothing, replace(nothing, person_id="bob")], 2) == {"ann": [], "bob": []}
    ann.scores[:] = -900.0
    ann.scores[7] = 900.0
    assert shown([ann, viewer("bob", 7)], 1)["ann"][0].recommendation.product_id == "p7"
