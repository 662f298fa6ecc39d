"""Tries to pay, as rows: how often a person or an address has failed to pay lately."""

import hashlib
from collections.abc import Collection

from sqlalchemy import Connection, delete, update

from commerce.db.schema_payments import payment_tries
from commerce.db.statement import Statement, json_list
from commerce.db.unit import Unit

_FAILURES = Statement(
    """SELECT subject, COUNT(*), MIN(at_ms) FROM payment_tries
    WHERE subject IN (LIST ?) AND failed = TRUE AND at_ms > ? GROUP BY subject"""
)
_ADD = Statement(
    "INSERT INTO payment_tries (subject, try_id, failed, at_ms) VALUES (?, ?, FALSE, ?)"
)


def subject_of(kind: str, value: str) -> str:
    """What is counted, without saying who it is."""
    return hashlib.sha256(f"{kind}:{value}".encode()).hexdigest()


def failures(
    connection: Connection, subjects: Collection[str], since_ms: int
) -> dict[str, tuple[int, int]]:
    """How many tries have failed since then, and when the oldest of them was; who has not failed
    is left out."""
    rows = _FAILURES.rows(connection, json_list(subjects), since_ms)
    return {subject: (count, oldest_ms) for subject, count, oldest_ms in rows}


def add(unit: Unit, subjects: Collection[str], try_id: str) -> None:
    """Note a try; it counts when it fails."""
    unit.run_many(_ADD, [(subject, try_id, unit.now_ms) for subject in subjects])


def fail(unit: Unit, try_id: str) -> None:
    """A try failed by itself, not because of others."""
    unit.connection.execute(
        update(payment_tries).where(payment_tries.c.try_id == try_id).values(failed=True)
    )


def forget(unit: Unit, before_ms: int) -> None:
    """Forget tries that do not count any more."""
    unit.connection.execute(delete(payment_tries).where(payment_tries.c.at_ms < before_ms))
