"""How long a refit of the room's model takes, and how much memory, on a made-up store of any size.

The store is seeded: names from a few hundred words, products with the popularity of a long tail
(Zipf), people with a taste for some departments who touch what belongs to them.
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time

import numpy as np

from recommender.db.store import Store
from recommender.fit import FitJob, run_job
from recommender.interactions import ConsentClass, KeptInteraction, Product, Signal
from recommender.refit import fit_report
from recommender.settings import DAY_MS, MINUTE_MS, FitSettings, LiveSettings
from recommender.tasks.memory import forget_peak, peak_mb
from recommender.training import InteractionLog
from recommender.weighting import SIGNAL_NUMBER, SIGNALS

SEED = 11
DEPARTMENTS = 200
WORDS = 3_000
ROWS_EACH = 20
"""Interactions a person."""

ROWS_AT_ONCE = 10_000
"""Rows of one transaction when the store is filled."""

NOW_MS = 1_790_000_000_000
SPAN_DAYS = 90
SHOWN_SIGNALS = (Signal.DWELL, Signal.PICK_UP, Signal.ADD, Signal.BUY)


@dataclass(frozen=True, slots=True)
class ScaleReport:
    """Processor seconds and peak memory (MB, of the whole process) of one refit.

    It goes from the database to the model file, as in the shop; filling the database is not in it.
    """

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


def _kept(log: InteractionLog, rows: slice) -> Iterator[KeptInteraction]:
    """These rows in the form that is stored."""
    columns = (log.person, log.product, log.signal, log.value, log.occurred_ms)
    for person, product, signal, value, at_ms in zip(
        *(column[rows].tolist() for column in columns), strict=True
    ):
        yield KeptInteraction(
            f"u{person}", f"p{product}", SIGNALS[signal], value, at_ms,
            ConsentClass.PERSONAL, None, None, None,
        )  # fmt: skip


async def _fill(url: str, catalogue: Sequence[Product], log: InteractionLog) -> None:
    """Put the made-up store into a new database."""
    store = await Store.open(url, MINUTE_MS)
    try:
        await store.set_products(catalogue)
        for first in range(0, len(log), ROWS_AT_ONCE):
            await store.add(list(_kept(log, slice(first, first + ROWS_AT_ONCE))))
    finally:
        await store.close()


def measure_refit(products: int, interactions: int) -> ScaleReport:
    """Do the job of the fit process on a made-up store, and say what it cost."""
    with TemporaryDirectory(prefix="galleria-scale-") as folder:
        url = f"sqlite+aiosqlite:///{Path(folder) / 'interactions.sqlite3'}"
        asyncio.run(_fill(url, made_up_products(products), made_up_log(products, interactions)))
        candidate = str(Path(folder) / "candidate.npz")
        live, fit = LiveSettings(), FitSettings()
        job = FitJob(url, MINUTE_MS, "", candidate, 1, NOW_MS, 1 << 40, live, fit)
        forget_peak()
        began = process_time()
        report = fit_report(run_job(job), job.version, 0)
        cpu_seconds = process_time() - began
    return ScaleReport(
        products=products,
        interactions=interactions,
        people=report.people,
        cpu_seconds=round(cpu_seconds, 1),
        peak_mb=round(peak_mb()),
        accepted=report.accepted,
        reason=report.reason,
        ndcg=report.ndcg,
        ndcg_of_words=report.rival_ndcg,
    )
