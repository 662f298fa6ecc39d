"""Holds of single lines: made firm, made light again, let go."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select, update

from commerce.cart import Cart, Hold, Line
from commerce.db.carts import hold_values
from commerce.db.inventory import change_held, try_change_held
from commerce.db.schema import cart_lines, holds, skus
from commerce.db.unit import UNNUMBERED, Unit
from commerce.events import HoldExpired


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

    What the line holds already is kept; only what is missing is taken.
    """
    if line.hold is not None:
        unit.connection.execute(
            update(holds)
            .where(holds.c.line_id == line.line_id)
            .values(firm=True, expires_ms=expires_ms)
        )
        line.hold.firm, line.hold.expires_ms = True, expires_ms
        return True
    if not try_change_held(unit, line.sku, line.quantity):
        return False
    line.hold = Hold(line.quantity, True, expires_ms, expires_ms)
    unit.connection.execute(insert(holds), hold_values(line))
    return True


def lighten(unit: Unit, cart: Cart, ttl_ms: int) -> None:
    """After an unlock: give the lines their light holds back, for what is left until their cap."""
    let_go: list[Line] = []
    for line in cart.lines.values():
        if line.hold is None or not line.hold.firm:
            continue
        expires_ms = min(unit.now_ms + ttl_ms, line.hold.cap_ms)
        if expires_ms <= unit.now_ms:
            let_go.append(line)
            continue
        unit.connection.execute(
            update(holds)
            .where(holds.c.line_id == line.line_id)
            .values(firm=False, expires_ms=expires_ms)
        )
    release(unit, let_go)


def release(unit: Unit, lines: Sequence[Line]) -> None:
    """Let the holds of these lines go; the lines stay."""
    deltas: dict[str, int] = {}
    for line in lines:
        if line.hold is not None:
            deltas[line.sku] = deltas.get(line.sku, 0) - line.hold.quantity
    change_held(unit, deltas)
    unit.connection.execute(
        delete(holds).where(holds.c.line_id.in_([line.line_id for line in lines]))
    )


def overdue(connection: Connection, now_ms: int, limit: int) -> list[OverdueHold]:
    """Light holds whose time is over, the oldest first."""
    rows = connection.execute(
        select(
            holds.c.line_id, cart_lines.c.cart_id, holds.c.sku, skus.c.product_id, holds.c.quantity
        )
        .join(cart_lines, cart_lines.c.id == holds.c.line_id)
        .join(skus, skus.c.sku == holds.c.sku)
        .where(holds.c.firm.is_(False), holds.c.expires_ms <= now_ms)
        .order_by(holds.c.expires_ms, holds.c.line_id)
        .limit(limit)
    )
    return [
        OverdueHold(row.line_id, row.cart_id, row.sku, row.product_id, row.quantity) for row in rows
    ]


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
    unit.connection.execute(
        delete(holds).where(holds.c.line_id.in_([hold.line_id for hold in expired]))
    )
