"""Linear filters over "who did what": each turns a history into scores of all products.

All start from a sparse table X (rows, products) with a row for each person or group. With N the
table X divided by the square roots of its row and column sums, N^T N says how alike two products
are by who had both, and a history q is ranked by

- `LowPass`: q N^T N, what passes the first-order low-pass filter of the graph of products;
- `IdealLowPass`: q D^-1/2 V V^T D^1/2 with the `factors` first right singular vectors V of N and D
  the column sums: only the broadest tastes pass (both: Shen et al. 2021, "How Powerful is Graph
  Convolution for Recommendation?", CIKM; for groups: Kim et al. 2025, "Leveraging Member-Group
  Relations via Multi-View Graph Filtering for Effective Group Recommendation");
- `ClosedForm`: q B with the zero-diagonal B that minimises ||X - X B||^2 + ridge ||B||^2 (Steck
  2019, "Embarrassingly Shallow Autoencoders for Sparse Data", WWW). With few rows the inverse of
  X^T X + ridge I is taken through that of X X^T + ridge I (Woodbury identity), so that the cost
  follows the smaller side of X.
"""

from typing import TYPE_CHECKING

import numpy as np

from recommender.group_tables import Table

if TYPE_CHECKING:
    from scipy import sparse


SOLVER_SEED = 7


def dense(table: "sparse.csr_array") -> Table:
    """The table with all its zeros, float64."""
    return np.asarray(table.toarray(), dtype=np.float64)


def sums(table: "sparse.csr_array", axis: int) -> Table:
    """Sums along an axis, float64 (n,)."""
    return np.asarray(table.sum(axis=axis), dtype=np.float64).ravel()


def _inverse_power(values: Table, power: float) -> Table:
    result = np.zeros_like(values)
    result[values > 0.0] = values[values > 0.0] ** -power
    return result


def scaled(table: "sparse.csr_array", row_power: float, column_power: float) -> "sparse.csr_array":
    """The table with rows and columns divided by these powers of their sums; empty ones stay 0."""
    from scipy import sparse

    left = sparse.diags_array(_inverse_power(sums(table, 1), row_power))
    right = sparse.diags_array(_inverse_power(sums(table, 0), column_power))
    return sparse.csr_array(left @ table @ right)


class LowPass:
    """Scores of products by how alike they are to a history: q N^T N."""

    def __init__(self, table: "sparse.csr_array") -> None:
        self._normed = scaled(table, 0.5, 0.5)
        self._turned = self._normed.T.tocsr()

    def scores(self, histories: "sparse.csr_array") -> Table:
        """float64 (n, products) for histories (n, products)."""
        return dense((histories @ self._turned) @ self._normed)


class IdealLowPass:
    """Scores that keep the broadest tastes only; all 0 when the table is too small for it."""

    def __init__(self, table: "sparse.csr_array", factors: int) -> None:
        from sklearn.utils.extmath import randomized_svd

        normed = scaled(table, 0.5, 0.5)
        normed = normed[sums(normed, 1) > 0.0]
        self._columns = sums(table, 0)
        self._vectors = np.zeros((0, table.shape[1]))
        kept = min(factors, min(normed.shape) - 1)
        if kept > 0:
            # Not scipy's solver: when it meets equal tastes it restarts at random, past any seed.
            self._vectors = randomized_svd(
                normed,
                n_components=kept,
                n_oversamples=10,
                n_iter=7,
                power_iteration_normalizer="QR",
                random_state=SOLVER_SEED,
            )[2]

    def scores(self, histories: "sparse.csr_array") -> Table:
        """float64 (n, products) for histories (n, products)."""
        known = dense(histories) * _inverse_power(self._columns, 0.5)
        return np.asarray((known @ self._vectors.T) @ self._vectors * np.sqrt(self._columns))


class ClosedForm:
    """Scores of a regression of each product on all others; all 0 for a table over the limit.

    `cells_limit` bounds the numbers that are kept: products * min(rows, products).
    """

    def __init__(self, table: "sparse.csr_array", ridge: float, cells_limit: int) -> None:
        self._ridge = ridge
        table = table[sums(table, 1) > 0.0]
        self._rows: Table | None = None
        self._weights: Table | None = None
        if not 0 < table.shape[1] * min(table.shape) <= cells_limit:
            return
        if table.shape[0] < table.shape[1]:
            self._fit_by_rows(dense(table))
        else:
            self._fit_by_products(table)

    def _fit_by_rows(self, rows: Table) -> None:
        from scipy import linalg

        gram = rows @ rows.T
        gram[np.diag_indices_from(gram)] += self._ridge
        self._rows = rows
        self._solved = linalg.cho_solve(linalg.cho_factor(gram), rows)
        self._diagonal = (1.0 - np.einsum("rp,rp->p", rows, self._solved)) / self._ridge

    def _fit_by_products(self, table: "sparse.csr_array") -> None:
        from scipy import linalg

        gram = dense(table.T @ table)
        gram[np.diag_indices_from(gram)] += self._ridge
        inverse = linalg.inv(gram, overwrite_a=True)
        self._weights = -inverse / np.diag(inverse)
        self._weights[np.diag_indices_from(inverse)] = 0.0

    def scores(self, histories: "sparse.csr_array") -> Table:
        """float64 (n, products) for histories (n, products)."""
        if self._weights is not None:
            return np.asarray(histories @ self._weights)
        known = dense(histories)
        if self._rows is None:
            return np.zeros_like(known)
        passed = (known - (known @ self._rows.T) @ self._solved) / self._ridge
        return np.asarray(known - passed / self._diagonal)
