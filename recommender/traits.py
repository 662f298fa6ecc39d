"""Numbers of each product alone, for the second stage of the room's model."""

from collections.abc import Sequence

import numpy as np

from recommender.columns import TRAITS
from recommender.events import of_log
from recommender.evidence import Situation, product_columns
from recommender.interactions import Product
from recommender.model import Floats, price_traits
from recommender.settings import LiveSettings
from recommender.training import InteractionLog


def product_traits(
    log: InteractionLog, products: Sequence[Product], live: LiveSettings, now_ms: int
) -> Floats:
    """`Model.traits` at a moment, float32 (TRAITS, products); people are counted as logarithms.

    Only what has an id and speaks for a product counts (`recommender.events.of_log`).
    """
    traits = price_traits(products)
    events = of_log(log, np.zeros(len(products)), live)
    if len(events) == 0:
        return traits
    moments = np.full(events.people, now_ms, dtype=np.int64)
    columns = product_columns(Situation(events, moments))
    for row, name in enumerate(TRAITS):
        if name.startswith("people_"):
            traits[row] = np.log1p(columns[name])
        elif name != "price":
            traits[row] = columns[name]
    return traits
