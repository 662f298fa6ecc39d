"""Numbers of each product alone, from the log."""

import numpy as np
import pytest

from recommender.columns import TRAITS
from recommender.interactions import Signal
from recommender.settings import DAY_MS, LiveSettings
from recommender.traits import product_traits
from tests.recommender.shop import NOW_MS, Row, log_of, shop

PRODUCTS = shop(6)


def traits_of(rows: list[Row]) -> dict[str, list[float]]:
    found = product_traits(log_of(rows, PRODUCTS), PRODUCTS, LiveSettings(), NOW_MS)
    assert found.shape == (len(TRAITS), 6)
    return dict(zip(TRAITS, found.tolist(), strict=True))


def test_people_by_age_and_who_takes_what_they_touch() -> None:
    found = traits_of(
        [
            ("ann", "p0", Signal.PICK_UP, NOW_MS - 30 * DAY_MS),
            ("bob", "p0", Signal.BUY, NOW_MS - DAY_MS),
            ("cat", "p1", Signal.PICK_UP, NOW_MS - DAY_MS),
            ("cat", "p2", Signal.VOTE_DOWN, NOW_MS - DAY_MS),
            (None, "p3", Signal.BUY, NOW_MS - DAY_MS),
        ]
    )
    assert found["people_7"][:4] == pytest.approx(np.log1p([1, 1, 0, 0]).tolist())
    assert found["people_60"][:4] == pytest.approx(np.log1p([2, 1, 0, 0]).tolist())
    assert found["taken_share"][0] > found["taken_share"][1] == 0
    assert found["first_days"][0] == pytest.approx(30)
    assert found["price"] == pytest.approx(np.log(np.arange(1_000, 1_006)).tolist(), abs=1e-4)


def test_without_behaviour_only_prices_are_known() -> None:
    found = traits_of([])
    assert all(not any(values) for name, values in found.items() if name != "price")
    assert all(found["price"])
