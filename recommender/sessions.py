"""What comes next in a visit: rules and neighbours over sessions, learned online.

`SessionIndex` takes events in the order of time and can be asked at any moment; it never looks
ahead. Each scorer gives a sparse {product: score} for the products of a visit so far:

- `follows`: sequential rules, sum over pairs a before b in a session of 1 / steps between them
  (Ludewig, Jannach 2018, "Evaluation of session-based recommendation algorithms", SR);
- `together`: the same without direction; `same_person`: pairs touched by one person in any visits;
- `neighbours`: VSkNN (same source): past sessions that share products with this one, the newest
  `NEIGHBOUR_POOL` of each, likeness by shared products weighted by their place in the visit and by
  rarity; the best `NEIGHBOURS` vote for their products;
- `two_steps`: rules of rules, which reach products that no session had next to this one;
- `popular`: people who touched a product in the last days.

Earlier products of the visit count `PLACE_DECAY` to the power of their distance from its end.
"""

import math
from collections import Counter, defaultdict, deque
from collections.abc import Sequence

import numpy as np

from recommender.events import Scores
from recommender.settings import DAY_MS

RULE_STEPS = 10
PLACE_DECAY = 0.75
NEIGHBOUR_POOL = 500
NEIGHBOURS = 100
DAY_S = 86_400.0
PERSON_PRODUCTS = 60
TWO_STEPS_WIDTH = 15
RECENT_DAYS = 7
POPULAR_CANDIDATES = 30

COLUMNS = (
    "follows", "follows_last", "together", "together_last", "same_person", "same_person_last",
    "neighbours", "two_steps", "popular_recent", "popular_ever", "taken_share", "last_days",
    "own_before", "prefix", "prefix_taken", "last_taken", "person_products", "last_product_seen",
    "follows_place", "neighbours_place", "same_person_place", "together_place", "two_steps_place",
    "blend", "last_gap_s", "visits_sharing",
)  # fmt: skip

Sparse = dict[int, float]


