"""The closed form: its optimality, its diagonal, its bounds."""

from collections.abc import Sequence

import numpy as np
import pytest
from scipy import sparse

from recommender.ease import closed_form_scores, head_positions, item_item
from recommender.settings import FitSettings


def baskets(rows: Sequence[Sequence[float]]) -> sparse.csr_array:
    return sparse.csr_array(np.array(rows, dtype=np.float64))


def test_it_minimises_what_it_says() -> None:
    random = np.random.default_rng(1)
    dense = (random.random((30, 5)) < 0.4).astype(np.float64)
    fit = FitSettings(ridge_share=0.0, ridge_floor=3.0)
    found = item_item(baskets(dense.tolist()), fit).astype(np.float64)
    gram = dense.T @ dense
    # Without the scaling, each column solves a ridge regression on the other products.
    expected = np.zeros((5, 5))
    for item in range(5):
        others = [other for other in range(5) if other != item]
        system = gram[np.ix_(others, others)] + 3.0 * np.eye(4)
        expected[others, item] = np.linalg.solve(system, gram[others, item])
    expected /= np.median(expected.max(axis=1))
    assert found == pytest.approx(expected, abs=1e-4)


def test_what_is_bought_together_goes_together() -> None:
    found = item_item(baskets([[1, 1, 0, 0]] * 6 + [[0, 0, 1, 1]] * 6), FitSettings())
    assert np.diag(found).tolist() == [0, 0, 0, 0]
    assert found[0].argmax() == 1
    assert found[2].argmax() == 3
    assert np.median(found.max(axis=1)) == pytest.approx(1.0)


def test_the_smallest_baskets() -> None:
    fit = FitSettings()
    assert item_item(sparse.csr_array((0, 0)), fit).shape == (0, 0)
    assert item_item(baskets([[1.0]]), fit).tolist() == [[0.0]]
    assert np.isfinite(item_item(baskets([[1.0, 0.0], [0.0, 1.0]]), fit)).all()


def test_the_head_is_what_is_wanted_most_in_catalogue_order() -> None:
    matrix = baskets([[1, 0, 3, 2], [0, 0, 1, 1]])
    assert head_positions(matrix, 10).tolist() == [0, 2, 3]
    assert head_positions(matrix, 2).tolist() == [2, 3]
    assert head_positions(sparse.csr_array((0, 3)), 2).tolist() == []


def test_both_forms_give_what_one_product_after_the_other_would() -> None:
    random = np.random.default_rng(5)
    for rows, size in ((30, 6), (4, 9)):
        dense = (random.random((rows, size)) < 0.4).astype(np.float64)
        gram, expected = dense.T @ dense, np.zeros((size, size))
        for item in range(size):
            others = [other for other in range(size) if other != item]
            system = gram[np.ix_(others, others)] + 2.0 * np.eye(size - 1)
            expected[others, item] = np.linalg.solve(system, gram[others, item])
        taught = baskets(dense.tolist())
        found = closed_form_scores(taught, baskets(np.eye(size).tolist()), 2.0)
        assert found == pytest.approx(expected, abs=1e-4)


def test_no_history_has_no_scores() -> None:
    taught = sparse.csr_array((3, 4))
    assert not closed_form_scores(taught, sparse.csr_array((2, 4)), 1.0).any()
