"""Adds up stock and money from the rows, and says in sentences where they do not agree.

Everything is counted from the single facts (movements, holds, order lines, payments) and compared
with the sums that are kept.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Select, func, or_, select

from commerce.checkout import LIVE, CheckoutState
from commerce.db import outbox as outbox_rows
from commerce.db.schema import (
    cart_lines,
    carts,
    checkout_lines,
    checkouts,
    holds,
    inventory,
    orders,
    payment_attempts,
    payments,
    stock_movements,
)
from commerce.payment import LIVE_ATTEMPTS, AttemptState

SHOWN_MAX = 20
"""Sentences of one kind; more would hide the others."""


@dataclass(slots=True)
class Findings:
    """Sentences about what is wrong, and sums."""

    problems: list[str] = field(default_factory=list)
    figures: dict[str, int] = field(default_factory=dict)

    def complain(self, sentences: list[str]) -> None:
        """Add sentences, and how many more of their kind there are."""
        self.problems += sentences[:SHOWN_MAX]
        if len(sentences) > SHOWN_MAX:
            self.problems.append(f"... and {len(sentences) - SHOWN_MAX} more of this kind.")


@dataclass(frozen=True, slots=True)
class Books:
    """What our rows say about money: payments and live attempts by the gateway's key."""

    captured: Mapping[str, tuple[int, str]]
    live_attempts: frozenset[str]


def books(connection: Connection) -> Books:
    """Payments and live attempts, to be compared with the gateway's ledger."""
    paid = connection.execute(
        select(payments.c.attempt_id, payments.c.amount_minor, payments.c.currency)
    )
    live = connection.execute(
        select(payment_attempts.c.id).where(payment_attempts.c.state.in_(LIVE_ATTEMPTS))
    )
    return Books(
        {row.attempt_id: (row.amount_minor, row.currency) for row in paid},
        frozenset(row.id for row in live),
    )


def compare_ledger(before: Books, ledger: Mapping[str, tuple[int, str]], after: Books) -> list[str]:
    """Where the gateway's ledger disagrees, read between two readings of our books.

    A payment is captured there first and booked here afterwards, so what we had booked `before`
    must be in the ledger, and what the ledger has must be booked or under way `after`.
    """
    sentences = [
        f"The payment of attempt {key} ({amount[0]} {amount[1]}) is not so in the gateway's ledger."
        for key, amount in sorted(before.captured.items())
        if ledger.get(key) != amount
    ]
    sentences += [
        f"The gateway captured {amount[0]} {amount[1]} for attempt {key}, which has no order."
        for key, amount in sorted(ledger.items())
        if key not in after.captured and key not in after.live_attempts
    ]
    return sentences


def examine(connection: Connection, now_ms: int, grace_ms: int) -> Findings:
    """Check everything that our own rows can tell."""
    findings = Findings()
    _stock(connection, findings)
    _holds(connection, findings, now_ms, grace_ms)
    _checkouts(connection, findings, now_ms, grace_ms)
    _money(connection, findings)
    findings.figures["events_undelivered"] = outbox_rows.undelivered(connection)
    return findings


def _sums(connection: Connection, query: Select[Any]) -> dict[str, int]:
    return {row[0]: int(row[1]) for row in connection.execute(query)}


def _stock(connection: Connection, findings: Findings) -> None:
    moved = stock_movements.c.quantity
    by_sku = stock_movements.c.sku
    received = _sums(connection, select(by_sku, func.sum(moved)).where(moved > 0).group_by(by_sku))
    booked = _sums(connection, select(by_sku, -func.sum(moved)).where(moved < 0).group_by(by_sku))
    held = _sums(connection, select(holds.c.sku, func.sum(holds.c.quantity)).group_by(holds.c.sku))
    ordered = _sums(
        connection,
        select(checkout_lines.c.sku, func.sum(checkout_lines.c.quantity))
        .join(orders, orders.c.checkout_id == checkout_lines.c.checkout_id)
        .group_by(checkout_lines.c.sku),
    )
    sentences = []
    rows = connection.execute(select(inventory).order_by(inventory.c.sku)).all()
    for row in rows:
        sku = row.sku
        if row.received != row.on_hand + row.sold or row.received != received.get(sku, 0):
            sentences.append(
                f"{sku}: {received.get(sku, 0)} received, {row.on_hand} on hand, {row.sold} sold."
            )
        if row.sold != ordered.get(sku, 0) or row.sold != booked.get(sku, 0):
            sentences.append(f"{sku}: sold {row.sold}, but {ordered.get(sku, 0)} are in orders.")
        if row.held != held.get(sku, 0):
            sentences.append(f"{sku}: held {row.held}, but the holds are {held.get(sku, 0)}.")
        if not 0 <= row.held <= row.on_hand:
            sentences.append(f"{sku}: held {row.held} of {row.on_hand} on hand.")
    findings.complain(sentences)
    findings.figures |= {
        "skus": len(rows),
        "received": sum(row.received for row in rows),
        "on_hand": sum(row.on_hand for row in rows),
        "held": sum(row.held for row in rows),
        "sold": sum(row.sold for row in rows),
    }


