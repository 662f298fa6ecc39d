"""The house's rules: what may be listed at all, and how far margin may move a product."""

import math
from collections.abc import Collection, Iterable, Mapping

import numpy as np
import numpy.typing as npt

from recommender.errors import InvalidCatalogueError
from recommender.live import History
from recommender.model import Floats, Model

Mask = npt.NDArray[np.bool_]


class HouseRules:
    """Stock and margins over the model in service; what is said of products still to come is kept.

    A margin moves a product by at most `margin_limit` log-odds up or down: m over the mean of all
    known margins, divided by the largest distance from it. So margin decides between things that a
    person wants alike and never sells them what they do not want.
    """

    def __init__(self, margin_limit: float, products_limit: int) -> None:
        self._margin_limit = margin_limit
        self._remembered_limit = 2 * products_limit
        self._unavailable: set[str] = set()
        self._margins: dict[str, float] = {}
        self._model: Model | None = None
        self._offered: Mask = np.zeros(0, dtype=np.bool_)
        self._boosts: Floats | None = None
        self.revision = 0
        """Grows with every change, so that what was made under older rules can be told."""

    def replace(self, model: Model) -> None:
        """Another model is in service."""
        self.revision += 1
        self._model = model
        self._offered = np.ones(model.size, dtype=np.bool_)
        for product_id in self._unavailable:
            place = model.position.get(product_id)
            if place is not None:
                self._offered[place] = False
        self._boosts = self._margin_boosts(model)

    def set_available(self, product_id: str, available: bool) -> None:
        """Whether a product may be listed; remembered also for products still to come."""
        if available:
            self._unavailable.discard(product_id)
        elif len(self._unavailable) < self._remembered_limit:
            self._unavailable.add(product_id)
        place = self._model.position.get(product_id) if self._model is not None else None
        if place is not None and self._offered[place] != available:
            self._offered[place] = available
            self.revision += 1

    def set_margins(self, margins: Mapping[str, float]) -> None:
        """Replace all margins: share of the price that is left for the house, from -1 to 1.

        Raises:
            InvalidCatalogueError: a margin is no number in this range; nothing changed.
        """
        if len(margins) > self._remembered_limit:
            raise InvalidCatalogueError(
                f"There are more than {self._remembered_limit} margins.", data={"field": "margins"}
            )
        for margin in margins.values():
            number = isinstance(margin, int | float) and not isinstance(margin, bool)
            if not number or not math.isfinite(margin) or abs(margin) > 1:
                raise InvalidCatalogueError(
                    "A margin must be a number from -1 to 1.", data={"field": "margins"}
                )
        self._margins = {product_id: float(margin) for product_id, margin in margins.items()}
        if self._model is not None:
            self._boosts = self._margin_boosts(self._model)
            self.revision += 1

    @property
    def margins(self) -> Floats | None:
        """What margin adds to log-odds, float32 (products,), not to be changed; None: nothing."""
        return self._boosts

    def allowed(
        self, exclude: Collection[str], histories: Iterable[History | None], now_ms: int
    ) -> Mask:
        """bool (products,): offered, not excluded, and not resting in any of the histories."""
        allowed = self._offered.copy()
        model = self._model
        if model is None:
            return allowed
        position = model.position
        for product_id in exclude:
            if product_id in position:
                allowed[position[product_id]] = False
        for history in histories:
            if history is not None:
                for product_id in history.resting(now_ms):
                    if product_id in position:
                        allowed[position[product_id]] = False
        return allowed

    def _margin_boosts(self, model: Model) -> Floats | None:
        if not self._margins or self._margin_limit == 0:
            return None
        mean = sum(self._margins.values()) / len(self._margins)
        reach = max(abs(margin - mean) for margin in self._margins.values())
        if reach == 0:
            return None
        boosts = np.zeros(model.size, dtype=np.float32)
        for product_id, margin in self._margins.items():
            place = model.position.get(product_id)
            if place is not None:
                boosts[place] = self._margin_limit * (margin - mean) / reach
        return boosts
