"""SQLite: one connection that writes, one that reads, and commits in groups.

SQLite has one writer at a time, in this process and in all others that share the file. So all our
writes go through one connection, first come, first served, and those that wait together share a
transaction, each within a savepoint of its own: who fails is undone alone, and one commit, by far
the dearest step, serves them all. Nobody is answered before the commit is on the disk.

Statements run on the event loop: they take microseconds, in memory. Handing each of them to a
thread costs ten times as much, and when the loop is busy every one of them waits for its turn of
the interpreter. What can wait for the disk is done by a thread: a commit that does, checkpoints,
and whatever is `long`.

WAL: readers never wait for the writer. With synchronous=FULL a commit is on the disk when it
returns, so a paid order survives a power cut; with NORMAL the last moments can be lost by a power
cut, but not by the end of the process. Such a commit writes to the system's memory only, so it is
done on the event loop too: on a busy one a thread gets the interpreter back only after 5 ms.

Checkpoints, which copy the log into the file, are begun by us and not by a commit: then whoever is
committed already need not wait for one (https://www.sqlite.org/wal.html#ckpt).
"""

import asyncio
import sqlite3
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, sleep
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import NullPool

from commerce.db.migrate import migrate
from commerce.db.unit import Unit
from commerce.ports import Clock
from commerce.settings import SQLITE_PREFIX, CommerceSettings

T = TypeVar("T")

MIGRATION_WAIT_MS = 30_000
"""How long to wait for another process that is bringing the tables up to date."""

BUSY_POLL_MS = 2
"""Between two tries for the write lock while another process has it."""

CACHE_KIB = 16_384
"""Of a connection: what all carts, holds and checkouts of a busy hour need, so that few pages are
read twice. SQLite's own 2 MiB are soon full."""

CHECKPOINT_COMMITS = 64
CHECKPOINT_ROWS = 16_384
"""Commits, or rows changed, after which the log is copied into the file. Small commits write about
20 pages each, rows of a batch share theirs: the log stays at a few MiB."""

STATEMENTS_KEPT = 512
"""Prepared statements of a connection; more than there are different ones."""


@dataclass(slots=True)
class _Job:
    """A transaction that waits. Its answer is its result, and whether it wrote to the outbox."""

    work: Callable[[Unit], Any]
    long: bool
    answer: "asyncio.Future[tuple[Any, bool]]"

    def succeed(self, outcome: tuple[Any, bool]) -> None:
        if not self.answer.done():
            self.answer.set_result(outcome)

    def fail(self, error: BaseException) -> None:
        if not self.answer.done():
            self.answer.set_exception(error)


