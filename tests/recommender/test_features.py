"""Text similarity, with numpy alone and with scikit-learn."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender import features
from recommender.features import (
    TextNeighbours,
    catalogue_digest,
    hashed_neighbours,
    no_neighbours,
    tfidf_neighbours,
)
from recommender.interactions import Product
from tests.recommender.shop import product, shop

Way = Callable[[Sequence[Product], int], TextNeighbours]
both_ways = pytest.mark.parametrize("neighbours", [hashed_neighbours, tfidf_neighbours])

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12)


def check(found: TextNeighbours, size: int) -> None:
    assert found.positions.shape == found.similarity.shape
    assert found.positions.dtype == np.int32
    assert found.similarity.dtype == np.float32
    assert len(found.positions) == size
    assert np.isfinite(found.similarity).all()
    assert ((found.similarity >= 0) & (found.similarity <= 1)).all()
    if size:
        assert found.positions.min() >= 0
        assert found.positions.max() < size
    own = found.positions == np.arange(size)[:, None]
    assert (found.similarity[own] == 0).all()
    assert (np.diff(found.similarity, axis=1) <= 0).all()


@both_ways
def test_products_of_a_kind_are_nearest(neighbours: Way) -> None:
    found = neighbours(shop(24), 3)
    check(found, 24)
    assert (found.positions % 6 == (np.arange(24) % 6)[:, None]).all()
    assert (found.similarity > 0.2).all()


@both_ways
@pytest.mark.parametrize("size", [0, 1, 2])
def test_the_smallest_catalogues(neighbours: Way, size: int) -> None:
    check(neighbours(shop(size), 5), size)


@both_ways
def test_products_without_words_are_like_nothing(neighbours: Way) -> None:
    products = [Product(f"p{number}", "!?", "", "", "--", (), 0) for number in range(4)]
    found = neighbours(products, 5)
    check(found, 4)
    assert found.similarity.max() < 0.5 or neighbours is tfidf_neighbours
    assert (tfidf_neighbours(products, 5).similarity == 0).all()


@settings(max_examples=20, deadline=None)
@given(st.lists(texts, max_size=6), st.integers(1, 4))
def test_any_text_is_taken(names: list[str], limit: int) -> None:
    products = [product(f"p{number}", name) for number, name in enumerate(names)]
    check(hashed_neighbours(products, limit), len(products))
    check(tfidf_neighbours(products, limit), len(products))


def test_word_forms_meet() -> None:
    found = hashed_neighbours(
        [product("a", "desk lamp"), product("b", "lamps"), product("c", "wool sock")], 2
    )
    assert found.positions[0, 0] == 1


def test_blocks_do_not_change_the_result(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = hashed_neighbours(shop(40), 4)
    monkeypatch.setattr("recommender.features.CHUNK_ROWS", 7)
    parts = hashed_neighbours(shop(40), 4)
    assert np.allclose(whole.similarity, parts.similarity, atol=1e-6)


def test_the_digest_follows_what_counts() -> None:
    products = shop(6)
    same = [*products]
    cheaper = [
        Product(p.product_id, p.name, p.brand, p.department, p.description, p.tags, 1)
        for p in products
    ]
    assert catalogue_digest(products) == catalogue_digest(same) == catalogue_digest(cheaper)
    assert catalogue_digest(products) != catalogue_digest(products[::-1])
    assert catalogue_digest(products) != catalogue_digest(products[:-1])
    assert catalogue_digest([product("ab", "c")]) != catalogue_digest([product("a", "bc")])


def test_no_neighbours_is_valid() -> None:
    check(no_neighbours(3), 3)


def test_a_large_catalogue_is_compared_by_rare_words(monkeypatch: pytest.MonkeyPatch) -> None:
    products = [product(f"p{n}", f"common shape{n // 2} unique{n}") for n in range(8)]
    monkeypatch.setattr(features, "LARGE_CATALOGUE", 4)
    monkeypatch.setattr(features, "COMMON_WORD", 5)
    monkeypatch.setattr(features, "CHUNK_ROWS", 3)
    found = tfidf_neighbours(products, 3)
    assert found.positions.shape == found.similarity.shape == (8, 3)
    for row in range(8):
        twin = row + 1 if row % 2 == 0 else row - 1
        assert found.positions[row].tolist() == [twin, row, row]
        assert found.similarity[row, 0] == pytest.approx(1.0)
        assert found.similarity[row, 1:].tolist() == [0.0, 0.0]


def test_a_large_catalogue_without_shared_words_has_no_neighbours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(features, "LARGE_CATALOGUE", 2)
    unlike = [Product(f"p{n}", f"name{n}", "", "", "", (), 1) for n in range(4)]
    assert not tfidf_neighbours(unlike, 2).similarity.any()
