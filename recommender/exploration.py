"""A bounded place for what nobody knows yet, so that new products get their chance.

A product is new while too few people stand behind it and it was not yet shown often. At most
`floor(exploration_share * length)` places of a list go to new products, never the first ones: the
price of exploring is bounded by that share, whatever the products are worth.

Which one: of the new products that suit the reader best and of which least is known, the one with
the highest draw from
Beta(1 + answers, PRIOR_SHOWINGS - 1 + looks - answers), one draw each (Thompson 1933; Chapelle, Li,
NIPS 2011): what disappoints is drawn less and less. Looks are showings weighted with the chance
that the place was looked at, so a product is not blamed for its place.

Which place: any of the allowed ones with the same probability. That is what tells how much is due
to places (see `recommender.slots`).

All draws come from a seed of reader and time window: a list stays as it is for
`exploration_window_ms`, and the same call gives the same list.
"""

import hashlib
import random
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from recommender.diversity import best_positions
from recommender.model import Floats, Model
from recommender.settings import PolicySettings
from recommender.slots import SlotStatistics

PRIOR_SHOWINGS = 10.0
"""A new product starts as if it had been looked at this often and answered once."""

HOPE = 2.0
"""Log-odds that a product nobody has looked at yet is ahead of a well-known one of the same score;
with n looks it is HOPE / sqrt(1 + n), as in upper confidence bounds (Auer and others, 2002)."""

READERS_LIMIT = 4_096
"""Readers whose draw is kept; another's is made again, and comes out the same but for the news."""

Indices = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


def places_for_new(settings: PolicySettings, length: int) -> int:
    """How many places of a list of this length may go to new products."""
    free = max(0, length - settings.exploration_first_place)
    return min(int(settings.exploration_share * length + 1e-9), free)


def window_seed(reader: str, window: int) -> int:
    """A seed that is the same for one reader during one window, on every machine."""
    digest = hashlib.blake2b(f"{window}:{reader}".encode(), digest_size=8).digest()
    return int.from_bytes(digest)


@dataclass(frozen=True, slots=True)
class _Drawn:
    """What was drawn for one reader: positions, the best draw first."""

    window: int
    seed: int
    model: Model
    positions: tuple[int, ...]
    places: dict[tuple[int, int], tuple[int, ...]] = field(default_factory=dict)

    def places_for(self, count: int, first: int, length: int) -> tuple[int, ...]:
        """Where `count` of them go in a list of this length, ascending; the same all window."""
        asked = (count, length)
        found = self.places.get(asked)
        if found is None:
            chance = random.Random(self.seed)
            found = tuple(sorted(chance.sample(range(first, length), count)))
            self.places[asked] = found
        return found


class Explorer:
    """Knows which products are new in the catalogue in service."""

    def __init__(self, settings: PolicySettings, slots: SlotStatistics) -> None:
        self._settings = settings
        self._slots = slots
        self._new: Mask = np.zeros(0, dtype=np.bool_)
        self._drawn: OrderedDict[str, _Drawn] = OrderedDict()

    def replace(self, model: Model, people_minimum: int) -> None:
        """Another model is in service: products with fewer people behind them are new."""
        self._drawn.clear()
        if model.people < self._settings.exploration_people_minimum:
            self._new = np.zeros(model.size, dtype=np.bool_)
        else:
            self._new = np.asarray(model.supporters < people_minimum, dtype=np.bool_)

    @property
    def new_products(self) -> int:
        return int(self._new.sum())

    def explored(
        self,
        model: Model,
        chosen: Indices,
        scores: Callable[[], Floats],
        allowed: Mask,
        reader: str,
        now_ms: int,
    ) -> tuple[Indices, frozenset[int]]:
        """The list with new products on some places, and which places those are.

        `scores` gives float32 (products,); it is asked once a window and reader.
        """
        settings = self._settings
        count = places_for_new(settings, len(chosen))
        if count == 0 or self._new.size != model.size:
            return chosen, frozenset()
        window = now_ms // settings.exploration_window_ms
        drawn = self._drawn.get(reader)
        if drawn is None or drawn.window != window or drawn.model is not model:
            drawn = self._draw(model, scores(), allowed, reader, window)
        found = chosen.tolist()
        picked: list[int] = []
        for each in drawn.positions:
            if allowed[each] and each not in found:
                picked.append(each)
                if len(picked) == count:
                    break
        places = drawn.places_for(len(picked), settings.exploration_first_place, len(found))
        del found[len(found) - len(picked) :]
        for place, position in zip(places, picked, strict=True):
            found.insert(place, position)
        return np.array(found, dtype=np.int64), frozenset(places)

    def _hopeful(self, model: Model, scores: Floats) -> Floats:
        """Scores plus what may still be hoped for, which falls with the looks that there were."""
        hopeful = scores.copy()
        for product_id, (looks, _) in self._slots.products():
            position = model.position.get(product_id)
            if position is not None:
                hopeful[position] -= HOPE * (1.0 - (1.0 + looks) ** -0.5)
        return hopeful

    def forget(self, reader: str) -> None:
        """Erase a person."""
        self._drawn.pop(reader, None)

    def _draw(
        self, model: Model, scores: Floats, allowed: Mask, reader: str, window: int
    ) -> "_Drawn":
        """New products for one reader and window, the best draw first; kept for the next list."""
        seed = window_seed(reader, window)
        chance = random.Random(seed)
        hopeful = self._hopeful(model, scores)
        pool = best_positions(hopeful, self._new & allowed, self._settings.exploration_pool)
        draws: list[tuple[float, int]] = []
        for position in pool.tolist():
            looks, answers = self._slots.product(model.product_ids[position])
            if looks < self._settings.exploration_impressions_limit:
                missed = max(0.0, looks - answers)
                draw = chance.betavariate(1.0 + answers, PRIOR_SHOWINGS - 1.0 + missed)
                draws.append((-draw, position))
        drawn = _Drawn(window, seed, model, tuple(position for _, position in sorted(draws)))
        self._drawn[reader] = drawn
        self._drawn.move_to_end(reader)
        if len(self._drawn) > READERS_LIMIT:
            self._drawn.popitem(last=False)
        return drawn
