"""The store on a real SQLite file."""

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import create_mock_engine
from sqlalchemy.dialects import postgresql

from recommender.db.schema import metadata
from recommender.db.store import Store
from recommender.errors import StoreError
from recommender.interactions import KeptInteraction, Product, Signal, keep
from tests.recommender.shop import AGGREGATE, NOW_MS, did, shop


def kept(person_id: str, product_id: str, at_ms: int = NOW_MS) -> KeptInteraction:
    found = keep(did(person_id, product_id, at_ms=at_ms, party_id="party"), 1)
    assert found is not None
    return found


def nameless(product_id: str) -> KeptInteraction:
    found = keep(did("ann", product_id, consent=AGGREGATE), 1_000)
    assert found is not None
    return found


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(f"sqlite+aiosqlite:///{tmp_path / 'r.sqlite3'}", 1_000)
    yield opened
    await opened.close()


async def test_interactions_come_back_in_order(store: Store) -> None:
    rows = [kept("ann", "p1"), nameless("p2"), kept("bob", "p3"), kept("ann", "p4")]
    await store.add(rows)
    await store.add([])
    assert await store.recent_personal(10) == [rows[0], rows[2], rows[3]]
    assert await store.recent_personal(1) == [rows[3]]
    assert await store.recent_personal(10, "ann") == [rows[0], rows[3]]
    assert (await store.news_after(0))[0] == 4
    assert (await store.news_after(3))[0] == 1


async def test_the_log_is_what_is_fitted_on(store: Store) -> None:
    await store.add(
        [kept("ann", "p1", 30), nameless("p0"), kept("bob", "gone"), kept("ann", "p0", 10)]
    )
    log = await store.read_log(["p0", "p1"], 10)
    assert log.product.tolist() == [0, 1, 0]
    assert log.person.tolist()[:2] == [0, 0]
    assert log.person.tolist()[2] == -1
    assert log.occurred_ms.tolist()[:2] == [10, 30]
    assert log.through_id == 4
    assert len(await store.read_log(["p0", "p1"], 1)) == 1


async def test_erasing_and_purging(store: Store) -> None:
    await store.add([kept("ann", "p1"), kept("bob", "p1"), kept("ann", "p2"), kept("bob", "p0", 5)])
    assert await store.erase("ann") == 2
    assert await store.erase("ann") == 0
    assert await store.purge(NOW_MS) == 1
    assert [row.person_id for row in await store.recent_personal(9)] == ["bob"]


async def test_row_numbers_are_never_used_again(store: Store) -> None:
    await store.add([kept("bob", "p1"), kept("ann", "p1")])
    await store.erase("ann")
    await store.add([kept("bob", "p2")])
    assert (await store.news_after(2))[0] == 1


async def test_the_catalogue_is_replaced_whole(store: Store) -> None:
    products = [
        *shop(3),
        Product("ø", "Łamp \U0001f4a1", "b", "d", "x" * 20_000, ("a", '"'), 1 << 60),
    ]
    await store.set_products(products)
    assert await store.products() == products
    await store.set_products(products[::-1])
    assert await store.products() == products[::-1]
    await store.set_products([])
    assert await store.products() == []


async def test_the_schema_itself_holds_the_consent_law(store: Store, tmp_path: Path) -> None:
    insert = (
        "INSERT INTO recommender_interaction"
        " (person_id, product_id, signal, value, occurred_ms, consent, party_id, session_id)"
        " VALUES (?, 'p', 'add', 1, 1, ?, ?, ?)"
    )
    connection = sqlite3.connect(tmp_path / "r.sqlite3")
    for row in (
        ("ann", "aggregate", None, None),
        (None, "aggregate", "party", None),
        (None, "aggregate", None, "session"),
        (None, "personal", None, None),
        ("ann", "session", None, None),
        ("ann", "none", None, None),
    ):
        with pytest.raises(sqlite3.IntegrityError):
            connection.execute(insert, row)
    connection.execute(insert, (None, "aggregate", None, None))
    connection.close()


async def test_a_database_that_fails_is_one_typed_error(tmp_path: Path) -> None:
    with pytest.raises(StoreError) as refused:
        await Store.open(f"sqlite+aiosqlite:///{tmp_path}/no/where.sqlite3", 10)
    assert refused.value.code == "recommender_store_failed"
    assert str(tmp_path) not in refused.value.message
    with pytest.raises(StoreError):
        await Store.open("nonsense", 10)
    (tmp_path / "text.sqlite3").write_text("this is no database" * 100)
    with pytest.raises(StoreError):
        await Store.open(f"sqlite+aiosqlite:///{tmp_path}/text.sqlite3", 10)


async def test_a_locked_database_fails_and_nothing_is_half_written(
    store: Store, tmp_path: Path
) -> None:
    other = await Store.open(f"sqlite+aiosqlite:///{tmp_path / 'r.sqlite3'}", 0)
    lock = sqlite3.connect(tmp_path / "r.sqlite3", isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError):
        await other.add([kept("ann", "p1"), kept("ann", "p2")])
    lock.execute("ROLLBACK")
    lock.close()
    await other.add([kept("ann", "p1")])
    await store.add([kept("bob", "p1")])
    assert (await store.news_after(0))[0] == 2
    await other.close()


async def test_damaged_rows_are_told_or_passed_over(store: Store, tmp_path: Path) -> None:
    await store.add([kept("ann", "p1")])
    await store.set_products(shop(1))
    connection = sqlite3.connect(tmp_path / "r.sqlite3")
    connection.execute("UPDATE recommender_interaction SET signal = 'of_a_later_version'")
    connection.execute("UPDATE recommender_product SET tags = '{'")
    connection.commit()
    connection.close()
    assert await store.recent_personal(5) == []
    assert len(await store.read_log(["p1"], 5)) == 0
    with pytest.raises(StoreError):
        await store.products()


def test_the_tables_are_fit_for_postgresql() -> None:
    statements: list[str] = []
    engine = create_mock_engine(
        "postgresql+asyncpg://",
        lambda statement, *_, **__: statements.append(
            str(statement.compile(dialect=postgresql.dialect()))  # type: ignore[no-untyped-call]
        ),
    )
    metadata.create_all(engine, checkfirst=False)
    script = " ".join(statements)
    assert "BIGSERIAL" in script
    assert all(signal.value not in script for signal in Signal if signal is not Signal.RETURN)
