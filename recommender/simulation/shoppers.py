"""The people and the shop of a simulation, all drawn from one seed.

A product has a department, a style, a price and a quality that no text tells. A shopper likes few
departments and some styles and has a highest price. What a product is worth to them, 0..1:

    worth = logistic(TASTE * (department taste + style taste) + quality - OVER_PRICE * over - LEVEL)

Everything a shopper does follows from worth; the recommender never sees it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recommender.interactions import Product
from recommender.preferences import Preferences

DEPARTMENTS = ("lamps", "chairs", "bowls", "rugs", "bags", "hats", "vases", "clocks")
STYLES = ("oak", "brass", "linen", "glass", "wool", "stone")
TASTE = 4.0
OVER_PRICE = 3.0
LEVEL = 4.0
STATES_WISHES = 0.5
"""Share of shoppers who tell the store their favourite department and their price limit."""


@dataclass(frozen=True, slots=True)
class Article:
    """A product with what the store cannot see of it."""

    product: Product
    department: int
    style: int
    quality: float


@dataclass(frozen=True, slots=True)
class Shopper:
    """Somebody with tastes in 0..1 for departments and styles.

    `boredom`: share of the interest that is left at each further sight of the same thing.
    """

    person_id: str
    departments: tuple[float, ...]
    styles: tuple[float, ...]
    price_limit_minor: int
    boredom: float
    wishes: Preferences

    def worth(self, article: Article) -> float:
        """What an article is worth to this shopper, 0..1."""
        taste = self.departments[article.department] + self.styles[article.style]
        over = max(0.0, article.product.price_minor / self.price_limit_minor - 1.0)
        score = TASTE * taste + article.quality - OVER_PRICE * min(2.0, over) - LEVEL
        return 1.0 / (1.0 + math.exp(-score))


def articles(count: int, seed: int, first: int = 0) -> list[Article]:
    """`count` products numbered from `first`; the same seed gives the same ones."""
    random = np.random.default_rng((seed, 1, first))
    made: list[Article] = []
    for number in range(first, first + count):
        department = int(random.integers(len(DEPARTMENTS)))
        style = int(random.integers(len(STYLES)))
        product = Product(
            product_id=f"article-{number}",
            name=f"{STYLES[style]} {DEPARTMENTS[department][:-1]} {number}",
            brand=f"maker {int(random.integers(12))}",
            department=DEPARTMENTS[department],
            description=f"One of our {DEPARTMENTS[department]}, made of {STYLES[style]}.",
            tags=(STYLES[style],),
            price_minor=int(1_000 * math.exp(random.normal(1.0, 0.6))),
        )
        made.append(Article(product, department, style, float(random.normal(0.0, 1.0))))
    return made


def parties(count: int, seed: int) -> list[list[Shopper]]:
    """Parties of two to four. Friends share some taste, because they are friends, but not all."""
    random = np.random.default_rng((seed, 2))
    made: list[list[Shopper]] = []
    for party in range(count):
        common = random.dirichlet([0.4] * len(DEPARTMENTS))
        members = []
        for member in range(int(random.integers(2, 5))):
            own = random.dirichlet([0.25] * len(DEPARTMENTS))
            departments = 0.35 * common + 0.65 * own
            departments = departments / departments.max()
            styles = random.beta(0.6, 1.2, len(STYLES))
            limit = int(1_000 * math.exp(random.normal(1.6, 0.5)))
            wishes = Preferences()
            if random.random() < STATES_WISHES:
                favourite = DEPARTMENTS[int(departments.argmax())]
                wishes = Preferences(departments=(favourite,), price_limit_minor=limit)
            members.append(
                Shopper(
                    f"person-{party}-{member}",
                    tuple(map(float, departments)),
                    tuple(map(float, styles)),
                    limit,
                    float(random.uniform(0.5, 0.9)),
                    wishes,
                )
            )
        made.append(members)
    return made


def likeness(members: Sequence[Shopper], shop: Sequence[Article]) -> float:
    """How alike the tastes of a party are: the mean correlation of worth over pairs, -1..1."""
    worth = np.array([[member.worth(article) for article in shop] for member in members])
    pairs = np.corrcoef(worth)[np.triu_indices(len(members), k=1)]
    return float(pairs.mean())
