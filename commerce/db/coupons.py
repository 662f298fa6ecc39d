"""Coupons and their uses, as rows.

A use counts from the lock of a checkout on, so that two locks side by side cannot use the last one
together; it is given back when the checkout is released, and stays when it is paid. The limits are
constraints of the tables: whoever writes, they hold.
"""

from collections.abc import Collection
from dataclasses import replace

from sqlalchemy import Connection

from commerce.db.statement import Row, Statement, json_list
from commerce.db.unit import Unit
from commerce.promotions import Coupon, CouponEnd, CouponKind

_CREATE = Statement(
    """INSERT INTO coupons (code, kind, value, currency, minimum_minor, starts_ms, ends_ms,
    uses_max, uses_per_person_max, used, withdrawn_ms, created_ms)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, NULL, ?)"""
)
_FIND = Statement(
    """SELECT code, kind, value, currency, minimum_minor, starts_ms, ends_ms, uses_max,
    uses_per_person_max, used, withdrawn_ms FROM coupons
    WHERE code IN (LIST ?)"""
)
_ALL = Statement(
    """SELECT code, kind, value, currency, minimum_minor, starts_ms, ends_ms, uses_max,
    uses_per_person_max, used, withdrawn_ms FROM coupons
    ORDER BY created_ms DESC, code LIMIT ?"""
)
_COUNT = Statement("SELECT COUNT(*) FROM coupons")
_WITHDRAW = Statement("UPDATE coupons SET withdrawn_ms = ? WHERE code = ? AND withdrawn_ms IS NULL")
_PUT = Statement(
    """INSERT INTO cart_coupons (cart_id, code, person_id) VALUES (?, ?, ?)
    ON CONFLICT (cart_id) DO UPDATE SET code = excluded.code, person_id = excluded.person_id"""
)
_TAKE_OUT = Statement("DELETE FROM cart_coupons WHERE cart_id = ?")
_USE = Statement(
    """UPDATE coupons SET used = used + 1
    WHERE code = ? AND withdrawn_ms IS NULL AND (uses_max IS NULL OR used < uses_max)"""
)
_BEGIN_PERSON = Statement(
    """INSERT INTO coupon_people (code, person_id, uses, uses_max) VALUES (?, ?, 0, ?)
    ON CONFLICT (code, person_id) DO NOTHING"""
)
_USE_PERSON = Statement(
    """UPDATE coupon_people SET uses = uses + 1, uses_max = ?
    WHERE code = ? AND person_id = ? AND uses < ?"""
)
_NOTE = Statement("INSERT INTO checkout_coupons (checkout_id, code, person_id) VALUES (?, ?, ?)")
_USED_BY = Statement("SELECT code, person_id FROM checkout_coupons WHERE checkout_id = ?")
_STANDING = Statement(
    """SELECT c.code, c.withdrawn_ms FROM checkout_coupons AS u
    JOIN coupons AS c ON c.code = u.code WHERE u.checkout_id = ?"""
)
_FORGET = Statement("DELETE FROM checkout_coupons WHERE checkout_id = ?")
_GIVE_BACK = Statement("UPDATE coupons SET used = used - 1 WHERE code = ?")
_GIVE_BACK_PERSON = Statement(
    "UPDATE coupon_people SET uses = uses - 1 WHERE code = ? AND person_id = ? AND uses > 0"
)
_DIFFERENCES = Statement(
    """SELECT c.code, c.used, COUNT(u.checkout_id) FROM coupons AS c
    LEFT JOIN checkout_coupons AS u ON u.code = c.code GROUP BY c.code, c.used
    HAVING c.used <> COUNT(u.checkout_id) ORDER BY c.code"""
)


def create(unit: Unit, coupon: Coupon) -> None:
    """Write a new coupon."""
    _CREATE.run(
        unit.connection,
        coupon.code,
        str(coupon.kind),
        coupon.value,
        coupon.currency,
        coupon.minimum_minor,
        coupon.starts_ms,
        coupon.ends_ms,
        coupon.uses_max,
        coupon.uses_per_person_max,
        unit.now_ms,
    )


def find(connection: Connection, codes: Collection[str]) -> dict[str, Coupon]:
    """These coupons by their codes; what is not there is left out."""
    return {row[0]: _coupon(row) for row in _FIND.rows(connection, json_list(codes))}


def newest(connection: Connection, limit: int) -> list[Coupon]:
    """The newest coupons."""
    return [_coupon(row) for row in _ALL.rows(connection, limit)]


def count(connection: Connection) -> int:
    """How many there are."""
    ((number,),) = _COUNT.rows(connection)
    return int(number)


def withdraw(unit: Unit, code: str) -> None:
    """From now on nobody can use it."""
    _WITHDRAW.run(unit.connection, unit.now_ms, code)


def put(unit: Unit, cart_id: str, code: str, person_id: str) -> None:
    """Put a coupon into a cart, instead of the one that was in it."""
    _PUT.run(unit.connection, cart_id, code, person_id)


def take_out(unit: Unit, cart_id: str) -> None:
    """A cart has no coupon any more."""
    unit.run(_TAKE_OUT, cart_id)


def use(unit: Unit, coupon: Coupon, person_id: str) -> CouponEnd | None:
    """Count a use of a coupon; None, or why it cannot be used. Then the transaction must not be
    kept."""
    connection, code = unit.connection, coupon.code
    if _USE.run(connection, code) != 1:
        fresh = find(connection, (code,)).get(code, replace(coupon, withdrawn=True))
        return fresh.end(unit.now_ms) or CouponEnd.USED_UP
    limit = coupon.uses_per_person_max
    if limit is not None:
        _BEGIN_PERSON.run(connection, code, person_id, limit)
        if _USE_PERSON.run(connection, limit, code, person_id, limit) != 1:
            return CouponEnd.USED_BY_YOU
    return None


def note(unit: Unit, code: str, checkout_id: str, person_id: str) -> None:
    """Write down whose use it is."""
    unit.run(_NOTE, checkout_id, code, person_id, changes=1)


def withdrawn(connection: Connection, checkout_id: str) -> str | None:
    """The code of the coupon of a checkout, if it was withdrawn since."""
    for code, withdrawn_ms in _STANDING.rows(connection, checkout_id):
        return None if withdrawn_ms is None else str(code)
    return None


def give_back(unit: Unit, checkout_id: str, coupon_code: str | None) -> None:
    """A checkout was released: its use of a coupon, if it has one, does not count."""
    if coupon_code is None:
        return
    for code, person_id in _USED_BY.rows(unit.connection, checkout_id):
        _FORGET.run(unit.connection, checkout_id)
        _GIVE_BACK.run(unit.connection, code)
        _GIVE_BACK_PERSON.run(unit.connection, code, person_id)


def differences(connection: Connection) -> list[str]:
    """Sentences about coupons that were not used as often as they count."""
    return [
        f"The coupon {code} counts {used} uses, but {noted} checkouts have it."
        for code, used, noted in _DIFFERENCES.rows(connection)
    ]


def _coupon(row: Row) -> Coupon:
    return Coupon(
        code=row[0],
        kind=CouponKind(row[1]),
        value=row[2],
        currency=row[3],
        minimum_minor=row[4],
        starts_ms=row[5],
        ends_ms=row[6],
        uses_max=row[7],
        uses_per_person_max=row[8],
        used=row[9],
        withdrawn=row[10] is not None,
    )
