"""Stories at a real PostgreSQL.

They are the same stories with the same laws, but the database is never busy for others (its
patience is in real time), and one connection writes: two that wait for each other's locks would
have to be told apart from a server that thinks. `tests.commerce.service.test_several_processes` and
the crowds of `tests.commerce.killing` are about that.
"""

import json
import random
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from commerce import CommerceSettings
from commerce.db import postgresql as lane
from commerce.db.schema import metadata
from commerce.service import outbox
from commerce.settings import HoldFrom
from tests.postgres.server import PostgresServer
from tests.sim.commerce.laws import VIEWS
from tests.sim.commerce.places import first_day
from tests.sim.commerce.shop import settings_of
from tests.sim.commerce.timeline import Timeline, run
from tests.sim.commerce.wires import WiredTimeline

FIRST_DAY, STORY = "the first day", "a story"


class ServerPlace:
    """A database of a server; implements `Place`."""

    def __init__(self, server: PostgresServer) -> None:
        self._server = server
        self._gift_code = ""
        self._url = ""
        self._timeline: WiredTimeline | None = None
        self._books: sqlite3.Connection | None = None
        self._engines: dict[str, AsyncEngine] = {}
        self._events: set[int] = set()
        self._tables = {
            table.name: [c.name for c in table.columns] for table in metadata.sorted_tables
        }
        parts = (
            f"'{name}', (SELECT COALESCE(json_agg(t), '[]') FROM {name} AS t)"  # noqa: S608
            for name in self._tables
        )
        self._all_rows = f"SELECT json_build_object({', '.join(parts)})::text"

    def begin(self) -> str:
        if not self._gift_code:
            self._url = self._server.database(FIRST_DAY)
            timeline = WiredTimeline(random.Random(0))
            self._gift_code = run(timeline, first_day(self.settings()))
            self._server.remember(FIRST_DAY)
        self._server.forget(kept=frozenset({FIRST_DAY}))
        self._url = self._server.database(STORY, template=FIRST_DAY)
        self._events = set()
        return self._gift_code

    def settings(self, hold_from: HoldFrom = "cart") -> CommerceSettings:
        return replace(
            settings_of(f"{self._url}?ssl=disable", hold_from),
            write_connections=1,
            read_connections=1,
        )

    def timeline(self, chance: random.Random) -> Timeline:
        self._timeline = WiredTimeline(chance)
        return self._timeline

    @contextmanager
    def machine(self, timeline: Timeline) -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(outbox, "monotonic", timeline.time)
            patch.setattr(lane, "create_async_engine", self._kept_engine)
            yield

    def _kept_engine(self, url: str, **options: Any) -> AsyncEngine:
        """The engine of before, with its compiled statements and without its connections."""
        if url not in self._engines:
            self._engines[url] = create_async_engine(url, **options)
        engine = self._engines[url]
        engine.sync_engine.dispose(close=False)
        return engine

    def die(self) -> None:
        if self._timeline is not None:
            self._timeline.cut()

    def restore(self) -> None:
        if self._timeline is not None:
            self._timeline.mend()

    def seize(self) -> None:
        """The server is patient in real time, which would be no story any more."""

    @contextmanager
    def books(self) -> Iterator[sqlite3.Connection]:
        """A copy of all rows: so the laws are asked the same questions."""
        if self._books is None:
            self._books = sqlite3.connect(":memory:", isolation_level=None)
            for name, columns in self._tables.items():
                self._books.execute(f"CREATE TABLE {name} ({', '.join(columns)})")
            for view in VIEWS:
                self._books.execute(view)
        ((text,),) = self._server.rows(self._url, self._all_rows)
        self._books.execute("BEGIN")
        try:
            for name, rows in json.loads(text).items():
                places = ", ".join("?" * len(self._tables[name]))
                self._books.execute(f"DELETE FROM {name}")  # noqa: S608
                self._books.executemany(
                    f"INSERT INTO {name} VALUES ({places})",  # noqa: S608
                    [[_plain(row[column]) for column in self._tables[name]] for row in rows],
                )
            # A server leaves out numbers of what was undone.
            self._events |= {row[0] for row in self._books.execute("SELECT event_id FROM outbox")}
            yield self._books
        finally:
            self._books.execute("ROLLBACK")

    def events_written(self, books: sqlite3.Connection) -> set[int]:  # noqa: ARG002 - old ones are gone
        return self._events

    def close_books(self) -> None:
        if self._books is not None:
            self._books.close()
            self._books = None


def _plain(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, dict | list) else value
