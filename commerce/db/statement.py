"""Statements of the hot path: text for the driver, without SQLAlchemy's Core between.

Building a statement, finding it in the cache and wrapping its rows costs Core about 100 µs; the
driver needs 10. So what every shopper waits for is written as text here and there in this package,
once for both databases:

* `?` is a parameter; PostgreSQL gets `$1`, `$2`, ...
* `IN (LIST ?)` takes a list of strings and `LIST ?` in FROM a list of lists (`json_list`), whose
  fields are `FIELD 0`, `FIELD 1`, ... as text
* `ARRAYS OF (a, b, ...)` in a subselect gives all its rows as one JSON array of arrays, in no order
* `LOCKED` at the end locks the rows that were found, where others may write at the same time

What a whole batch writes goes into a table by `insert_many` and `update_many`: PostgreSQL gets all
rows at once, each column as an array; SQLite gets them in handfuls of a few sizes, because to begin
and end a statement costs it as much as a row.

JSON columns are written as text and read by `from_json`; a boolean may come as 0 or 1. Errors are
the driver's.
"""

import json
import re
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.util import await_only

from commerce.db.locking import locks_rows

Row = tuple[Any, ...]

HANDFULS = (64, 8, 2)
"""Rows that SQLite writes with one statement, the rest one by one. Others would be more statements
to prepare; 64 rows of 8 columns stay below the 999 parameters of old versions."""

COMBINATIONS_KEPT = 256
"""Statements made of several; one for each number of rows that a checkout writes."""

_ARRAYS = re.compile(r"ARRAYS OF \(([^()]*)\)")

_quoted = json.encoder.encode_basestring


def json_list(values: Iterable[str | Sequence[str]]) -> str:
    """A parameter for `LIST ?`."""
    return f"[{','.join([_quoted(v) if isinstance(v, str) else json_list(v) for v in values])}]"


def json_pairs(pairs: Iterable[tuple[str, str]]) -> str:
    """The same of pairs, of which a batch has as many as requests."""
    return f"[{','.join([f'[{_quoted(one)},{_quoted(other)}]' for one, other in pairs])}]"


def from_json(value: Any) -> Any:
    """What a JSON column holds: SQLite gives its text, PostgreSQL's driver has read it already."""
    return json.loads(value) if isinstance(value, str) else value


class Statement:
    """A statement, as each of the two databases wants to have it."""

    __slots__ = ("_locking", "_postgresql", "_sqlite")

    def __init__(self, text: str) -> None:
        text = " ".join(text.split())
        plain = text.removesuffix(" LOCKED")
        self._sqlite = _for_sqlite(plain)
        self._postgresql = _for_postgresql(plain)
        lock = " FOR NO KEY UPDATE" if plain != text else ""
        self._locking = self._postgresql + lock

    def rows(self, connection: Connection, *parameters: Any) -> list[Row]:
        """Run it; the rows it gives."""
        raw = connection.connection.driver_connection
        if isinstance(raw, sqlite3.Connection):
            return raw.execute(self._sqlite, parameters).fetchall()
        found: list[Row] = await_only(raw.fetch(self._reading(connection), *parameters))  # type: ignore[union-attr]
        return found

    def run(self, connection: Connection, *parameters: Any) -> int:
        """Run it; how many rows it changed."""
        raw = connection.connection.driver_connection
        if isinstance(raw, sqlite3.Connection):
            return raw.execute(self._sqlite, parameters).rowcount
        status: str = await_only(raw.execute(self._postgresql, *parameters))  # type: ignore[union-attr]
        return int(status.rpartition(" ")[2])

    def numbered_from(self, first: int) -> tuple[str, int]:
        """The words for PostgreSQL with its parameters numbered from `first`, and the number that
        comes after them."""
        last = 0

        def shifted(match: "re.Match[str]") -> str:
            nonlocal last
            last = max(last, int(match[1]))
            return f"${int(match[1]) + first - 1}"

        return re.sub(r"\$(\d+)", shifted, self._postgresql), first + last

    def run_many(self, connection: Connection, rows: Sequence[Row]) -> None:
        """Run it for each of these rows of parameters."""
        if not rows:
            return
        raw = connection.connection.driver_connection
        if isinstance(raw, sqlite3.Connection):
            raw.executemany(self._sqlite, rows)
        elif len(rows) == 1:
            await_only(raw.execute(self._postgresql, *rows[0]))  # type: ignore[union-attr]
        else:
            await_only(raw.executemany(self._postgresql, rows))  # type: ignore[union-attr]

    def _reading(self, connection: Connection) -> str:
        return self._locking if locks_rows(connection) else self._postgresql


class ManyRows(Statement):
    """A statement for one row that can be said for many at once: to PostgreSQL with an array for
    each parameter, to SQLite by `handful` of so many rows."""

    __slots__ = ("_handfuls", "arrays")

    def __init__(self, text: str, arrays: str, handful: Callable[[int], str]) -> None:
        super().__init__(text)
        self.arrays = Statement(arrays)
        self._handfuls = [(count, handful(count)) for count in HANDFULS] + [(1, self._sqlite)]

    def run_many(self, connection: Connection, rows: Sequence[Row]) -> None:
        """Run it for each of these rows of parameters; no two of them are about the same row."""
        self.change(connection, rows)

    def change(self, connection: Connection, rows: Sequence[Row]) -> int:
        """The same; how many rows it changed."""
        raw = connection.connection.driver_connection
        if not isinstance(raw, sqlite3.Connection):
            return self.arrays.run(connection, *zip(*rows, strict=True)) if rows else 0
        if len(rows) == 1:
            return raw.execute(self._sqlite, rows[0]).rowcount
        changed = first = 0
        for count, text in self._handfuls:
            last = len(rows) - (len(rows) - first) % count
            if last > first:
                starts = range(first, last, count)
                handfuls = [tuple(chain(*rows[at : at + count])) for at in starts]
                changed += raw.executemany(text, handfuls).rowcount
                first = last
        return changed


