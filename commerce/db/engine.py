"""The database: one writer, some readers, and errors with names.

SQLite has one writer at a time. All our writes go through one connection behind one fair lock, so
we never find the database locked by ourselves. A transaction is a plain function of a `Unit`: it
cannot await, so nothing slow can happen while it is open. It runs to its end even when the one who
asked is cancelled.

WAL with synchronous=FULL: a commit is on the disk when it returns, so a paid order survives a power
cut; readers never wait for the writer.
"""

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Self, TypeVar

from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from commerce.db.migrate import migrate
from commerce.db.unit import ConcurrentChangeError, Unit
from commerce.errors import (
    BusyError,
    ClosedError,
    CommerceError,
    StoreBusyError,
    StoreFailedError,
    StoreFullError,
)
from commerce.ports import Clock
from commerce.settings import CommerceSettings

log = logging.getLogger(__name__)

T = TypeVar("T")

_ERRORS: dict[int, type[StoreBusyError | StoreFullError]] = {
    sqlite3.SQLITE_BUSY: StoreBusyError,
    sqlite3.SQLITE_LOCKED: StoreBusyError,
    sqlite3.SQLITE_FULL: StoreFullError,
}

_FAULTS_OF_OURS = (sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.InterfaceError)
"""A broken constraint or a wrong statement: rolled back like all others, but told loudly."""

READ_WAIT_S = 10.0
"""How long a reader may wait for a connection; over: BUSY."""


class Store:
    """Runs transactions. `on_events` is called after a commit that wrote to the outbox."""

    def __init__(self, settings: CommerceSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._writer = _engine(settings, writes=True)
        self._readers = _engine(settings, writes=False)
        self._turn = asyncio.Lock()
        self._running: set[asyncio.Task[Any]] = set()
        self._closed = False
        self.on_events: Callable[[], None] = lambda: None

    @classmethod
    async def open(cls, settings: CommerceSettings, clock: Clock) -> Self:
        """Open the database and bring its tables up to date. Raises STORE_FAILED or STORE_BUSY."""
        store = cls(settings, clock)
        try:
            async with _translated():
                await migrate(store._writer)
        except BaseException:
            await store.close()
            raise
        return store

    async def close(self) -> None:
        """Finish what is running and let go of the files."""
        self._closed = True
        while self._running:
            await asyncio.wait(self._running)
        await self._writer.dispose()
        await self._readers.dispose()

    async def write(self, work: Callable[[Unit], T]) -> T:
        """Run `work` in a transaction of its own and commit it; anything it raises rolls back.

        Raises STORE_BUSY, STORE_FULL, STORE_FAILED, or BUSY when too many are waiting.
        """
        if self._closed:
            raise ClosedError
        if len(self._running) >= self._settings.write_queue_max:
            raise BusyError("write_queue", self._settings.write_queue_max)
        task = asyncio.create_task(self._write(work))
        self._running.add(task)
        task.add_done_callback(self._done)
        return await asyncio.shield(task)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run `work` on a connection that sees one state of the database and cannot change it."""
        if self._closed:
            raise ClosedError
        async with _translated(), self._readers.connect() as connection:
            return await connection.run_sync(work)

    async def _write(self, work: Callable[[Unit], T]) -> T:
        async with self._turn, _translated(), self._writer.begin() as connection:
            result, told = await self._in_unit(connection, work)
        if told:
            self.on_events()
        return result

    async def _in_unit(
        self, connection: AsyncConnection, work: Callable[[Unit], T]
    ) -> tuple[T, bool]:
        def run(plain: Connection) -> tuple[T, bool]:
            unit = Unit(plain, self._clock())
            result = work(unit)
            return result, unit.flush()

        return await connection.run_sync(run)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            # Looked at here, so that an error nobody waits for any more is no warning.
            task.exception()


@asynccontextmanager
async def _translated() -> AsyncIterator[None]:
    """Turn errors of the database into ours."""
    try:
        yield
    except CommerceError:
        raise
    except (ConcurrentChangeError, PoolTimeoutError) as error:
        raise StoreBusyError from error
    except (DBAPIError, sqlite3.Error) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        code = getattr(cause, "sqlite_errorcode", None)
        known = _ERRORS.get(code & 0xFF) if isinstance(code, int) else None
        if known is not None:
            raise known from error
        if isinstance(cause, _FAULTS_OF_OURS):
            raise
        log.error("the database failed: %s", type(cause).__name__)
        raise StoreFailedError from error


def _engine(settings: CommerceSettings, *, writes: bool) -> AsyncEngine:
    engine = create_async_engine(
        settings.database_url,
        pool_size=1 if writes else settings.read_connections,
        max_overflow=0,
        pool_timeout=READ_WAIT_S,
        # Every transaction here ends by itself; a second rollback would only cost a round trip.
        pool_reset_on_return=None,
        connect_args={"timeout": settings.busy_timeout_ms / 1_000},
    )
    _prepare_sqlite(engine.sync_engine, writes=writes)
    return engine


def _prepare_sqlite(engine: Engine, *, writes: bool) -> None:
    """Set what SQLite needs on each connection, and begin transactions ourselves."""

    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _record: object) -> None:
        # The driver would begin transactions too late (before the first write only).
        connection.isolation_level = None
        try:
            cursor = connection.cursor()
            cursor.execute("PRAGMA journal_mode = WAL")
            cursor.execute("PRAGMA synchronous = FULL")
            cursor.execute("PRAGMA foreign_keys = ON")
            if not writes:
                cursor.execute("PRAGMA query_only = ON")
            cursor.close()
        except BaseException:
            # The pool has not got it yet and would leave its thread to end after the loop.
            connection.close()
            raise

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        # IMMEDIATE takes the write lock at once: two who read first and then write would deadlock.
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
