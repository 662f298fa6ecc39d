"""What single products of one history say for every product of a model, kept until an event.

The sums of `recommender.model` tell how much a whole history speaks for a product; these tell which
one of its newest products speaks for it most, and what the newest few say. They are made once an
event over whole rows of the model, so that a list costs one look-up for each of its candidates.

`numbers` are the columns `recommender.columns.SINGLES` without time: weights are those as of the
newest interaction. The strongest product is kept in the number itself: the last `SLOT_BITS` bits
of the float's mantissa are its place among `entries`, from 1, which changes the number by less than
one in 250,000. Positive floats are in the order of their bits, so one maximum finds both.
"""

import numpy as np
import numpy.typing as npt

from recommender.columns import OWN, TRAITS
from recommender.interactions import Signal
from recommender.live import Entry, History
from recommender.live_evidence import NEAREST, NEWEST, Indices, newest_entries
from recommender.model import Floats, Model
from recommender.settings import DAY_MS

SLOT_BITS = 5
SLOT_MASK = (1 << SLOT_BITS) - 1
NO_ENTRY = -1
_PRICE = TRAITS.index("price")


def singles_of(model: Model, history: History) -> "Singles | None":
    """What the newest products of a history say; None when none of them is of the model."""
    entries = newest_entries(model, history)
    return Singles(model, history, entries) if entries else None


class Singles:
    """See the module. `entries` are the newest of the history, at least one.

    Attributes:
        model: the one that they speak of.
        entries: newest first, at most `recommender.live_evidence.ENTRIES`.
        positions: int64 (s,), of the entries; -1 where a newer entry is of the same product.
        numbers: float32 (SINGLES, products).
        mean_price: of the entries, logarithm of minor units.
    """

    __slots__ = ("_own", "_touched_ms", "entries", "mean_price", "model", "numbers", "positions")

    def __init__(self, model: Model, history: History, entries: tuple[Entry, ...]) -> None:
        self.model, self.entries = model, entries
        places = [model.position[entry.product_id] for entry in self.entries]
        sources = np.array(places, dtype=np.int64)
        weights = np.array([history.weight_now(entry) for entry in self.entries], dtype=np.float32)
        self.numbers = np.zeros((4, model.size), dtype=np.float32)
        self._add_together(model, sources, weights)
        self._add_text(model, sources, weights)
        self.mean_price = float(model.traits[_PRICE, sources].sum()) / len(places)
        self.positions: Indices = sources
        if len(set(places)) < len(places):
            firsts = [-1 if p in places[:slot] else p for slot, p in enumerate(places)]
            self.positions = np.array(firsts, dtype=np.int64)
        own = np.zeros((len(OWN), len(places)), dtype=np.float32)
        own[0] = weights
        own[2] = np.arange(len(places))
        own[3] = [entry.signal is Signal.ADD for entry in self.entries]
        own[4] = [entry.signal is Signal.BUY for entry in self.entries]
        self._own = own
        self._touched_ms = np.array([entry.at_ms for entry in self.entries], dtype=np.float64)

    def _add_together(self, model: Model, sources: Indices, weights: Floats) -> None:
        rows = model.head_row[sources]
        known = np.flatnonzero(rows >= 0)
        if known.size == 0:
            return
        said = model.together[rows[known]]
        said *= weights[known, None]
        whole = len(model.head) == model.size
        places: Indices | slice = slice(None) if whole else model.head.astype(np.int64)
        self.numbers[2, places] = said[known < NEWEST].sum(axis=0)
        self.numbers[0, places] = _strongest(_marked(said, known).max(axis=0))

    def _add_text(self, model: Model, sources: Indices, weights: Floats) -> None:
        near = model.text.positions[sources, :NEAREST]
        said = model.text.similarity[sources, :NEAREST] * weights[:, None]
        np.add.at(self.numbers[3], near[:NEWEST].ravel(), said[:NEWEST].ravel())
        best = np.zeros(model.size, dtype=np.int32)
        marked = _marked(said, np.arange(sources.size))
        np.maximum.at(best, near.ravel(), marked.ravel())
        self.numbers[1] = _strongest(best)

    def own(self, now_ms: int) -> Floats:
        """The columns `recommender.columns.OWN` of the entries, float32 (OWN, s)."""
        self._own[1] = np.maximum(0.0, now_ms - self._touched_ms) / DAY_MS
        return self._own

    def strongest(self, chosen: Indices) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
        """Which entry speaks most for each of these positions, by behaviour and by words, each
        int32 (chosen,), or NO_ENTRY where none does."""
        marks = self.numbers[:2].view(np.int32).take(chosen, axis=1)
        marks &= SLOT_MASK
        return marks[0] - 1, marks[1] - 1


def _marked(said: Floats, slots: Indices) -> npt.NDArray[np.int32]:
    """The numbers as integers with their slot in the last bits, in place; a row is of a slot."""
    marked = said.view(np.int32)
    marked &= ~SLOT_MASK
    marked |= 1 + slots[:, None].astype(np.int32)
    return marked


def _strongest(marked: npt.NDArray[np.int32]) -> Floats:
    """The numbers again; what is not above 0 is 0 and bears no mark."""
    marked[marked <= SLOT_MASK] = 0
    return marked.view(np.float32)
