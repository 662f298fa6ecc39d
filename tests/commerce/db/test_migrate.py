"""Migrations make exactly the tables of the schema, and a second start does nothing."""

import asyncio
import sqlite3
import threading
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from commerce.db import sqlite as lane
from commerce.db.engine import Store
from commerce.db.migrate import HEAD, SCRIPTS, VERSION_TABLE, make, upgrade, version_of
from commerce.db.schema import metadata
from tests.commerce.shops import TurnedClock, settings_in


@pytest.fixture
async def empty(tmp_path: Path, database: str) -> AsyncIterator[AsyncEngine]:
    """An engine on a database without tables."""
    url = settings_in(tmp_path).database_url.replace("postgresql://", "postgresql+asyncpg://")
    engine = create_async_engine(url)
    yield engine
    await engine.dispose()


@pytest.mark.loop_slice(1_500)
async def test_up_from_empty(empty: AsyncEngine) -> None:
    def up(connection: Connection) -> None:
        assert version_of(connection) is None
        upgrade(connection)

    def look(connection: Connection) -> tuple[object, dict[str, object]]:
        assert version_of(connection) == HEAD
        assert set(metadata.tables) < set(inspect(connection).get_table_names())
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return compare_metadata(context, metadata), definitions(connection)

    def make_anew(connection: Connection) -> None:
        metadata.drop_all(connection)
        connection.exec_driver_sql(f"DROP TABLE {VERSION_TABLE}")
        make(connection)

    async with empty.begin() as connection:
        await connection.run_sync(up)
    async with empty.begin() as connection:
        difference, migrated = await connection.run_sync(look)
        await connection.run_sync(upgrade)
    assert difference == []
    async with empty.begin() as connection:
        await connection.run_sync(make_anew)
        assert await connection.run_sync(version_of) == HEAD
        assert migrated == await connection.run_sync(definitions)


def definitions(connection: Connection) -> dict[str, object]:
    """Every column, key, index, check and row of every table, as the database knows them."""
    inspector = inspect(connection)
    found: dict[str, object] = {}
    for table in inspector.get_table_names():
        rows = connection.exec_driver_sql(f"SELECT * FROM {table}")  # noqa: S608
        found[f"{table} rows"] = [dict(row) for row in rows.mappings()]
        found[f"{table} columns"] = {
            column["name"]: (str(column["type"]), column["nullable"])
            for column in inspector.get_columns(table)
        }
        found[f"{table} key"] = inspector.get_pk_constraint(table)["constrained_columns"]
        found[f"{table} foreign keys"] = sorted(
            (key["constrained_columns"], key["referred_table"], key["referred_columns"])
            for key in inspector.get_foreign_keys(table)
        )
        found[f"{table} unique"] = sorted(
            key["column_names"] for key in inspector.get_unique_constraints(table)
        )
        found[f"{table} indexes"] = sorted(
            (str(index["name"]), index["column_names"], bool(index["unique"]))
            for index in inspector.get_indexes(table)
        )
        found[f"{table} checks"] = sorted(
            " ".join(check["sqltext"].split()) for check in inspector.get_check_constraints(table)
        )
    return found


@pytest.mark.loop_slice(1_500)
async def test_several_start_at_once(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, busy_timeout_ms=5_000)
    stores = await asyncio.gather(*(Store.open(settings, TurnedClock()) for _ in range(4)))
    for store in stores:
        assert await store.read(version_of) == HEAD
        await store.close()


@pytest.mark.only("sqlite")
def test_who_is_refused_the_turn_to_wal_asks_again(tmp_path: Path) -> None:
    """SQLite lets nobody wait for it, so another that is just starting makes it fail."""
    tries = threading.Semaphore(0)
    other = sqlite3.connect(tmp_path / "shop.sqlite3", isolation_level=None)
    other.execute("CREATE TABLE first (id INTEGER)")
    other.execute("BEGIN IMMEDIATE")
    ours = sqlite3.connect(tmp_path / "shop.sqlite3", timeout=0, check_same_thread=False)
    ours.set_trace_callback(lambda _: tries.release())
    with closing(other), closing(ours), ThreadPoolExecutor(1) as pool:
        until = time.perf_counter() + 10
        turned = pool.submit(lane._set, ours.cursor(), "journal_mode = WAL", until)
        for _ in range(2):
            assert tries.acquire(timeout=5), "it did not ask again"
        other.execute("COMMIT")
        turned.result(timeout=5)
        assert ours.execute("PRAGMA journal_mode").fetchone() == ("wal",)


@pytest.mark.only("sqlite")
def test_head_is_the_newest_script() -> None:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.set_main_option("path_separator", "os")
    scripts = ScriptDirectory.from_config(config)
    assert scripts.get_heads() == [HEAD]


@pytest.mark.only("sqlite")
@pytest.mark.loop_slice(1_000)
async def test_starts_are_fast(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    spent_ms = []
    for _ in range(2):
        started = time.process_time()
        store = await Store.open(settings, TurnedClock())
        spent_ms.append((time.process_time() - started) * 1_000)
        await store.close()
    assert spent_ms[0] < 1_500
    assert spent_ms[1] < 100
