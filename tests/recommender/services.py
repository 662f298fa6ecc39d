"""A real service over a small shop, for the tests."""

import sqlite3
from pathlib import Path

from recommender import RecommenderService, RecommenderSettings
from tests.recommender.shop import HandClock, shop

PRODUCTS = shop(24)


def stored_rows(folder: Path) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(folder / "recommender.sqlite3")
    found = connection.execute(
        "SELECT person_id, product_id, signal, consent, party_id, session_id, occurred_ms"
        " FROM recommender_interaction ORDER BY id"
    ).fetchall()
    connection.close()
    return found


async def opened(chosen: RecommenderSettings, clock: HandClock | None = None) -> RecommenderService:
    service = await RecommenderService.open(chosen, clock or HandClock())
    await service.set_catalogue(PRODUCTS)
    return service
