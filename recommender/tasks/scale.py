"""How long a refit of the room's model takes, and how much memory, on a made-up store of any size.

The store is seeded: names from a few hundred words, products with the popularity of a long tail
(Zipf), people with a taste for some departments who touch what belongs to them.
"""

from dataclasses import dataclass
from time import process_time

import numpy as np

from recommender.fit import FitJob, fit_candidate
from recommender.interactions import Product, Signal
from recommender.settings import DAY_MS, FitSettings, LiveSettings
from recommender.tasks.memory import peak_mb
from recommender.training import InteractionLog
from recommender.weighting import SIGNAL_NUMBER

SEED = 11
DEPARTMENTS = 200
WORDS = 3_000
ROWS_EACH = 20
"""Interactions a person."""

NOW_MS = 1_790_000_000_000
SPAN_DAYS = 90
SHOWN_SIGNALS = (Signal.DWELL, Signal.PICK_UP, Signal.ADD, Signal.BUY)


@dataclass(frozen=True, slots=True)
class ScaleReport:
    """Processor seconds and peak memory (MB, of the whole process) of one refit."""

    products: int
    interactions: int
    people: int
    cpu_seconds: float
    peak_mb: float
    accepted: bool
    reason: str
    ndcg: float
    ndcg_of_words: float


def made_up_products(count: int) -> list[Product]:
    """Products of departments in turn, each with words of its department and of its own."""
    random = np.random.default_rng(SEED)
    own = random.integers(0, WORDS, (count, 3))
    return [
        Product(
            product_id=f"p{number}",
            name=f"word{words[0]} word{words[1]} kind{number % DEPARTMENTS}",
            brand=f"brand{words[2] % 500}",
            department=f"kind{number % DEPARTMENTS}",
            description=f"A piece with word{words[2]}.",
            tags=(),
            price_minor=1_000 + 10 * words[0],
        )
        for number, words in enumerate(own.tolist())
    ]


def made_up_log(products: int, interactions: int) -> InteractionLog:
    """Interactions of `interactions / ROWS_EACH` people over the last `SPAN_DAYS`."""
    random = np.random.default_rng(SEED)
    people = max(1, interactions // ROWS_EACH)
    shelf = max(1, products // DEPARTMENTS)
    person = random.integers(0, people, interactions)
    taste = random.integers(0, DEPARTMENTS, (people, 3))
    department = taste[person, random.integers(0, 3, interactions)]
    place = np.minimum(random.zipf(1.3, interactions), 10 * shelf) % shelf
    product = np.minimum(place * DEPARTMENTS + department, products - 1)
    signals = np.array([SIGNAL_NUMBER[signal] for signal in SHOWN_SIGNALS], dtype=np.int8)
    return InteractionLog(
        row_id=np.arange(1, interactions + 1, dtype=np.int64),
        person=person.astype(np.int32),
        product=product.astype(np.int32),
        signal=signals[random.choice(len(signals), interactions, p=(0.5, 0.3, 0.15, 0.05))],
        value=np.full(interactions, 10.0, dtype=np.float32),
        occurred_ms=np.sort(NOW_MS - random.integers(0, SPAN_DAYS * DAY_MS, interactions)),
        people=people,
        through_id=interactions,
    )


def measure_refit(products: int, interactions: int) -> ScaleReport:
    """Fit and judge as the fit process does, and say what it cost."""
    catalogue = made_up_products(products)
    log = made_up_log(products, interactions)
    job = FitJob("", 0, "", "", 1, NOW_MS, 1 << 40, LiveSettings(), FitSettings())
    began = process_time()
    candidate = fit_candidate(log, catalogue, None, job)
    cpu_seconds = process_time() - began
    verdict = candidate.verdict
    return ScaleReport(
        products=products,
        interactions=interactions,
        people=log.people,
        cpu_seconds=round(cpu_seconds, 1),
        peak_mb=round(peak_mb()),
        accepted=verdict.accepted,
        reason=verdict.reason,
        ndcg=verdict.candidate.ndcg,
        ndcg_of_words=verdict.rival.ndcg,
    )
