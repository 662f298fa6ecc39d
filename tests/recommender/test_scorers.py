"""The small scorers against what a loop over people gives."""

import numpy as np
import pytest
from scipy import sparse

from recommender import scorers
from recommender.features import tfidf_matrix
from recommender.scorers import (
    low_pass,
    rarity,
    smoothed,
    unit_rows,
    user_neighbours,
    word_likeness,
)


def wishes() -> sparse.csr_array:
    random = np.random.default_rng(2)
    return sparse.csr_array((random.random((12, 8)) < 0.4).astype(np.float32))


def test_neighbours_against_a_loop() -> None:
    matrix = wishes()
    dense = matrix.toarray().astype(np.float64)
    lengths = np.maximum(np.linalg.norm(dense, axis=1), 1e-9)
    found = user_neighbours(matrix, matrix, 3.0)
    for person in range(12):
        weights = (dense @ dense[person] / (lengths * lengths[person])) ** 3
        weights[person] = 0.0
        expected = weights @ dense / max(weights.sum(), 1e-9)
        assert found[person] == pytest.approx(expected, abs=1e-4)


def test_a_person_without_history_has_no_neighbours() -> None:
    matrix = sparse.csr_array(np.array([[0.0, 0.0], [1.0, 1.0]], dtype=np.float32))
    assert user_neighbours(matrix, matrix, 2.0)[0].tolist() == [0.0, 0.0]
    assert unit_rows(matrix).toarray()[0].tolist() == [0.0, 0.0]


def test_what_everybody_has_says_nothing() -> None:
    matrix = sparse.csr_array(np.array([[1.0, 1.0], [1.0, 0.0]], dtype=np.float32))
    weighted = rarity(matrix).toarray()
    assert weighted[:, 0].tolist() == [0.0, 0.0]
    assert weighted[0, 1] == pytest.approx(np.log(1.5), abs=1e-6)


def test_the_filter_fills_what_a_strong_pattern_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scorers, "FACTORS", 2)
    blocks = np.kron(np.eye(2), np.ones((4, 3)))
    blocks[0, 0] = 0.0
    matrix = sparse.csr_array(blocks.astype(np.float32))
    found = low_pass(matrix)
    assert found[0, 0] > 5 * abs(found[0, 3:]).max()
    assert (found == low_pass(matrix)).all()
    assert not low_pass(sparse.csr_array(np.zeros((3, 4), dtype=np.float32))).any()


def test_words_lend_to_their_like_only() -> None:
    alike = word_likeness(tfidf_matrix(["red lamp", "blue lamp", "wooden spoon"]))
    assert alike.diagonal().tolist() == [0.0, 0.0, 0.0]
    assert alike.toarray()[0, 1] > 0
    lent = smoothed(np.array([[1.0, 0.0, 0.0]], dtype=np.float32), alike)
    assert lent[0, 1] > lent[0, 2] == 0.0
