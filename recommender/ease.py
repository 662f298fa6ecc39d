"""What goes together: a closed-form item-item model.

EASE (Steck 2019, "Embarrassingly Shallow Autoencoders for Sparse Data", WWW '19, eq. 8): the
matrix B with zero diagonal that minimises ||X - X B||^2 + ridge * ||B||^2 is, with
P = (X^T X + ridge * I)^-1,

    B[j, i] = -P[j, i] / P[i, i]   for i != j

X holds weighted and faded preferences instead of ones. The ridge is `ridge_share` of the mean
diagonal of X^T X plus `ridge_floor`, so that one setting serves ten shoppers and ten thousand.
B's size shrinks with the ridge; it is scaled so that the median product's best companion has 1,
which lets one default blend serve all sizes.

`closed_form_scores` gives X_in B for the tasks that rank everybody at once, without scaling. With
fewer rows than products it never forms P: by the matrix inversion lemma

    P = (I - X^T (X X^T + ridge * I)^-1 X) / ridge

so the cost is cubic in the smaller side (the dual form).
"""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from recommender.settings import FitSettings

if TYPE_CHECKING:
    from scipy import sparse


def head_positions(matrix: "sparse.csr_array", limit: int) -> npt.NDArray[np.int32]:
    """Products that somebody wanted, at most `limit`, the most wanted; ascending int32 (h,)."""
    wanted = np.asarray(matrix.sum(axis=0)).ravel()
    touched = np.flatnonzero(wanted > 0)
    if touched.size > limit:
        touched = touched[np.argsort(-wanted[touched], kind="stable")[:limit]]
    return np.sort(touched).astype(np.int32)


def item_item(matrix: "sparse.csr_array", fit: FitSettings) -> npt.NDArray[np.float32]:
    """B of the head's columns of X (people, h), float32 (h, h), zero diagonal, scaled as above."""
    from scipy import linalg

    size = matrix.shape[1]
    if size == 0:
        return np.zeros((0, 0), dtype=np.float32)
    gram = (matrix.T @ matrix).toarray()
    diagonal = np.diag_indices(size)
    gram[diagonal] += fit.ridge_share * float(gram[diagonal].mean()) + fit.ridge_floor
    inverse = linalg.inv(gram, overwrite_a=True, check_finite=True)
    weights = -inverse / inverse[diagonal]
    weights[diagonal] = 0.0
    best = weights.max(axis=1)
    best = best[best > 1e-9]
    if best.size:
        weights /= float(np.median(best))
    # A product with a single unlikely companion must not outshout all others after scaling.
    return np.clip(weights, -4.0, 4.0).astype(np.float32)


def closed_form_scores(
    taught: "sparse.csr_array", history: "sparse.csr_array", ridge: float
) -> npt.NDArray[np.float32]:
    """`history` (people, n) times B of `taught` (rows, n), dense float32 (people, n).

    `ridge` > 0 in units of the squared entries of `taught`.
    """
    from scipy import linalg

    rows, size = taught.shape
    if rows >= size:
        gram = (taught.T @ taught).toarray().astype(np.float32)
        diagonal = np.diag_indices(size)
        gram[diagonal] += np.float32(ridge)
        inverse = linalg.inv(gram, overwrite_a=True)
        weights = -inverse / inverse[diagonal]
        weights[diagonal] = 0.0
        return np.asarray(history @ weights, dtype=np.float32)
    gram = (taught @ taught.T).toarray().astype(np.float32)
    gram[np.diag_indices(rows)] += np.float32(ridge)
    dual = linalg.inv(gram, overwrite_a=True).astype(np.float32)
    # diagonal of X^T (X X^T + ridge I)^-1 X, one product at a time through the sparse X
    explained = np.asarray(taught.multiply(dual @ taught).sum(axis=0)).ravel()
    own = (1.0 - explained) / ridge
    reached = np.asarray((history @ taught.T).toarray(), dtype=np.float32) @ dual
    projected = (history.toarray() - reached @ taught) / np.float32(ridge)
    return np.asarray(history.toarray() - projected / own, dtype=np.float32)
