"""Small models that score every product for every person: neighbours, low-pass filter, words.

All take wishes of people for products, sparse (people, n), and give dense float32 (people, n). They
are evidence for `recommender.ranker`, which learns how far to trust each.
"""

from typing import TYPE_CHECKING

import numpy as np

from recommender.events import Scores

if TYPE_CHECKING:
    from scipy import sparse

FACTORS = 64
"""Dimensions kept by the low-pass filter."""

WORDS_FLOOR = 0.15
"""Products less alike than this by their words count as not alike."""


def unit_rows(matrix: "sparse.csr_array") -> "sparse.csr_array":
    """Rows of Euclidean length 1; empty rows stay empty."""
    from scipy import sparse

    lengths = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    scale = (1.0 / np.maximum(lengths, 1e-9)).astype(np.float32)
    return sparse.csr_array(sparse.diags_array(scale) @ matrix)


def rarity(matrix: "sparse.csr_array") -> "sparse.csr_array":
    """Columns weighted by log((people + 1) / (people with the product + 1))."""
    from scipy import sparse

    holders = np.asarray((matrix > 0).sum(axis=0)).ravel()
    weights = np.log((matrix.shape[0] + 1.0) / (holders + 1.0)).astype(np.float32)
    return sparse.csr_array(matrix @ sparse.diags_array(weights))


def user_neighbours(
    compared: "sparse.csr_array", wishes: "sparse.csr_array", sharpness: float
) -> Scores:
    """Mean wish of the people who are like the person (user-kNN, Herlocker et al. 1999).

    score(u, i) = sum_v cos(u, v)**sharpness * wish(v, i) / sum_v cos(u, v)**sharpness, v != u,
    over rows of `compared`. The power does the work of a cut at k neighbours without its edge.
    """
    rows = unit_rows(compared)
    alike = np.asarray((rows @ rows.T).toarray(), dtype=np.float32)
    np.fill_diagonal(alike, 0.0)
    alike = np.maximum(alike, 0.0) ** np.float32(sharpness)
    total = np.maximum(alike.sum(axis=1, keepdims=True), 1e-9)
    return np.asarray((alike @ wishes) / total, dtype=np.float32)


def low_pass(wishes: "sparse.csr_array") -> Scores:
    """Wishes seen through the strongest shared patterns only.

    The ideal low-pass filter of graph filtering (Shen et al. 2021, "How Powerful is Graph
    Convolution for Recommendation?", GF-CF): with R = D_u^-1/2 X D_i^-1/2 and V its top right
    singular vectors, R V V^T, put back on the scale of the products by D_i^1/2 at a quarter.
    """
    from scipy import sparse
    from sklearn.utils.extmath import randomized_svd

    people, products = wishes.shape
    factors = min(FACTORS, people // 2, products // 2)
    if factors < 1 or wishes.nnz == 0:
        return np.zeros(wishes.shape, dtype=np.float32)
    of_people = np.asarray(wishes.sum(axis=1)).ravel()
    of_products = np.asarray(wishes.sum(axis=0)).ravel()
    left = sparse.diags_array(np.maximum(of_people, 1e-6) ** -0.5)
    right = sparse.diags_array(np.maximum(of_products, 1e-6) ** -0.5)
    normal = sparse.csr_array(left @ wishes @ right)
    # Not scipy's solver: where people have equal tastes it restarts at random, past any seed.
    patterns = randomized_svd(
        normal,
        n_components=factors,
        n_oversamples=10,
        n_iter=7,
        power_iteration_normalizer="QR",
        random_state=0,
    )[2]
    seen = (normal @ patterns.T) @ patterns
    scale = np.where(of_products > 1e-6, of_products, 0.0) ** 0.25
    return np.asarray(seen * scale, dtype=np.float32)


def word_likeness(text: "sparse.csr_array") -> "sparse.csr_array":
    """Cosine of products by their rows of `text` (unit length), squared, itself and weak ones out.

    Squaring lets one near twin outweigh many products that share a common word.
    """
    from scipy import sparse

    alike = sparse.csr_array(text @ text.T)
    alike.setdiag(0.0)
    alike.data[alike.data < WORDS_FLOOR] = 0.0
    alike.eliminate_zeros()
    alike.data **= 2
    return alike


def smoothed(scores: Scores, alike: "sparse.csr_array") -> Scores:
    """Scores lent by products that are alike: mean over likeness, which is at least 1 in sum."""
    total = np.maximum(np.asarray(alike.sum(axis=1)).ravel(), 1.0)
    return np.asarray((alike @ scores.T).T / total, dtype=np.float32)
