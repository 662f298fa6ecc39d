"""Payment attempts and captured payments, as rows."""

from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from commerce.db.schema import payment_attempts, payments
from commerce.db.unit import ConcurrentChangeError, Unit
from commerce.payment import LIVE_ATTEMPTS, Attempt, AttemptState, Failure
from commerce.ports import Charge


def latest(connection: Connection, checkout_id: str) -> Attempt | None:
    """The newest attempt to pay a checkout."""
    row = connection.execute(
        select(payment_attempts)
        .where(payment_attempts.c.checkout_id == checkout_id)
        .order_by(payment_attempts.c.number.desc())
        .limit(1)
    ).first()
    return None if row is None else _attempt(row)


def live(connection: Connection) -> list[Attempt]:
    """All attempts that have not come to their end, the oldest first."""
    rows = connection.execute(
        select(payment_attempts)
        .where(payment_attempts.c.state.in_(LIVE_ATTEMPTS))
        .order_by(payment_attempts.c.created_ms, payment_attempts.c.id)
    )
    return [_attempt(row) for row in rows]


def _attempt(row: Row[Any]) -> Attempt:
    return Attempt(
        attempt_id=row.id,
        checkout_id=row.checkout_id,
        number=row.number,
        payer_id=row.payer_id,
        amount_minor=row.amount_minor,
        currency=row.currency,
        state=AttemptState(row.state),
        in_doubt=row.in_doubt,
        challenge_id=row.challenge_id,
        challenge_url=row.challenge_url,
        instructions=row.instructions,
        challenge_expires_ms=row.challenge_expires_ms,
        failure_code=row.failure_code,
        failure_message=row.failure_message,
        updated_ms=row.updated_ms,
    )


def prepare(
    unit: Unit, attempt_id: str, checkout_id: str, payer_id: str, amount_minor: int, currency: str
) -> None:
    """Write down that somebody is about to pay. The database allows one live attempt a checkout."""
    number = unit.connection.execute(
        select(func.coalesce(func.max(payment_attempts.c.number), 0) + 1).where(
            payment_attempts.c.checkout_id == checkout_id
        )
    ).scalar_one()
    unit.connection.execute(
        insert(payment_attempts),
        {
            "id": attempt_id,
            "checkout_id": checkout_id,
            "number": number,
            "payer_id": payer_id,
            "amount_minor": amount_minor,
            "currency": currency,
            "state": AttemptState.PREPARED,
            "in_doubt": False,
            "created_ms": unit.now_ms,
            "updated_ms": unit.now_ms,
        },
    )


def record_challenge(unit: Unit, attempt: Attempt, charge: Charge, expires_ms: int) -> None:
    """The bank asks the payer something."""
    _update(
        unit,
        attempt,
        state=AttemptState.CHALLENGE,
        in_doubt=False,
        reference=charge.reference,
        challenge_id=charge.challenge_id,
        challenge_url=charge.challenge_url,
        instructions=charge.instructions,
        challenge_expires_ms=expires_ms,
    )


def record_authorised(unit: Unit, attempt: Attempt, charge: Charge) -> None:
    """The bank promised the money."""
    _update(
        unit, attempt, state=AttemptState.AUTHORISED, in_doubt=False, reference=charge.reference
    )


def record_doubt(unit: Unit, attempt: Attempt) -> None:
    """The gateway did not answer."""
    _update(unit, attempt, in_doubt=True)


def record_failure(unit: Unit, attempt: Attempt, failure: Failure) -> None:
    """No money moved and none will."""
    _update(
        unit,
        attempt,
        state=AttemptState.FAILED,
        in_doubt=False,
        failure_code=failure.code,
        failure_message=failure.message,
    )


def record_captured(unit: Unit, attempt: Attempt, charge: Charge, order_id: str) -> None:
    """The money moved: one payment for this order, which exists already in this transaction."""
    _update(unit, attempt, state=AttemptState.CAPTURED, in_doubt=False, reference=charge.reference)
    unit.connection.execute(
        insert(payments),
        {
            "order_id": order_id,
            "attempt_id": attempt.attempt_id,
            "reference": charge.reference,
            "amount_minor": attempt.amount_minor,
            "currency": attempt.currency,
            "captured_ms": unit.now_ms,
        },
    )


def _update(unit: Unit, attempt: Attempt, **values: Any) -> None:
    changed = unit.connection.execute(
        update(payment_attempts)
        .where(
            payment_attempts.c.id == attempt.attempt_id,
            payment_attempts.c.state == attempt.state,
        )
        .values(**values, updated_ms=unit.now_ms)
    )
    if changed.rowcount != 1:
        raise ConcurrentChangeError
