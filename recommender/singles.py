"""What single products of one history say for every product of a model, kept up with every event.

The sums of `recommender.model` tell how much a whole history speaks for a product; these tell which
one of its newest products speaks for it most, and what the newest few say. A list costs one look-up
for each of its candidates. An event costs the row of its own product, because all older ones fade
by one factor, which is kept aside. What is kept is what `singles_of` makes from the history alone.

The strongest product is kept in the number itself: the last `MARK_BITS` bits of the float's
mantissa are its mark, 1 + its slot, which changes the number by less than one in 250,000. Positive
floats are in the order of their bits, so one maximum finds both.

When a product is no longer among the newest, its slot stays *left*: where somebody looks at a place
with its mark, the others are asked again. All such places are, once there is no free slot.
"""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from recommender.columns import OWN, SINGLES, TRAITS
from recommender.interactions import Signal
from recommender.live import Change, Entry, History
from recommender.live_evidence import ENTRIES, NEAREST, NEWEST, Indices, newest_entries
from recommender.model import Floats, Model
from recommender.settings import DAY_MS

Marks = npt.NDArray[np.int32]

MARK_BITS = 5
MARK_MASK = (1 << MARK_BITS) - 1
"""A number that is not above this as an integer is 0, whatever its mark."""

SLOTS = MARK_MASK
"""More than `ENTRIES`: one for what comes before the oldest goes, the others for what has left."""

LEAST_SCALE = 1e-6
"""When the factor that was kept aside falls below this, all is made anew: floats do not reach
down for ever."""

_PRICE = TRAITS.index("price")
_NOWHERE = np.zeros(0, dtype=np.int64)
_RANKS = np.arange(SLOTS, dtype=np.float32)


def singles_of(model: Model, history: History) -> "Singles | None":
    """What the newest products of a history say; None when none of them is of the model."""
    entries = newest_entries(model, history)
    return Singles(model, history, entries) if entries else None


