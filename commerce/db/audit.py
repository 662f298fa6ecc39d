"""Adds up stock and money from the rows, and says in sentences where they do not agree.

Everything is counted from the single facts (movements, holds, order lines, payments) and compared
with the sums that are kept.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Select, func, or_, select

from commerce.checkout import LIVE, CheckoutState
from commerce.db import catalog, coupons, credit, warehouses
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
from commerce.db.schema_payments import checkout_shares, refunds
from commerce.payment import LIVE_ATTEMPTS, AttemptState
from commerce.ports import RefundState

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
    """What our rows say about money, by the gateway's keys: payments, live attempts, refunds made,
    and refunds that the gateway may have made and we do not know of."""

    captured: Mapping[str, tuple[int, str]]
    live_attempts: frozenset[str]
    refunded: Mapping[str, int] = field(default_factory=dict)
    refunds_open: frozenset[str] = frozenset()


def books(connection: Connection) -> Books:
    """Payments and live attempts, to be compared with the gateway's ledger."""
    paid = connection.execute(
        select(payments.c.attempt_id, payments.c.amount_minor, payments.c.currency)
    )
    live = connection.execute(
        select(payment_attempts.c.id).where(payment_attempts.c.state.in_(LIVE_ATTEMPTS))
    )
    back = connection.execute(select(refunds.c.id, refunds.c.amount_minor, refunds.c.state)).all()
    return Books(
        {row.attempt_id: (row.amount_minor, row.currency) for row in paid},
        frozenset(row.id for row in live),
        {row.id: row.amount_minor for row in back if row.state == RefundState.SUCCEEDED},
        frozenset(row.id for row in back if row.state == RefundState.PENDING),
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


def compare_refunds(before: Books, ledger: Mapping[str, int], after: Books) -> list[str]:
    """Where the gateway's refunds disagree, read between two readings of our books."""
    sentences = [
        f"The refund {key} of {amount} is not so in the gateway's ledger."
        for key, amount in sorted(before.refunded.items())
        if ledger.get(key) != amount
    ]
    sentences += [
        f"The gateway refunded {amount} for {key}, which is not in the books."
        for key, amount in sorted(ledger.items())
        if key not in after.refunded and key not in after.refunds_open
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
    # Kits are held and sold as what is in them.
    kits = catalog.kits(connection)
    held, ordered = kits.unpacked(held), kits.unpacked(ordered)
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
    sentences += warehouses.differences(connection)
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
    sentences = _orders(connection, findings)
    sentences += _payments(connection, findings)
    sentences += _asked(connection)
    findings.complain(sentences)
    findings.complain(credit.misfits(connection))
    findings.complain(coupons.differences(connection))


def _orders(connection: Connection, findings: Findings) -> list[str]:
    rows = connection.execute(
        select(orders.c.id, orders.c.total_minor, orders.c.currency, checkouts.c.state).join(
            checkouts, checkouts.c.id == orders.c.checkout_id
        )
    ).all()
    paid = _sums(
        connection,
        select(payments.c.order_id, func.sum(payments.c.amount_minor))
        .join(orders, orders.c.id == payments.c.order_id)
        .where(payments.c.currency == orders.c.currency)
        .group_by(payments.c.order_id),
    )
    line_total = func.sum(
        checkout_lines.c.quantity * checkout_lines.c.unit_price_minor
        - checkout_lines.c.discount_minor
    )
    totals = _sums(
        connection,
        select(orders.c.id, line_total)
        .join(checkout_lines, checkout_lines.c.checkout_id == orders.c.checkout_id)
        .group_by(orders.c.id),
    )
    sentences = []
    for row in rows:
        if paid.get(row.id) != row.total_minor:
            sentences.append(f"The captured payments of order {row.id} are not its total.")
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
    findings.figures["paid_orders"] = len(rows)
    findings.figures["orders_minor"] = sum(row.total_minor for row in rows)
    return sentences


def _payments(connection: Connection, findings: Findings) -> list[str]:
    """Money in is what orders cost and what is given back; nothing else."""
    back = _sums(
        connection,
        select(refunds.c.attempt_id, func.sum(refunds.c.amount_minor))
        .where(refunds.c.state != RefundState.FAILED)
        .group_by(refunds.c.attempt_id),
    )
    rows = connection.execute(
        select(
            payments,
            payment_attempts.c.state.label("attempt_state"),
            checkouts.c.state.label("checkout_state"),
        )
        .outerjoin(payment_attempts, payment_attempts.c.id == payments.c.attempt_id)
        .outerjoin(checkouts, checkouts.c.id == payments.c.checkout_id)
    ).all()
    sentences = []
    for row in rows:
        name = f"The payment of attempt {row.attempt_id}"
        if row.attempt_state != AttemptState.CAPTURED:
            sentences.append(f"{name} is not captured.")
        if row.refunded_minor != back.get(row.attempt_id, 0):
            sentences.append(f"{name} sets aside {row.refunded_minor} for other refunds.")
        whole = row.refunded_minor == row.amount_minor
        if row.order_id is None and not whole and row.checkout_state != CheckoutState.PAYING:
            sentences.append(f"{name} has neither an order nor a refund.")
    made = connection.execute(
        select(func.coalesce(func.sum(refunds.c.amount_minor), 0)).where(
            refunds.c.state == RefundState.SUCCEEDED
        )
    ).scalar_one()
    findings.figures["captured_minor"] = sum(row.amount_minor for row in rows)
    findings.figures["refunded_minor"] = int(made)
    findings.figures["set_aside_minor"] = sum(row.refunded_minor for row in rows)
    return sentences


def _asked(connection: Connection) -> list[str]:
    """What was asked of payers is what their parts say, and shares sum to the total."""
    live = _sums(
        connection,
        select(payment_attempts.c.checkout_id, func.sum(payment_attempts.c.amount_minor))
        .where(payment_attempts.c.state.in_(LIVE_ATTEMPTS))
        .group_by(payment_attempts.c.checkout_id),
    )
    kept = _sums(
        connection,
        select(payments.c.checkout_id, func.sum(payments.c.amount_minor))
        .where(or_(payments.c.order_id.is_not(None), payments.c.refunded_minor == 0))
        .group_by(payments.c.checkout_id),
    )
    sentences = [
        f"The checkout {row.id} has not asked what its payments say."
        for row in connection.execute(select(checkouts.c.id, checkouts.c.asked_minor))
        if row.asked_minor != live.get(row.id, 0) + kept.get(row.id, 0)
    ]
    divided = connection.execute(
        select(checkouts.c.id)
        .join(checkout_shares, checkout_shares.c.checkout_id == checkouts.c.id)
        .group_by(checkouts.c.id, checkouts.c.total_minor)
        .having(func.sum(checkout_shares.c.amount_minor) != checkouts.c.total_minor)
    )
    sentences += [f"The shares of checkout {row.id} do not sum to its total." for row in divided]
    return sentences
