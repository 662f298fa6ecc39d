"""From stored interactions to the numbers a model is fitted on.

One person's influence is limited three times: by what one product can teach from them
(`person_product_limit`), by the length of their row in the item-item fit (`person_norm_limit`),
and in popularity, where a person counts at most 1 for a product and `person_popularity_limit` for
all together. So a thousand clicks of one are worth less than a few people.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from recommender.interactions import Signal
from recommender.settings import FitSettings, LiveSettings
from recommender.weighting import SIGNAL_NAMES, SIGNAL_NUMBER, interaction_weights

if TYPE_CHECKING:
    from scipy import sparse

ANONYMOUS = -1
"""Number of the person in a row without an id."""


@dataclass(frozen=True, slots=True)
class InteractionLog:
    """Interactions as arrays of one length m, sorted by time and then by row.

    `row_id` int64; `person` int32, numbers without a meaning, `ANONYMOUS` without an id; `product`
    int32, catalogue position; `signal` int8, number in `weighting.SIGNALS`; `value` float32;
    `occurred_ms` int64.
    """

    row_id: npt.NDArray[np.int64]
    person: npt.NDArray[np.int32]
    product: npt.NDArray[np.int32]
    signal: npt.NDArray[np.int8]
    value: npt.NDArray[np.float32]
    occurred_ms: npt.NDArray[np.int64]
    people: int
    through_id: int
    """Newest row that was read, or 0; also counts rows of unknown products."""

    def __len__(self) -> int:
        return len(self.row_id)

    def only(self, wanted: npt.NDArray[np.bool_]) -> "InteractionLog":
        """The rows that are wanted; people keep their numbers."""
        return InteractionLog(
            self.row_id[wanted],
            self.person[wanted],
            self.product[wanted],
            self.signal[wanted],
            self.value[wanted],
            self.occurred_ms[wanted],
            self.people,
            self.through_id,
        )

    def weights(self, signal_weights: Mapping[Signal, float]) -> npt.NDArray[np.float64]:
        """What each interaction says, float64 (m,), without fading."""
        return interaction_weights(self.signal, self.value, signal_weights)

    def faded_weights(
        self, signal_weights: Mapping[Signal, float], half_life_ms: int, now_ms: int
    ) -> npt.NDArray[np.float64]:
        """The same, halved with every `half_life_ms` of age; the future counts as now."""
        age_ms = np.maximum(0, now_ms - self.occurred_ms)
        fading = np.exp2(-age_ms / half_life_ms)
        return np.asarray(self.weights(signal_weights) * fading, dtype=np.float64)


class LogBuilder:
    """Gathers rows into an `InteractionLog`; rows of unknown products and signals are left out."""

    def __init__(self, product_ids: Sequence[str]) -> None:
        self._position = {product_id: place for place, product_id in enumerate(product_ids)}
        self._people: dict[str, int] = {}
        self._rows: list[tuple[int, int, int, int, float, int]] = []
        self._through_id = 0

    def add(
        self,
        row_id: int,
        person_id: str | None,
        product_id: str,
        signal: str,
        value: float,
        occurred_ms: int,
    ) -> None:
        self._through_id = max(self._through_id, row_id)
        position = self._position.get(product_id)
        if position is None or signal not in SIGNAL_NAMES:
            return
        person = ANONYMOUS
        if person_id is not None:
            person = self._people.setdefault(person_id, len(self._people))
        number = SIGNAL_NUMBER[Signal(signal)]
        self._rows.append((row_id, person, position, number, value, occurred_ms))

    def build(self) -> InteractionLog:
        """The log; the builder is then empty of rows."""
        self._rows.sort(key=lambda row: (row[5], row[0]))
        columns = list(zip(*self._rows, strict=True)) if self._rows else [()] * 6
        self._rows = []
        return InteractionLog(
            np.array(columns[0], dtype=np.int64),
            np.array(columns[1], dtype=np.int32),
            np.array(columns[2], dtype=np.int32),
            np.array(columns[3], dtype=np.int8),
            np.array(columns[4], dtype=np.float32),
            np.array(columns[5], dtype=np.int64),
            len(self._people),
            self._through_id,
        )


def preferences(
    log: InteractionLog, products: int, live: LiveSettings, fit: FitSettings, now_ms: int
) -> "sparse.csr_array":
    """How much each person wanted each product, float64 (people, products), in 0..limit."""
    from scipy import sparse

    known = log.only(log.person != ANONYMOUS)
    weights = known.faded_weights(live.signal_weights, fit.half_life_ms, now_ms)
    matrix = sparse.coo_array(
        (weights, (known.person, known.product)), shape=(log.people, products)
    ).tocsr()
    matrix.sum_duplicates()
    matrix.data = np.clip(matrix.data, 0.0, fit.person_product_limit)
    matrix.eliminate_zeros()
    return matrix


def limited_rows(matrix: "sparse.csr_array", norm_limit: float) -> "sparse.csr_array":
    """Rows longer than `norm_limit` (Euclidean) scaled down to it."""
    from scipy import sparse

    norms = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    factors = np.minimum(1.0, norm_limit / np.maximum(norms, 1e-12))
    return sparse.csr_array(sparse.diags_array(factors) @ matrix)


def popularity(
    log: InteractionLog,
    matrix: "sparse.csr_array",
    live: LiveSettings,
    fit: FitSettings,
    now_ms: int,
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int32]]:
    """Popularity float32 (products,) in 0..1 and the people behind it, int32 (products,).

    Sum over people of at most 1 each, and over rows without an id of as much as makes one person's
    `anonymous_rows_limit` rows count at most 1; as log(1 + sum), because the hundredth buyer says
    less than the first, over the largest. Old behaviour fades with `half_life_ms`.
    """
    products = matrix.shape[1]
    capped = matrix.copy()
    capped.data = np.minimum(capped.data, 1.0)
    totals = np.asarray(capped.sum(axis=1)).ravel()
    factors = np.minimum(1.0, fit.person_popularity_limit / np.maximum(totals, 1e-12))
    counts = capped.T @ factors
    supporters = np.bincount(capped.indices, minlength=products)
    nameless = log.only(log.person == ANONYMOUS)
    weights = nameless.faded_weights(live.signal_weights, fit.half_life_ms, now_ms)
    share = np.clip(weights, -1.0, 1.0) / live.anonymous_rows_limit
    counts = counts + np.bincount(nameless.product, weights=share, minlength=products)
    rows = np.bincount(nameless.product[weights > 0], minlength=products)
    supporters = supporters + rows // live.anonymous_rows_limit
    counts = np.log1p(np.maximum(counts, 0.0))
    largest = counts.max(initial=0.0)
    scaled = counts / largest if largest > 0 else counts
    return scaled.astype(np.float32), supporters.astype(np.int32)
