"""Checkouts and their frozen lines, as rows."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, func, select

from commerce.checkout import (
    LIVE,
    CheckoutState,
    Quote,
    QuoteLine,
    ReleaseReason,
    Trigger,
    advance,
)
from commerce.db import payments
from commerce.db.schema import checkout_lines, checkouts, payment_attempts
from commerce.db.shares import Share
from commerce.db.statement import Statement, from_json
from commerce.db.unit import Unit
from commerce.payment import LIVE_ATTEMPTS, Attempt, AttemptState


@dataclass(frozen=True, slots=True)
class Checkout:
    """A checkout with its lines, its payment attempts and, when several pay, their shares.

    `asked_minor` is how much of the total has been asked of payers and not come back; `captured`
    are attempts whose money moved and stays.
    """

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
    asked_minor: int
    lines: tuple[QuoteLine, ...]
    attempts: tuple[Attempt, ...]
    shares: tuple[Share, ...]
    captured: frozenset[str]
    coupon_code: str | None = None

    @property
    def attempt(self) -> Attempt | None:
        """The newest attempt to pay it."""
        return self.attempts[-1] if self.attempts else None

    @property
    def live_attempts(self) -> tuple[Attempt, ...]:
        """Those that have not come to their end."""
        return tuple(attempt for attempt in self.attempts if attempt.live)

    def part_of(self, person_id: str) -> int:
        """What this person pays in all: everything, unless there are shares."""
        if not self.shares:
            return self.total_minor
        return sum(s.amount_minor for s in self.shares if s.payer_id == person_id)

    def due_from(self, person_id: str) -> int:
        """What this person still has to pay."""
        asked = sum(
            attempt.amount_minor
            for attempt in self.attempts
            if attempt.payer_id == person_id
            and (attempt.live or attempt.attempt_id in self.captured)
        )
        return self.part_of(person_id) - asked


_LOAD = Statement(
    """SELECT c.id, c.cart_id, c.version, c.state, c.locked_by, c.total_minor, c.currency,
    c.quote_hash, c.expires_ms, c.released_reason, o.id, c.asked_minor,
    (SELECT ARRAYS OF (l.position, l.line_id, l.sku, l.product_id, l.name, l.options, l.quantity,
        l.unit_price_minor, l.owner_id, g.receiver_id, l.components, l.discount_minor)
        FROM checkout_lines AS l LEFT JOIN gifts AS g
        ON g.line_id = l.line_id AND g.accepted = TRUE WHERE l.checkout_id = c.id),
    (SELECT ARRAYS OF (a.id, a.checkout_id, a.number, a.payer_id, a.provider, a.amount_minor,
        a.currency, a.state, a.in_doubt, a.challenge_id, a.challenge_url, a.instructions,
        a.challenge_expires_ms, a.failure_code, a.failure_message, a.caused_by, a.updated_ms,
        p.order_id IS NOT NULL OR p.refunded_minor = 0)
        FROM payment_attempts AS a LEFT JOIN payments AS p ON p.attempt_id = a.id
        WHERE a.checkout_id = c.id),
    (SELECT ARRAYS OF (s.position, s.person_id, s.amount_minor, s.covered_by)
        FROM checkout_shares AS s WHERE s.checkout_id = c.id),
    (SELECT u.code FROM checkout_coupons AS u WHERE u.checkout_id = c.id)
    FROM checkouts AS c LEFT JOIN orders AS o ON o.checkout_id = c.id WHERE c.id = ?"""
)
_LINES = Statement(
    """SELECT l.position, l.line_id, l.sku, l.product_id, l.name, l.options, l.quantity,
    l.unit_price_minor, l.owner_id, g.receiver_id, l.components, l.discount_minor
    FROM checkout_lines AS l LEFT JOIN gifts AS g ON g.line_id = l.line_id AND g.accepted = TRUE
    WHERE l.checkout_id = ? ORDER BY l.position"""
)
_CREATE = Statement(
    """INSERT INTO checkouts (id, cart_id, version, state, locked_by, total_minor, currency,
    quote_hash, locked_ms, expires_ms, asked_minor) VALUES (?, ?, 1, ?, ?, ?, ?, ?, ?, ?, 0)"""
)
_FREEZE = Statement(
    """INSERT INTO checkout_lines (checkout_id, position, line_id, sku, product_id, name, options,
    quantity, unit_price_minor, owner_id, components, discount_minor)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
)
_STEP = Statement(
    """UPDATE checkouts SET state = ?, version = version + 1, released_reason = ?, closed_ms = ?
    WHERE id = ? AND state = ?"""
)
_PAY = Statement(
    """UPDATE checkouts SET state = ?, version = version + 1, asked_minor = asked_minor + ?
    WHERE id = ? AND state = ? AND asked_minor = ?"""
)
_TOUCH = Statement("UPDATE checkouts SET version = version + 1 WHERE id = ?")
_TAKE_BACK = Statement("UPDATE checkouts SET asked_minor = asked_minor - ? WHERE id = ?")
_OVERDUE = Statement(
    """SELECT id FROM checkouts WHERE state = 'locked' AND expires_ms <= ?
    ORDER BY expires_ms LIMIT ?"""
)
_STATES = {state.value: state for state in CheckoutState}


