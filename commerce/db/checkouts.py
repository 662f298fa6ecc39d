"""Checkouts and their frozen lines, as rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from commerce.checkout import CheckoutState, Quote, QuoteLine, ReleaseReason, Trigger, advance
from commerce.db import payments
from commerce.db.schema import checkout_lines, checkouts, orders
from commerce.db.unit import ConcurrentChangeError, Unit
from commerce.payment import Attempt, AttemptState
from commerce.views import ChallengeView, CheckoutView, FailureView, QuoteLineView


@dataclass(frozen=True, slots=True)
class Checkout:
    """A checkout with its lines and its newest payment attempt."""

    checkout_id: str
    cart_id: str
    version: int
    state: CheckoutState
    locked_by: str
    total_minor: int
    currency: str
    quote_hash: str
    expires_ms: int
    released_reason: str | None
    order_id: str | None
    lines: tuple[QuoteLine, ...]
    attempt: Attempt | None


def create(unit: Unit, checkout_id: str, quote: Quote, locked_by: str) -> None:
    """Write a locked checkout."""
    unit.connection.execute(
        insert(checkouts),
        {
            "id": checkout_id,
            "cart_id": quote.cart_id,
            "version": 1,
            "state": advance(CheckoutState.OPEN, Trigger.LOCK),
            "locked_by": locked_by,
            "total_minor": quote.total_minor,
            "currency": quote.currency,
            "quote_hash": quote.quote_hash,
            "locked_ms": unit.now_ms,
            "expires_ms": quote.expires_ms,
        },
    )
    unit.connection.execute(
        insert(checkout_lines),
        [
            {
                "checkout_id": checkout_id,
                "position": position,
                "line_id": line.line_id,
                "sku": line.sku,
                "product_id": line.product_id,
                "name": line.name,
                "options": dict(line.options),
                "quantity": line.quantity,
                "unit_price_minor": line.unit_price_minor,
                "owner_id": line.owner_id,
            }
            for position, line in enumerate(quote.lines)
        ],
    )
    unit.checkouts_changed[checkout_id] = quote.cart_id


def load(connection: Connection, checkout_id: str) -> Checkout | None:
    """One checkout."""
    row = connection.execute(
        select(checkouts, orders.c.id.label("order_id"))
        .outerjoin(orders, orders.c.checkout_id == checkouts.c.id)
        .where(checkouts.c.id == checkout_id)
    ).first()
    if row is None:
        return None
    return Checkout(
        checkout_id=row.id,
        cart_id=row.cart_id,
        version=row.version,
        state=CheckoutState(row.state),
        locked_by=row.locked_by,
        total_minor=row.total_minor,
        currency=row.currency,
        quote_hash=row.quote_hash,
        expires_ms=row.expires_ms,
        released_reason=row.released_reason,
        order_id=row.order_id,
        lines=tuple(_lines(connection, checkout_id)),
        attempt=payments.latest(connection, checkout_id),
    )


def _lines(connection: Connection, checkout_id: str) -> list[QuoteLine]:
    rows = connection.execute(
        select(checkout_lines)
        .where(checkout_lines.c.checkout_id == checkout_id)
        .order_by(checkout_lines.c.position)
    )
    return [quote_line(row) for row in rows]


def quote_line(row: Row[Any]) -> QuoteLine:
    """A frozen line from its row."""
    return QuoteLine(
        line_id=row.line_id,
        sku=row.sku,
        product_id=row.product_id,
        name=row.name,
        options=row.options,
        quantity=row.quantity,
        unit_price_minor=row.unit_price_minor,
        owner_id=row.owner_id,
    )


def step(
    unit: Unit, checkout: Checkout, trigger: Trigger, reason: ReleaseReason | None = None
) -> CheckoutState:
    """Take one step of the transition table, if the checkout still is where we read it.

    Raises CHECKOUT_STATE when there is no such step, ConcurrentChangeError when somebody else took
    one meanwhile.
    """
    state = advance(checkout.state, trigger)
    closed = state in (CheckoutState.PAID, CheckoutState.RELEASED)
    changed = unit.connection.execute(
        update(checkouts)
        .where(checkouts.c.id == checkout.checkout_id, checkouts.c.state == checkout.state)
        .values(
            state=state,
            version=checkouts.c.version + 1,
            released_reason=reason,
            closed_ms=unit.now_ms if closed else None,
        )
    )
    if changed.rowcount != 1:
        raise ConcurrentChangeError
    unit.checkouts_changed[checkout.checkout_id] = checkout.cart_id
    return state


def touch(unit: Unit, checkout: Checkout) -> None:
    """Announce that the payment attempt of a checkout changed."""
    unit.connection.execute(
        update(checkouts)
        .where(checkouts.c.id == checkout.checkout_id)
        .values(version=checkouts.c.version + 1)
    )
    unit.checkouts_changed[checkout.checkout_id] = checkout.cart_id


def overdue(connection: Connection, now_ms: int, limit: int) -> Sequence[str]:
    """Locked checkouts whose time is over. One that is being paid is never among them."""
    rows = connection.execute(
        select(checkouts.c.id)
        .where(checkouts.c.state == CheckoutState.LOCKED, checkouts.c.expires_ms <= now_ms)
        .order_by(checkouts.c.expires_ms)
        .limit(limit)
    )
    return [row.id for row in rows]


def view_of(checkout: Checkout) -> CheckoutView:
    """The checkout as it is shown."""
    attempt = checkout.attempt
    paying = checkout.state is CheckoutState.PAYING
    return CheckoutView(
        id=checkout.checkout_id,
        cart_id=checkout.cart_id,
        version=checkout.version,
        state=checkout.state,
        locked_by=checkout.locked_by,
        total_minor=checkout.total_minor,
        currency=checkout.currency,
        expires_ms=checkout.expires_ms,
        quote_hash=checkout.quote_hash,
        lines=line_views(checkout.lines, checkout.currency),
        order_id=checkout.order_id,
        payer_id=attempt.payer_id if attempt and attempt.state is not AttemptState.FAILED else None,
        challenge=_challenge(attempt) if paying else None,
        in_doubt=paying and attempt is not None and attempt.in_doubt,
        last_failure=_failure(attempt),
        released_reason=checkout.released_reason,
    )


def line_views(lines: Sequence[QuoteLine], currency: str) -> tuple[QuoteLineView, ...]:
    """Frozen lines as they are shown."""
    return tuple(
        QuoteLineView(
            line_id=line.line_id,
            sku=line.sku,
            product_id=line.product_id,
            name=line.name,
            options=line.options,
            quantity=line.quantity,
            unit_price_minor=line.unit_price_minor,
            currency=currency,
            owner_id=line.owner_id,
        )
        for line in lines
    )


def _challenge(attempt: Attempt | None) -> ChallengeView | None:
    if attempt is None or attempt.state is not AttemptState.CHALLENGE:
        return None
    return ChallengeView(
        challenge_id=attempt.challenge_id or "",
        instructions=attempt.instructions or "",
        url=attempt.challenge_url,
        expires_ms=attempt.challenge_expires_ms or 0,
    )


def _failure(attempt: Attempt | None) -> FailureView | None:
    if attempt is None or attempt.state is not AttemptState.FAILED:
        return None
    return FailureView(attempt.failure_code or "", attempt.failure_message or "")
