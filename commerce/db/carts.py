"""Carts, their members, lines and holds, as rows."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from commerce.cart import Cart, Hold, Line
from commerce.db import coupons
from commerce.db.locking import locks_rows
from commerce.db.schema import cart_lines, cart_members
from commerce.db.statement import Statement, from_json, insert_many, json_list
from commerce.db.unit import Unit
from commerce.kept_carts import KeptCarts
from commerce.ports import NewId

PERSONAL_PREFIX = "cart-"

NEW_VERSION = 1
"""Of a cart that was just made."""

_CURRENT = Statement(
    "SELECT person_id, cart_id FROM cart_members WHERE person_id IN (LIST ?)"
    " ORDER BY person_id LOCKED"
)
_CURRENT_VERSIONS = Statement(
    "SELECT m.person_id, m.cart_id, c.version FROM cart_members AS m"
    " JOIN carts AS c ON c.id = m.cart_id WHERE m.person_id IN (LIST ?)"
)
_PERSONAL = Statement("SELECT personal_of, id FROM carts WHERE personal_of IN (LIST ?)")
_CREATE = Statement(
    "INSERT INTO carts (id, version, personal_of, checkout_id, created_ms, updated_ms)"
    " VALUES (?, 1, ?, NULL, ?, ?)"
)
_CREATE_MANY = insert_many(
    "carts",
    id="text",
    version="bigint",
    personal_of="text",
    created_ms="bigint",
    updated_ms="bigint",
)
_ENTER_MANY = insert_many("cart_members", person_id="text", cart_id="text", position="bigint")
_CARTS = Statement(
    "SELECT id, version, personal_of, checkout_id,"
    " (SELECT code FROM cart_coupons WHERE cart_id = carts.id)"
    " FROM carts WHERE id IN (LIST ?) ORDER BY id LOCKED"
)
_LOCK = Statement("SELECT id, version FROM carts WHERE id IN (LIST ?) ORDER BY id LOCKED")
_LOCK_OF_CHECKOUT = Statement(
    "SELECT id FROM carts WHERE id = (SELECT cart_id FROM checkouts WHERE id = ?) LOCKED"
)
_MEMBERS = Statement(
    "SELECT cart_id, person_id FROM cart_members WHERE cart_id IN (LIST ?) ORDER BY position"
)
_LINES = Statement(
    """SELECT l.cart_id, l.id, l.sku, l.owner_id, l.quantity, l.price_at_add_minor, l.position,
    l.contributor_ids, h.quantity, h.firm, h.expires_ms, h.cap_ms
    FROM cart_lines AS l LEFT JOIN holds AS h ON h.line_id = l.id
    WHERE l.cart_id IN (LIST ?) ORDER BY l.position"""
)
_NEXT_VERSIONS = Statement(
    "UPDATE carts SET version = version + 1, updated_ms = ? WHERE id IN (LIST ?)"
)
_UPDATE_OWNER = Statement(
    "UPDATE cart_lines SET owner_id = ?, contributor_ids = ?, quantity = ? WHERE id = ?"
)
_SET_CHECKOUT = Statement(
    "UPDATE carts SET checkout_id = ?, version = version + 1, updated_ms = ? WHERE id = ?"
)
_DELETE_HOLDS = Statement("DELETE FROM holds WHERE line_id IN (LIST ?)")
_DELETE_LINES = Statement("DELETE FROM cart_lines WHERE id IN (LIST ?)")


def current(connection: Connection, people: Sequence[str]) -> dict[str, str]:
    """The current cart of each of these people who has one. Who is to change it, locks it first:
    then nobody can change carts meanwhile."""
    return dict(_CURRENT.rows(connection, json_list(people)))


def ensure_current(unit: Unit, people: Sequence[str], new_id: NewId) -> dict[str, str]:
    """The current cart of each of these people; who has none gets a personal one."""
    found = current(unit.connection, people)
    newcomers = [person_id for person_id in people if person_id not in found]
    if newcomers:
        before, new = _enter_personal(unit, newcomers, new_id)
        found |= before | new
    return found


def _enter_personal(
    unit: Unit, newcomers: Sequence[str], new_id: NewId
) -> tuple[dict[str, str], dict[str, str]]:
    """The own carts of people who are in none: those that were there, and new ones."""
    before, new = _personal(unit, newcomers, new_id)
    own = before | new
    # Nobody but its owner is ever in a personal cart, and the owner is in none just now.
    _ENTER_MANY.run_many(unit.connection, [(person, own[person], 1) for person in newcomers])
    return before, new


def ensure_personal(unit: Unit, people: Sequence[str], new_id: NewId) -> dict[str, str]:
    """The own cart of each of these people, made when there is none; nobody is put into it."""
    before, new = _personal(unit, people, new_id)
    return before | new


def _personal(
    unit: Unit, people: Sequence[str], new_id: NewId
) -> tuple[dict[str, str], dict[str, str]]:
    before: dict[str, str] = dict(_PERSONAL.rows(unit.connection, json_list(people)))
    new = {person: PERSONAL_PREFIX + new_id() for person in people if person not in before}
    now_ms = unit.now_ms
    _CREATE_MANY.run_many(
        unit.connection,
        [(cart_id, NEW_VERSION, person, now_ms, now_ms) for person, cart_id in new.items()],
    )
    return before, new


def load_current(
    unit: Unit, people: Sequence[str], new_id: NewId, kept: KeptCarts
) -> tuple[dict[str, str], dict[str, Cart]]:
    """The current cart of each of these people, and these carts by their id, locked and with
    everything in them. Who has none gets a personal one. What is `kept` is not read again."""
    cart_of, versions = _current_versions(unit.connection, people)
    carts: dict[str, Cart] = {}
    for cart_id, version in versions.items():
        cart = kept.take(cart_id, version)
        if cart is not None:
            carts[cart_id] = cart
    if len(cart_of) == len(people) and len(carts) == len(versions):
        return cart_of, carts
    newcomers = [person_id for person_id in people if person_id not in cart_of]
    new: dict[str, str] = {}
    if newcomers:
        before, new = _enter_personal(unit, newcomers, new_id)
        cart_of |= before | new
    for person_id, cart_id in new.items():
        carts[cart_id] = Cart(cart_id, NEW_VERSION, person_id, None, [person_id])
    if len(carts) < len(set(cart_of.values())):
        carts |= load(unit.connection, sorted(set(cart_of.values()) - carts.keys()))
    return cart_of, carts


def _current_versions(
    connection: Connection, people: Sequence[str]
) -> tuple[dict[str, str], dict[str, int]]:
    """The cart of each person, and the versions of these carts. Where others may write, members
    have to be locked before carts, so that takes two queries."""
    if locks_rows(connection):
        cart_of = current(connection, people)
        if not cart_of:
            return {}, {}
        wanted = json_list(sorted(set(cart_of.values())))
        return cart_of, dict(_LOCK.rows(connection, wanted))
    rows = _CURRENT_VERSIONS.rows(connection, json_list(people))
    return {row[0]: row[1] for row in rows}, {row[1]: row[2] for row in rows}


def lock(unit: Unit, cart_ids: Collection[str]) -> set[str]:
    """Let nobody else change these carts, nor what is in them; those that are there."""
    if not locks_rows(unit.connection):
        return set(cart_ids)
    return {row[0] for row in _LOCK.rows(unit.connection, json_list(cart_ids))}


def lock_of_checkout(unit: Unit, checkout_id: str) -> None:
    """The same for the cart of a checkout, if there is such a checkout."""
    if locks_rows(unit.connection):
        _LOCK_OF_CHECKOUT.rows(unit.connection, checkout_id)


def create_shared(unit: Unit, cart_id: str) -> None:
    """Make an empty shared cart without members."""
    _CREATE.run(unit.connection, cart_id, None, unit.now_ms, unit.now_ms)


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
    """These carts with everything in them; what is not there is left out.

    In a transaction that may change them they are locked first, and with a cart its lines and
    their holds: nobody changes those without the cart.
    """
    wanted = json_list(cart_ids)
    rows = _CARTS.rows(connection, wanted)
    found = {row[0]: Cart(*row[:4]) for row in rows}
    _add_coupons(connection, found, {row[0]: row[4] for row in rows if row[4] is not None})
    for cart_id, person_id in _MEMBERS.rows(connection, wanted):
        found[cart_id].members.append(person_id)
    for (
        cart_id,
        line_id,
        sku,
        owner_id,
        quantity,
        price_minor,
        position,
        contributor_ids,
        held,
        firm,
        expires_ms,
        cap_ms,
    ) in _LINES.rows(connection, wanted):
        found[cart_id].lines[line_id] = Line(
            line_id,
            sku,
            owner_id,
            quantity,
            price_minor,
            position,
            () if contributor_ids == "[]" else tuple(from_json(contributor_ids)),
            None if held is None else Hold(held, bool(firm), expires_ms, cap_ms),
        )
    return found


def _add_coupons(connection: Connection, found: dict[str, Cart], codes: dict[str, str]) -> None:
    if codes:
        known = coupons.find(connection, sorted(set(codes.values())))
        for cart_id, code in codes.items():
            found[cart_id].coupon = known[code]


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


def save_versions(unit: Unit, changed: Collection[str]) -> None:
    """Give these carts, which are locked, their next versions and announce them."""
    if not changed:
        return
    unit.run(_NEXT_VERSIONS, unit.now_ms, json_list(changed), changes=len(changed))
    unit.carts_changed.update(changed)


def touch(unit: Unit, cart_id: str) -> None:
    """Give a cart its next version and announce it."""
    if cart_id in unit.carts_changed:
        return
    _NEXT_VERSIONS.run(unit.connection, unit.now_ms, json_list((cart_id,)))
    unit.carts_changed.add(cart_id)


def set_checkout(unit: Unit, cart_id: str, checkout_id: str | None) -> None:
    """Lock a cart for a checkout, or open it again, and announce it."""
    unit.run(_SET_CHECKOUT, checkout_id, unit.now_ms, cart_id)
    unit.carts_changed.add(cart_id)


def members(connection: Connection, cart_id: str) -> list[str]:
    """The people of a cart, the first who came first."""
    return [row[1] for row in _MEMBERS.rows(connection, json_list((cart_id,)))]


def move_lines(unit: Unit, lines: Sequence[Line], to_cart: Cart) -> None:
    """Put these lines, with their holds, behind the lines of another cart."""
    position = to_cart.next_position()
    for offset, line in enumerate(sorted(lines, key=lambda line: line.position)):
        unit.connection.execute(
            update(cart_lines)
            .where(cart_lines.c.id == line.line_id)
            .values(cart_id=to_cart.cart_id, position=position + offset)
        )


def update_owner(unit: Unit, line: Line) -> None:
    """Write whose a line is, who contributed to it, and how many pieces it has."""
    people = json_list(line.contributor_ids)
    _UPDATE_OWNER.run(unit.connection, line.owner_id, people, line.quantity, line.line_id)


def delete_lines(unit: Unit, line_ids: Sequence[str]) -> None:
    """Delete lines and their holds; the stock is not touched."""
    gone = json_list(line_ids)
    unit.run(_DELETE_HOLDS, gone)
    unit.run(_DELETE_LINES, gone)
