"""The model: its formula, its alignment to another catalogue."""

import numpy as np
import pytest

from recommender.model import (
    aligned,
    default_blend,
    empty_model,
    probability,
    text_model,
)
from tests.recommender.models import handmade
from tests.recommender.shop import product, shop


def test_the_score_is_the_stated_sum() -> None:
    model = handmade(shop(6), {(0, 1): 0.5}, {2: 1.0})
    together, text = np.zeros(6, dtype=np.float32), np.zeros(6, dtype=np.float32)
    model.add_to(together, text, 0, 2.0)
    scores = model.blended(together, text, 0.5)
    assert together[1] == pytest.approx(1.0)
    expected = -3.0 + 4.0 * 0.5 * together + 1.0 * 0.5 * text + model.popularity
    assert scores == pytest.approx(expected, abs=1e-6)


def test_a_head_smaller_than_the_catalogue_adds_in_its_places() -> None:
    whole = handmade(shop(6), {(1, 4): 0.5})
    part = aligned(whole, [*shop(6)[:5], product("new")], 8)
    assert part.head.tolist() == [0, 1, 2, 3, 4]
    together, text = np.zeros(6, dtype=np.float32), np.zeros(6, dtype=np.float32)
    part.add_to(together, text, 1, 1.0)
    assert together.tolist() == [0, 0, 0, 0, 0.5, 0]
    part.add_to(together, text, 5, 1.0)
    assert together.tolist() == [0, 0, 0, 0, 0.5, 0]


def test_alignment_carries_behaviour_by_id() -> None:
    products = shop(6)
    model = handmade(products, {(1, 4): 0.5}, {4: 1.0})
    turned = aligned(model, products[::-1], 8)
    assert turned.product_ids == tuple(each.product_id for each in products[::-1])
    one, four = turned.position["p1"], turned.position["p4"]
    assert turned.together[turned.head_row[one], turned.head_row[four]] == 0.5
    assert turned.popularity[four] == 1.0
    assert turned.version == model.version
    assert aligned(model, products, 8) is model
    assert aligned(model, [], 8).size == 0


def test_the_text_model_knows_no_behaviour() -> None:
    model = text_model(shop(12), 4)
    assert (model.version, model.people, len(model.head)) == (0, 0, 0)
    assert not model.popularity.any()
    assert empty_model().size == 0


def test_behaviour_earns_its_weight() -> None:
    weights = [default_blend(people).together for people in (0, 1, 10, 10_000)]
    assert weights[0] == 0
    assert weights == sorted(weights)
    assert weights[-1] < 4.0


def test_probability_is_safe_for_any_size() -> None:
    odds = np.array([-1e30, -1.0, 0.0, 1.0, 1e30], dtype=np.float32)
    assert probability(odds) == pytest.approx([0, 0.26894, 0.5, 0.73106, 1], abs=1e-4)
