"""What a person has in the shop, read and locked to be erased.

Locks are taken in the order that everybody keeps: lines of drops, members, carts; the stock comes
when holds are let go. Some columns that say who somebody is have no index, so this takes as long as
reading the books does: it is no work for the event loop.
"""

import json
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Text,
    and_,
    cast,
    exists,
    func,
    or_,
    select,
)

from commerce.checkout import LIVE
from commerce.db import carts as cart_rows
from commerce.db import drops
from commerce.db.schema import (
    cart_lines,
    cart_members,
    carts,
    checkout_lines,
    checkouts,
    order_members,
    orders,
    payment_attempts,
)
from commerce.db.schema_payments import checkout_shares, credit_accounts, gifts
from commerce.db.schema_promotions import cart_coupons
from commerce.db.schema_stock import drop_places
from commerce.db.unit import ConcurrentChangeError, Unit
from commerce.erasure import CreditLeft, Estate, LiveCheckout
from commerce.payment import LIVE_ATTEMPTS


def load(unit: Unit, person_id: str) -> Estate:
    """All of a person, locked. Raises ConcurrentChangeError when they went on meanwhile."""
    connection = unit.connection
    lined_up = _lined_up(connection, person_id)
    for sku in lined_up:
        drops.find(connection, sku)
    cart_rows.current(connection, [person_id])
    concerned = _carts_of(connection, person_id)
    cart_rows.lock(unit, concerned)
    if not _carts_of(connection, person_id) <= concerned:
        raise ConcurrentChangeError
    found = cart_rows.load(connection, sorted(concerned))
    shared = select(order_members.c.order_id).where(order_members.c.person_id == person_id)
    kept = select(func.count()).where(or_(orders.c.payer_id == person_id, orders.c.id.in_(shared)))
    return Estate(
        person_id,
        tuple(found[cart_id] for cart_id in sorted(found)),
        _live(connection, person_id),
        _credit(connection, person_id),
        tuple(sorted(_offers(connection, person_id))),
        tuple(lined_up),
        int(connection.execute(kept).scalar_one()),
    )


def _lined_up(connection: Connection, person_id: str) -> list[str]:
    rows = connection.execute(
        select(drop_places.c.sku)
        .where(drop_places.c.person_id == person_id)
        .order_by(drop_places.c.sku)
    )
    return [row.sku for row in rows]


def _carts_of(connection: Connection, person_id: str) -> set[str]:
    """Every cart with something of this person in it."""
    mentioned = or_(
        cart_lines.c.owner_id == person_id, mentions(cart_lines.c.contributor_ids, person_id)
    )
    query = (
        select(cart_members.c.cart_id)
        .where(cart_members.c.person_id == person_id)
        .union(
            select(carts.c.id).where(carts.c.personal_of == person_id),
            select(cart_lines.c.cart_id).where(mentioned),
            select(gifts.c.cart_id).where(_given_by_or_to(person_id)),
            select(cart_coupons.c.cart_id).where(cart_coupons.c.person_id == person_id),
        )
    )
    return {row[0] for row in connection.execute(query)}


def mentions(column: Column[Any], person_id: str) -> ColumnElement[bool]:
    """Whether a JSON column has this id in it as a text, escaped or as it is."""
    spellings = {json.dumps(person_id), json.dumps(person_id, ensure_ascii=False)}
    text = cast(column, Text)
    return or_(*(text.contains(spelling, autoescape=True) for spelling in sorted(spellings)))


def _given_by_or_to(person_id: str) -> ColumnElement[bool]:
    return or_(gifts.c.giver_id == person_id, gifts.c.receiver_id == person_id)


def _live(connection: Connection, person_id: str) -> tuple[LiveCheckout, ...]:
    """Checkouts under way in which this person has a part, whichever."""
    of_checkout = checkouts.c.id
    parts = (
        and_(cart_members.c.cart_id == checkouts.c.cart_id, cart_members.c.person_id == person_id),
        and_(checkout_lines.c.checkout_id == of_checkout, checkout_lines.c.owner_id == person_id),
        and_(
            payment_attempts.c.checkout_id == of_checkout,
            payment_attempts.c.payer_id == person_id,
            payment_attempts.c.state.in_(LIVE_ATTEMPTS),
        ),
        and_(
            checkout_shares.c.checkout_id == of_checkout,
            or_(
                checkout_shares.c.person_id == person_id, checkout_shares.c.covered_by == person_id
            ),
        ),
    )
    rows = connection.execute(
        select(of_checkout, checkouts.c.state, checkouts.c.expires_ms)
        .where(
            checkouts.c.state.in_(LIVE),
            or_(
                checkouts.c.locked_by == person_id,
                *(exists().where(part).correlate(checkouts) for part in parts),
            ),
        )
        .order_by(of_checkout)
    )
    return tuple(LiveCheckout(row.id, str(row.state), row.expires_ms) for row in rows)


def _credit(connection: Connection, person_id: str) -> tuple[CreditLeft, ...]:
    rows = connection.execute(
        select(credit_accounts)
        .where(credit_accounts.c.owner_id == person_id)
        .order_by(credit_accounts.c.currency)
    )
    return tuple(
        CreditLeft(row.id, row.currency, row.balance_minor, row.reserved_minor) for row in rows
    )


def _offers(connection: Connection, person_id: str) -> set[str]:
    """Lines that this person gives or is given, unless they were bought: those are in the books."""
    query = select(gifts.c.line_id).where(_given_by_or_to(person_id))
    offered = {row.line_id for row in connection.execute(query)}
    bought = connection.execute(
        select(checkout_lines.c.line_id)
        .join(orders, orders.c.checkout_id == checkout_lines.c.checkout_id)
        .where(checkout_lines.c.line_id.in_(offered))
    )
    return offered - {row.line_id for row in bought}
