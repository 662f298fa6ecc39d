"""Products without a history: what their words say about who will want them.

Whatever is known of the others is carried over by words in two ways. Kernel ridge regression from
words to any scores Z of the others (Saunders, Gammerman, Vovk 1998):

    Z_cold = Z (K + ridge * I)^-1 K_cold        K: cosine of tf-idf rows

which has the shape of the item-item closed form with words in place of purchases; and a sum over
squared likeness, which keeps near twins loud. How far to trust each is learned by playing cold:
known products are set apart in turn, their rows dropped, and their later buyers guessed.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from recommender.events import Ints, Reals, Scores
from recommender.evidence import (
    Evidence,
    Situation,
    person_columns,
    places_in_rows,
    product_columns,
    scorers,
)

if TYPE_CHECKING:
    from scipy import sparse

KERNEL_RIDGE = 0.5
CARRIED = ("ease_faded", "ease_visits", "like_minded", "low_pass")
COUNTED = ("people_ever", "people_60", "people_21", "people_7", "trend", "first_days")


def without_products(situation: Situation, gone: npt.NDArray[np.bool_]) -> Situation:
    """The same with every row of these products dropped."""
    events = situation.events
    return Situation(events.only(~gone[events.product]), situation.now_ms, situation.text)


def _kernel_weights(text: "sparse.csr_array", known: Ints, cold: Ints) -> tuple[Scores, Scores]:
    """(K + ridge)^-1 K_cold, float32 (known, cold), and K_cold."""
    from scipy import linalg

    alike = np.asarray((text[known] @ text[known].T).toarray(), dtype=np.float32)
    alike[np.diag_indices(len(known))] += np.float32(KERNEL_RIDGE)
    across = np.asarray((text[known] @ text[cold].T).toarray(), dtype=np.float32)
    with threadpool_limits(1):
        weights = linalg.solve(alike, across, assume_a="pos", overwrite_a=True)
    return np.asarray(weights, dtype=np.float32), across


def cold_evidence(situation: Situation, cold: Ints, people: Ints) -> Evidence:
    """Evidence for every product of `cold` for these people; no row may be of a cold product.

    Raises:
        ValueError: the situation has no words, or rows of a cold product.
    """
    events, text = situation.events, situation.text
    if text is None or np.isin(events.product, cold).any():
        raise ValueError("cold products need words, and must have no rows")
    known = np.setdiff1d(np.unique(events.product), cold)
    weights, across = _kernel_weights(text, known, cold)
    scores = scorers(Situation(events, situation.now_ms), CARRIED)
    wishes = events.matrix(situation.now_ms, None)[:, known]
    columns: dict[str, npt.NDArray[np.float32] | Reals] = {}

    def put(name: str, dense: Scores) -> None:
        columns[name] = dense.ravel()
        columns[f"{name}_place"] = places_in_rows(dense)

    asked = wishes[people]
    mass = np.maximum(np.asarray(asked.sum(axis=1)), 1.0)[:, None]
    put("words_sum", np.asarray(asked @ across**2, dtype=np.float32))
    put("words_mean", np.asarray((asked @ across) / mass, dtype=np.float32))
    put("words_wishes", np.asarray(asked @ weights, dtype=np.float32))
    put("words_best", _best_likeness(asked, across))
    near = np.where(across > 0.15, across**2, 0.0)
    near /= np.maximum(near.sum(axis=0, keepdims=True), 1e-6)
    for name in CARRIED:
        carried = scores[name][np.ix_(people, known)]
        put(f"words_{name}", np.asarray(carried @ weights, dtype=np.float32))
        put(f"near_{name}", np.asarray(carried @ near, dtype=np.float32))
    products = product_columns(situation)
    count = len(people)
    for name in COUNTED:
        values = np.log1p(np.maximum(products[name][known], 0.0))
        columns[f"words_{name}"] = np.tile(values @ weights, count)
        columns[f"near_{name}"] = np.tile(values @ near, count)
    price = products["price"][known] @ near
    columns["price"] = np.tile(price, count)
    columns["nearest"] = np.tile(across.max(axis=0), count)
    columns["family"] = np.tile((across**2).sum(axis=0), count)
    persons = person_columns(situation, products)
    for name, values in persons.items():
        columns[name] = np.repeat(values[people], len(cold))
    columns["price_apart"] = columns["price"] - columns["person_price"]
    rows = np.column_stack([np.asarray(each, dtype=np.float32) for each in columns.values()])
    candidates = np.tile(cold.astype(np.int64), (count, 1))
    allowed = np.ones(candidates.shape, dtype=np.bool_)
    return Evidence(people, candidates, allowed, rows, tuple(columns))


def _best_likeness(asked: "sparse.csr_array", across: Scores) -> Scores:
    """Likeness to the nearest product of each history, float32 (people, cold)."""
    best = np.zeros((asked.shape[0], across.shape[1]), dtype=np.float32)
    for row in range(asked.shape[0]):
        own = asked.indices[asked.indptr[row] : asked.indptr[row + 1]]
        if own.size:
            best[row] = across[own].max(axis=0)
    return best


def played_cold(touched: Ints, shares: int, seed: int) -> Sequence[Ints]:
    """The products in `shares` groups of about one size, drawn with `seed`."""
    drawn = np.random.default_rng(seed).permutation(touched)
    return [np.sort(group) for group in np.array_split(drawn, shares)]
