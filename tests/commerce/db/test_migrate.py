"""Migrations make exactly the tables of the schema, and a second start does nothing."""

import time
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, inspect

from commerce.db.engine import Store
from commerce.db.migrate import HEAD, SCRIPTS, upgrade, version_of
from commerce.db.schema import metadata
from tests.commerce.shops import TurnedClock, settings_in


@pytest.fixture
def empty(tmp_path: Path) -> Engine:
    return create_engine(f"sqlite:///{tmp_path / 'empty.sqlite3'}")


def test_up_from_empty(empty: Engine) -> None:
    with empty.begin() as connection:
        assert version_of(connection) is None
        upgrade(connection)
    with empty.begin() as connection:
        assert version_of(connection) == HEAD
        assert set(metadata.tables) < set(inspect(connection).get_table_names())
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
        assert definitions(connection, empty) == made_directly()
        upgrade(connection)
    empty.dispose()


def definitions(connection: Connection, _engine: Engine) -> dict[str, str]:
    """The text of every table and index: constraints too, which comparing by name leaves out."""
    rows = connection.exec_driver_sql(
        "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite%'"
        " AND name <> 'alembic_version'"
    )
    return {name: " ".join(text.split()) for name, text in rows}


def made_directly() -> dict[str, str]:
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        metadata.create_all(connection)
        found = definitions(connection, engine)
    engine.dispose()
    return found


def test_head_is_the_newest_script() -> None:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.set_main_option("path_separator", "os")
    scripts = ScriptDirectory.from_config(config)
    assert scripts.get_heads() == [HEAD]


@pytest.mark.loop_slice(1_000)
async def test_starts_are_fast(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    spent_ms = []
    for _ in range(2):
        started = time.process_time()
        store = await Store.open(settings, TurnedClock())
        spent_ms.append((time.process_time() - started) * 1_000)
        await store.close()
    assert spent_ms[0] < 1_500
    assert spent_ms[1] < 100
