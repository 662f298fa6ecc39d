"""What people have bought of SKUs that are limited to so many pieces a person.

Pieces count from the moment they are at the till, so that two checkouts side by side cannot exceed
the limit together; they are given back when the checkout is released, and stay when it is paid. The
limit is a constraint of the table: whoever writes, it holds.

A limit counts what was bought before it came, too. So who has more than it allows keeps that, has a
bound of their own, and gets no more.
"""

from collections.abc import Collection, Iterable, Mapping

from sqlalchemy import Connection

from commerce.cart import Line
from commerce.db.locking import locks_rows
from commerce.db.statement import Statement, json_list
from commerce.db.unit import Unit
from commerce.errors import PurchaseLimitError

_LIMITS = Statement("SELECT sku, pieces_max FROM purchase_limits WHERE sku IN (LIST ?)")
_ALL_LIMITS = Statement("SELECT sku, pieces_max FROM purchase_limits")
_BOUGHT = Statement(
    """SELECT sku, person_id, pieces FROM purchases
    WHERE sku IN (LIST ?) AND person_id IN (LIST ?)"""
)
_BEGIN = Statement(
    """INSERT INTO purchases (sku, person_id, pieces, pieces_max) VALUES (?, ?, 0, ?)
    ON CONFLICT (sku, person_id) DO NOTHING"""
)
_COUNT = Statement(
    """UPDATE purchases SET pieces = pieces + ?, pieces_max = ?
    WHERE sku = ? AND person_id = ? AND pieces + ? <= ?"""
)
_GIVE_BACK = Statement(
    "UPDATE purchases SET pieces = pieces - ? WHERE sku = ? AND person_id = ? AND pieces >= ?"
)
_COUNT_BEFORE = Statement(
    """INSERT INTO purchases (sku, person_id, pieces, pieces_max)
    SELECT ?, owner_id, pieces, CASE WHEN pieces > ? THEN pieces ELSE ? END FROM (
        SELECT l.owner_id, CAST(SUM(l.quantity * COALESCE(k.pieces, 1)) AS BIGINT) AS pieces
        FROM checkout_lines AS l JOIN checkouts AS c ON c.id = l.checkout_id
        LEFT JOIN kit_components AS k ON k.kit = l.sku AND k.sku = ?
        WHERE c.state <> 'released' AND (l.sku = ? OR k.sku IS NOT NULL) GROUP BY l.owner_id
    ) AS bought WHERE TRUE
    ON CONFLICT (sku, person_id) DO UPDATE SET pieces = excluded.pieces,
    pieces_max = excluded.pieces_max"""
)
_ALONE = "LOCK TABLE purchase_limits IN ACCESS EXCLUSIVE MODE"
_FORGET = Statement("DELETE FROM purchases WHERE sku = ?")
_LIFT = Statement("DELETE FROM purchase_limits WHERE sku = ?")
_SET = Statement(
    """INSERT INTO purchase_limits (sku, pieces_max) VALUES (?, ?)
    ON CONFLICT (sku) DO UPDATE SET pieces_max = excluded.pieces_max"""
)


def limits(connection: Connection, skus: Collection[str] | None = None) -> dict[str, int]:
    """Pieces that one person can buy, for those SKUs that are limited."""
    if skus is None:
        return dict(_ALL_LIMITS.rows(connection))
    return dict(_LIMITS.rows(connection, json_list(skus)))


def set_limit(unit: Unit, sku: str, pieces_max: int) -> None:
    """Limit a SKU, over everything that people have bought or have at the till."""
    _keep_out(unit)
    _SET.run(unit.connection, sku, pieces_max)
    _COUNT_BEFORE.run(unit.connection, sku, pieces_max, pieces_max, sku, sku)


def lift_limit(unit: Unit, sku: str) -> bool:
    """Let everybody buy as much as they like; whether there was a limit."""
    _keep_out(unit)
    _FORGET.run(unit.connection, sku)
    return _LIFT.run(unit.connection, sku) == 1


def _keep_out(unit: Unit) -> None:
    """Whoever counts pieces reads the limits first: nobody does until this transaction ends, and
    those who did have ended. So nothing is counted twice or not at all."""
    if locks_rows(unit.connection):
        unit.connection.exec_driver_sql(_ALONE)


def bought(
    connection: Connection, skus: Collection[str], people: Collection[str]
) -> dict[tuple[str, str], int]:
    """Pieces by SKU and person, bought or at the till."""
    rows = _BOUGHT.rows(connection, json_list(skus), json_list(people))
    return {(sku, person_id): pieces for sku, person_id, pieces in rows}


def count(unit: Unit, line: Line) -> None:
    """Count a line that comes to the till, and what is in it when it is a kit, as far as that is
    limited. Raises LIMIT_REACHED."""
    pieces, connection = unit.kits.counted(line.sku, line.quantity), unit.connection
    for sku, limit in sorted(limits(connection, pieces).items()):
        quantity = pieces[sku]
        _BEGIN.run(connection, sku, line.owner_id, limit)
        if _COUNT.run(connection, quantity, limit, sku, line.owner_id, quantity, limit) != 1:
            raise PurchaseLimitError(sku, limit)


def give_back(unit: Unit, lines: Iterable[Line]) -> None:
    """These lines have left the till without being bought."""
    pieces: dict[tuple[str, str], int] = {}
    for line in lines:
        for sku, quantity in unit.kits.counted(line.sku, line.quantity).items():
            key = (sku, line.owner_id)
            pieces[key] = pieces.get(key, 0) + quantity
    if not pieces:
        return
    limited: Mapping[str, int] = limits(unit.connection, {sku for sku, _ in pieces})
    for (sku, person_id), quantity in sorted(pieces.items()):
        if sku in limited:
            # Limits of earlier versions have not counted what was at the till when they came.
            _GIVE_BACK.run(unit.connection, quantity, sku, person_id, quantity)
