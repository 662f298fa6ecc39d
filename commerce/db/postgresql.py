"""PostgreSQL: several writers, in this process and in others, that hold to the same rules.

A transaction runs as READ COMMITTED and locks what it decides about before it reads it, always in
one order: members of carts, carts, stock, each by key (`commerce.db.locking`). Where nothing was
locked, every change is conditional on the state that was read. So two processes never both win; the
one that comes second waits, or finds its condition broken and starts over (serialization failures,
deadlocks and doubled keys too), `write_attempts_max` times at most. A transaction that is started
over has left nothing behind, so what it does must depend on the database alone.

Reads are REPEATABLE READ and READ ONLY: they see one state of the database and cannot change it.
"""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from commerce.db.failures import can_start_over
from commerce.db.locking import WRITES
from commerce.db.migrate import HEAD, load_migrations, migrate, version_of
from commerce.db.postgres_connections import Connections, in_transaction
from commerce.db.turns import Turns
from commerce.db.unit import Unit
from commerce.errors import StoreBusyError
from commerce.ports import Clock
from commerce.settings import POSTGRESQL_PREFIXES, CommerceSettings

T = TypeVar("T")

MIGRATION_LOCK = 4_121_937_053
"""Key of the advisory lock that one process at a time migrates under."""

STATEMENTS_KEPT = 512
"""Prepared statements of a connection; more than there are different ones."""

BACKOFF_MS = 2
"""Before a transaction is started over the second time; then twice that, and so on."""


class PostgresLane:
    """Runs transactions on a PostgreSQL server. Errors are those of SQLAlchemy and the driver."""

    def __init__(self, settings: CommerceSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._engine = _engine(settings)
        kept = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        # Each side has its share, so that neither can keep the other waiting.
        self._writers = Connections(
            kept.execution_options(**{WRITES: True}), "ISOLATION LEVEL READ COMMITTED"
        )
        self._readers = Connections(kept, "ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        self._turns = Turns(settings.write_connections)
        self._reading = asyncio.Semaphore(settings.read_connections)
        self._running: set[asyncio.Task[Any]] = set()

    @property
    def waiting(self) -> int:
        """Transactions that are not answered yet."""
        return len(self._running)

    async def open(self) -> None:
        """Connect and bring the tables up to date."""
        engine = self._engine.execution_options(isolation_level="READ COMMITTED")
        async with engine.connect() as connection:
            version = await connection.run_sync(version_of)
            if version == HEAD:
                return
            await connection.rollback()
            if version is not None:
                await asyncio.to_thread(load_migrations)
            await connection.run_sync(_migrate)

    async def close(self) -> None:
        """Finish what is running and let go of the connections."""
        while self._running:
            await asyncio.wait(self._running)
        await self._writers.close()
        await self._readers.close()
        await self._engine.dispose()

    def write(
        self,
        work: Callable[[Unit], T],
        *,
        long: bool,  # noqa: ARG002 - every statement here lets others run
        first: bool,
    ) -> "asyncio.Future[tuple[T, bool]]":
        """Start a transaction; it runs to its end whether or not somebody waits for it."""
        task = asyncio.create_task(self._write(work, first=first))
        self._running.add(task)
        task.add_done_callback(self._done)
        return asyncio.shield(task)

    async def read(self, work: Callable[[Connection], T], *, long: bool, alone: bool) -> T:  # noqa: ARG002
        """Run `work` on one state of the database, or each of its statements alone. Raises
        STORE_BUSY when no connection is free in time."""
        try:
            async with asyncio.timeout(self._settings.connection_wait_ms / 1_000):
                await self._reading.acquire()
        except TimeoutError as error:
            raise StoreBusyError from error
        try:
            async with self._readers.lend() as connection:
                if alone:
                    return await connection.run_sync(work)
                return await connection.run_sync(in_transaction, work)
        finally:
            self._reading.release()

    async def _write(self, work: Callable[[Unit], T], *, first: bool) -> tuple[T, bool]:
        attempt = 1
        while True:
            try:
                async with (
                    self._turns.take(first=first),
                    self._writers.lend() as connection,
                ):
                    return await connection.run_sync(
                        in_transaction, lambda sync: self._run(sync, work)
                    )
            except Exception as error:
                if attempt >= self._settings.write_attempts_max or not can_start_over(error):
                    raise
            # Out of the turn, so that those who wait can go first.
            await asyncio.sleep(BACKOFF_MS * 2**attempt / 1_000 / 2)
            attempt += 1

    def _run(self, connection: Connection, work: Callable[[Unit], T]) -> tuple[T, bool]:
        unit = Unit(connection, self._clock())
        result = work(unit)
        return result, unit.flush()

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            # Looked at here, so that an error nobody waits for any more is no warning.
            task.exception()


def _migrate(connection: Connection) -> None:
    lock = text("SELECT pg_advisory_xact_lock(:key)")
    migrate(
        connection,
        begin=lambda: connection.execute(lock, {"key": MIGRATION_LOCK}),
        commit=connection.commit,
        undo=connection.rollback,
    )


def _engine(settings: CommerceSettings) -> AsyncEngine:
    scheme, _, rest = settings.database_url.partition("://")
    if f"{scheme}://" not in POSTGRESQL_PREFIXES:
        raise ValueError(f"{scheme} is no address of PostgreSQL")
    return create_async_engine(
        f"postgresql+asyncpg://{rest}",
        pool_size=settings.write_connections + settings.read_connections,
        max_overflow=0,
        pool_timeout=settings.connection_wait_ms / 1_000,
        connect_args={
            "timeout": settings.connection_wait_ms / 1_000,
            "command_timeout": settings.statement_timeout_ms / 1_000,
            "server_settings": {
                "application_name": "galleria",
                "lock_timeout": str(settings.busy_timeout_ms),
                # Our statements are small; compiling them costs more than it saves.
                "jit": "off",
            },
            "statement_cache_size": STATEMENTS_KEPT,
        },
    )
