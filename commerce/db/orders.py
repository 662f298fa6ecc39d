"""Orders, as rows. The lines of an order are the frozen lines of its checkout."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Row, func, or_, select, update

from commerce.db import warehouses
from commerce.db.checkout_views import line_views
from commerce.db.checkouts import Checkout, lines_of
from commerce.db.schema import (
    order_members,
    order_timeline,
    orders,
    payment_attempts,
    payments,
)
from commerce.db.statement import Statement
from commerce.db.unit import UNNUMBERED, Unit
from commerce.events import OrderPaid, OrderPaidLine
from commerce.views import OrderView, PaymentView, TimelineEntry, TrackingView

PAID = "paid"
PARTLY_REFUNDED = "partly_refunded"
REFUNDED = "refunded"

_CREATE = Statement(
    """INSERT INTO orders (id, checkout_id, payer_id, status, placed_ms, total_minor, currency)
    VALUES (?, ?, ?, ?, ?, ?, ?)"""
)
_BELONGS = Statement("INSERT INTO order_members (order_id, person_id) VALUES (?, ?)")
_NOTE = Statement(
    "INSERT INTO order_timeline (order_id, position, status, at_ms) VALUES (?, ?, ?, ?)"
)


def create(
    unit: Unit,
    order_id: str,
    checkout: Checkout,
    payer_id: str,
    members: Sequence[str],
    people: Sequence[str] = (),
) -> None:
    """Write the order of a checkout that is paid in this transaction, and announce it.

    It belongs to its members, to `people` and to the payer; with several payers, to the one who
    locked the cart or the first.
    """
    unit.run(
        _CREATE,
        order_id,
        checkout.checkout_id,
        payer_id,
        PAID,
        unit.now_ms,
        checkout.total_minor,
        checkout.currency,
    )
    people = list(dict.fromkeys((payer_id, *members, *people)))
    unit.run_many(_BELONGS, [(order_id, person_id) for person_id in people])
    unit.run(_NOTE, order_id, 1, PAID, unit.now_ms)
    unit.events.append(
        OrderPaid(
            event_id=UNNUMBERED,
            cart_id=checkout.cart_id,
            checkout_id=checkout.checkout_id,
            order_id=order_id,
            payer_id=payer_id,
            member_ids=tuple(members),
            lines=tuple(
                OrderPaidLine(line.sku, line.product_id, line.quantity, line.unit_price_minor)
                for line in checkout.lines
            ),
            total_minor=checkout.total_minor,
            currency=checkout.currency,
        )
    )


def of_person(
    connection: Connection, person_id: str, limit: int, order_id: str | None = None
) -> list[OrderView]:
    """Orders that a person paid or shared, the newest first; only `order_id` when given."""
    shared = select(order_members.c.order_id).where(order_members.c.person_id == person_id)
    query = select(orders).where(or_(orders.c.payer_id == person_id, orders.c.id.in_(shared)))
    if order_id is not None:
        query = query.where(orders.c.id == order_id)
    rows = connection.execute(
        query.order_by(orders.c.placed_ms.desc(), orders.c.id).limit(limit)
    ).all()
    return [_view(connection, row, person_id) for row in rows]


def load(connection: Connection, order_id: str) -> OrderView | None:
    """An order as staff see it, with everything."""
    row = connection.execute(select(orders).where(orders.c.id == order_id)).first()
    return None if row is None else _view(connection, row, None)


def _view(connection: Connection, row: Row[Any], viewer: str | None) -> OrderView:
    """The order for one person, who sees neither the price of their gifts nor who paid how much
    for them; without a viewer, for staff."""
    lines = lines_of(connection, row.checkout_id)
    if viewer is None:
        shown = line_views([replace(line, gift_for=None) for line in lines], row.currency)
    else:
        shown = line_views(lines, row.currency, viewer)
    gifts = any(line.price_hidden for line in shown)
    hidden = sum(line.total_minor for line in lines if line.gift_for == viewer) if gifts else 0
    paid = _payments(connection, row.id)
    return OrderView(
        id=row.id,
        status=row.status,
        placed_ms=row.placed_ms,
        total_minor=row.total_minor - hidden,
        currency=row.currency,
        lines=shown,
        payer_id=row.payer_id,
        timeline=_timeline(connection, row.id),
        payments=tuple(p for p in paid if not gifts or p.payer_id == viewer),
        refunded_minor=sum(p.refunded_minor for p in paid if not gifts or p.payer_id == viewer),
        parcels=tuple(warehouses.parcels(connection, row.id)),
    )


def _payments(connection: Connection, order_id: str) -> tuple[PaymentView, ...]:
    rows = connection.execute(
        select(payments, payment_attempts.c.payer_id)
        .join(payment_attempts, payment_attempts.c.id == payments.c.attempt_id)
        .where(payments.c.order_id == order_id)
        .order_by(payment_attempts.c.number)
    )
    return tuple(
        PaymentView(
            payer_id=row.payer_id,
            provider=row.provider,
            amount_minor=row.amount_minor,
            refunded_minor=row.refunded_minor,
            currency=row.currency,
            captured_ms=row.captured_ms,
            id=row.attempt_id,
        )
        for row in rows
    )


def set_status(unit: Unit, order_id: str, status: str) -> None:
    """Move an order on and note when, unless it has that status."""
    changed = unit.connection.execute(
        update(orders)
        .where(orders.c.id == order_id, orders.c.status != status)
        .values(status=status)
    )
    if not changed.rowcount:
        return
    position = unit.connection.execute(
        select(func.max(order_timeline.c.position)).where(order_timeline.c.order_id == order_id)
    ).scalar_one()
    unit.run(_NOTE, order_id, position + 1, status, unit.now_ms)


def track(connection: Connection, order_id: str) -> TrackingView | None:
    """Where an order is."""
    row = connection.execute(select(orders).where(orders.c.id == order_id)).first()
    if row is None:
        return None
    return TrackingView(row.id, row.status, _timeline(connection, row.id))


def _timeline(connection: Connection, order_id: str) -> tuple[TimelineEntry, ...]:
    rows = connection.execute(
        select(order_timeline.c.status, order_timeline.c.at_ms)
        .where(order_timeline.c.order_id == order_id)
        .order_by(order_timeline.c.position)
    )
    return tuple(TimelineEntry(row.status, row.at_ms) for row in rows)
