"""Likeness by rare words says what the full table of cosines says, in any number of blocks."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender import rare_words
from recommender.rare_words import nearest_by_rare_words

WORDS = ("oak", "brass", "linen", "lamp", "chair", "red", "blue", "tall")
texts = st.lists(st.lists(st.sampled_from(WORDS), max_size=5).map(" ".join), max_size=14)


def table_of(found: list[str]) -> np.ndarray:
    """Cosines of all pairs by the plain formula."""
    bags = [list(rare_words._terms(text)) for text in found]
    holders = {term: sum(term in bag for bag in bags) for bag in bags for term in bag}
    kept = sorted(term for term, count in holders.items() if count >= 2)
    table = np.zeros((len(found), max(1, len(kept))))
    for row, bag in enumerate(bags):
        for column, term in enumerate(kept):
            if term in bag:
                idf = 1 + np.log((1 + len(found)) / (1 + holders[term]))
                table[row, column] = (1 + np.log(bag.count(term))) * idf
    lengths = np.maximum(np.linalg.norm(table, axis=1, keepdims=True), 1e-12)
    cosines: np.ndarray = (table / lengths) @ (table / lengths).T
    np.fill_diagonal(cosines, 0.0)
    return cosines


@settings(deadline=None)
@given(texts, st.integers(1, 20), st.sampled_from([1, 40, 1 << 20]))
def test_it_is_the_full_table_cut_off(found: list[str], limit: int, pairs: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rare_words, "PAIRS_LIMIT", pairs)
        positions, cosines = nearest_by_rare_words(found, limit)
    expected = table_of(found)
    assert positions.shape == cosines.shape == (len(found), limit)
    for row in range(len(found)):
        best = np.sort(expected[row])[::-1][:limit]
        shown = cosines[row]
        assert np.allclose(shown[: best.size], best, atol=1e-5)
        assert not shown[best.size :].any()
        listed = positions[row][shown > 0]
        assert len(set(listed.tolist())) == listed.size
        assert np.allclose(expected[row, listed], shown[shown > 0], atol=1e-5)
        assert (positions[row][shown == 0] == row).all()


def test_what_many_share_is_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rare_words, "RARE_LIMIT", 3)
    found = ["lamp oak", "lamp oak", "lamp", "lamp"]
    positions, cosines = nearest_by_rare_words(found, 2)
    assert positions[:, 0].tolist() == [1, 0, 2, 3]
    assert cosines[:, 0].tolist() == pytest.approx([1, 1, 0, 0])
