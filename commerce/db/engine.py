"""The store: transactions as plain functions, on SQLite or PostgreSQL, and errors with names.

A transaction is a plain function of a `Unit`: it cannot await, so nothing slow can happen while it
is open, and it runs to its end even when the one who asked is cancelled. It may be started over
(PostgreSQL), so it must change nothing but the database.
"""

from collections.abc import Callable
from typing import Any, Protocol, Self, TypeVar

from sqlalchemy import Connection

from commerce.db.failures import translated
from commerce.db.postgresql import PostgresLane
from commerce.db.sqlite import SqliteLane
from commerce.db.unit import Unit
from commerce.errors import BusyError, ClosedError
from commerce.kits import NO_KITS
from commerce.ports import Clock
from commerce.settings import SQLITE_PREFIX, CommerceSettings

T = TypeVar("T")


class Lane(Protocol):
    """What runs the transactions of one kind of database; errors are the driver's."""

    @property
    def waiting(self) -> int:
        """Write transactions that are not answered yet."""

    async def open(self) -> None:
        """Open the database and bring its tables up to date."""

    async def close(self) -> None:
        """Finish what is running and let go of everything."""

    def write(self, work: Callable[[Unit], T], *, long: bool, first: bool) -> Any:
        """An awaitable of what `work` gave, and whether it wrote to the outbox."""

    async def read(self, work: Callable[[Connection], T], *, long: bool, alone: bool) -> T:
        """Run `work` on one state of the database, or each of its statements alone."""


class Store:
    """Runs transactions. `on_events` is called after a commit that wrote to the outbox; `kits` is
    what transactions know of kits."""

    def __init__(self, settings: CommerceSettings, clock: Clock) -> None:
        self._settings = settings
        lane = SqliteLane if settings.database_url.startswith(SQLITE_PREFIX) else PostgresLane
        self._lane: Lane = lane(settings, clock)
        self._closed = False
        self.on_events: Callable[[], None] = lambda: None
        self.on_decided: Callable[[], None] | None = None
        """Called in each transaction before its commit, where a test can end the process."""
        self.on_committed: Callable[[], None] | None = None
        """Called after each commit, before anybody is told, for the same purpose."""
        self.kits = NO_KITS

    @property
    def has_one_writer(self) -> bool:
        """Whether a transaction waits for the commit of the one before it, as on SQLite."""
        return isinstance(self._lane, SqliteLane)

    @classmethod
    async def open(cls, settings: CommerceSettings, clock: Clock) -> Self:
        """Open the database and bring its tables up to date. Raises STORE_FAILED or STORE_BUSY."""
        store = cls(settings, clock)
        try:
            with translated():
                await store._lane.open()
        except BaseException:
            await store.close()
            raise
        return store

    async def close(self) -> None:
        """Finish what is running and let go of files and connections."""
        self._closed = True
        await self._lane.close()

    async def write(
        self, work: Callable[[Unit], T], *, long: bool = False, first: bool = False
    ) -> T:
        """Run `work` in a transaction of its own and commit it; anything it raises undoes it.

        `long`: it takes more than a few milliseconds, and must not hold up the event loop. `first`:
        it goes before others that wait; at most one of these at a time, to keep an order. Raises
        STORE_BUSY, STORE_FULL, STORE_FAILED, or BUSY when too many are waiting.
        """
        if self._closed:
            raise ClosedError
        if self._lane.waiting >= self._settings.write_queue_max:
            raise BusyError("write_queue", self._settings.write_queue_max)
        with translated():
            outcome: tuple[T, bool] = await self._lane.write(
                self._knowing(work), long=long, first=first
            )
        if self.on_committed is not None:
            self.on_committed()
        result, told = outcome
        if told:
            self.on_events()
        return result

    def _knowing(self, work: Callable[[Unit], T]) -> Callable[[Unit], T]:
        if not self.kits and self.on_decided is None:
            return work

        def run(unit: Unit) -> T:
            unit.kits = self.kits
            result = work(unit)
            if self.on_decided is not None:
                self.on_decided()
            return result

        return run

    async def read(
        self, work: Callable[[Connection], T], *, long: bool = False, alone: bool = False
    ) -> T:
        """Run `work` on a connection that sees one state of the database and cannot change it.

        `long` as for `write`. `alone`: each of its statements may see a state of its own, which
        spares a transaction for just one.
        """
        if self._closed:
            raise ClosedError
        with translated():
            return await self._lane.read(work, long=long, alone=alone)