def insert_many(table: str, **columns: str) -> ManyRows:
    """Inserts rows in their order; `columns` are PostgreSQL's types by name."""
    into = f"INSERT INTO {table} ({', '.join(columns)})"
    row = f"({', '.join('?' * len(columns))})"
    return ManyRows(
        f"{into} VALUES {row}",
        f"{into} SELECT {', '.join(_read(columns))} FROM {_unnested(columns)} ORDER BY place",  # noqa: S608
        lambda count: f"{into} VALUES {', '.join([row] * count)}",
    )


def update_many(table: str, key: str, **columns: str) -> ManyRows:
    """Updates rows by their `key`, which is a text and comes last among the parameters."""
    row = f"({', '.join('?' * (len(columns) + 1))})"
    one = ", ".join(f"{name} = ?" for name in columns)
    new = ", ".join(
        f"{name} = {value}" for name, value in zip(columns, _read(columns), strict=True)
    )
    # SQLite calls the columns of VALUES column1, column2, ...
    numbered = ", ".join(f"{name} = column{number}" for number, name in enumerate(columns, 1))
    where = f"WHERE {table}.{key} = column{len(columns) + 1}"
    # Names of our own making.
    return ManyRows(
        f"UPDATE {table} SET {one} WHERE {key} = ?",  # noqa: S608
        f"UPDATE {table} SET {new} FROM {_unnested({**columns, key: 'text'})}"  # noqa: S608
        f" WHERE {table}.{key} = new.{key}",
        lambda count: (
            f"UPDATE {table} SET {numbered} FROM (VALUES {', '.join([row] * count)}) {where}"  # noqa: S608
        ),
    )


def _unnested(columns: Mapping[str, str]) -> str:
    # An array of JSON values would be taken for one of them.
    types = ("text" if kind == "json" else kind for kind in columns.values())
    arrays = ", ".join(f"?::{kind}[]" for kind in types)
    return f"unnest({arrays}) WITH ORDINALITY AS new ({', '.join(columns)}, place)"


def _read(columns: Mapping[str, str]) -> list[str]:
    return [
        f"new.{name}::json" if kind == "json" else f"new.{name}" for name, kind in columns.items()
    ]


@dataclass(frozen=True, slots=True)
class Write:
    """A statement that changes rows, its parameters, and how many rows it has to change; None: any
    number."""

    statement: Statement
    parameters: Row
    changes: int | None


def one_by_one(connection: Connection) -> bool:
    """Whether statements that go together are no quicker than one by one: SQLite is not asked over
    a network."""
    return isinstance(connection.connection.driver_connection, sqlite3.Connection)


def run_together(connection: Connection, writes: Sequence[Write]) -> bool:
    """Run these; whether each has changed as many rows as it has to.

    On PostgreSQL they are one statement, because the way there and back costs far more than what is
    done there. All parts of one statement begin with the same rows, in no order: no row may be
    written by two of them (https://www.postgresql.org/docs/current/queries-with.html). What refers
    to each other is checked at its end.
    """
    raw = connection.connection.driver_connection
    if len(writes) < 2 or isinstance(raw, sqlite3.Connection):
        counts = [write.statement.run(connection, *write.parameters) for write in writes]
    else:
        text = _combined(tuple(write.statement for write in writes))
        parameters = [value for write in writes for value in write.parameters]
        counts = await_only(raw.fetchrow(text, *parameters))  # type: ignore[union-attr]
    return all(
        write.changes is None or write.changes == count
        for write, count in zip(writes, counts, strict=True)
    )


@lru_cache(maxsize=COMBINATIONS_KEPT)
def _combined(statements: tuple[Statement, ...]) -> str:
    parts, number = list[str](), 1
    for place, statement in enumerate(statements):
        text, number = statement.numbered_from(number)
        parts.append(f"w{place} AS ({text} RETURNING 1)")
    # Names of our own making.
    counts = (f"(SELECT COUNT(*) FROM w{place})" for place in range(len(statements)))  # noqa: S608
    return f"WITH {', '.join(parts)} SELECT {', '.join(counts)}"


def _for_sqlite(text: str) -> str:
    text = text.replace("IN (LIST ?)", "IN (SELECT value FROM json_each(?))")
    text = text.replace("LIST ?", "json_each(?)")
    text = _ARRAYS.sub(r"json_group_array(json_array(\1))", text)
    return re.sub(r"FIELD (\d+)", r"json_extract(value, '$[\1]')", text)


def _for_postgresql(text: str) -> str:
    text = text.replace("IN (LIST ?)", "IN (SELECT jsonb_array_elements_text(?::jsonb))")
    text = text.replace("LIST ?", "jsonb_array_elements(?::jsonb) AS list (value)")
    text = re.sub(r"FIELD (\d+)", r"value ->> \1", text)
    text = _ARRAYS.sub(r"COALESCE(json_agg(json_build_array(\1)), '[]')", text)
    numbers = iter(range(1, text.count("?") + 1))
    return re.sub(r"\?", lambda _match: f"${next(numbers)}", text)
