"""Lines that somebody gives to somebody else, as rows."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from commerce.db.schema import cart_lines
from commerce.db.schema_payments import gifts
from commerce.db.statement import Statement, json_list
from commerce.db.unit import Unit
from commerce.gift import Gift

_OF_LINES = Statement(
    """SELECT line_id, cart_id, giver_id, receiver_id, accepted FROM gifts
    WHERE line_id IN (LIST ?)"""
)
_TAKE_BACK = Statement("DELETE FROM gifts WHERE line_id IN (LIST ?)")


def of_lines(connection: Connection, line_ids: Sequence[str]) -> dict[str, Gift]:
    """The gifts among these lines."""
    rows = _OF_LINES.rows(connection, json_list(line_ids))
    return {
        line_id: Gift(line_id, cart_id, giver_id, receiver_id, None if yes is None else bool(yes))
        for line_id, cart_id, giver_id, receiver_id, yes in rows
    }


def offered_to(connection: Connection, person_id: str, limit: int) -> list[Gift]:
    """Gifts this person has not answered yet, the newest first."""
    rows = connection.execute(
        select(gifts)
        .where(
            gifts.c.receiver_id == person_id,
            gifts.c.accepted.is_(None),
            # A line that was taken out leaves its gift behind.
            gifts.c.line_id.in_(select(cart_lines.c.id)),
        )
        .order_by(gifts.c.updated_ms.desc(), gifts.c.line_id)
        .limit(limit)
    )
    return [_gift(row) for row in rows]


def offer(unit: Unit, gift: Gift) -> None:
    """Offer a line as a gift, instead of whatever was offered before."""
    take_back(unit, gift.line_id)
    unit.connection.execute(
        insert(gifts),
        {
            "line_id": gift.line_id,
            "cart_id": gift.cart_id,
            "giver_id": gift.giver_id,
            "receiver_id": gift.receiver_id,
            "accepted": None,
            "updated_ms": unit.now_ms,
        },
    )


def answer(unit: Unit, line_id: str, *, accepted: bool) -> None:
    """The receiver accepts a gift; one that is declined is none any more."""
    if not accepted:
        take_back(unit, line_id)
        return
    unit.connection.execute(
        update(gifts)
        .where(gifts.c.line_id == line_id)
        .values(accepted=True, updated_ms=unit.now_ms)
    )


def take_back(unit: Unit, *line_ids: str) -> None:
    """These lines are no gifts any more."""
    _TAKE_BACK.run(unit.connection, json_list(line_ids))


def _gift(row: Row[Any]) -> Gift:
    return Gift(row.line_id, row.cart_id, row.giver_id, row.receiver_id, row.accepted)
