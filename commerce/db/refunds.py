"""Refunds, as rows. What a refund takes is set aside on its payment in the same transaction, so the
database itself refuses to give back more than was captured."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from commerce.db.schema import payment_attempts, payments
from commerce.db.schema_payments import refunds
from commerce.db.unit import ConcurrentChangeError, Unit
from commerce.ports import Refund, RefundState
from commerce.views import RefundView


@dataclass(frozen=True, slots=True)
class RefundRow:
    """A refund, and the payment it is of."""

    refund_id: str
    attempt_id: str
    checkout_id: str
    order_id: str | None
    provider: str
    amount_minor: int
    currency: str
    state: RefundState
    reason: str
    created_ms: int
    updated_ms: int


@dataclass(frozen=True, slots=True)
class Paid:
    """A payment of an order and what is left of it."""

    attempt_id: str
    payer_id: str
    amount_minor: int
    refunded_minor: int
    currency: str

    @property
    def left_minor(self) -> int:
        """What can still be given back."""
        return self.amount_minor - self.refunded_minor


def payments_of(connection: Connection, order_id: str) -> list[Paid]:
    """The payments of an order, the newest first: what came last is given back first."""
    rows = connection.execute(
        select(payments, payment_attempts.c.payer_id)
        .join(payment_attempts, payment_attempts.c.id == payments.c.attempt_id)
        .where(payments.c.order_id == order_id)
        .order_by(payment_attempts.c.number.desc())
    )
    return [
        Paid(row.attempt_id, row.payer_id, row.amount_minor, row.refunded_minor, row.currency)
        for row in rows
    ]


def create(
    unit: Unit,
    refund_id: str,
    attempt_id: str,
    order_id: str | None,
    amount_minor: int,
    reason: str,
    made_by: str | None,
) -> None:
    """Set the amount aside and write down that it is to be given back.

    Raises ConcurrentChangeError when so much is not left.
    """
    set_aside = unit.connection.execute(
        update(payments)
        .where(
            payments.c.attempt_id == attempt_id,
            payments.c.refunded_minor + amount_minor <= payments.c.amount_minor,
        )
        .values(refunded_minor=payments.c.refunded_minor + amount_minor)
    )
    if set_aside.rowcount != 1:
        raise ConcurrentChangeError
    unit.connection.execute(
        insert(refunds),
        {
            "id": refund_id,
            "attempt_id": attempt_id,
            "order_id": order_id,
            "amount_minor": amount_minor,
            "state": RefundState.PENDING,
            "reason": reason,
            "made_by": made_by,
            "created_ms": unit.now_ms,
            "updated_ms": unit.now_ms,
        },
    )


def pending(connection: Connection, limit: int) -> list[RefundRow]:
    """Refunds that the gateway has not made yet, the longest untouched first."""
    rows = connection.execute(
        _with_payment()
        .where(refunds.c.state == RefundState.PENDING)
        .order_by(refunds.c.updated_ms, refunds.c.id)
        .limit(limit)
    )
    return [_row(row) for row in rows]


def load(connection: Connection, refund_id: str) -> RefundRow | None:
    """One refund."""
    row = connection.execute(_with_payment().where(refunds.c.id == refund_id)).first()
    return None if row is None else _row(row)


def of_order(connection: Connection, order_id: str) -> list[RefundRow]:
    """All refunds of an order, the oldest first."""
    rows = connection.execute(
        _with_payment()
        .where(refunds.c.order_id == order_id)
        .order_by(refunds.c.created_ms, refunds.c.id)
    )
    return [_row(row) for row in rows]


def record(unit: Unit, refund: RefundRow, answer: Refund) -> bool:
    """Write down what the gateway says; whether that was news. A refund that failed gives the
    amount back to its payment, so that it can be tried in another way."""
    changed = unit.connection.execute(
        update(refunds)
        .where(refunds.c.id == refund.refund_id, refunds.c.state == RefundState.PENDING)
        .values(
            state=answer.state,
            reference=answer.reference,
            failure_code=answer.code,
            updated_ms=unit.now_ms,
        )
    )
    if changed.rowcount != 1 or answer.state is RefundState.PENDING:
        return False
    if answer.state is RefundState.FAILED:
        unit.connection.execute(
            update(payments)
            .where(payments.c.attempt_id == refund.attempt_id)
            .values(refunded_minor=payments.c.refunded_minor - refund.amount_minor)
        )
    return True


def view_of(refund: RefundRow) -> RefundView:
    """A refund as staff see it."""
    return RefundView(
        id=refund.refund_id,
        order_id=refund.order_id,
        payment_id=refund.attempt_id,
        amount_minor=refund.amount_minor,
        currency=refund.currency,
        state=str(refund.state),
        reason=refund.reason,
        created_ms=refund.created_ms,
    )


def _with_payment() -> Any:
    return select(refunds, payments.c.checkout_id, payments.c.provider, payments.c.currency).join(
        payments, payments.c.attempt_id == refunds.c.attempt_id
    )


def _row(row: Row[Any]) -> RefundRow:
    return RefundRow(
        refund_id=row.id,
        attempt_id=row.attempt_id,
        checkout_id=row.checkout_id,
        order_id=row.order_id,
        provider=row.provider,
        amount_minor=row.amount_minor,
        currency=row.currency,
        state=RefundState(row.state),
        reason=row.reason,
        created_ms=row.created_ms,
        updated_ms=row.updated_ms,
    )
