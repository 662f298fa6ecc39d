"""Locks of rows that a transaction is about to decide about.

On PostgreSQL several transactions write at once; on SQLite there is one writer, who has locked
everything already, and the words of the lock are left out.
"""

from typing import Any, TypeVar

from sqlalchemy import Connection, Select

WRITES = "galleria_writes"
"""Execution option of PostgreSQL's connections that may write."""

AnySelect = TypeVar("AnySelect", bound=Select[Any])


def locks_rows(connection: Connection) -> bool:
    """Whether this connection may write beside others, and so has to lock what it decides about."""
    return bool(connection.get_execution_options().get(WRITES))


def for_change(connection: Connection, query: AnySelect) -> AnySelect:
    """The query, locking the rows it finds until the transaction ends, if it may change them.

    The rows have to be ordered by their key, so that two who lock several never wait in a circle.
    It is the lock that an UPDATE takes (FOR NO KEY UPDATE): rows that only refer to these can be
    inserted meanwhile.
    """
    return query.with_for_update(key_share=True) if locks_rows(connection) else query