class SqliteLane:
    """Runs transactions on an SQLite file. Errors are those of the driver."""

    def __init__(self, settings: CommerceSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._path = Path(settings.database_url.removeprefix(SQLITE_PREFIX))
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="commit")
        self._engines: list[Engine] = []
        self._writer: _Opened | None = None
        self._reader: _Opened | None = None
        self._queue: deque[_Job] = deque()
        self._in_group = 0
        self._draining: asyncio.Task[None] | None = None
        self._commits_wait = settings.sqlite_synchronous == "FULL"
        self._commits = 0
        self._rows_copied = 0

    @property
    def waiting(self) -> int:
        """Transactions that are not answered yet."""
        return len(self._queue) + self._in_group

    async def open(self) -> None:
        """Open the file and bring its tables up to date."""
        await self._in_thread(self._open)

    def _open(self) -> None:
        self._writer = _Opened(self._engine(writes=True, wait_ms=MIGRATION_WAIT_MS))
        raw = self._writer.raw
        migrate(
            self._writer.connection,
            begin=lambda: raw.execute("BEGIN IMMEDIATE"),
            commit=lambda: raw.execute("COMMIT"),
            undo=lambda: raw.execute("ROLLBACK"),
        )
        self._reader = _Opened(self._engine(writes=False, wait_ms=self._settings.busy_timeout_ms))
        # From here on the event loop would wait: it tries again later instead.
        raw.execute("PRAGMA busy_timeout = 0")
        raw.execute("PRAGMA wal_autocheckpoint = 0")

    async def close(self) -> None:
        """Finish what waits and let go of the file."""
        # A task that was cancelled before it began never says that it is over.
        while self._draining is not None and not self._draining.done():
            await asyncio.wait([self._draining])
        await self._in_thread(self._let_go)
        self._thread.shutdown(wait=False)

    def _let_go(self) -> None:
        for opened in (self._writer, self._reader):
            if opened is not None:
                opened.connection.close()
        for engine in self._engines:
            engine.dispose()

    def write(
        self, work: Callable[[Unit], T], *, long: bool, first: bool
    ) -> "asyncio.Future[tuple[T, bool]]":
        """Queue a transaction; it runs to its end whether or not somebody waits for it."""
        answer = asyncio.get_running_loop().create_future()
        job = _Job(work, long, answer)
        if first:
            self._queue.appendleft(job)
        else:
            self._queue.append(job)
        if self._draining is None:
            self._draining = asyncio.create_task(self._drain())
        return answer

    async def read(self, work: Callable[[Connection], T], *, long: bool, alone: bool) -> T:
        """Run `work` on one state of the database, or each of its statements alone."""
        if long:
            return await asyncio.to_thread(self._read_apart, work)
        if self._reader is None:
            raise sqlite3.ProgrammingError("not open")
        return work(self._reader.connection) if alone else _in_snapshot(self._reader, work)

    def _read_apart(self, work: Callable[[Connection], T]) -> T:
        """A connection of its own, so that the event loop need not wait for this thread."""
        engine = self._engine(writes=False, wait_ms=self._settings.busy_timeout_ms)
        opened = _Opened(engine)
        try:
            return _in_snapshot(opened, work)
        finally:
            opened.connection.close()
            engine.dispose()
            self._engines.remove(engine)

    async def _drain(self) -> None:
        try:
            while self._queue:
                self._in_group = 1
                if self._queue[0].long:
                    await self._run_long(self._queue.popleft())
                else:
                    await self._run_group()
                await self._pause()
        finally:
            self._in_group = 0
            self._draining = None

    async def _pause(self) -> None:
        """Between two transactions: let others have the loop, and copy the log when it is time."""
        rows = self._raw.total_changes - self._rows_copied
        if self._commits < CHECKPOINT_COMMITS and rows < CHECKPOINT_ROWS:
            if self._queue:
                await asyncio.sleep(0)
            return
        self._commits, self._rows_copied = 0, self._raw.total_changes
        # What is committed is safe in the log; a disk that is full says so to the next commit.
        with suppress(sqlite3.Error):
            await self._in_thread(self._copy_log)

    def _copy_log(self) -> None:
        # Fetched to its end, or the next commit would find a statement in progress.
        self._raw.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()

    async def _run_long(self, job: _Job) -> None:
        try:
            await self._begin()
            job.succeed(await self._in_thread(lambda: self._whole(job)))
        except BaseException as error:  # noqa: BLE001 - the one who waits raises it
            job.fail(error)

    def _whole(self, job: _Job) -> tuple[Any, bool]:
        raw = self._raw
        try:
            outcome = self._run(job)
            raw.execute("COMMIT")
        except BaseException:
            _roll_back(raw)
            raise
        return outcome

    async def _run_group(self) -> None:
        """Run those at the head of the queue in one transaction, as many as the limits allow."""
        try:
            await self._begin()
        except sqlite3.Error as error:
            # Nobody gets through just now: who waits is told, who comes later tries again.
            for _ in range(len(self._queue)):
                self._queue.popleft().fail(error)
            return
        raw = self._raw
        changes = raw.total_changes
        finished, failure = self._run_jobs(raw)
        if finished and failure is None:
            failure = await self._commit(raw, nothing=raw.total_changes == changes)
        if raw.in_transaction:
            _roll_back(raw)
        for job, outcome in finished:
            if failure is None:
                job.succeed(outcome)
            else:
                job.fail(failure)

    async def _commit(self, raw: sqlite3.Connection, *, nothing: bool) -> BaseException | None:
        """Commit; what went wrong. With nothing to write there is no need to wait for the disk."""
        self._commits += not nothing
        try:
            if nothing or not self._commits_wait:
                raw.execute("COMMIT")
            else:
                await self._in_thread(lambda: raw.execute("COMMIT"))
        except sqlite3.Error as error:
            return error
        return None

    def _run_jobs(
        self, raw: sqlite3.Connection
    ) -> tuple[list[tuple[_Job, tuple[Any, bool]]], BaseException | None]:
        """The jobs that came through, and the error that undid them all, if there is one."""
        settings, finished = self._settings, list[tuple[_Job, tuple[Any, bool]]]()
        together = len(self._queue) > 1
        until = perf_counter() + settings.write_slice_ms / 1_000
        while self._queue and not self._queue[0].long:
            if len(finished) >= settings.write_group_max or (finished and perf_counter() > until):
                break
            job = self._queue.popleft()
            self._in_group = len(finished) + 1
            if together:
                raw.execute("SAVEPOINT job")
            try:
                finished.append((job, self._run(job)))
            except BaseException as error:  # noqa: BLE001 - the one who waits raises it
                job.fail(error)
                if not raw.in_transaction:
                    # A full disk ends the whole transaction, not only the statement.
                    return finished, error
                if not together:
                    break
                raw.execute("ROLLBACK TO job")
            if together:
                raw.execute("RELEASE job")
            else:
                break
        return finished, None

    def _run(self, job: _Job) -> tuple[Any, bool]:
        unit = Unit(self._connection, self._clock())
        result = job.work(unit)
        return result, unit.flush()

    async def _begin(self) -> None:
        """Take the write lock at once: two who read first and then write would deadlock."""
        until = perf_counter() + self._settings.busy_timeout_ms / 1_000
        while True:
            try:
                self._raw.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if not _is_busy(error) or perf_counter() > until:
                    raise
            else:
                return
            await asyncio.sleep(BUSY_POLL_MS / 1_000)

    @property
    def _connection(self) -> Connection:
        if self._writer is None:
            raise sqlite3.ProgrammingError("not open")
        return self._writer.connection

    @property
    def _raw(self) -> sqlite3.Connection:
        if self._writer is None:
            raise sqlite3.ProgrammingError("not open")
        return self._writer.raw

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _engine(self, *, writes: bool, wait_ms: int) -> Engine:
        engine = create_engine(
            f"sqlite+pysqlite:///{self._path}",
            poolclass=NullPool,
            # We begin and end transactions ourselves; SQLAlchemy need not know.
            isolation_level="AUTOCOMMIT",
            connect_args={
                "timeout": wait_ms / 1_000,
                "check_same_thread": False,
                "cached_statements": STATEMENTS_KEPT,
            },
        )
        self._engines.append(engine)
        synchronous = self._settings.sqlite_synchronous
        pragmas = [
            "journal_mode = WAL",
            f"synchronous = {synchronous}",
            "foreign_keys = ON",
            f"cache_size = -{CACHE_KIB}",
            # What a savepoint may have to undo would be written to a file after 64 KiB.
            "temp_store = MEMORY",
        ]
        if not writes:
            pragmas.append("query_only = ON")
        _prepare(engine, pragmas, wait_ms)
        return engine


