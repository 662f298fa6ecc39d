"""Models made by hand, for tests."""

from dataclasses import replace

import numpy as np

from recommender.interactions import Product
from recommender.model import Blend, Model, text_model


def handmade(
    products: list[Product],
    together: dict[tuple[int, int], float] | None = None,
    popularity: dict[int, float] | None = None,
    version: int = 1,
    supporters: int = 9,
) -> Model:
    """A fitted model with these entries of the item-item matrix (both ways) and popularity."""
    size = len(products)
    matrix = np.zeros((size, size), dtype=np.float32)
    for (one, other), value in (together or {}).items():
        matrix[one, other] = matrix[other, one] = value
    popular = np.zeros(size, dtype=np.float32)
    for place, value in (popularity or {}).items():
        popular[place] = value
    return replace(
        text_model(products, 8),
        version=version,
        fitted_ms=5,
        people=40,
        head=np.arange(size, dtype=np.int32),
        together=matrix,
        popularity=popular,
        supporters=np.where(popular > 0, supporters, 0).astype(np.int32),
        blend=Blend(together=4.0, text=1.0, popular=1.0, bias=-3.0),
    )
