"""What is known right now of one person or one party: a short, fading history and its score sums.

A history holds at most `history_limit` products. What an interaction with weight w at time t says
at a later time t' and after k further interactions is

    w * event_decay**k * 0.5**((t' - t) / half_life)

so both time and newer interests let it fade. `Profile` keeps the two sums of `recommender.model`
over the history (what goes together, what is alike); as every old term fades by the same factor,
one interaction costs one multiplication of the sums and the addition of one row: O(products).
What single products say (`recommender.singles`) follows every interaction likewise.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from recommender.interactions import Signal
from recommender.model import Floats, Model
from recommender.settings import LiveSettings

if TYPE_CHECKING:
    from recommender.singles import Singles

REJECTIONS = frozenset({Signal.VOTE_DOWN, Signal.REMOVE, Signal.RETURN})
WELCOMES = frozenset({Signal.VOTE_UP, Signal.LIKE, Signal.HOLD_EXPIRED})
"""Signals after which a product may be recommended again at once."""

Key = tuple[str, str, bool]
"""Product, person, and whether the interaction is kept or steers the session only."""


@dataclass(slots=True)
class Entry:
    """What one person did with one product. `weight` was right at `at_ms` and event `at_event`."""

    product_id: str
    person_id: str
    kept: bool
    weight: float
    at_ms: int
    at_event: int
    signal: Signal
    """The strongest signal, for the reason that is told."""
    signal_weight: float
    rest_until_ms: int


@dataclass(frozen=True, slots=True)
class Change:
    """What an interaction did to a history: all faded by `fade`, then these weights were added.

    `entry` is the one that was touched, `gone` the one that had to go.
    """

    fade: float
    added: tuple[tuple[str, float], ...]
    entry: Entry
    gone: Entry | None


class History:
    """The fading history of a person (all entries theirs) or of a party (entries of its members).

    Pure: no clock of its own; times that go back are taken as they come and never let weights grow.
    """

    __slots__ = ("_settings", "as_of_ms", "entries", "events", "mass")

    def __init__(self, settings: LiveSettings) -> None:
        self._settings = settings
        self.entries: dict[Key, Entry] = {}
        self.events = 0
        self.as_of_ms = 0
        self.mass = 0.0

    def anew(self) -> "History":
        """An empty one with the same settings."""
        return History(self._settings)

    def weight_now(self, entry: Entry) -> float:
        """Weight of an entry as of the newest interaction."""
        settings = self._settings
        fading = settings.event_decay ** (self.events - entry.at_event)
        return float(
            entry.weight * fading * 0.5 ** ((self.as_of_ms - entry.at_ms) / settings.half_life_ms)
        )

    def scale_at(self, now_ms: int) -> float:
        """How much everything has faded since the newest interaction."""
        return float(0.5 ** (max(0, now_ms - self.as_of_ms) / self._settings.half_life_ms))

    def add(
        self, product_id: str, person_id: str, signal: Signal, weight: float, at_ms: int, kept: bool
    ) -> Change:
        """Take an interaction of this weight; the entry touched longest ago may have to go."""
        settings = self._settings
        now_ms = max(self.as_of_ms, at_ms)
        if self.events == 0:
            fade = 1.0
        else:
            elapsed_ms = now_ms - self.as_of_ms
            fade = settings.event_decay * 0.5 ** (elapsed_ms / settings.half_life_ms)
        self.events += 1
        self.as_of_ms = now_ms
        self.mass *= fade
        late = 0.5 ** ((now_ms - at_ms) / settings.half_life_ms)
        key = (product_id, person_id, kept)
        entry = self.entries.pop(key, None)
        before = 0.0 if entry is None else self.weight_now(entry)
        limit = settings.product_weight_limit
        after = min(limit, max(-limit, before + weight * late))
        if entry is None:
            entry = Entry(product_id, person_id, kept, 0.0, 0, 0, signal, abs(weight), 0)
        elif abs(weight) >= entry.signal_weight:
            entry.signal, entry.signal_weight = signal, abs(weight)
        entry.weight, entry.at_ms, entry.at_event = after, now_ms, self.events
        entry.rest_until_ms = self._rest_until(entry.rest_until_ms, signal, at_ms)
        self.entries[key] = entry
        self.mass += abs(after) - abs(before)
        touched = (product_id, after - before)
        if len(self.entries) <= settings.history_limit:
            return Change(fade, (touched,), entry, None)
        gone = self.entries.pop(next(iter(self.entries)))
        weight_gone = self.weight_now(gone)
        self.mass -= abs(weight_gone)
        return Change(fade, (touched, (gone.product_id, -weight_gone)), entry, gone)

    def drop(self, unwanted: Callable[[Entry], bool]) -> int:
        """Forget entries; sums made from this history must be made anew. Returns how many went."""
        gone = [key for key, entry in self.entries.items() if unwanted(entry)]
        for key in gone:
            del self.entries[key]
        if gone:
            self.mass = sum(abs(self.weight_now(entry)) for entry in self.entries.values())
        return len(gone)

    def resting(self, now_ms: int) -> list[str]:
        """Products that must not be recommended now: in the cart, rejected or bought."""
        return [e.product_id for e in self.entries.values() if e.rest_until_ms > now_ms]

    def _rest_until(self, current_ms: int, signal: Signal, at_ms: int) -> int:
        settings = self._settings
        if signal in WELCOMES:
            return 0
        if signal in REJECTIONS:
            return max(current_ms, at_ms + settings.rejected_rest_ms)
        if signal is Signal.ADD:
            return max(current_ms, at_ms + settings.added_rest_ms)
        if signal is Signal.BUY:
            return max(current_ms, at_ms + settings.bought_rest_ms)
        return current_ms


class Profile:
    """A history with its score sums over one model; made anew when the model is another one."""

    __slots__ = (
        "_model", "_text", "_together", "history", "loaded", "party_ids", "revision",
        "session_only", "singles",
    )  # fmt: skip

    def __init__(self, settings: LiveSettings) -> None:
        self.history = History(settings)
        self.revision = 0
        """Grows whenever the history changes, so that what was made from it can be told as old."""
        self.session_only = False
        """Whether some entries must go when the session ends."""
        self.loaded: int | None = None
        """Digest of what was stored of the person when it was read; None: it never was."""
        self.party_ids: set[str] = set()
        """Parties that hold entries of this person, since the session began."""
        self.singles: Singles | None = None
        """What its newest products say one by one; follows the history."""
        self._model: Model | None = None
        self._together = np.zeros(0, dtype=np.float32)
        self._text = np.zeros(0, dtype=np.float32)

    @property
    def holds_sums(self) -> bool:
        return self._model is not None

    def take(
        self, product_id: str, person_id: str, signal: Signal, weight: float, at_ms: int, kept: bool
    ) -> None:
        """One interaction: into the history and, when there are any, into the sums."""
        change = self.history.add(product_id, person_id, signal, weight, at_ms, kept)
        self.revision += 1
        self.session_only = self.session_only or not kept
        if self.singles is not None and not self.singles.follow(change):
            self.singles = None
        model = self._model
        if model is None:
            return
        self._together *= np.float32(change.fade)
        self._text *= np.float32(change.fade)
        for changed_id, delta in change.added:
            position = model.position.get(changed_id)
            if position is not None:
                model.add_to(self._together, self._text, position, delta)

    def sums(self, model: Model) -> tuple[Floats, Floats]:
        """The two sums over `model`, each float32 (products,); not to be changed by the caller."""
        if self._model is not model:
            self._together = np.zeros(model.size, dtype=np.float32)
            self._text = np.zeros(model.size, dtype=np.float32)
            for entry in self.history.entries.values():
                position = model.position.get(entry.product_id)
                if position is not None:
                    weight = self.history.weight_now(entry)
                    model.add_to(self._together, self._text, position, weight)
            self._model = model
        return self._together, self._text

    def release_sums(self) -> None:
        """Give the sums' memory back; the history makes them again when needed."""
        self._model = self.singles = None
        self._together = np.zeros(0, dtype=np.float32)
        self._text = np.zeros(0, dtype=np.float32)

    def drop(self, unwanted: Callable[[Entry], bool]) -> int:
        """Forget entries. Returns how many went."""
        gone = self.history.drop(unwanted)
        if gone:
            self.revision += 1
            self.release_sums()
        return gone

    def rebuild(self, refill: Callable[[], None]) -> None:
        """Make the history anew: `refill` takes what is kept, then comes what was for the session.

        An entry of the session goes on with the weight, the reason and the rest it had.
        """
        before = self.history
        self.history = before.anew()
        self.revision += 1
        self.release_sums()
        refill()
        for key, entry in before.entries.items():
            if entry.kept:
                continue
            weight = before.weight_now(entry)
            self.take(
                entry.product_id, entry.person_id, entry.signal, weight, before.as_of_ms, kept=False
            )
            again = self.history.entries[key]
            again.signal_weight, again.rest_until_ms = entry.signal_weight, entry.rest_until_ms

    def end_session(self) -> int:
        """Forget what could only steer the session. Returns how many entries went."""
        self.session_only = False
        self.party_ids.clear()
        return self.drop(lambda entry: not entry.kept)

    def scale(self, prior_weight: float, now_ms: int) -> float:
        """What the sums are multiplied with, as told in `recommender.model`."""
        scale = self.history.scale_at(now_ms)
        return scale / (prior_weight + scale * self.history.mass)
