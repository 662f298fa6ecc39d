"""What a person has told the store they like: departments, brands, tags and a highest price.

Stated wishes are the person's own words: stored when they say so, used for their lists and, without
being named, for those of their party, shown back to them, and gone when they are erased.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from recommender.errors import InvalidInteractionError
from recommender.interactions import ID_LENGTH_LIMIT, Product
from recommender.model import Floats, Model
from recommender.settings import PolicySettings

WISHES_LIMIT = 32
"""Texts of one kind."""


@dataclass(frozen=True, slots=True)
class Preferences:
    """Stated wishes; `price_limit_minor` in minor units of the store's currency, or None.

    Departments, brands and tags are compared without regard to case.

    Raises:
        InvalidInteractionError: a field is out of its range.
    """

    departments: tuple[str, ...] = ()
    brands: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    price_limit_minor: int | None = None

    def __post_init__(self) -> None:
        for field in ("departments", "brands", "tags"):
            values = getattr(self, field)
            if not isinstance(values, tuple) or len(values) > WISHES_LIMIT:
                raise InvalidInteractionError(
                    f"The {field} must be a tuple of at most {WISHES_LIMIT} texts.",
                    data={"field": field},
                )
            for text in values:
                printable = isinstance(text, str) and text.isprintable()
                if not printable or not 0 < len(text) <= ID_LENGTH_LIMIT:
                    raise InvalidInteractionError(
                        f"Each of the {field} must be a text of 1 to {ID_LENGTH_LIMIT} characters.",
                        data={"field": field},
                    )
        price = self.price_limit_minor
        whole = isinstance(price, int) and not isinstance(price, bool)
        if price is not None and (not whole or not 0 <= price < 1 << 63):
            raise InvalidInteractionError(
                "The price_limit_minor must be a whole number of minor units, at least 0.",
                data={"field": "price_limit_minor"},
            )

    def __bool__(self) -> bool:
        return bool(self.departments or self.brands or self.tags) or (
            self.price_limit_minor is not None
        )


@dataclass(frozen=True, slots=True, eq=False)
class Wishes:
    """Preferences over one model: what they add to each score, and what is to be said of it.

    Attributes:
        model: the model whose positions are used.
        boosts: float32 (products,), log-odds.
        named: the wish that a position meets, in the words of the catalogue.
    """

    model: Model
    boosts: Floats
    named: Mapping[int, str]


def wishes_over(
    preferences: Preferences, model: Model, products: Mapping[str, Product], policy: PolicySettings
) -> Wishes:
    """What stated wishes do to every product of a model; O(products), made once a model."""
    boosts = np.zeros(model.size, dtype=np.float32)
    named: dict[int, str] = {}
    departments = {text.casefold() for text in preferences.departments}
    brands = {text.casefold() for text in preferences.brands}
    tags = {text.casefold() for text in preferences.tags}
    limit = preferences.price_limit_minor
    for position, product_id in enumerate(model.product_ids):
        product = products.get(product_id)
        if product is None:
            continue
        met = [product.department] if product.department.casefold() in departments else []
        if product.brand.casefold() in brands:
            met.append(product.brand)
        met.extend([tag for tag in product.tags if tag.casefold() in tags][:1])
        if met:
            boosts[position] = policy.preferred_weight * len(met)
            named[position] = met[0]
        if limit is not None and product.price_minor > limit:
            boosts[position] -= policy.over_price_weight
            named.pop(position, None)
    return Wishes(model, boosts, named)
