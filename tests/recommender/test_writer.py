"""The way into the database: in batches, of both kinds, given back when it fails."""

from pathlib import Path

import pytest

from recommender import StoreError
from recommender.db.store import Store
from recommender.impressions import KeptImpression, Surface
from recommender.interactions import ConsentClass, keep
from recommender.writer import Writer
from tests.recommender.shop import NOW_MS, did


def impression(place: int) -> KeptImpression:
    return KeptImpression(
        "ann", "p0", Surface.YOU, place, NOW_MS, 900, True, False, ConsentClass.PERSONAL, None, None
    )


async def test_both_kinds_are_written_and_counted(tmp_path: Path) -> None:
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path / 'r.sqlite3'}", 100)
    news: list[int] = []
    writer = Writer(store, 100, 3, news.append)
    for number in range(4):
        kept = keep(did("ann", f"p{number}"), 1)
        assert kept is not None
        writer.intake.put(kept)
        writer.intake.put(impression(number))
    await writer.flush()
    assert (writer.stored, writer.stored_impressions, sum(news)) == (4, 4, 4)
    assert len(news) == 3
    assert await store.erase("ann") == 8
    await store.close()


async def test_what_cannot_be_written_waits(tmp_path: Path) -> None:
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path / 'r.sqlite3'}", 100)
    writer = Writer(store, 100, 10, lambda _: None)
    # A place that the table refuses stands for a database that fails in the middle of a batch.
    writer.intake.put(impression(0))
    writer.intake.put(impression(-1))
    with pytest.raises(StoreError):
        await writer.flush()
    assert (len(writer.intake), writer.failures, writer.stored_impressions) == (2, 1, 0)
    assert writer.intake.erase("ann") == 2
    await writer.flush()
    assert await store.erase("ann") == 0
    await store.close()
