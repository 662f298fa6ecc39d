"""Brings the tables of a database up to date, by the Alembic scripts in `migrations/`.

Alembic is only loaded when there is something to do: a start on an up-to-date database costs one
small query.
"""

import asyncio
import importlib
from pathlib import Path

from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncEngine

HEAD = "0001"
"""The newest script. A test compares it with the folder."""

SCRIPTS = Path(__file__).parent / "migrations"
VERSION_TABLE = "alembic_version"


async def migrate(engine: AsyncEngine) -> None:
    """Run the scripts that this database has not seen, all in one transaction."""
    async with engine.connect() as connection:
        if await connection.run_sync(version_of) == HEAD:
            return
    # Half a second of imports must not stand in the way of the event loop.
    await asyncio.to_thread(importlib.import_module, "alembic.command")
    async with engine.begin() as connection:
        await connection.run_sync(upgrade)


def version_of(connection: Connection) -> str | None:
    """The newest script that this database has seen; None: it is empty."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    version = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()  # noqa: S608
    return None if version is None else str(version)


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Run the scripts up to `revision` on this connection, without a commit."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