class SessionIndex:
    """Counts over the sessions seen so far. Memory grows with distinct pairs of products."""

    def __init__(self) -> None:
        self._follows: defaultdict[int, Sparse] = defaultdict(dict)
        self._precedes: defaultdict[int, Sparse] = defaultdict(dict)
        self._same_person: defaultdict[int, Sparse] = defaultdict(dict)
        self._sessions: dict[str, list[int]] = {}
        self._sessions_of: defaultdict[int, list[str]] = defaultdict(list)
        self._products_of: defaultdict[str, list[int]] = defaultdict(list)
        self._touched = Counter[int]()
        self._taken = Counter[int]()
        self._last_ms: dict[int, int] = {}
        self._recent: deque[tuple[int, int]] = deque()
        self._recently = Counter[int]()

    def observe(
        self, person: str, session: str, product: int, taken: bool, occurred_ms: int
    ) -> None:
        """One event, not older than the one before."""
        self._last_ms[product] = occurred_ms
        if taken:
            self._taken[product] += 1
        path = self._sessions.setdefault(session, [])
        if product not in path:
            for steps, earlier in enumerate(reversed(path[-RULE_STEPS:]), start=1):
                _add(self._follows[earlier], product, 1.0 / steps)
                _add(self._precedes[product], earlier, 1.0 / steps)
            path.append(product)
            self._sessions_of[product].append(session)
            self._touched[product] += 1
            self._recent.append((occurred_ms, product))
            self._recently[product] += 1
        while self._recent and self._recent[0][0] < occurred_ms - RECENT_DAYS * DAY_MS:
            _, gone = self._recent.popleft()
            self._recently[gone] -= 1
            if not self._recently[gone]:
                del self._recently[gone]
        owned = self._products_of[person]
        if product not in owned[-PERSON_PRODUCTS:]:
            for steps, earlier in enumerate(reversed(owned[-PERSON_PRODUCTS:]), start=1):
                weight = 1.0 / math.sqrt(steps)
                _add(self._same_person[earlier], product, weight)
                _add(self._same_person[product], earlier, weight)
            owned.append(product)

    def evidence(
        self,
        person: str,
        products: Sequence[int],
        taken: Sequence[bool],
        times_ms: Sequence[int],
        candidates_limit: int,
    ) -> tuple[list[int], Scores]:
        """Candidates for the next product and one row of `COLUMNS` for each, float32.

        Nothing that is in the visit already is a candidate.
        """
        path = list(dict.fromkeys(products))
        weight = {product: PLACE_DECAY**place for place, product in enumerate(reversed(path))}
        last = path[-1]
        scored = {
            "follows": self._normal(self._follows, weight),
            "follows_last": self._normal(self._follows, {last: 1.0}),
            "together": self._normal(self._precedes, weight),
            "together_last": self._normal(self._precedes, {last: 1.0}),
            "same_person": self._normal(self._same_person, weight),
            "same_person_last": self._normal(self._same_person, {last: 1.0}),
        }
        scored["neighbours"], sharing = self._neighbours(weight)
        scored["two_steps"] = self._two_steps(weight)
        blend: Sparse = {}
        for name in ("follows", "together", "same_person", "neighbours", "two_steps"):
            best = max(scored[name].values(), default=1.0)
            for product, value in scored[name].items():
                _add(blend, product, value / best)
        owned = self._products_of.get(person, [])
        for product, count in self._recently.most_common(POPULAR_CANDIDATES):
            _add(blend, product, 0.01 * math.log1p(count))
        for product in owned[-POPULAR_CANDIDATES:]:
            _add(blend, product, 0.02)
        for product in path:
            blend.pop(product, None)
        candidates = sorted(blend, key=lambda product: (-blend[product], product))
        candidates = candidates[:candidates_limit]
        places = {name: _places(scored[name]) for name in _PLACED}
        common = (
            float(len(path)), float(sum(taken)), float(taken[-1]), float(len(owned)),
            float(self._touched[last]),
        )  # fmt: skip
        gap = (
            float(min(86_400.0, (times_ms[-1] - times_ms[-2]) / 1_000))
            if len(times_ms) > 1
            else -1.0
        )
        rows = [
            [
                *(scored[name].get(product, 0.0) for name in _SCORED),
                *self._about(product, owned, times_ms[0]),
                *common,
                *(places[name].get(product, 999.0) for name in _PLACED),
                blend[product],
                gap,
                float(sharing),
            ]
            for product in candidates
        ]
        return candidates, np.array(rows, dtype=np.float32).reshape(len(rows), len(COLUMNS))

    def _about(self, product: int, owned: Sequence[int], now_ms: int) -> tuple[float, ...]:
        touched = self._touched[product]
        return (
            float(self._recently[product]),
            float(touched),
            self._taken[product] / (touched + 3.0),
            (now_ms - self._last_ms[product]) / DAY_MS if product in self._last_ms else 999.0,
            float(product in owned),
        )

    def _normal(self, rules: dict[int, Sparse], weight: Sparse) -> Sparse:
        total: Sparse = {}
        for product, share in weight.items():
            found = rules.get(product)
            if found:
                for other, value in found.items():
                    _add(total, other, share * value / math.sqrt(self._touched[other] + 1.0))
        return total

    def _neighbours(self, weight: Sparse) -> tuple[Sparse, int]:
        """Votes of the sessions most like this one, and how many shared anything."""
        alike: dict[str, float] = {}
        for product in weight:
            holders = self._sessions_of.get(product, [])
            if holders:
                rarity = math.log((len(self._sessions) + 1) / len(holders))
                for session in holders[-NEIGHBOUR_POOL:]:
                    alike[session] = alike.get(session, 0.0) + rarity * weight[product]
        votes: Sparse = {}
        nearest = sorted(alike.items(), key=lambda entry: (-entry[1], entry[0]))[:NEIGHBOURS]
        for session, likeness in nearest:
            path = self._sessions[session]
            for product in path:
                _add(votes, product, likeness / math.sqrt(len(path)))
        return votes, len(alike)

    def _two_steps(self, weight: Sparse) -> Sparse:
        total: Sparse = {}
        for product, share in list(weight.items())[-3:]:
            first = _best(self._same_person.get(product, {}), TWO_STEPS_WIDTH)
            for middle, value in first:
                for other, further in _best(self._same_person.get(middle, {}), TWO_STEPS_WIDTH):
                    gain = share * value * further
                    _add(total, other, gain / (self._touched[middle] + 1.0))
        return total


def _best(found: Sparse, count: int) -> list[tuple[int, float]]:
    return sorted(found.items(), key=lambda entry: (-entry[1], entry[0]))[:count]


def _add(into: Sparse, key: int, value: float) -> None:
    into[key] = into.get(key, 0.0) + value


def _places(scores: Sparse) -> Sparse:
    order = sorted(scores, key=lambda product: (-scores[product], product))
    return {product: float(place) for place, product in enumerate(order)}


_SCORED = COLUMNS[:8]
_PLACED = ("follows", "neighbours", "same_person", "together", "two_steps")
