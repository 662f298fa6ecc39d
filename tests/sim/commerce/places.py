"""Where the shop of a story keeps its rows, and how they are as they were when it died."""

import itertools
import random
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol

import pytest
from sqlalchemy import Engine, create_engine

from commerce import Commerce, CommerceSettings, PaymentSettings
from commerce.db import sqlite as lane
from commerce.service import outbox
from commerce.settings import SQLITE_PREFIX, HoldFrom
from tests.sim.commerce.laws import VIEWS
from tests.sim.commerce.shop import STARTED_MS, furnish, settings_of
from tests.sim.commerce.timeline import Timeline, run

FILE = "shop.sqlite3"


class Place(Protocol):
    """A database for one story after the other."""

    def begin(self) -> str:
        """Make everything as on the first day; the code of a gift card."""

    def settings(self, hold_from: HoldFrom = "cart") -> CommerceSettings:
        """Settings of a shop that is here."""

    def timeline(self, chance: random.Random) -> Timeline:
        """The loop for a story that is told here."""

    def machine(self, timeline: Timeline) -> AbstractContextManager[None]:
        """Makes the story's time that of everything which looks at a clock."""

    def die(self) -> None:
        """The shop dies at this moment: what was written until now is what is left."""

    def restore(self) -> None:
        """The dead one has let go of everything: put back what it had written."""

    def seize(self) -> sqlite3.Connection | None:
        """Another process takes the database; None when it cannot, now or here."""

    def books(self) -> AbstractContextManager[sqlite3.Connection]:
        """The rows as they are at this moment."""

    def close_books(self) -> None:
        """Nobody looks into them for now."""

    def events_written(self, books: sqlite3.Connection) -> set[int]:
        """Numbers of all events that were written in this story, told or not."""


class FilePlace:
    """A file of SQLite in this folder."""

    _first_days: tuple[bytes, str] | None = None

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._written: dict[str, bytes] = {}
        self._books: sqlite3.Connection | None = None

    def begin(self) -> str:
        if FilePlace._first_days is None:
            self._remove()
            code = run(Timeline(random.Random(0)), first_day(self.settings()))
            FilePlace._first_days = (self._folder / FILE).read_bytes(), code
        content, code = FilePlace._first_days
        self._remove()
        (self._folder / FILE).write_bytes(content)
        return code

    def settings(self, hold_from: HoldFrom = "cart") -> CommerceSettings:
        return settings_of(f"{SQLITE_PREFIX}{self._folder / FILE}", hold_from)

    def timeline(self, chance: random.Random) -> Timeline:
        return Timeline(chance)

    @contextmanager
    def machine(self, timeline: Timeline) -> Iterator[None]:
        """Engines are kept as well."""
        prepare = lane._prepare

        def prepare_once(engine: Engine, pragmas: list[str], wait_ms: int) -> None:
            if engine not in _prepared:
                _prepared.add(engine)
                prepare(engine, pragmas, wait_ms)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(lane, "perf_counter", timeline.time)
            patch.setattr(outbox, "monotonic", timeline.time)
            patch.setattr(lane, "create_engine", _kept_engine)
            patch.setattr(lane, "_prepare", prepare_once)
            yield

    def die(self) -> None:
        self._written = {
            path.name: path.read_bytes()
            for path in self._folder.glob(f"{FILE}*")
            if not path.name.endswith("-shm")
        }

    def restore(self) -> None:
        self._remove()
        for name, content in self._written.items():
            (self._folder / name).write_bytes(content)

    def seize(self) -> sqlite3.Connection | None:
        holder = self._connection()
        try:
            holder.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            holder.close()
            return None
        return holder

    @contextmanager
    def books(self) -> Iterator[sqlite3.Connection]:
        if self._books is None:
            self._books = self._connection()
            for view in VIEWS:
                self._books.execute(view)
        self._books.execute("BEGIN")
        try:
            yield self._books
        finally:
            self._books.execute("ROLLBACK")

    def close_books(self) -> None:
        if self._books is not None:
            self._books.close()
            self._books = None

    def events_written(self, books: sqlite3.Connection) -> set[int]:
        ((newest,),) = books.execute("SELECT seq FROM sqlite_sequence WHERE name = 'outbox'")
        return set(range(1, newest + 1))

    def _connection(self) -> sqlite3.Connection:
        """Another one to the shop's database, as another process has it."""
        return sqlite3.connect(self._folder / FILE, timeout=0, isolation_level=None)

    def _remove(self) -> None:
        for path in self._folder.glob(f"{FILE}*"):
            path.unlink()


async def first_day(settings: CommerceSettings) -> str:
    """Furnish a shop; the code of a gift card."""
    numbers = itertools.count(1)
    service = await Commerce.open(
        settings,
        lambda: STARTED_MS,
        payment=PaymentSettings(test_cards=False),
        new_id=lambda: f"first-{next(numbers):026d}",
    )
    code = await furnish(service)
    await service.close()
    return code


_engines: dict[tuple[str, float], Engine] = {}
_prepared: set[Engine] = set()


def _kept_engine(url: str, **options: Any) -> Engine:
    """The engine of this file, which has its statements compiled already: that would cost more
    than a story. Its connections are made anew each time."""
    key = (url, options["connect_args"]["timeout"])
    if key not in _engines:
        _engines[key] = create_engine(url, **options)
    return _engines[key]
