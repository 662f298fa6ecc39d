"""Cold products: words carry over, their own rows never do."""

import numpy as np
import pytest

from recommender.cold import cold_evidence, played_cold, without_products
from recommender.evidence import Situation
from recommender.features import tfidf_matrix
from tests.recommender.tables import on_day, tastes

NAMES = [f"{'garden' if product % 2 == 0 else 'kitchen'} piece {product}" for product in range(20)]
TEXT = tfidf_matrix(NAMES)
COLD = np.array([18, 19])
EVENTS = tastes(16, 20, 40)


def cold_situation() -> Situation:
    gone = np.zeros(20, dtype=np.bool_)
    gone[COLD] = True
    return without_products(Situation(EVENTS, on_day(16, 41), TEXT), gone)


def test_people_get_the_cold_products_of_their_taste() -> None:
    found = cold_evidence(cold_situation(), COLD, np.arange(16))
    assert np.isfinite(found.rows).all()
    assert found.candidates.tolist() == [COLD.tolist()] * 16
    for name in ("words_sum", "words_best", "words_wishes", "words_ease_faded", "near_low_pass"):
        values = found.rows[:, found.columns.index(name)].reshape(16, 2)
        assert (values[0::2, 0] > values[0::2, 1]).all(), name
        assert (values[1::2, 0] < values[1::2, 1]).all(), name


def test_rows_of_cold_products_are_refused() -> None:
    with pytest.raises(ValueError, match="no rows"):
        cold_evidence(Situation(EVENTS, on_day(16, 41), TEXT), COLD, np.arange(16))
    bare = Situation(cold_situation().events, on_day(16, 41))
    with pytest.raises(ValueError, match="words"):
        cold_evidence(bare, COLD, np.arange(16))


def test_playing_cold_takes_every_product_once() -> None:
    groups = played_cold(np.arange(20), 3, seed=1)
    assert sorted(np.concatenate(groups).tolist()) == list(range(20))
    again = played_cold(np.arange(20), 3, seed=1)
    assert all((one == other).all() for one, other in zip(groups, again, strict=True))
