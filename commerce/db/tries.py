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
SUBJECTS_MAX = 4
"""A try counts for a person, a network address, a card and a code at most."""
_INTO = "INSERT INTO payment_tries (subject, try_id, failed, at_ms)"
_ADD = {
    count: Statement(f"{_INTO} VALUES {', '.join(['(?, ?, FALSE, ?)'] * count)}")
    for count in range(1, SUBJECTS_MAX + 1)
}


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
    """Note a try of one subject at least and `SUBJECTS_MAX` at most; it counts when it fails."""
    values = [value for subject in subjects for value in (subject, try_id, unit.now_ms)]
    unit.run(_ADD[len(subjects)], *values)


def fail(unit: Unit, try_id: str) -> None:
    """A try failed by itself, not because of others."""
    unit.connection.execute(
        update(payment_tries).where(payment_tries.c.try_id == try_id).values(failed=True)
    )


def forget(unit: Unit, before_ms: int) -> None:
    """Forget tries that do not count any more."""
    unit.connection.execute(delete(payment_tries).where(payment_tries.c.at_ms < before_ms))
