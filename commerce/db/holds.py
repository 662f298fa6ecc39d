"""Holds of single lines: made firm, made light again, let go."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from commerce.cart import Cart, Hold, Line
from commerce.db import purchases
from commerce.db.carts import delete_lines, update_owner
from commerce.db.inventory import change_held, insert_holds, try_change_held
from commerce.db.statement import Statement, json_list
from commerce.db.unit import UNNUMBERED, Unit
from commerce.events import HoldExpired

_MARK = Statement("UPDATE holds SET firm = ?, expires_ms = ? WHERE line_id = ?")
_LET_GO = Statement("DELETE FROM holds WHERE line_id IN (LIST ?)")
_OVERDUE = Statement(
    """SELECT h.line_id, l.cart_id, h.sku, s.product_id, h.quantity
    FROM holds AS h JOIN cart_lines AS l ON l.id = h.line_id JOIN skus AS s ON s.sku = h.sku
    WHERE h.firm = FALSE AND h.expires_ms <= ? ORDER BY h.expires_ms, h.line_id LIMIT ?"""
)


@dataclass(frozen=True, slots=True)
class OverdueHold:
    """A hold whose time is over, and where it belongs."""

    line_id: str
    cart_id: str
    sku: str
    product_id: str
    quantity: int


def firm(unit: Unit, line: Line, expires_ms: int) -> bool:
    """Hold all of a line firmly until `expires_ms`; whether the stock was enough.

    What the line holds already is kept; only what is missing is taken. Raises LIMIT_REACHED when
    its owner would have more of the SKU than one person can buy.
    """
    if line.hold is None or not line.hold.firm:
        purchases.count(unit, line)
    if line.hold is not None:
        unit.run(_MARK, True, expires_ms, line.line_id)
        line.hold.firm, line.hold.expires_ms = True, expires_ms
        return True
    if not try_change_held(unit, line.sku, line.quantity):
        return False
    line.hold = Hold(line.quantity, True, expires_ms, expires_ms)
    insert_holds(unit, [line])
    return True


def lighten(unit: Unit, cart: Cart, ttl_ms: int) -> None:
    """After an unlock: give the lines their light holds back, for what is left until their cap."""
    let_go: list[Line] = []
    lightened: list[Line] = []
    for line in cart.lines.values():
        if line.hold is None or not line.hold.firm:
            continue
        expires_ms = min(unit.now_ms + ttl_ms, line.hold.cap_ms)
        if expires_ms <= unit.now_ms:
            let_go.append(line)
            continue
        unit.run(_MARK, False, expires_ms, line.line_id)
        lightened.append(line)
    purchases.give_back(unit, lightened)
    release(unit, let_go)


def release(unit: Unit, lines: Sequence[Line]) -> None:
    """Let the holds of these lines go; the lines stay."""
    deltas: dict[str, int] = {}
    for line in lines:
        if line.hold is not None:
            deltas[line.sku] = deltas.get(line.sku, 0) - line.hold.quantity
    change_held(unit, deltas)
    purchases.give_back(unit, (line for line in lines if line.hold is not None and line.hold.firm))
    _LET_GO.run(unit.connection, json_list([line.line_id for line in lines]))


def hand_over(unit: Unit, line: Line, kept: Line) -> bool:
    """Write a line that got another owner, perhaps as a part of `kept`, which stands for both.

    Whether the stock was enough: when only one of two lines was held, the other's pieces are taken.
    """
    if kept is not line:
        held = sum(entry.hold.quantity for entry in (line, kept) if entry.hold is not None)
        if held and held != kept.quantity:
            if not try_change_held(unit, kept.sku, kept.quantity - held):
                return False
            held = kept.quantity
        hold = kept.hold or line.hold
        _LET_GO.run(unit.connection, json_list((line.line_id, kept.line_id)))
        delete_lines(unit, (line.line_id,))
        kept.hold = replace(hold, quantity=held) if hold is not None else None
        insert_holds(unit, (kept,))
    update_owner(unit, kept)
    return True


def overdue(connection: Connection, now_ms: int, limit: int) -> list[OverdueHold]:
    """Light holds whose time is over, the oldest first."""
    return [OverdueHold(*row) for row in _OVERDUE.rows(connection, now_ms, limit)]


def expire(unit: Unit, expired: Sequence[OverdueHold]) -> None:
    """Let these holds go and say so; the lines stay in their carts."""
    deltas: dict[str, int] = {}
    for hold in expired:
        deltas[hold.sku] = deltas.get(hold.sku, 0) - hold.quantity
        unit.events.append(
            HoldExpired(
                UNNUMBERED, hold.cart_id, hold.line_id, hold.sku, hold.product_id, hold.quantity
            )
        )
    change_held(unit, deltas)
    _LET_GO.run(unit.connection, json_list([hold.line_id for hold in expired]))
