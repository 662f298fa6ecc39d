"""Reading the outbox. Rows are written by `Unit.flush`, in the commit of what they tell.

Each process that tells consumers has a position of its own: the number of the last event it told.
Events are handed over before that is written down, so a crash between the two tells some of them
twice and none of them never.

Events are told in the order of their numbers. A transaction takes its numbers last, when it has
every lock it needs, so whoever changed something later has larger numbers. But it may become
visible later than one with larger numbers (PostgreSQL, several writers), so a number that is
missing is waited for: until it is there, or until no transaction is running any more that was
running when it was found missing; then it was undone and never comes.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, delete, func, insert, select

from commerce.db.schema import outbox, outbox_positions
from commerce.db.statement import Row, Statement, from_json
from commerce.db.unit import Unit
from commerce.events import CommerceEvent, event_from

_AFTER = Statement(
    """SELECT event_id, kind, payload FROM outbox WHERE event_id > ?
    ORDER BY event_id LIMIT ?"""
)
_SAVE_POSITION = Statement(
    "UPDATE outbox_positions SET event_id = ?, updated_ms = ? WHERE consumer = ?"
)
# A 64-bit transaction id becomes a number by way of text only.
_AFTER_CERTAIN = Statement(
    """SELECT event_id, kind, payload,
    CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS TEXT) AS BIGINT),
    CAST(CAST(pg_snapshot_xmax(pg_current_snapshot()) AS TEXT) AS BIGINT)
    FROM outbox WHERE event_id > ? ORDER BY event_id LIMIT ?"""
)


class OutboxReader:
    """Reads on from a position, without passing over an event that may still come."""

    def __init__(self, position: int) -> None:
        self.position = position
        self.waits = False
        """Whether there are events behind one that may still come."""
        self._missing: dict[int, int] = {}

    def next(self, connection: Connection, limit: int) -> list[CommerceEvent]:
        """The next events in their order; the position is not moved."""
        if connection.dialect.name != "postgresql":
            return after(connection, self.position, limit)
        rows = _AFTER_CERTAIN.rows(connection, self.position, limit)
        told = self._certain(rows)
        self.waits = len(told) < len(rows)
        return [event_from(row[0], row[1], from_json(row[2])) for row in told]

    def _certain(self, rows: Sequence[Row]) -> Sequence[Row]:
        """The rows in front of the first gap that may still be filled."""
        expected = self.position + 1
        for count, (event_id, _, _, oldest_running, next_started) in enumerate(rows):
            if event_id != expected:
                running_until = self._missing.setdefault(expected, next_started)
                if oldest_running < running_until:
                    return rows[:count]
                del self._missing[expected]
            expected = event_id + 1
        self._missing.clear()
        return rows


def position(connection: Connection, consumer: str) -> int | None:
    """Number of the last event that this process told; None: it has told none yet."""
    found = connection.execute(
        select(outbox_positions.c.event_id).where(outbox_positions.c.consumer == consumer)
    ).scalar()
    return None if found is None else int(found)


def after(connection: Connection, event_id: int, limit: int) -> list[CommerceEvent]:
    """The next events, in their order."""
    return [
        event_from(number, kind, from_json(payload))
        for number, kind, payload in _AFTER.rows(connection, event_id, limit)
    ]


def join(unit: Unit, consumer: str) -> int:
    """The position of a process; one that is new begins where the others are.

    The very first one begins at the first event. What is not told to every process that has a
    position is kept.
    """
    found = position(unit.connection, consumer)
    if found is None:
        newest = unit.connection.execute(select(func.max(outbox_positions.c.event_id))).scalar()
        found = int(newest or 0)
        unit.connection.execute(
            insert(outbox_positions),
            {"consumer": consumer, "event_id": found, "updated_ms": unit.now_ms},
        )
    return found


def save_position(unit: Unit, consumer: str, event_id: int) -> None:
    """Write down that everything up to this number was delivered to a process that has joined."""
    _SAVE_POSITION.run(unit.connection, event_id, unit.now_ms, consumer)


def undelivered(connection: Connection) -> int:
    """How many events wait for the process that is furthest behind."""
    waiting = select(func.count()).where(outbox.c.event_id > _told_to_all(connection))
    return int(connection.execute(waiting).scalar_one())


def prune(unit: Unit, before_ms: int) -> int:
    """Delete events that were told to all processes and are older than this; how many."""
    deleted = unit.connection.execute(
        delete(outbox).where(
            outbox.c.event_id <= _told_to_all(unit.connection), outbox.c.created_ms < before_ms
        )
    )
    return int(deleted.rowcount)


def forget_silent(unit: Unit, before_ms: int) -> int:
    """Forget the positions of processes that have told nothing since; how many.

    One position is always kept, so that a shop that was closed for long does not begin anew.
    """
    newest = select(func.max(outbox_positions.c.updated_ms)).scalar_subquery()
    forgotten = unit.connection.execute(
        delete(outbox_positions).where(
            outbox_positions.c.updated_ms < before_ms, outbox_positions.c.updated_ms < newest
        )
    )
    return int(forgotten.rowcount)


def _told_to_all(connection: Connection) -> int:
    return int(connection.execute(select(func.min(outbox_positions.c.event_id))).scalar() or 0)
