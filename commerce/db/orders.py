"""Orders, as rows. The lines of an order are the frozen lines of its checkout."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, insert, or_, select

from commerce.db.checkouts import Checkout, line_views, quote_line
from commerce.db.schema import checkout_lines, order_members, order_timeline, orders
from commerce.db.unit import UNNUMBERED, Unit
from commerce.events import OrderPaid, OrderPaidLine
from commerce.views import OrderView, TimelineEntry, TrackingView

PAID = "paid"


def create(
    unit: Unit, order_id: str, checkout: Checkout, payer_id: str, members: Sequence[str]
) -> None:
    """Write the order of a checkout that is paid in this transaction, and announce it."""
    connection = unit.connection
    connection.execute(
        insert(orders),
        {
            "id": order_id,
            "checkout_id": checkout.checkout_id,
            "payer_id": payer_id,
            "status": PAID,
            "placed_ms": unit.now_ms,
            "total_minor": checkout.total_minor,
            "currency": checkout.currency,
        },
    )
    people = list(dict.fromkeys((payer_id, *members)))
    connection.execute(
        insert(order_members),
        [{"order_id": order_id, "person_id": person_id} for person_id in people],
    )
    connection.execute(
        insert(order_timeline),
        {"order_id": order_id, "position": 1, "status": PAID, "at_ms": unit.now_ms},
    )
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
    return [_view(connection, row) for row in rows]


def _view(connection: Connection, row: Row[Any]) -> OrderView:
    lines = connection.execute(
        select(checkout_lines)
        .where(checkout_lines.c.checkout_id == row.checkout_id)
        .order_by(checkout_lines.c.position)
    )
    return OrderView(
        id=row.id,
        status=row.status,
        placed_ms=row.placed_ms,
        total_minor=row.total_minor,
        currency=row.currency,
        lines=line_views([quote_line(line) for line in lines], row.currency),
        payer_id=row.payer_id,
        timeline=_timeline(connection, row.id),
    )


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
