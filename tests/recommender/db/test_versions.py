"""Tables move forward only, keep what is in them, and are not guessed at when they are newer."""

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine, insert, select, text

from recommender import StoreError
from recommender.db import versions
from recommender.db.schema import (
    interaction_table,
    metadata,
    product_table,
    version_table,
)
from recommender.db.store import Store
from recommender.db.versions import SCHEMA_VERSION, migrate
from tests.recommender.shop import NOW_MS


def url(folder: Path) -> str:
    return f"sqlite:///{folder / 'recommender.sqlite3'}"


def old_tables(connection: Connection) -> None:
    """Version 1: what there was before versions were counted."""
    metadata.create_all(connection, [interaction_table, product_table])
    connection.execute(
        insert(interaction_table).values(
            person_id="ann", product_id="p0", signal="buy", value=1.0,
            occurred_ms=NOW_MS, consent="personal",
        )
    )  # fmt: skip


def test_an_older_store_moves_forward_and_keeps_its_rows(tmp_path: Path) -> None:
    engine = create_engine(url(tmp_path))
    with engine.begin() as connection:
        old_tables(connection)
    with engine.begin() as connection:
        assert migrate(connection) == 1
        # Again is nothing.
        assert migrate(connection) == SCHEMA_VERSION
        assert connection.execute(select(version_table.c.version)).scalars().all() == [2]
        assert len(connection.execute(select(interaction_table)).all()) == 1
        assert connection.execute(text("SELECT * FROM recommender_impression")).all() == []
    engine.dispose()


def test_steps_run_once_and_in_order(tmp_path: Path) -> None:
    engine, ran = create_engine(url(tmp_path)), []
    steps = {number: lambda _, number=number: ran.append(number) for number in (2, 3, 4)}
    with engine.begin() as connection:
        old_tables(connection)
        assert migrate(connection, steps, 3) == 1
        assert ran == [2, 3]
        assert migrate(connection, steps, 4) == 3
        assert ran == [2, 3, 4]
    with engine.begin() as connection:
        metadata.drop_all(connection)
        # A new store has the newest tables and needs no step.
        assert migrate(connection, steps, 4) == 4
        assert ran == [2, 3, 4]
    engine.dispose()


async def test_a_newer_store_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "recommender.sqlite3"
    store = await Store.open(f"sqlite+aiosqlite:///{path}", 100)
    await store.close()
    connection = sqlite3.connect(path)
    connection.execute("UPDATE recommender_schema_version SET version = 99")
    connection.commit()
    connection.close()
    with pytest.raises(StoreError) as caught:
        await Store.open(f"sqlite+aiosqlite:///{path}", 100)
    assert caught.value.code == "recommender_schema_newer"
    assert caught.value.data == {"version": 99, "known": SCHEMA_VERSION}


def test_no_step_leads_beyond_the_version() -> None:
    assert all(1 < number <= SCHEMA_VERSION for number in versions.STEPS)
