"""Connections to PostgreSQL: kept while they are sound, never lent in the middle of anything."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.util import await_only

from commerce.db.postgres_connections import Connections, in_transaction
from commerce.db.statement import Statement
from commerce.db.unit import ConcurrentChangeError
from tests.commerce.shops import Database

pytestmark = pytest.mark.only("postgresql")

PUT = Statement("INSERT INTO numbers (number) VALUES (?)")
NUMBERS = Statement("SELECT number FROM numbers ORDER BY number")


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    assert Database.server is not None
    url = Database.server.database(str(tmp_path)).replace("postgresql://", "postgresql+asyncpg://")
    engine = create_async_engine(url, isolation_level="AUTOCOMMIT")
    yield engine
    await engine.dispose()


def raw_of(connection: Connection) -> Any:
    return connection.connection.driver_connection


def make(connection: Connection) -> None:
    connection.exec_driver_sql("CREATE TABLE numbers (number BIGINT PRIMARY KEY)")


async def test_kept_and_begun_as_told(engine: AsyncEngine) -> None:
    connections = Connections(engine, "ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    async with connections.lend() as first:
        raw = await first.run_sync(raw_of)
        with pytest.raises(Exception, match="read-only"):
            await first.run_sync(in_transaction, make)
    async with connections.lend() as again, connections.lend() as other:
        assert await again.run_sync(raw_of) is raw
        assert await other.run_sync(raw_of) is not raw
    await connections.close()


async def test_all_or_nothing(engine: AsyncEngine) -> None:
    connections = Connections(engine, "ISOLATION LEVEL READ COMMITTED")

    def put(connection: Connection, *numbers: int) -> None:
        for number in numbers:
            PUT.run(connection, number)

    def swallow(connection: Connection) -> None:
        PUT.run(connection, 7)
        with pytest.raises(Exception, match="duplicate"):
            PUT.run(connection, 1)

    async with connections.lend() as connection:
        await connection.run_sync(in_transaction, make)
        await connection.run_sync(in_transaction, lambda c: put(c, 1, 2))
        with pytest.raises(Exception, match="duplicate"):
            await connection.run_sync(in_transaction, lambda c: put(c, 3, 1))
        with pytest.raises(ConcurrentChangeError):
            await connection.run_sync(in_transaction, swallow)
        found = await connection.run_sync(NUMBERS.rows)
        assert [row[0] for row in found] == [1, 2]
    await connections.close()


async def test_who_is_left_in_the_middle_is_dropped(engine: AsyncEngine) -> None:
    connections = Connections(engine, "ISOLATION LEVEL READ COMMITTED")
    async with connections.lend() as connection:
        left = await connection.run_sync(raw_of)
        await connection.run_sync(lambda c: await_only(raw_of(c).execute("BEGIN")))
    async with connections.lend() as connection:
        closed = await connection.run_sync(raw_of)
        assert closed is not left
        await closed.close()
    async with connections.lend() as connection:
        fresh = await connection.run_sync(raw_of)
        assert fresh is not closed
    fresh.terminate()
    async with connections.lend() as connection:
        assert await connection.run_sync(raw_of) is not fresh
    await connections.close()
