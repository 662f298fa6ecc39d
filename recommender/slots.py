"""What came of each place of a list, and how likely a place is to be looked at.

Whether something is chosen depends on whether it was looked at, and that on its place:

    P(answered | product, place) = P(looked at | place) * P(wanted | product)

(the position-based model; Richardson, Dominowska, Ragno, WWW 2007). The first factor, the
*propensity*, can be told from the second only where products come to places by chance. New products
do (see `recommender.exploration`): the rates at which they are answered, place by place, differ by
the places alone (Joachims, Swaminathan, Schnabel, WSDM 2017). Until there are enough of them, the
propensity leans on the assumption k ** -exponent for the k-th place.

With propensities p, how much a product is wanted is estimated as answers over expected looks,
sum(answered) / sum(p), which needs no clipping of 1 / p (Zhang, Jones, WWW 2007, "clicks over
expected clicks").
"""

from collections import Counter
from collections.abc import ItemsView, Iterable
from typing import NamedTuple

from recommender.interactions import Signal
from recommender.settings import ExposureSettings

PLACES = 12
"""Places told apart; those further down are counted with the last."""

ANSWERS = {Signal.DWELL: "dwell", Signal.ADD: "add", Signal.BUY: "buy"}
"""Answers that are shown one by one in the numbers."""

Product = tuple[float, float]
"""Expected looks and answers."""


class ShownBefore(NamedTuple):
    """One stored impression, as far as it tells of places and products."""

    person_id: str | None
    product_id: str
    place: int
    explored: bool
    answered: bool
    shown_ms: int


class SlotStatistics:
    """Counts of showings and answers by place and by product; bounded by places and catalogue."""

    def __init__(self, settings: ExposureSettings, products_limit: int) -> None:
        self._settings = settings
        self._products_limit = products_limit
        self._shown = [0] * PLACES
        self._seconds = [0.0] * PLACES
        self._answers = {name: [0] * PLACES for name in ("any", *ANSWERS.values())}
        self._explored = [0] * PLACES
        self._explored_answered = [0] * PLACES
        self._products: dict[str, Product] = {}
        self._propensities = self._fresh_propensities()

    def shown(self, place: int, duration_ms: int, *, explored: bool, answered: bool) -> None:
        """A showing is over."""
        bucket = min(place, PLACES - 1)
        self._shown[bucket] += 1
        self._seconds[bucket] += duration_ms / 1_000
        if answered:
            self._answers["any"][bucket] += 1
        if explored:
            self._explored[bucket] += 1
            self._explored_answered[bucket] += answered
            self._propensities = self._fresh_propensities()

    def restore(self, before: Iterable[ShownBefore], person_limit: int) -> None:
        """Take what was shown before the start; the figures of this run do not count it.

        First the propensities, then looks by them. `person_limit` is how often one person counts
        for a product; rows without an id count as one person an hour, or another grain of time.
        """
        shown = list(before)
        for each in shown:
            if each.explored:
                bucket = min(each.place, PLACES - 1)
                self._explored[bucket] += 1
                self._explored_answered[bucket] += each.answered
        self._propensities = self._fresh_propensities()
        counted: Counter[tuple[str | int, str]] = Counter()
        for each in shown:
            key = each.person_id or each.shown_ms, each.product_id
            counted[key] += 1
            if counted[key] <= person_limit:
                self.count_product(each.product_id, each.place, answered=each.answered)

    def answered(self, place: int, signal: Signal) -> None:
        """Somebody did this with what they were shown on a place."""
        name = ANSWERS.get(signal)
        if name is not None:
            self._answers[name][min(place, PLACES - 1)] += 1

    def count_product(self, product_id: str, place: int, *, answered: bool) -> None:
        """Let one showing count for a product. The caller limits what one person may say."""
        looks, answers = self._products.get(product_id, (0.0, 0.0))
        if (looks, answers) == (0.0, 0.0) and len(self._products) >= self._products_limit:
            return
        self._products[product_id] = (looks + self.propensity(place), answers + answered)

    def product(self, product_id: str) -> Product:
        """Expected looks (showings weighted with the propensity of their place) and answers."""
        return self._products.get(product_id, (0.0, 0.0))

    def products(self) -> ItemsView[str, Product]:
        """The same for every product that was shown."""
        return self._products.items()

    def propensity(self, place: int) -> float:
        """How likely a place (from 0) is looked at, over the best place: above 0, up to 1."""
        return self._propensities[min(place, PLACES - 1)]

    def propensities(self, places: int) -> list[float]:
        """The same of the first so many places."""
        return [self.propensity(place) for place in range(places)]

    def _fresh_propensities(self) -> list[float]:
        """Rates of explored showings, shrunk to the assumption by `propensity_prior` showings."""
        prior, exponent = self._settings.propensity_prior, self._settings.propensity_exponent
        assumed = [(place + 1) ** -exponent for place in range(PLACES)]
        expected = sum(n * p for n, p in zip(self._explored, assumed, strict=True))
        # The answer rate on a place that is surely looked at.
        wanted = (sum(self._explored_answered) + 1.0) / (expected + 10.0)
        rates = [
            (answered + prior * wanted * p) / (shown + prior)
            for shown, answered, p in zip(
                self._explored, self._explored_answered, assumed, strict=True
            )
        ]
        best = max(rates)
        return [rate / best for rate in rates]

    def numbers(self) -> dict[str, float]:
        """`slot_NN_shown`, `_seconds`, `_answered`, `_dwell`, `_add`, `_buy` and `_propensity`.

        NN counts from 01 as people do. Places never shown are left out.
        """
        found: dict[str, float] = {}
        for place in range(PLACES):
            if not self._shown[place]:
                continue
            name = f"slot_{place + 1:02d}"
            found[f"{name}_shown"] = float(self._shown[place])
            found[f"{name}_seconds"] = round(self._seconds[place], 3)
            found[f"{name}_answered"] = float(self._answers["any"][place])
            for answer in ANSWERS.values():
                found[f"{name}_{answer}"] = float(self._answers[answer][place])
            found[f"{name}_propensity"] = round(self._propensities[place], 6)
        return found
