"""Brings the tables of a database up to date, by the Alembic scripts in `migrations/`.

An empty database gets the newest tables at once. That is the same, which a test proves, and it
needs no Alembic: half a second and eleven megabytes that a shop would keep as long as it runs. A
start on an up-to-date database costs one small query. Several processes may start at once: the one
that gets the lock of the database does the work, the others find nothing left to do.
"""

import importlib
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Column, Connection, MetaData, String, Table, inspect, text

from commerce.db.schema import metadata
from commerce.db.schema_stock import warehouses

SCRIPTS = Path(__file__).parent / "migrations"
VERSION_TABLE = "alembic_version"
FIRST_WAREHOUSE = {"id": "main", "name": "Main warehouse", "position": 1}
"""Where the stock of a new shop is."""

HEAD = max(path.name[1:5] for path in (SCRIPTS / "versions").glob("v[0-9][0-9][0-9][0-9]_*.py"))
"""The newest script, by the number in its name. A test compares it with what Alembic finds."""


def load_migrations() -> None:
    """Import what runs the scripts: half a second that an event loop should not be held for."""
    importlib.import_module("alembic.command")


def migrate(
    connection: Connection,
    *,
    begin: Callable[[], object],
    commit: Callable[[], object],
    undo: Callable[[], object],
) -> None:
    """Make the tables, or run the scripts that this database has not seen, all in one transaction.

    `begin` waits until nobody else is migrating.
    """
    if version_of(connection) == HEAD:
        return
    begin()
    try:
        version = version_of(connection)
        if version is None:
            make(connection)
        elif version != HEAD:
            upgrade(connection)
        commit()
    except BaseException:
        undo()
        raise


def version_of(connection: Connection) -> str | None:
    """The newest script that this database has seen; None: it is empty."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    version = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()  # noqa: S608
    return None if version is None else str(version)


def make(connection: Connection) -> None:
    """All tables of an empty database, as the scripts would leave them."""
    metadata.create_all(connection, checkfirst=False)
    connection.execute(warehouses.insert(), FIRST_WAREHOUSE)
    versions = Table(VERSION_TABLE, MetaData(), Column("version_num", String(32), primary_key=True))
    versions.create(connection)
    connection.execute(versions.insert(), {"version_num": HEAD})


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Run the scripts up to `revision` on this connection, without a commit."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