def create(unit: Unit, checkout_id: str, quote: Quote, locked_by: str) -> Checkout:
    """Write a locked checkout; as it is then, without shares."""
    state = advance(CheckoutState.OPEN, Trigger.LOCK)
    unit.run(
        _CREATE,
        checkout_id,
        quote.cart_id,
        state.value,
        locked_by,
        quote.total_minor,
        quote.currency,
        quote.quote_hash,
        unit.now_ms,
        quote.expires_ms,
    )
    unit.run_many(
        _FREEZE,
        [
            (
                checkout_id,
                position,
                line.line_id,
                line.sku,
                line.product_id,
                line.name,
                json.dumps(dict(line.options)),
                line.quantity,
                line.unit_price_minor,
                line.owner_id,
                json.dumps(dict(line.components)),
                line.discount_minor,
            )
            for position, line in enumerate(quote.lines)
        ],
    )
    unit.checkouts_changed[checkout_id] = quote.cart_id
    return Checkout(
        checkout_id=checkout_id,
        cart_id=quote.cart_id,
        version=1,
        state=state,
        locked_by=locked_by,
        total_minor=quote.total_minor,
        currency=quote.currency,
        quote_hash=quote.quote_hash,
        expires_ms=quote.expires_ms,
        released_reason=None,
        order_id=None,
        asked_minor=0,
        lines=quote.lines,
        attempts=(),
        shares=(),
        captured=frozenset(),
        coupon_code=quote.coupon_code,
    )


def load(connection: Connection, checkout_id: str) -> Checkout | None:
    """One checkout, with everything that hangs on it in one statement."""
    for row in _LOAD.rows(connection, checkout_id):
        values = list(row)
        tried = sorted(from_json(values[13]), key=itemgetter(2))
        values[3] = _STATES[values[3]]
        values[12] = tuple(_line(line) for line in sorted(from_json(row[12]), key=itemgetter(0)))
        values[13] = tuple(payments.attempt_of(attempt[:-1]) for attempt in tried)
        values[14] = tuple(
            Share(*part[1:]) for part in sorted(from_json(row[14]), key=itemgetter(0))
        )
        values.insert(15, frozenset(attempt[0] for attempt in tried if attempt[-1]))
        return Checkout(*values)
    return None


def at_once_by(connection: Connection, person_id: str, cart_prefix: str) -> dict[str, int]:
    """By SKU, what this person has locked just now in carts whose names begin so."""
    rows = connection.execute(
        select(checkout_lines.c.sku, func.sum(checkout_lines.c.quantity))
        .join(checkouts, checkouts.c.id == checkout_lines.c.checkout_id)
        .where(
            checkouts.c.locked_by == person_id,
            checkouts.c.state.in_(LIVE),
            checkouts.c.cart_id.startswith(cart_prefix, autoescape=True),
        )
        .group_by(checkout_lines.c.sku)
    )
    return {sku: int(pieces) for sku, pieces in rows}


def lines_of(connection: Connection, checkout_id: str) -> list[QuoteLine]:
    """The frozen lines of a checkout, and of the order it became."""
    return [_line(row) for row in _LINES.rows(connection, checkout_id)]


def _line(row: Sequence[Any]) -> QuoteLine:
    _, line_id, sku, product_id, name, options, quantity, price_minor, owner_id = row[:9]
    receiver_id, components, discount_minor = row[9:]
    return QuoteLine(
        line_id,
        sku,
        product_id,
        name,
        from_json(options),
        quantity,
        price_minor,
        owner_id,
        receiver_id,
        from_json(components),
        discount_minor,
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
    unit.run(
        _STEP,
        state.value,
        None if reason is None else reason.value,
        unit.now_ms if closed else None,
        checkout.checkout_id,
        checkout.state.value,
        changes=1,
    )
    unit.checkouts_changed[checkout.checkout_id] = checkout.cart_id
    return state


def touch(unit: Unit, checkout: Checkout) -> None:
    """Announce that the payment attempt of a checkout changed."""
    unit.run(_TOUCH, checkout.checkout_id)
    unit.checkouts_changed[checkout.checkout_id] = checkout.cart_id


def ask(unit: Unit, checkout: Checkout, amount_minor: int) -> None:
    """Take the step to `paying` and ask a payer for so much of the total, which the database keeps
    all of them from exceeding. Raises like `step`."""
    unit.run(
        _PAY,
        advance(checkout.state, Trigger.PAY).value,
        amount_minor,
        checkout.checkout_id,
        checkout.state.value,
        checkout.asked_minor,
        changes=1,
    )
    unit.checkouts_changed[checkout.checkout_id] = checkout.cart_id


def take_back(unit: Unit, checkout_id: str, amount_minor: int) -> None:
    """So much of the total was asked for and will not be paid."""
    _TAKE_BACK.run(unit.connection, amount_minor, checkout_id)


def half_paid(connection: Connection, now_ms: int, limit: int) -> Sequence[str]:
    """Checkouts whose time is over while all that is promised waits for parts nobody has paid."""
    others = (
        select(payment_attempts.c.id)
        .where(
            payment_attempts.c.checkout_id == checkouts.c.id,
            payment_attempts.c.state.in_(LIVE_ATTEMPTS),
            payment_attempts.c.state != AttemptState.AUTHORISED,
        )
        .exists()
    )
    rows = connection.execute(
        select(checkouts.c.id)
        .where(checkouts.c.state == CheckoutState.PAYING, checkouts.c.expires_ms <= now_ms, ~others)
        .order_by(checkouts.c.expires_ms)
        .limit(limit)
    )
    return [row.id for row in rows]


def overdue(connection: Connection, now_ms: int, limit: int) -> Sequence[str]:
    """Locked checkouts whose time is over. One that is being paid is never among them."""
    return [row[0] for row in _OVERDUE.rows(connection, now_ms, limit)]
