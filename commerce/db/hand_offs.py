"""Codes that hand a payment over to a phone, as rows. Only a hash of a code is kept.

A code is used from the moment a payment by it is prepared. When that payment fails by itself, the
code works again while its time lasts: the try was noted under the hash of the code.
"""

import hashlib
from dataclasses import dataclass

from sqlalchemy import Connection, func, insert, select, update

from commerce.db.schema_payments import hand_offs, payment_tries
from commerce.db.unit import Unit
from commerce.errors import HandOffEndedError


@dataclass(frozen=True, slots=True)
class HandOff:
    """Who may pay how much of which checkout by this code, until when."""

    checkout_id: str
    person_id: str
    amount_minor: int
    currency: str
    expires_ms: int
    used_ms: int | None


def hash_of(code: str) -> str:
    """What is kept of a code."""
    return hashlib.sha256(f"hand-off:{code}".encode()).hexdigest()


def create(unit: Unit, code: str, hand_off: HandOff) -> None:
    """Write a code down; those the person had for this checkout do not work any more."""
    unit.connection.execute(
        update(hand_offs)
        .where(
            hand_offs.c.checkout_id == hand_off.checkout_id,
            hand_offs.c.person_id == hand_off.person_id,
            hand_offs.c.expires_ms > unit.now_ms,
        )
        .values(expires_ms=unit.now_ms)
    )
    unit.connection.execute(
        insert(hand_offs),
        {
            "code_hash": hash_of(code),
            "checkout_id": hand_off.checkout_id,
            "person_id": hand_off.person_id,
            "amount_minor": hand_off.amount_minor,
            "currency": hand_off.currency,
            "created_ms": unit.now_ms,
            "expires_ms": hand_off.expires_ms,
        },
    )


def count(connection: Connection, checkout_id: str) -> int:
    """How many codes a checkout has had."""
    return int(
        connection.execute(
            select(func.count())
            .select_from(hand_offs)
            .where(hand_offs.c.checkout_id == checkout_id)
        ).scalar_one()
    )


def find(connection: Connection, code: str) -> HandOff | None:
    """What a code is for."""
    row = connection.execute(
        select(hand_offs).where(hand_offs.c.code_hash == hash_of(code))
    ).first()
    if row is None:
        return None
    return HandOff(
        row.checkout_id,
        row.person_id,
        row.amount_minor,
        row.currency,
        row.expires_ms,
        row.used_ms,
    )


def use(unit: Unit, code: str, amount_minor: int) -> str:
    """Use a code for exactly this amount; what the try is to be noted under, so that `reopen` finds
    it. Raises HAND_OFF_ENDED."""
    code_hash = hash_of(code)
    used = unit.connection.execute(
        update(hand_offs)
        .where(
            hand_offs.c.code_hash == code_hash,
            hand_offs.c.used_ms.is_(None),
            hand_offs.c.expires_ms > unit.now_ms,
            hand_offs.c.amount_minor == amount_minor,
        )
        .values(used_ms=unit.now_ms)
    )
    if used.rowcount != 1:
        raise HandOffEndedError("used, over, or for another amount")
    return code_hash


def reopen(unit: Unit, try_id: str) -> None:
    """The payment of this try failed by itself: if it was made by a code, that works again."""
    codes = select(payment_tries.c.subject).where(payment_tries.c.try_id == try_id)
    unit.connection.execute(
        update(hand_offs).where(hand_offs.c.code_hash.in_(codes)).values(used_ms=None)
    )
