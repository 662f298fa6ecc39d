"""A small shop and its people, for the tests of the recommender."""

from pathlib import Path

from recommender.fit import FitJob
from recommender.interactions import ConsentClass, Interaction, Product, Signal
from recommender.settings import FitSettings, LiveSettings, RecommenderSettings
from recommender.training import InteractionLog, LogBuilder

NOW_MS = 1_790_000_000_000

SESSION = frozenset({ConsentClass.SESSION})
PERSONAL = frozenset({ConsentClass.SESSION, ConsentClass.PERSONAL})
AGGREGATE = frozenset({ConsentClass.AGGREGATE})

KINDS = ("lamp", "chair", "shoe", "hat", "bag", "mug")
COLOURS = ("red", "green", "blue", "black", "white", "amber", "teal", "plum")


def product(product_id: str, name: str = "Thing", department: str = "") -> Product:
    return Product(product_id, name, "Acme", department, "", (), 1_000)


def shop(size: int = 24) -> list[Product]:
    """Products p0, p1, ...: kinds take turns, so p0, p6, p12 ... are lamps."""
    return [
        Product(
            product_id=f"p{number}",
            name=f"{COLOURS[number // 6 % 8]} {KINDS[number % 6]}",
            brand=f"brand{number % 3}",
            department=f"{KINDS[number % 6]}s",
            description=f"A {KINDS[number % 6]} for every day.",
            tags=(KINDS[number % 6],),
            price_minor=1_000 + number,
        )
        for number in range(size)
    ]


def did(
    person_id: str,
    product_id: str,
    signal: Signal = Signal.PICK_UP,
    consent: frozenset[ConsentClass] = PERSONAL,
    at_ms: int = NOW_MS,
    party_id: str | None = None,
    value: float = 1.0,
) -> Interaction:
    return Interaction(
        person_id, product_id, signal, at_ms, consent, party_id, "session-1", 7, value
    )


class HandClock:
    """A clock that is moved by hand, in milliseconds."""

    def __init__(self, now_ms: int = NOW_MS) -> None:
        self.now_ms = now_ms

    def __call__(self) -> int:
        return self.now_ms


def settings(
    folder: Path, live: LiveSettings | None = None, fit: FitSettings | None = None
) -> RecommenderSettings:
    return RecommenderSettings(
        database_url=f"sqlite+aiosqlite:///{folder / 'recommender.sqlite3'}",
        artefact_dir=folder / "models",
        live=live or LiveSettings(),
        fit=fit or FitSettings(),
    )


def fit_job(fit: FitSettings | None = None, live: LiveSettings | None = None) -> FitJob:
    return FitJob("", 0, "", "", 3, NOW_MS, 1 << 30, live or LiveSettings(), fit or FitSettings())


Row = tuple[str | None, str, Signal, int]


def log_of(rows: list[Row], products: list[Product]) -> InteractionLog:
    """A log of (person, product, signal, time) with row numbers from 1."""
    builder = LogBuilder([each.product_id for each in products])
    for number, (person_id, product_id, signal, at_ms) in enumerate(rows, start=1):
        builder.add(number, person_id, product_id, signal.value, 1.0, at_ms)
    return builder.build()


def paired_rows(
    people: int, pairs: list[tuple[int, int]], first_ms: int = NOW_MS - 10**9, name: str = "u"
) -> list[Row]:
    """Everybody adds the first of a pair in the first half of time and the second in the other."""
    firsts: list[Row] = [
        (f"{name}{person}", f"p{pairs[person % len(pairs)][0]}", Signal.PICK_UP, first_ms + person)
        for person in range(people)
    ]
    seconds: list[Row] = [
        (
            f"{name}{person}",
            f"p{pairs[person % len(pairs)][1]}",
            Signal.PICK_UP,
            first_ms + 10**6 + person,
        )
        for person in range(people)
    ]
    return firsts + seconds