class _Opened:
    """A connection that stays, as SQLAlchemy and as the driver sees it."""

    def __init__(self, engine: Engine) -> None:
        self.connection = engine.connect()
        self.raw = _raw(self.connection)


def _raw(connection: Connection) -> sqlite3.Connection:
    raw = connection.connection.driver_connection
    if not isinstance(raw, sqlite3.Connection):
        raise TypeError(f"{type(raw).__name__} is no connection of sqlite3")
    return raw


def _in_snapshot(opened: _Opened, work: Callable[[Connection], T]) -> T:
    opened.raw.execute("BEGIN")
    try:
        return work(opened.connection)
    finally:
        _roll_back(opened.raw)


def _roll_back(raw: sqlite3.Connection) -> None:
    with suppress(sqlite3.Error):
        raw.execute("ROLLBACK")


def _prepare(engine: Engine, pragmas: Iterable[str], wait_ms: int) -> None:
    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _record: object) -> None:
        until = perf_counter() + wait_ms / 1_000
        try:
            cursor = connection.cursor()
            for pragma in pragmas:
                _set(cursor, pragma, until)
            cursor.close()
        except BaseException:
            connection.close()
            raise


def _set(cursor: sqlite3.Cursor, pragma: str, until: float) -> None:
    """Two who turn a new file to WAL at once: one is refused without being let wait, so it asks
    again."""
    while True:
        try:
            cursor.execute(f"PRAGMA {pragma}")
        except sqlite3.OperationalError as error:
            if not _is_busy(error) or perf_counter() > until:
                raise
        else:
            return
        sleep(BUSY_POLL_MS / 1_000)


def _is_busy(error: sqlite3.Error) -> bool:
    return error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
