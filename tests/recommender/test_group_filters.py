"""Linear filters against their formulas, written out on tiny tables."""

import numpy as np
import pytest
from scipy import sparse

from recommender.group_filters import ClosedForm, IdealLowPass, LowPass, scaled
from recommender.group_tables import Table, counted

RIDGE = 0.7


def drawn(rows: int, columns: int) -> Table:
    """Ones and zeros; nobody had the first product."""
    full = (np.random.default_rng(rows).random((rows, columns)) < 0.4).astype(np.float64)
    full[:, 0] = 0.0
    return full


def sparse_of(full: Table) -> sparse.csr_array:
    return counted([(int(row), int(column)) for row, column in np.argwhere(full)], full.shape)


def normed(full: Table) -> Table:
    result = np.zeros_like(full)
    for row, column in np.argwhere(full):
        degree = full[row].sum() * full[:, column].sum()
        result[row, column] = full[row, column] / np.sqrt(degree)
    return result


def test_scaled_leaves_empty_rows_and_columns() -> None:
    table = counted([(0, 1), (0, 2)], (2, 3))
    assert scaled(table, 1.0, 0.0).toarray().tolist() == [[0, 0.5, 0.5], [0, 0, 0]]


def test_low_pass() -> None:
    full = drawn(7, 5)
    table = sparse_of(full)
    expected = full @ normed(full).T @ normed(full)
    assert np.allclose(LowPass(table).scores(table), expected)


def test_ideal_low_pass() -> None:
    full = drawn(7, 6)
    table = sparse_of(full)
    vectors = np.linalg.svd(normed(full))[2][:2]
    degree = full.sum(axis=0)
    inverse = np.divide(1.0, np.sqrt(degree), out=np.zeros(6), where=degree > 0)
    expected = (full * inverse) @ vectors.T @ vectors * np.sqrt(degree)
    assert np.allclose(IdealLowPass(table, 2).scores(table), expected)


@pytest.mark.parametrize("shape", [(0, 4), (1, 4), (5, 1), (3, 4)])
def test_ideal_low_pass_of_little(shape: tuple[int, int]) -> None:
    table = counted([], shape)
    assert not IdealLowPass(table, 8).scores(table).any()


@pytest.mark.parametrize("shape", [(4, 9), (9, 4)])
def test_closed_form(shape: tuple[int, int]) -> None:
    full = drawn(*shape)
    table = sparse_of(full)
    inverse = np.linalg.inv(full.T @ full + RIDGE * np.eye(shape[1]))
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0.0)
    assert np.allclose(ClosedForm(table, RIDGE, 100).scores(table), full @ weights)


def test_closed_form_over_its_limit_is_silent() -> None:
    full = drawn(4, 9)
    table = sparse_of(full)
    assert not ClosedForm(table, RIDGE, 9 * 4 - 1).scores(table).any()
    assert not ClosedForm(counted([], (0, 9)), RIDGE, 100).scores(table).any()
