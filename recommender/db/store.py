"""The only place of the recommender that talks to a database."""

import asyncio
import contextlib
import json
import logging
import sqlite3
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict
from enum import StrEnum
from typing import Any

from sqlalchemy import delete, event, func, insert, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from recommender.db.schema import (
    impression_table,
    interaction_table,
    preference_table,
    product_table,
)
from recommender.db.versions import migrate
from recommender.errors import RecommenderError, StoreError
from recommender.impressions import KeptImpression
from recommender.interactions import ConsentClass, KeptInteraction, Product, Signal
from recommender.preferences import Preferences
from recommender.slots import ShownBefore
from recommender.training import InteractionLog, LogBuilder
from recommender.trust import ANONYMOUS_ROWS, trusted
from recommender.weighting import SIGNAL_NAMES

logger = logging.getLogger("recommender")

READ_ROWS = 10_000
"""Rows fetched at a time when the log is read."""


@contextlib.contextmanager
def _failures(doing: str) -> Any:
    """Every failure of the database as one typed error; the words of the driver stay inside."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error, OSError) as error:
        raise StoreError(
            f"The recommender's database failed while {doing}.",
            data={"cause": type(error).__name__},
        ) from error


def _tune_sqlite(engine: AsyncEngine, busy_timeout_ms: int) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def on_connect(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        # WAL lets the fit process read while rows are written. NORMAL may lose the last rows in a
        # power cut but never the file: right for behaviour, which is no money.
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=NORMAL")
        cursor.execute(f"PRAGMA busy_timeout={int(busy_timeout_ms)}")
        cursor.close()


def _probe_sqlite(path: str) -> None:
    """Fail early on a file that cannot be opened, before a driver thread is started for it."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA schema_version")


