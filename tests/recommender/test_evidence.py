"""The table of evidence: shapes, what may be listed, and that the moment is respected."""

import numpy as np

from recommender.evidence import Situation, gather, places_in_rows, product_columns, scorers
from recommender.features import tfidf_matrix
from tests.recommender.tables import on_day, table, tastes

EVENTS = tastes(20, 12, 40)
NOW = on_day(20, 41)
TEXT = tfidf_matrix([f"thing {'even' if product % 2 == 0 else 'odd'}" for product in range(12)])


def test_one_row_of_every_column_for_each_candidate() -> None:
    found = gather(Situation(EVENTS, NOW, TEXT), np.arange(20), new_only=False)
    assert found.rows.shape == (20 * 12, len(found.columns))
    assert np.isfinite(found.rows).all()
    assert len(set(found.columns)) == len(found.columns)
    assert {"words", "own_open", "ease_faded_place", "taken_share"} <= set(found.columns)
    assert all(sorted(row) == list(range(12)) for row in found.candidates.tolist())


def test_only_new_products_are_allowed_when_asked_for() -> None:
    touched = {(p, i) for p, i in zip(EVENTS.person.tolist(), EVENTS.product.tolist(), strict=True)}
    found = gather(Situation(EVENTS, NOW), np.array([3, 4]), new_only=True)
    for person, row, allowed in zip(found.people, found.candidates, found.allowed, strict=True):
        for product, fits in zip(row.tolist(), allowed.tolist(), strict=True):
            assert fits == ((int(person), product) not in touched)
    assert not any(name.startswith(("own_", "words")) for name in found.columns)


def test_the_same_again_is_the_same() -> None:
    one, other = (gather(Situation(EVENTS, NOW), np.arange(20), new_only=False) for _ in "ab")
    assert (one.rows == other.rows).all()
    assert (one.candidates == other.candidates).all()


def test_taste_is_found() -> None:
    for name, values in scorers(Situation(EVENTS, NOW)).items():
        even = values[0, 0::2].mean()
        assert even > values[0, 1::2].mean(), name


def test_only_what_is_asked_for_is_made() -> None:
    assert set(scorers(Situation(EVENTS, NOW), ("low_pass", "like_minded"))) == {
        "low_pass", "like_minded",
    }  # fmt: skip


def test_popularity_counts_people_in_a_window() -> None:
    events = table([(0, 0, 0, 0.0), (0, 0, 1, 39.0), (1, 0, 2, 39.0), (1, 1, 2, 39.0)], 2, 3)
    found = product_columns(Situation(events, on_day(2, 40)))
    assert found["people_7"].tolist() == [2.0, 1.0, 0.0]
    assert found["people_ever"].tolist() == [2.0, 1.0, 0.0]
    assert found["visits_each"].tolist() == [1.5, 1.0, 0.0]
    assert found["first_days"].tolist() == [40.0, 1.0, -1.0]


def test_places_go_along_rows() -> None:
    values = np.array([[3.0, 9.0, 1.0], [0.0, 0.0, 5.0]], dtype=np.float32)
    assert places_in_rows(values).tolist() == [1.0, 0.0, 2.0, 1.0, 2.0, 0.0]
