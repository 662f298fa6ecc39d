"""Idempotency keys: claimed by an insert in the transaction that does the work.

The primary key decides: of two transactions with one key only one can commit, and a claim whose
work failed is rolled back with it.
"""

from collections.abc import Sequence

from sqlalchemy import delete, insert, select

from commerce.db.schema import idempotency
from commerce.db.unit import Unit
from commerce.errors import IdempotencyKeyReusedError
from commerce.holding import HoldRequest


def claim(unit: Unit, scope: str, key: str, body_hash: str, reference: str) -> str | None:
    """Claim a key for a new action; None when it is ours.

    When the key was used for the same request before: the `reference` of what came of it. Raises
    IDEMPOTENCY_KEY_REUSED when it was used for another request.
    """
    row = unit.connection.execute(
        select(idempotency.c.body_hash, idempotency.c.reference).where(
            idempotency.c.scope == scope, idempotency.c.key == key
        )
    ).first()
    if row is not None:
        if row.body_hash != body_hash:
            raise IdempotencyKeyReusedError
        return str(row.reference)
    unit.connection.execute(
        insert(idempotency),
        {
            "scope": scope,
            "key": key,
            "body_hash": body_hash,
            "reference": reference,
            "created_ms": unit.now_ms,
        },
    )
    return None


def used(unit: Unit, pairs: Sequence[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """The fingerprints of those (scope, key) that were used before."""
    wanted = set(pairs)
    rows = unit.connection.execute(
        select(idempotency.c.scope, idempotency.c.key, idempotency.c.body_hash).where(
            idempotency.c.scope.in_(sorted({scope for scope, _ in wanted})),
            idempotency.c.key.in_(sorted({key for _, key in wanted})),
        )
    )
    found = {(row.scope, row.key): str(row.body_hash) for row in rows}
    return {pair: found[pair] for pair in found.keys() & wanted}


def remember(unit: Unit, requests: Sequence[HoldRequest]) -> None:
    """Claim the keys of a batch."""
    if requests:
        unit.connection.execute(
            insert(idempotency),
            [
                {
                    "scope": request.scope,
                    "key": request.key,
                    "body_hash": request.body_hash,
                    "reference": None,
                    "created_ms": unit.now_ms,
                }
                for request in requests
            ],
        )


def prune(unit: Unit, before_ms: int) -> int:
    """Forget keys that were used before this time; how many."""
    forgotten = unit.connection.execute(
        delete(idempotency).where(idempotency.c.created_ms < before_ms)
    )
    return int(forgotten.rowcount)
