"""Whom people have blocked, kept between visits in a small SQLite file of the data folder.

Several processes of one machine may share the file. All work is done in order by one thread, so a
block that was taken back a moment later is not written the other way round, and the event loop
never waits for a disk.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TypeVar

from rooms.effects import RememberBlock
from rooms.types import BlockedPerson
from server.clock import Clock
from server.errors import GalleriaError

T = TypeVar("T")

BLOCKS_FILE = "blocks.sqlite3"

_TABLE = """
CREATE TABLE IF NOT EXISTS block (
    person_id TEXT NOT NULL,
    other_person_id TEXT NOT NULL,
    other_name TEXT NOT NULL,
    since_ms INTEGER NOT NULL,
    PRIMARY KEY (person_id, other_person_id)
) WITHOUT ROWID
"""


@dataclass(frozen=True, slots=True)
class BlocksLimits:
    """`busy_timeout_ms`: how long to wait for another process that is writing. `waiting_max`: reads
    and writes that may wait for the disk; one more fails at once (BLOCKS_UNAVAILABLE), and a block
    that could not be kept holds until its person leaves. `per_person_max`: newest blocks that are
    read for a person."""

    busy_timeout_ms: int = 2_000
    waiting_max: int = 4_096
    per_person_max: int = 256


class Blocks:
    """The lists of all people. Every method may raise GalleriaError BLOCKS_UNAVAILABLE."""

    def __init__(self, path: Path, clock: Clock, limits: BlocksLimits | None = None) -> None:
        self._path = path
        self._clock = clock
        self._limits = limits or BlocksLimits()
        self._waiting = 0
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="blocks")
        self._connection: sqlite3.Connection | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_reason: object) -> None:
        await self.close()

    async def of(self, person_id: str) -> tuple[BlockedPerson, ...]:
        """Whom a person has blocked, oldest first."""

        def read(connection: sqlite3.Connection) -> tuple[BlockedPerson, ...]:
            rows = connection.execute(
                "SELECT other_person_id, other_name FROM block WHERE person_id = ?"
                " ORDER BY since_ms DESC, other_person_id LIMIT ?",
                (person_id, self._limits.per_person_max),
            )
            return tuple(BlockedPerson(*row) for row in rows)[::-1]

        return await self._run(read)

    async def remember(self, effect: RememberBlock) -> None:
        """Keep a block, or forget one; the same again changes nothing."""
        since_ms = self._clock()

        def write(connection: sqlite3.Connection) -> None:
            pair = (effect.person_id, effect.other_person_id)
            if effect.blocked:
                connection.execute(
                    "INSERT INTO block VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                    (*pair, effect.other_name, since_ms),
                )
            else:
                connection.execute(
                    "DELETE FROM block WHERE person_id = ? AND other_person_id = ?", pair
                )

        await self._run(write)

    async def erase(self, person_id: str) -> int:
        """Forget whom a person has blocked, and who has blocked them. Returns how many rows."""

        def delete(connection: sqlite3.Connection) -> int:
            return connection.execute(
                "DELETE FROM block WHERE person_id = ?1 OR other_person_id = ?1", (person_id,)
            ).rowcount

        return await self._run(delete)

    async def close(self) -> None:
        """Finish what was begun and close the file."""

        def close() -> None:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

        await asyncio.get_running_loop().run_in_executor(self._thread, close)
        self._thread.shutdown()

    async def _run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        if self._waiting >= self._limits.waiting_max:
            raise _unavailable("too much is waiting")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(
                self._thread, lambda: self._in_transaction(work)
            )
        except (sqlite3.Error, OSError) as error:
            raise _unavailable(type(error).__name__) from error
        finally:
            self._waiting -= 1

    def _in_transaction(self, work: Callable[[sqlite3.Connection], T]) -> T:
        connection = self._connection = self._connection or self._open()
        with connection:
            return work(connection)

    def _open(self) -> sqlite3.Connection:
        timeout_s = self._limits.busy_timeout_ms / 1_000
        connection = sqlite3.connect(self._path, timeout=timeout_s)
        try:
            # WAL lets other processes read while one writes.
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute(_TABLE)
        except BaseException:
            connection.close()
            raise
        return connection


def _unavailable(cause: str) -> GalleriaError:
    return GalleriaError(
        "BLOCKS_UNAVAILABLE",
        "The list of blocked people cannot be used at the moment.",
        {"cause": cause},
        503,
    )
