"""The version of the tables, and the steps from one to the next. There is no way back.

Version 1 had no version table; 2 added impressions, stated wishes and this number. A step changes
tables that are there; new tables are made from `recommender.db.schema` before the steps run. A
database of a later version is refused, not guessed at.
"""

from collections.abc import Callable, Mapping

from sqlalchemy import Connection, func, insert, select, text

from recommender.db.schema import metadata, version_table
from recommender.errors import StoreError

SCHEMA_VERSION = 2

Step = Callable[[Connection], None]

STEPS: Mapping[int, Step] = {}
"""The step *to* each version, for those that change tables which exist. None does so far."""

MIGRATION_LOCK = 0x67616C72
"""Number of the PostgreSQL advisory lock that lets one process migrate at a time."""


def migrate(
    connection: Connection, steps: Mapping[int, Step] = STEPS, target: int = SCHEMA_VERSION
) -> int:
    """Bring the tables to `target` within the caller's transaction. Returns the version before.

    Raises:
        StoreError: the tables are of a later version (`recommender_schema_newer`).
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
    fresh = not connection.dialect.has_table(connection, "recommender_interaction")
    metadata.create_all(connection)
    found = connection.execute(select(func.max(version_table.c.version))).scalar_one()
    before = target if fresh else 1 if found is None else int(found)
    if before > target:
        raise StoreError(
            f"The recommender's tables are of version {before}; this program knows {target}.",
            code="recommender_schema_newer",
            data={"version": before, "known": target},
        )
    for version in range(before + 1, target + 1):
        if version in steps:
            steps[version](connection)
    if found is None or int(found) < target:
        connection.execute(insert(version_table).values(version=target))
    return before