class Store:
    """Interactions and the catalogue in a database; every method may raise `StoreError`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    @classmethod
    async def open(cls, database_url: str, busy_timeout_ms: int) -> "Store":
        """Connect; make the tables, or bring older ones to the present version."""
        with _failures("opening"):
            engine = create_async_engine(database_url)
        if engine.dialect.name == "sqlite":
            with _failures("opening"):
                await asyncio.to_thread(_probe_sqlite, engine.url.database or "")
            _tune_sqlite(engine, busy_timeout_ms)
        try:
            with _failures("opening"):
                async with engine.begin() as connection:
                    await connection.run_sync(migrate)
        except BaseException:
            await engine.dispose()
            raise
        return cls(engine)

    async def close(self) -> None:
        await self._engine.dispose()

    async def add(
        self, kept: Sequence[KeptInteraction] = (), shown: Sequence[KeptImpression] = ()
    ) -> None:
        """Write all or none, in order."""
        if not kept and not shown:
            return
        with _failures("writing interactions"):
            async with self._engine.begin() as connection:
                if kept:
                    await connection.execute(insert(interaction_table), _rows_of(kept))
                if shown:
                    await connection.execute(insert(impression_table), _rows_of(shown))

    async def erase(self, person_id: str) -> int:
        """Delete all that is stored of a person. Returns how many rows there were."""
        return await self._delete(
            "erasing",
            interaction_table.c.person_id == person_id,
            impression_table.c.person_id == person_id,
            preference_table.c.person_id == person_id,
        )

    async def purge(self, before_ms: int) -> int:
        """Delete interactions and impressions from before a time. Returns how many there were."""
        return await self._delete(
            "purging",
            interaction_table.c.occurred_ms < before_ms,
            impression_table.c.shown_ms < before_ms,
        )

    async def _delete(self, doing: str, *conditions: Any) -> int:
        """Delete what meets each condition from the table of its column, all or nothing."""
        with _failures(doing):
            async with self._engine.begin() as connection:
                removed = 0
                for condition in conditions:
                    statement = delete(condition.left.table).where(condition)
                    removed += int((await connection.execute(statement)).rowcount)
                return removed

    async def set_preferences(self, person_id: str, preferences: Preferences) -> None:
        """Replace the stated wishes of a person; empty ones are not kept."""
        with _failures("writing wishes"):
            async with self._engine.begin() as connection:
                await connection.execute(
                    delete(preference_table).where(preference_table.c.person_id == person_id)
                )
                if preferences:
                    wishes = json.dumps(asdict(preferences))
                    await connection.execute(
                        insert(preference_table).values(person_id=person_id, wishes=wishes)
                    )

    async def preferences(self, person_id: str) -> Preferences:
        """The stated wishes of a person; empty when there are none, or when they are damaged."""
        statement = select(preference_table.c.wishes).where(
            preference_table.c.person_id == person_id
        )
        with _failures("reading wishes"):
            async with self._engine.connect() as connection:
                text = (await connection.execute(statement)).scalar_one_or_none()
        if text is None:
            return Preferences()
        try:
            values = json.loads(text)
            lists = {name: tuple(values[name]) for name in ("departments", "brands", "tags")}
            return Preferences(**lists, price_limit_minor=values["price_limit_minor"])
        except (RecommenderError, ValueError, TypeError, KeyError):
            # Saying them again replaces them; until then nobody is kept out by a broken row.
            logger.warning("The stored wishes of a person are damaged and left out.")
            return Preferences()

    async def news_after(self, row_id: int) -> tuple[int, int]:
        """How many interactions are newer than a row, and the id of the newest (or `row_id`)."""
        row = interaction_table.c.id
        with _failures("counting"):
            async with self._engine.connect() as connection:
                found = await connection.execute(
                    select(func.count(), func.max(row)).where(row > row_id)
                )
                count, newest = found.one()
                return int(count), int(newest or row_id)

    async def set_products(self, products: Sequence[Product]) -> None:
        """Replace the catalogue in one step."""
        rows = [
            {
                "product_id": product.product_id,
                "place": place,
                "name": product.name,
                "brand": product.brand,
                "department": product.department,
                "description": product.description,
                "tags": json.dumps(product.tags),
                "price_minor": product.price_minor,
            }
            for place, product in enumerate(products)
        ]
        with _failures("writing the catalogue"):
            async with self._engine.begin() as connection:
                await connection.execute(delete(product_table))
                if rows:
                    await connection.execute(insert(product_table), rows)

    async def products(self) -> list[Product]:
        """The catalogue in its order."""
        with _failures("reading the catalogue"):
            async with self._engine.connect() as connection:
                found = await connection.execute(
                    select(product_table).order_by(product_table.c.place)
                )
                rows = found.mappings().all()
        try:
            return [
                Product(
                    product_id=row["product_id"],
                    name=row["name"],
                    brand=row["brand"],
                    department=row["department"],
                    description=row["description"],
                    tags=tuple(json.loads(row["tags"])),
                    price_minor=row["price_minor"],
                )
                for row in rows
            ]
        except (RecommenderError, ValueError, TypeError) as error:
            raise StoreError("The stored catalogue of the recommender is damaged.") from error

    async def recent_personal(
        self, limit: int, person_id: str | None = None
    ) -> list[KeptInteraction]:
        """The newest interactions with an id (of one person or of all), oldest first.

        Rows whose signal this version does not know are left out.
        """
        statement = select(interaction_table).where(interaction_table.c.person_id.is_not(None))
        if person_id is not None:
            statement = statement.where(interaction_table.c.person_id == person_id)
        statement = statement.order_by(interaction_table.c.id.desc()).limit(limit)
        with _failures("reading interactions"):
            async with self._engine.connect() as connection:
                rows = (await connection.execute(statement)).mappings().all()
        return [
            KeptInteraction(
                person_id=row["person_id"],
                product_id=row["product_id"],
                signal=Signal(row["signal"]),
                value=row["value"],
                occurred_ms=row["occurred_ms"],
                consent=ConsentClass(row["consent"]),
                party_id=row["party_id"],
                session_id=row["session_id"],
                slot_id=row["slot_id"],
            )
            for row in reversed(rows)
            if row["signal"] in SIGNAL_NAMES
        ]

    async def recent_showings(self, limit: int) -> list[ShownBefore]:
        """The newest impressions, oldest first."""
        columns = [impression_table.c[name] for name in ShownBefore._fields]
        statement = select(*columns).order_by(impression_table.c.id.desc()).limit(limit)
        with _failures("reading impressions"):
            async with self._engine.connect() as connection:
                found = [
                    ShownBefore(*row) async for row in _rows(await connection.stream(statement))
                ]
        return found[::-1]

    async def read_log(
        self, product_ids: Sequence[str], limit: int, anonymous_rows: int = ANONYMOUS_ROWS
    ) -> InteractionLog:
        """The newest interactions with these products, for a fit, as far as they can be trusted.

        `anonymous_rows` rows without an id may be of one person (see `recommender.trust`).
        """
        builder = LogBuilder(product_ids)
        columns = interaction_table.c
        statement = (
            select(
                columns.id,
                columns.person_id,
                columns.product_id,
                columns.signal,
                columns.value,
                columns.occurred_ms,
            )
            .order_by(columns.id.desc())
            .limit(limit)
        )
        with _failures("reading the log"):
            async with self._engine.connect() as connection:
                async for row in _rows(await connection.stream(statement)):
                    builder.add(*row)
        return trusted(builder.build(), anonymous_rows)


def _rows_of(kept: Sequence[KeptInteraction] | Sequence[KeptImpression]) -> list[dict[str, Any]]:
    """Columns have the names of the fields; words are stored as their values."""
    return [
        {
            name: value.value if isinstance(value, StrEnum) else value
            for name in each.__dataclass_fields__
            for value in [getattr(each, name)]
        }
        for each in kept
    ]


async def _rows(result: Any) -> AsyncIterator[Any]:
    async for part in result.partitions(READ_ROWS):
        for row in part:
            yield row
