"""Two stages: the first picks, the second orders, what is left stays below."""

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recommender.model import Floats, Model
from recommender.shortlist import Shortlist, shortlist
from tests.recommender.models import handmade
from tests.recommender.shop import NOW_MS, shop
from tests.recommender.stages import by_column, stump

PRODUCTS = shop(12)
POPULAR = {place: place / 12 for place in range(12)}
MODEL = handmade(PRODUCTS, popularity=POPULAR)
EVERYTHING = np.ones(12, dtype=np.bool_)


def found(model: Model, size: int, boosts: Floats | None = None) -> Shortlist:
    sums = np.zeros(12, dtype=np.float32), np.zeros(12, dtype=np.float32)
    return shortlist(model, None, sums, 0.0, EVERYTHING, NOW_MS, size, boosts)


def test_without_a_second_stage_the_first_decides() -> None:
    assert found(MODEL, 4).positions.tolist() == [11, 10, 9, 8]
    assert found(MODEL, 99).positions.tolist() == list(range(11, -1, -1))


def test_the_second_stage_orders_the_short_list_and_nothing_else() -> None:
    turned = replace(MODEL, second=by_column("popular", -5.0))
    listed = found(turned, 4)
    assert listed.positions.tolist() == [8, 9, 10, 11]
    assert (np.diff(listed.scores) <= 0).all()
    assert found(replace(MODEL, second=stump("popular", 0.8)), 4).positions.tolist() == [
        11, 10, 9, 8,
    ]  # fmt: skip


def test_the_reader_and_the_house_count_in_both_stages() -> None:
    boosts = np.zeros(12, dtype=np.float32)
    boosts[2] = 9.0
    assert found(MODEL, 2, boosts).positions.tolist() == [2, 11]
    assert found(replace(MODEL, second=by_column("popular", 5.0)), 2, boosts).positions[0] == 2


@given(st.floats(-9, 9), st.integers(1, 12))
def test_nothing_overtakes_the_short_list(weight: float, size: int) -> None:
    model = replace(MODEL, second=by_column("popular", weight))
    listed = found(model, size)
    scores = model.blended(np.zeros(12, np.float32), np.zeros(12, np.float32), 0.0)
    listed.lay_over(scores, listed.scores)
    others = np.delete(scores, listed.positions)
    assert others.max(initial=-np.inf) < scores[listed.positions].min()


def test_likeness_is_kept_and_grows_when_asked() -> None:
    listed = found(MODEL, 12)
    assert listed.likeness(3).shape == (3, 3)
    whole = listed.likeness(12)
    assert (listed.likeness(3) == whole[:3, :3]).all()
