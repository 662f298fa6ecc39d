"""Payment attempts and captured payments, as rows."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, update

from commerce.db.schema import payment_attempts
from commerce.db.statement import Statement, json_list
from commerce.db.unit import ConcurrentChangeError, Unit
from commerce.payment import LIVE_ATTEMPTS, Attempt, AttemptState, Failure
from commerce.ports import Charge

_COLUMNS = """id, checkout_id, number, payer_id, provider, amount_minor, currency, state, in_doubt,
    challenge_id, challenge_url, instructions, challenge_expires_ms, failure_code, failure_message,
    caused_by, updated_ms"""
_ATTEMPT = Statement(f"SELECT {_COLUMNS} FROM payment_attempts WHERE id = ?")  # noqa: S608
_OF_CHECKOUT = Statement(
    f"SELECT {_COLUMNS} FROM payment_attempts WHERE checkout_id = ? ORDER BY number"  # noqa: S608
)
_LIVE = Statement(
    f"""SELECT {_COLUMNS} FROM payment_attempts
    WHERE state IN ('prepared', 'challenge', 'authorised', 'capturing', 'voiding')
    ORDER BY created_ms, id"""  # noqa: S608
)
_DECIDED = Statement(
    f"""SELECT {_COLUMNS} FROM payment_attempts
    WHERE checkout_id = ? AND state IN ('capturing', 'voiding') ORDER BY number"""  # noqa: S608
)
_PREPARE = Statement(
    """INSERT INTO payment_attempts (id, checkout_id, number, payer_id, provider, amount_minor,
    currency, state, in_doubt, created_ms, updated_ms)
    VALUES (?, ?, ?, ?, ?, ?, ?, 'prepared', FALSE, ?, ?)"""
)
_MOVE = Statement(
    """UPDATE payment_attempts SET state = ?, in_doubt = FALSE, reference = ?, updated_ms = ?
    WHERE id = ? AND state = ?"""
)
_DECIDE_ALONE = Statement(
    """UPDATE payment_attempts SET state = 'capturing', in_doubt = FALSE, reference = ?,
    updated_ms = ? WHERE id = ? AND state = ? AND amount_minor =
    (SELECT total_minor FROM checkouts AS c WHERE c.id = checkout_id AND c.state = 'paying')"""
)
_DECIDE = Statement(
    """UPDATE payment_attempts SET state = 'capturing', updated_ms = ?
    WHERE id IN (LIST ?) AND state = 'authorised'"""
)
_CAPTURE = Statement(
    """INSERT INTO payments (attempt_id, checkout_id, order_id, provider, reference, amount_minor,
    refunded_minor, currency, captured_ms) VALUES (?, ?, ?, ?, ?, ?, 0, ?, ?)"""
)
_UNORDERED = Statement(
    """SELECT attempt_id, amount_minor FROM payments
    WHERE checkout_id = ? AND order_id IS NULL AND refunded_minor = 0"""
)
_ASSIGN = Statement("UPDATE payments SET order_id = ? WHERE attempt_id IN (LIST ?)")
_STATES = {state.value: state for state in AttemptState}


def load(connection: Connection, attempt_id: str) -> Attempt | None:
    """One attempt."""
    for row in _ATTEMPT.rows(connection, attempt_id):
        return attempt_of(row)
    return None


def of_checkout(connection: Connection, checkout_id: str) -> list[Attempt]:
    """All attempts to pay a checkout, the oldest first."""
    return [attempt_of(row) for row in _OF_CHECKOUT.rows(connection, checkout_id)]


def live(connection: Connection) -> list[Attempt]:
    """All attempts that have not come to their end, the oldest first."""
    return [attempt_of(row) for row in _LIVE.rows(connection)]


def decided(connection: Connection, checkout_id: str) -> list[Attempt]:
    """Attempts of a checkout that are to be captured or given back."""
    return [attempt_of(row) for row in _DECIDED.rows(connection, checkout_id)]


def attempt_of(row: Sequence[Any]) -> Attempt:
    """The attempt of a row whose columns are in the order of its fields."""
    values = list(row)
    values[7], values[8] = _STATES[row[7]], bool(row[8])
    return Attempt(*values)


def prepare(
    unit: Unit,
    attempt_id: str,
    checkout_id: str,
    payer_id: str,
    provider: str,
    amount_minor: int,
    currency: str,
    *,
    number: int = 1,
) -> Attempt:
    """Write down that somebody is about to pay so much; `checkouts.ask` has asked for it. `number`
    counts the attempts of a checkout from 1."""
    values = (attempt_id, checkout_id, number, payer_id, provider, amount_minor, currency)
    unit.run(_PREPARE, *values, unit.now_ms, unit.now_ms)
    nothing = (None,) * 7
    return Attempt(*values, AttemptState.PREPARED, False, *nothing, unit.now_ms)


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
    _move_one(unit, attempt, AttemptState.AUTHORISED, charge)


def record_doubt(unit: Unit, attempt: Attempt) -> None:
    """The gateway did not answer."""
    _update(unit, attempt, in_doubt=True)


def record_failure(unit: Unit, attempt: Attempt, failure: Failure, caused_by: str) -> None:
    """No money moved and none will. An attempt that was called off keeps the reason it has."""
    reason: dict[str, Any] = {}
    if attempt.failure_code is None:
        reason = {
            "failure_code": failure.code,
            "failure_message": failure.message,
            "caused_by": caused_by,
        }
    _update(unit, attempt, state=AttemptState.FAILED, in_doubt=False, **reason)


def decide_alone(unit: Unit, attempt: Attempt, charge: Charge) -> bool:
    """The bank promised an attempt that pays the whole total: it is to be captured, if it is so.

    Beside the total there is no other part to decide about, so nothing has to be locked or read.
    """
    known = (attempt.attempt_id, attempt.state.value)
    return _DECIDE_ALONE.run(unit.connection, charge.reference, unit.now_ms, *known) == 1


def decide_capture(
    unit: Unit, attempt: Attempt, charge: Charge, others: Sequence[str] = ()
) -> None:
    """The bank promised the last part: from now on it and the others, which are authorised, are to
    be captured."""
    _move_one(unit, attempt, AttemptState.CAPTURING, charge)
    if others:
        _DECIDE.run(unit.connection, unit.now_ms, json_list(others))


def call_off(unit: Unit, checkout_id: str, failure: Failure, caused_by: str | None) -> None:
    """A part failed: from now on all others are to be given back."""
    before = tuple(state for state in LIVE_ATTEMPTS if state is not AttemptState.VOIDING)
    _move(
        unit,
        checkout_id,
        before,
        state=AttemptState.VOIDING,
        failure_code=failure.code,
        failure_message=failure.message,
        caused_by=caused_by,
    )


def record_captured(
    unit: Unit, attempt: Attempt, charge: Charge, order_id: str | None = None
) -> None:
    """The money moved, for this order, which exists already in this transaction. Without one it
    belongs to no order until `assign_order`."""
    _move_one(unit, attempt, AttemptState.CAPTURED, charge)
    unit.run(
        _CAPTURE,
        attempt.attempt_id,
        attempt.checkout_id,
        order_id,
        attempt.provider,
        charge.reference,
        attempt.amount_minor,
        attempt.currency,
        unit.now_ms,
    )


def unordered(connection: Connection, checkout_id: str) -> dict[str, int]:
    """Captured parts of a checkout that belong to no order and are not given back: the amount by
    attempt."""
    return dict(_UNORDERED.rows(connection, checkout_id))


def assign_order(unit: Unit, attempt_ids: Sequence[str], order_id: str) -> None:
    """These payments paid this order, which exists already in this transaction."""
    unit.run(_ASSIGN, order_id, json_list(attempt_ids))


def _move_one(unit: Unit, attempt: Attempt, state: AttemptState, charge: Charge) -> None:
    unit.run(
        _MOVE,
        state.value,
        charge.reference,
        unit.now_ms,
        attempt.attempt_id,
        attempt.state.value,
        changes=1,
    )


def _move(unit: Unit, checkout_id: str, before: Sequence[AttemptState], **values: Any) -> None:
    unit.connection.execute(
        update(payment_attempts)
        .where(
            payment_attempts.c.checkout_id == checkout_id,
            payment_attempts.c.state.in_(before),
        )
        .values(**values, updated_ms=unit.now_ms)
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
