"""Carts, their members, lines and holds, as rows."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from commerce.cart import Cart, Hold, Line
from commerce.db.schema import cart_lines, cart_members, carts, holds
from commerce.db.unit import ConcurrentChangeError, Unit
from commerce.ports import NewId

PERSONAL_PREFIX = "cart-"

_SAVE_VERSION = (
    update(carts)
    .where(carts.c.id == bindparam("at_cart"), carts.c.version == bindparam("at_version") - 1)
    .values(version=bindparam("at_version"), updated_ms=bindparam("at_ms"))
)


def current(connection: Connection, people: Sequence[str]) -> dict[str, str]:
    """The current cart of each of these people who has one."""
    rows = connection.execute(
        select(cart_members.c.person_id, cart_members.c.cart_id).where(
            cart_members.c.person_id.in_(people)
        )
    )
    return {row.person_id: row.cart_id for row in rows}


def ensure_current(unit: Unit, people: Sequence[str], new_id: NewId) -> dict[str, str]:
    """The current cart of each of these people; who has none gets a personal one."""
    found = current(unit.connection, people)
    newcomers = [person_id for person_id in people if person_id not in found]
    if newcomers:
        own = ensure_personal(unit, newcomers, new_id)
        # Nobody but its owner is ever in a personal cart, and the owner is in none just now.
        unit.connection.execute(
            insert(cart_members),
            [
                {"person_id": person_id, "cart_id": own[person_id], "position": 1}
                for person_id in newcomers
            ],
        )
        found |= own
    return found


def ensure_personal(unit: Unit, people: Sequence[str], new_id: NewId) -> dict[str, str]:
    """The own cart of each of these people, made when there is none; nobody is put into it."""
    rows = unit.connection.execute(
        select(carts.c.personal_of, carts.c.id).where(carts.c.personal_of.in_(people))
    )
    found: dict[str, str] = {row.personal_of: row.id for row in rows}
    new = {p: PERSONAL_PREFIX + new_id() for p in people if p not in found}
    if new:
        unit.connection.execute(
            insert(carts),
            [_cart_values(unit, cart_id, person_id) for person_id, cart_id in new.items()],
        )
    return found | new


def create_shared(unit: Unit, cart_id: str) -> None:
    """Make an empty shared cart without members."""
    unit.connection.execute(insert(carts), _cart_values(unit, cart_id, None))


def _cart_values(unit: Unit, cart_id: str, personal_of: str | None) -> dict[str, Any]:
    return {
        "id": cart_id,
        "version": 1,
        "personal_of": personal_of,
        "checkout_id": None,
        "created_ms": unit.now_ms,
        "updated_ms": unit.now_ms,
    }


def enter(unit: Unit, cart_id: str, person_id: str) -> None:
    """Make this the person's current cart, behind the members it has."""
    last = unit.connection.execute(
        select(func.max(cart_members.c.position)).where(cart_members.c.cart_id == cart_id)
    ).scalar()
    unit.connection.execute(delete(cart_members).where(cart_members.c.person_id == person_id))
    unit.connection.execute(
        insert(cart_members),
        {"person_id": person_id, "cart_id": cart_id, "position": 1 + (last or 0)},
    )


def load(connection: Connection, cart_ids: Sequence[str]) -> dict[str, Cart]:
    """These carts with everything in them; what is not there is left out."""
    found = {
        row.id: Cart(row.id, row.version, row.personal_of, row.checkout_id)
        for row in connection.execute(select(carts).where(carts.c.id.in_(cart_ids)))
    }
    members = (
        select(cart_members.c.cart_id, cart_members.c.person_id)
        .where(cart_members.c.cart_id.in_(cart_ids))
        .order_by(cart_members.c.position)
    )
    for row in connection.execute(members):
        found[row.cart_id].members.append(row.person_id)
    lines = (
        select(
            cart_lines,
            holds.c.quantity.label("held"),
            holds.c.firm,
            holds.c.expires_ms,
            holds.c.cap_ms,
        )
        .outerjoin(holds, holds.c.line_id == cart_lines.c.id)
        .where(cart_lines.c.cart_id.in_(cart_ids))
        .order_by(cart_lines.c.position)
    )
    for row in connection.execute(lines):
        hold = None
        if row.held is not None:
            hold = Hold(row.held, row.firm, row.expires_ms, row.cap_ms)
        found[row.cart_id].lines[row.id] = Line(
            line_id=row.id,
            sku=row.sku,
            owner_id=row.owner_id,
            quantity=row.quantity,
            price_at_add_minor=row.price_at_add_minor,
            position=row.position,
            contributor_ids=tuple(row.contributor_ids),
            hold=hold,
        )
    return found


def load_one(connection: Connection, cart_id: str) -> Cart | None:
    """One cart."""
    return load(connection, [cart_id]).get(cart_id)


def line_values(cart_id: str, line: Line) -> dict[str, Any]:
    """The row of a line."""
    return {
        "id": line.line_id,
        "cart_id": cart_id,
        "sku": line.sku,
        "owner_id": line.owner_id,
        "quantity": line.quantity,
        "price_at_add_minor": line.price_at_add_minor,
        "position": line.position,
        "contributor_ids": list(line.contributor_ids),
    }


def hold_values(line: Line) -> dict[str, Any]:
    """The row of the hold of a line that has one."""
    if line.hold is None:
        raise ValueError("the line has no hold")
    return {
        "line_id": line.line_id,
        "sku": line.sku,
        "quantity": line.hold.quantity,
        "firm": line.hold.firm,
        "expires_ms": line.hold.expires_ms,
        "cap_ms": line.hold.cap_ms,
    }


def save_versions(unit: Unit, changed: Sequence[Cart]) -> None:
    """Write the new versions of these carts and announce them.

    Raises ConcurrentChangeError when another process changed one of them since we read it.
    """
    if not changed:
        return
    saved = unit.connection.execute(
        _SAVE_VERSION,
        [
            {"at_cart": cart.cart_id, "at_version": cart.version, "at_ms": unit.now_ms}
            for cart in changed
        ],
    )
    if saved.rowcount != len(changed):
        raise ConcurrentChangeError
    unit.carts_changed.update(cart.cart_id for cart in changed)


def touch(unit: Unit, cart_id: str) -> None:
    """Give a cart its next version and announce it."""
    if cart_id in unit.carts_changed:
        return
    unit.connection.execute(
        update(carts)
        .where(carts.c.id == cart_id)
        .values(version=carts.c.version + 1, updated_ms=unit.now_ms)
    )
    unit.carts_changed.add(cart_id)


def set_checkout(unit: Unit, cart_id: str, checkout_id: str | None) -> None:
    """Lock a cart for a checkout, or open it again."""
    unit.connection.execute(
        update(carts).where(carts.c.id == cart_id).values(checkout_id=checkout_id)
    )


def move_lines(unit: Unit, lines: Sequence[Line], to_cart: Cart) -> None:
    """Put these lines, with their holds, behind the lines of another cart."""
    position = to_cart.next_position()
    for offset, line in enumerate(sorted(lines, key=lambda line: line.position)):
        unit.connection.execute(
            update(cart_lines)
            .where(cart_lines.c.id == line.line_id)
            .values(cart_id=to_cart.cart_id, position=position + offset)
        )


def delete_lines(unit: Unit, line_ids: Sequence[str]) -> None:
    """Delete lines and their holds; the stock is not touched."""
    unit.connection.execute(delete(holds).where(holds.c.line_id.in_(line_ids)))
    unit.connection.execute(delete(cart_lines).where(cart_lines.c.id.in_(line_ids)))
