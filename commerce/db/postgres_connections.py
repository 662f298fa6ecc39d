"""Connections to PostgreSQL that stay open, and transactions on them without SQLAlchemy between.

Taking a connection out of SQLAlchemy's pool, its own BEGIN and its cursors cost more processor time
than our statements. So connections are kept by us, as for SQLite: SQLAlchemy takes them for
AUTOCOMMIT and need not know that we begin and end transactions ourselves.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.util import await_only

from commerce.db.unit import ConcurrentChangeError

T = TypeVar("T")


class Connections:
    """Connections for one kind of work; whoever lends them limits how many. Each begins with
    `characteristics`: what holds for all its transactions."""

    def __init__(self, engine: AsyncEngine, characteristics: str) -> None:
        self._engine = engine
        self._characteristics = characteristics
        self._idle: list[tuple[AsyncConnection, Any]] = []

    @asynccontextmanager
    async def lend(self) -> AsyncIterator[AsyncConnection]:
        """One that nobody else has meanwhile. Raises what the driver raises."""
        connection, raw = await self._take()
        try:
            yield connection
        finally:
            if raw.is_closed() or raw.is_in_transaction():
                # Nobody knows any more what the server makes of it.
                await _drop(connection)
            else:
                self._idle.append((connection, raw))

    async def close(self) -> None:
        """Let go of those that nobody has."""
        while self._idle:
            connection, _ = self._idle.pop()
            await connection.close()

    async def _take(self) -> tuple[AsyncConnection, Any]:
        while self._idle:
            connection, raw = self._idle.pop()
            if not raw.is_closed():
                return connection, raw
            await _drop(connection)
        connection = await self._engine.connect()
        try:
            raw = await connection.run_sync(_raw)
            await raw.execute(f"SET SESSION CHARACTERISTICS AS TRANSACTION {self._characteristics}")
        except BaseException:
            await _drop(connection)
            raise
        return connection, raw


async def _drop(connection: AsyncConnection) -> None:
    await connection.invalidate()
    await connection.close()


def in_transaction(connection: Connection, work: Callable[[Connection], T]) -> T:
    """Run `work` in a transaction and commit it; to be called by `AsyncConnection.run_sync`."""
    raw = _raw(connection)
    await_only(raw.execute("BEGIN"))
    try:
        result = work(connection)
        if await_only(raw.execute("COMMIT")) != "COMMIT":
            # A statement had failed, and nobody has told us; the server has undone everything.
            raise ConcurrentChangeError
    except BaseException:
        with suppress(Exception):
            await_only(raw.execute("ROLLBACK"))
        raise
    finally:
        if connection.in_transaction():
            # What Core takes for one; the driver is not asked.
            connection.rollback()
    return result


def _raw(connection: Connection) -> Any:
    """The connection as asyncpg has it."""
    return connection.connection.driver_connection
