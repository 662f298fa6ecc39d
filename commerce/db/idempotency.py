"""Idempotency keys: claimed by an insert in the transaction that does the work.

The primary key decides: of two transactions with one key only one can commit, and a claim whose
work failed is rolled back with it.
"""

from collections.abc import Sequence

from commerce.db.statement import Statement, insert_many, json_pairs
from commerce.db.unit import Unit
from commerce.errors import IdempotencyKeyReusedError
from commerce.holding import HoldRequest

_FIND = Statement("SELECT body_hash, reference FROM idempotency WHERE scope = ? AND key = ?")
_CLAIM_MANY = insert_many(
    "idempotency", scope="text", key="text", body_hash="text", created_ms="bigint"
)
_CLAIM_NEW = Statement(
    """INSERT INTO idempotency (scope, key, body_hash, reference, created_ms)
    VALUES (?, ?, ?, ?, ?) ON CONFLICT (scope, key) DO NOTHING"""
)
_USED = Statement(
    """SELECT i.scope, i.key, i.body_hash FROM LIST ?
    JOIN idempotency AS i ON i.scope = FIELD 0 AND i.key = FIELD 1"""
)
_PRUNE = Statement("DELETE FROM idempotency WHERE created_ms < ?")


def claim(unit: Unit, scope: str, key: str, body_hash: str, reference: str) -> str | None:
    """Claim a key for a new action; None when it is ours.

    When the key was used for the same request before: the `reference` of what came of it. Raises
    IDEMPOTENCY_KEY_REUSED when it was used for another request.
    """
    if _CLAIM_NEW.run(unit.connection, scope, key, body_hash, reference, unit.now_ms):
        return None
    ((before, before_reference),) = _FIND.rows(unit.connection, scope, key)
    if before != body_hash:
        raise IdempotencyKeyReusedError
    return str(before_reference)


def used(unit: Unit, pairs: Sequence[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """The fingerprints of those (scope, key) that were used before."""
    rows = _USED.rows(unit.connection, json_pairs(pairs))
    return {(scope, key): body_hash for scope, key, body_hash in rows}


def remember(unit: Unit, requests: Sequence[HoldRequest]) -> None:
    """Claim the keys of a batch."""
    now_ms = unit.now_ms
    unit.run_many(
        _CLAIM_MANY,
        [(request.scope, request.key, request.body_hash, now_ms) for request in requests],
    )


def prune(unit: Unit, before_ms: int) -> int:
    """Forget keys that were used before this time; how many."""
    return _PRUNE.run(unit.connection, before_ms)