def _holds(connection: Connection, findings: Findings, now_ms: int, grace_ms: int) -> None:
    rows = connection.execute(
        select(
            holds,
            cart_lines.c.id.label("of_line"),
            cart_lines.c.sku.label("line_sku"),
            cart_lines.c.quantity.label("line_quantity"),
            checkouts.c.state,
        )
        .outerjoin(cart_lines, cart_lines.c.id == holds.c.line_id)
        .outerjoin(carts, carts.c.id == cart_lines.c.cart_id)
        .outerjoin(checkouts, checkouts.c.id == carts.c.checkout_id)
    ).all()
    sentences = []
    for row in rows:
        if (row.of_line, row.line_sku, row.line_quantity) != (row.line_id, row.sku, row.quantity):
            sentences.append(f"The hold of line {row.line_id} is not what the line says.")
        if row.firm != (row.state in LIVE):
            sentences.append(f"The hold of line {row.line_id} is firm without a live checkout.")
        # While money may be moving, stock is held beyond the time.
        if row.expires_ms + grace_ms < now_ms and row.state != CheckoutState.PAYING:
            sentences.append(f"The hold of line {row.line_id} outlives its time.")
    findings.complain(sentences)
    findings.figures["holds"] = len(rows)


def _checkouts(connection: Connection, findings: Findings, now_ms: int, grace_ms: int) -> None:
    live = connection.execute(
        select(checkouts, carts.c.checkout_id.label("of_cart"))
        .join(carts, carts.c.id == checkouts.c.cart_id)
        .where(checkouts.c.state.in_(LIVE))
    ).all()
    sentences = []
    for row in live:
        if row.of_cart != row.id:
            sentences.append(f"The checkout {row.id} is live, but its cart does not know it.")
        if row.state == CheckoutState.LOCKED and row.expires_ms + grace_ms < now_ms:
            sentences.append(f"The checkout {row.id} is locked beyond its time.")
    unheld = connection.execute(
        select(checkout_lines.c.line_id, checkout_lines.c.checkout_id)
        .join(checkouts, checkouts.c.id == checkout_lines.c.checkout_id)
        .outerjoin(holds, holds.c.line_id == checkout_lines.c.line_id)
        .where(
            checkouts.c.state.in_(LIVE),
            or_(holds.c.line_id.is_(None), holds.c.quantity != checkout_lines.c.quantity),
        )
    )
    sentences += [
        f"The line {row.line_id} of the live checkout {row.checkout_id} is not held."
        for row in unheld
    ]
    stuck = connection.execute(
        select(checkouts.c.id)
        .outerjoin(
            payment_attempts,
            (payment_attempts.c.checkout_id == checkouts.c.id)
            & payment_attempts.c.state.in_(LIVE_ATTEMPTS),
        )
        .where(checkouts.c.state == CheckoutState.PAYING, payment_attempts.c.id.is_(None))
    )
    sentences += [f"The checkout {row.id} is being paid without an attempt." for row in stuck]
    dangling = connection.execute(
        select(carts.c.id)
        .outerjoin(checkouts, checkouts.c.id == carts.c.checkout_id)
        .where(
            carts.c.checkout_id.is_not(None),
            or_(checkouts.c.id.is_(None), checkouts.c.state.not_in(LIVE)),
        )
    )
    sentences += [f"The cart {row.id} is locked by a checkout that has ended." for row in dangling]
    findings.complain(sentences)
    findings.figures["checkouts_locked"] = sum(row.state == CheckoutState.LOCKED for row in live)
    findings.figures["checkouts_paying"] = sum(row.state == CheckoutState.PAYING for row in live)


def _money(connection: Connection, findings: Findings) -> None:
    rows = connection.execute(
        select(
            orders.c.id,
            orders.c.total_minor,
            orders.c.currency,
            checkouts.c.state,
            payments.c.amount_minor,
            payments.c.currency.label("paid_currency"),
            payment_attempts.c.state.label("attempt_state"),
        )
        .join(checkouts, checkouts.c.id == orders.c.checkout_id)
        .outerjoin(payments, payments.c.order_id == orders.c.id)
        .outerjoin(payment_attempts, payment_attempts.c.id == payments.c.attempt_id)
    ).all()
    line_total = func.sum(checkout_lines.c.quantity * checkout_lines.c.unit_price_minor)
    totals = _sums(
        connection,
        select(orders.c.id, line_total)
        .join(checkout_lines, checkout_lines.c.checkout_id == orders.c.checkout_id)
        .group_by(orders.c.id),
    )
    sentences = []
    for row in rows:
        if (row.amount_minor, row.paid_currency) != (row.total_minor, row.currency):
            sentences.append(f"The order {row.id} has no captured payment of its total.")
        elif row.attempt_state != AttemptState.CAPTURED:
            sentences.append(f"The payment of order {row.id} is not captured.")
        if totals.get(row.id) != row.total_minor:
            sentences.append(f"The lines of order {row.id} do not sum to its total.")
        if row.state != CheckoutState.PAID:
            sentences.append(f"The checkout of order {row.id} is {row.state}.")
    orphans = connection.execute(
        select(checkouts.c.id)
        .outerjoin(orders, orders.c.checkout_id == checkouts.c.id)
        .where(checkouts.c.state == CheckoutState.PAID, orders.c.id.is_(None))
    )
    sentences += [f"The checkout {row.id} is paid, but has no order." for row in orphans]
    findings.complain(sentences)
    findings.figures["paid_orders"] = len(rows)
    findings.figures["captured_minor"] = sum(row.amount_minor or 0 for row in rows)
