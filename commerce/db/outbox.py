"""Reading the outbox. Rows are written by `Unit.flush`, in the commit of what they tell.

How far the outside has been told is one number. Events are handed over before it is written down,
so a crash between the two tells some of them twice and none of them never.
"""

from sqlalchemy import Connection, delete, func, insert, select, update

from commerce.db.schema import outbox, outbox_positions
from commerce.db.unit import Unit
from commerce.events import CommerceEvent, event_from

CONSUMER = "process"
"""The consumers of this process share one position."""


def position(connection: Connection) -> int:
    """Number of the last event that was delivered; 0 before the first."""
    found = connection.execute(
        select(outbox_positions.c.event_id).where(outbox_positions.c.consumer == CONSUMER)
    ).scalar()
    return int(found or 0)


def after(connection: Connection, event_id: int, limit: int) -> list[CommerceEvent]:
    """The next events, in their order."""
    rows = connection.execute(
        select(outbox).where(outbox.c.event_id > event_id).order_by(outbox.c.event_id).limit(limit)
    )
    return [event_from(row.event_id, row.kind, row.payload) for row in rows]


def save_position(unit: Unit, event_id: int) -> None:
    """Write down that everything up to this number was delivered."""
    changed = unit.connection.execute(
        update(outbox_positions)
        .where(outbox_positions.c.consumer == CONSUMER)
        .values(event_id=event_id)
    )
    if changed.rowcount == 0:
        unit.connection.execute(
            insert(outbox_positions), {"consumer": CONSUMER, "event_id": event_id}
        )


def undelivered(connection: Connection) -> int:
    """How many events wait."""
    waiting = select(func.count()).where(outbox.c.event_id > position(connection))
    return int(connection.execute(waiting).scalar_one())


def prune(unit: Unit, before_ms: int) -> int:
    """Delete delivered events that are older than this; how many."""
    deleted = unit.connection.execute(
        delete(outbox).where(
            outbox.c.event_id <= position(unit.connection), outbox.c.created_ms < before_ms
        )
    )
    return int(deleted.rowcount)