class Singles:
    """See the module. Of the newest entries of a history, of which there is at least one."""

    __slots__ = (
        "_entries", "_free", "_head", "_left", "_near", "_numbers", "_own",
        "_positions", "_prices", "_scale", "_strongest", "_touched", "_touched_ms", "_weights",
        "model", "reasons",
    )  # fmt: skip

    def __init__(self, model: Model, history: History, entries: tuple[Entry, ...]) -> None:
        self.model = model
        """The model that they speak of."""
        self.reasons: dict[tuple[int, bool], tuple[str, str]] = {}
        """What the person was told of an entry, by its mark and whether it goes with a product or
        is like it, until the entry changes: at most two for each of `SLOTS`."""
        # All numbers and weights are to be multiplied with the scale.
        self._scale = 1.0
        self._numbers = np.zeros((len(SINGLES), model.size), dtype=np.float32)
        self._strongest: Marks = self._numbers[:2].view(np.int32)
        # Positions that the newest entries are like: others are 0 in the last row.
        self._near = np.zeros(0, dtype=np.int32)
        whole = len(model.head) == model.size
        self._head: Indices | slice = slice(None) if whole else model.head.astype(np.int64)
        # By slot, the oldest first; what is in the arrays at other slots is not read.
        self._entries: dict[int, Entry] = {}
        self._free = list(range(SLOTS))
        self._positions = np.zeros(SLOTS, dtype=np.int64)
        self._weights = np.zeros(SLOTS, dtype=np.float32)
        self._own = np.zeros((len(OWN), SLOTS), dtype=np.float32)
        self._touched_ms = np.zeros(SLOTS, dtype=np.float64)
        self._prices = 0.0
        # By mark, whether its entry has left.
        self._left = np.zeros(1 + SLOTS, dtype=np.bool_)
        # Marks of the newest entry of each product, 0 where there is none.
        self._touched = np.zeros(model.size, dtype=np.int8)
        for entry in reversed(entries):
            slot = self._free.pop()
            self._put(slot, entry, history.weight_now(entry))
        self._hear_together(self._entries)
        self._ask_by_words()
        self._order()

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Newest first, at most `recommender.live_evidence.ENTRIES`."""
        return tuple(reversed(self._entries.values()))

    @property
    def mean_price(self) -> float:
        """Of the entries, logarithm of minor units."""
        return self._prices / len(self._entries)

    def entry(self, mark: int) -> Entry:
        """The entry with this mark, which must be one that `marks` told."""
        return self._entries[mark - 1]

    # --- what is asked ----------------------------------------------------------------------

    def at(self, chosen: Indices) -> Floats:
        """The columns `recommender.columns.SINGLES` of these positions, float32 (SINGLES, k).

        Time is not in the numbers: weights are those as of the newest interaction.
        """
        self._hear_again(chosen)
        found = self._numbers.take(chosen, axis=1)
        best = found[:2].view(np.int32)
        best *= best > MARK_MASK
        found *= np.float32(self._scale)
        return found

    def marks(self, chosen: Indices) -> Marks:
        """Marks of the entries that say most for these positions, by behaviour and by words,
        int32 (2, k); 0 where none says anything."""
        self._hear_again(chosen)
        best = self._strongest.take(chosen, axis=1)
        heard = best > MARK_MASK
        best &= MARK_MASK
        best *= heard
        return best

    def _hear_again(self, chosen: Indices) -> None:
        """Ask again at those of these positions where an entry says most that has left."""
        if len(self._free) + len(self._entries) == SLOTS:
            return
        best = self._strongest.take(chosen, axis=1)
        stale = self._left.take(best & MARK_MASK)
        stale &= best > MARK_MASK
        if stale.any():
            self._ask(chosen[stale[0]], words=bool(stale[1].any()))

    def touched(self, chosen: Indices, now_ms: int) -> tuple[Indices, Floats]:
        """Which of these positions are of entries, int64 (e,), and the columns
        `recommender.columns.OWN` of the newest entry of each, float32 (OWN, e)."""
        marks = self._touched.take(chosen)
        found = marks.nonzero()[0]
        if found.size == 0:
            return found, self._own[:, :0]
        slots = marks.take(found) - 1
        own = self._own.take(slots, axis=1)
        own[0] *= np.float32(self._scale)
        own[1] = np.maximum(0.0, now_ms - self._touched_ms.take(slots)) / DAY_MS
        return found, own

    # --- what happens -----------------------------------------------------------------------

    def follow(self, change: Change) -> bool:
        """Take what happened to the history; False: all must be made anew from it."""
        self._scale *= change.fade
        if self._scale < LEAST_SCALE:
            return False
        if change.entry.product_id in self.model.position:
            self._hear(change.entry)
        gone = None if change.gone is None else self._slot_of(change.gone)
        if gone is not None:
            self._leave(gone)
        if not self._entries:
            return False
        self._order()
        return True

    def _slot_of(self, entry: Entry) -> int | None:
        for slot, known in self._entries.items():
            if known is entry:
                return slot
        return None

    def _hear(self, entry: Entry) -> None:
        """Take an entry that was touched just now."""
        slot = self._slot_of(entry)
        if slot is None:
            if not self._free:
                self._sweep()
            slot, before = self._free.pop(), 0.0
        else:
            before = self._weights.item(slot)
            self._take_out(slot)
        self._put(slot, entry, entry.weight)
        after = self._weights.item(slot)
        if abs(after) < abs(before) or after * before < 0:
            # It says less than it did, so others may say most now.
            self._ask(self._marked_with(slot + 1), words=True)
        else:
            self._hear_by_words(slot)
        self._hear_together((slot,))
        if len(self._entries) > ENTRIES:
            self._leave(next(iter(self._entries)))

    def _put(self, slot: int, entry: Entry, weight: float) -> None:
        """An entry into a free slot, as the newest."""
        position = self.model.position[entry.product_id]
        self._entries[slot] = entry
        for goes_with in (True, False):
            self.reasons.pop((slot + 1, goes_with), None)
        self._prices += self.model.traits.item(_PRICE, position)
        self._positions[slot] = position
        self._weights[slot] = weight / self._scale
        self._touched[position] = slot + 1
        self._touched_ms[slot] = entry.at_ms
        own = self._own
        own[0, slot] = weight / self._scale
        own[3, slot] = entry.signal is Signal.ADD
        own[4, slot] = entry.signal is Signal.BUY

    def _take_out(self, slot: int) -> int:
        """Position of the product that was there."""
        position: int = self._positions.item(slot)
        self._prices -= self.model.traits.item(_PRICE, position)
        del self._entries[slot]
        return position

    def _leave(self, slot: int) -> None:
        """The entry of a slot is no longer among the newest."""
        position = self._take_out(slot)
        self._left[slot + 1] = True
        if self._touched.item(position) == slot + 1:
            others = [each for each in self._entries if self._positions[each] == position]
            self._touched[position] = others[-1] + 1 if others else 0

    def _sweep(self) -> None:
        """Ask again wherever an entry says most that has left, so that its slot is free."""
        best = self._strongest[0]
        left = self._left.take(best & MARK_MASK)
        left &= best > MARK_MASK
        self._ask(left.nonzero()[0], words=True)
        self._left.fill(False)
        self._free = [slot for slot in range(SLOTS) if slot not in self._entries]

    def _marked_with(self, mark: int) -> Indices:
        """Where the entry with this mark says most by behaviour, int64 (k,)."""
        best = self._strongest[0]
        found = (best & MARK_MASK) == mark
        found &= best > MARK_MASK
        return np.asarray(found.nonzero()[0], dtype=np.int64)

    def _order(self) -> None:
        """Which entry came when, and what the newest say."""
        model, slots = self.model, [*self._entries]
        slots.reverse()
        self._own[2, slots] = _RANKS[: len(slots)]
        positions = self._positions.take(slots[:NEWEST])
        weights = self._weights.take(slots[:NEWEST])
        near = model.text.positions.take(positions, axis=0)[:, :NEAREST].ravel()
        said = model.text.similarity.take(positions, axis=0)[:, :NEAREST]
        said *= weights[:, None]
        together, by_words = self._numbers[2:]
        by_words[self._near] = 0.0
        np.add.at(by_words, near, said.ravel())
        self._near = near
        rows = model.head_row.take(positions)
        if isinstance(self._head, slice):
            np.multiply(model.together[rows[0]], weights[0], out=together)
            rows, weights = rows[1:], weights[1:]
            for row, weight in zip(rows.tolist(), weights, strict=True):
                together += model.together[row] * weight
        else:
            newest = np.zeros(len(model.head), dtype=np.float32)
            for row, weight in zip(rows.tolist(), weights, strict=True):
                if row >= 0:
                    newest += model.together[row] * weight
            together[self._head] = newest

    # --- who says most ----------------------------------------------------------------------

    def _hear_together(self, slots: Iterable[int]) -> None:
        """Let these entries count where they say most by behaviour."""
        model, best = self.model, self._strongest[0]
        # A view when all products are in the head, else a copy.
        heard = best[self._head]
        for slot in slots:
            row = model.head_row.item(self._positions.item(slot))
            if row >= 0:
                marked = _marked(model.together[row] * self._weights[slot], slot + 1)
                np.maximum(heard, marked, out=heard)
        if not isinstance(self._head, slice):
            best[self._head] = heard

    def _hear_by_words(self, slot: int) -> None:
        """Let one entry count where it says most by words."""
        text, position = self.model.text, self._positions.item(slot)
        said = text.similarity[position, :NEAREST] * self._weights[slot]
        near = text.positions[position, :NEAREST]
        np.maximum.at(self._strongest[1], near, _marked(said, slot + 1))

    def _ask(self, places: Indices, words: bool) -> None:
        """Ask all entries again: at these places, which are of the head, what goes with them, and,
        with `words`, everywhere what is like them."""
        if words:
            self._ask_by_words()
        if places.size == 0:
            return
        model, slots = self.model, np.array([*self._entries], dtype=np.int64)
        rows = model.head_row.take(self._positions.take(slots))
        slots, rows = slots[rows >= 0], rows[rows >= 0]
        said = model.together[rows[:, None], model.head_row.take(places)]
        said *= self._weights.take(slots)[:, None]
        marked = _marked(said, (slots + 1).astype(np.int32)[:, None])
        self._strongest[0][places] = np.maximum.reduce(marked, axis=0, initial=0)

    def _ask_by_words(self) -> None:
        slots = np.array([*self._entries], dtype=np.int64)
        text, positions = self.model.text, self._positions.take(slots)
        near = text.positions.take(positions, axis=0)[:, :NEAREST]
        said = text.similarity.take(positions, axis=0)[:, :NEAREST]
        said = said * self._weights.take(slots)[:, None]
        marked = _marked(said, (slots + 1).astype(np.int32)[:, None])
        best = self._strongest[1]
        best.fill(0)
        np.maximum.at(best, near.ravel(), marked.ravel())


def _marked(said: Floats, marks: int | Marks) -> Marks:
    """The numbers as integers with their marks in the last bits, in place."""
    marked = said.view(np.int32)
    marked &= ~MARK_MASK
    marked |= marks
    return marked
