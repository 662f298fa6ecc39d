"""Erasing people, as rows: what goes, what the books keep, and who was erased.

Every column that says who somebody is has its place in `KEPT` or `GONE`, or is dealt with below; a
test looks into all tables for somebody who was forgotten.
"""

from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import Column, Connection, Table, delete, exists, func, insert, select, update

from commerce.db import carts as cart_rows
from commerce.db import credit as credit_rows
from commerce.db import holds, tries
from commerce.db.estates import mentions
from commerce.db.schema import (
    cart_members,
    carts,
    checkout_lines,
    checkouts,
    idempotency,
    order_members,
    orders,
    outbox,
    outbox_positions,
    payment_attempts,
)
from commerce.db.schema_payments import (
    checkout_contacts,
    checkout_shares,
    credit_accounts,
    gateway_references,
    gifts,
    hand_offs,
    payment_tries,
    person_contacts,
    refunds,
)
from commerce.db.schema_people import erasures
from commerce.db.schema_promotions import cart_coupons, checkout_coupons, coupon_people
from commerce.db.schema_stock import drop_places, purchases
from commerce.db.unit import Unit
from commerce.erasure import Erasure, Estate, Forfeit, OpenErasure, Plan, subject_of
from commerce.events import PersonErased

KEPT: tuple[Column[Any], ...] = (
    cart_coupons.c.person_id,
    carts.c.personal_of,
    checkout_coupons.c.person_id,
    checkout_lines.c.owner_id,
    checkout_shares.c.covered_by,
    checkout_shares.c.person_id,
    checkouts.c.locked_by,
    coupon_people.c.person_id,
    credit_accounts.c.owner_id,
    gifts.c.giver_id,
    gifts.c.receiver_id,
    order_members.c.person_id,
    orders.c.payer_id,
    payment_attempts.c.caused_by,
    payment_attempts.c.payer_id,
    purchases.c.person_id,
    refunds.c.made_by,
)
"""Where the books go on, with another name."""

GONE: tuple[Column[Any], ...] = (
    cart_members.c.person_id,
    drop_places.c.person_id,
    hand_offs.c.person_id,
    person_contacts.c.person_id,
)
"""Rows that were only there for the person."""

KEY_SCOPES = ("add", "set", "lock", "buy", "pay", "grant")
"""What people's own idempotency keys are for: `scope:person`."""

FORFEITED = "forfeit"
"""Why credit was taken out of an account."""


def erase(unit: Unit, estate: Estate, plan: Plan, name: str) -> Erasure:
    """Carry out a plan; what the books keep is `name`'s from now on."""
    connection, person_id = unit.connection, estate.person_id
    _empty_carts(unit, estate, plan)
    mine = select(checkouts.c.id).where(checkouts.c.locked_by == person_id)
    connection.execute(delete(checkout_contacts).where(checkout_contacts.c.checkout_id.in_(mine)))
    for column in GONE:
        connection.execute(delete(column.table).where(column == person_id))
    subject = tries.subject_of("person", person_id)
    connection.execute(delete(payment_tries).where(payment_tries.c.subject == subject))
    scopes = [f"{scope}:{person_id}" for scope in KEY_SCOPES]
    connection.execute(delete(idempotency).where(idempotency.c.scope.in_(scopes)))
    forfeited = _forfeit(unit, estate)
    for column in KEPT:
        table = column.table
        assert isinstance(table, Table)  # noqa: S101 - the columns above are of tables
        connection.execute(update(table).where(column == person_id).values({column.name: name}))
    _rename_in_outbox(unit, person_id, name)
    return Erasure(unit.now_ms, len(plan.lines), len(estate.lined_up), estate.orders, forfeited)


def _empty_carts(unit: Unit, estate: Estate, plan: Plan) -> None:
    connection, person_id = unit.connection, estate.person_id
    connection.execute(delete(gifts).where(gifts.c.line_id.in_(estate.offers)))
    holds.release(unit, plan.lines)
    cart_rows.delete_lines(unit, [line.line_id for line in plan.lines])
    for line in plan.shared:
        others = tuple(other for other in line.contributor_ids if other != person_id)
        cart_rows.update_owner(unit, replace(line, contributor_ids=others))
    for cart_id in plan.touched:
        cart_rows.touch(unit, cart_id)
    if plan.personal is None:
        return
    connection.execute(delete(cart_members).where(cart_members.c.cart_id == plan.personal))
    connection.execute(delete(cart_coupons).where(cart_coupons.c.cart_id == plan.personal))
    # With a checkout it is a part of the books.
    at_till = exists().where(checkouts.c.cart_id == carts.c.id)
    connection.execute(delete(carts).where(carts.c.id == plan.personal, ~at_till))


def _forfeit(unit: Unit, estate: Estate) -> tuple[Forfeit, ...]:
    forfeited = []
    for entry in estate.credit:
        if entry.balance_minor:
            # Once for all that was there: what comes later is another cause.
            reference = f"{FORFEITED}-{unit.now_ms}"
            credit_rows.book(unit, entry.account_id, -entry.balance_minor, FORFEITED, reference)
            forfeited.append(Forfeit(entry.currency, entry.balance_minor))
    return tuple(forfeited)


def _rename_in_outbox(unit: Unit, person_id: str, name: str) -> None:
    """Events that were told, or will be, speak of `name`."""
    rows = unit.connection.execute(
        select(outbox.c.event_id, outbox.c.payload).where(mentions(outbox.c.payload, person_id))
    ).all()
    for event_id, payload in rows:
        unit.connection.execute(
            update(outbox)
            .where(outbox.c.event_id == event_id)
            .values(payload=_renamed(payload, person_id, name))
        )


def _renamed(value: Any, person_id: str, name: str) -> Any:
    if isinstance(value, dict):
        return {key: _renamed(entry, person_id, name) for key, entry in value.items()}
    if isinstance(value, list):
        return [_renamed(entry, person_id, name) for entry in value]
    return name if value == person_id else value


# --- who was erased -----------------------------------------------------------------------------


def find(connection: Connection, person_id: str) -> Erasure | None:
    """What came of the erasure of a person."""
    row = connection.execute(
        select(erasures).where(erasures.c.subject == subject_of(person_id))
    ).first()
    if row is None:
        return None
    answer = dict(row.answer)
    forfeited = tuple(Forfeit(**entry) for entry in answer.pop("forfeited"))
    return Erasure(row.erased_ms, **answer, forfeited=forfeited)


def note(unit: Unit, person_id: str, erasure: Erasure) -> None:
    """Write down what came of it, and who it was until everybody has heard."""
    answer = asdict(erasure)
    del answer["erased_ms"]
    unit.connection.execute(
        insert(erasures),
        {
            "subject": subject_of(person_id),
            "person_id": person_id,
            "erased_ms": erasure.erased_ms,
            "answer": answer,
        },
    )


def close(unit: Unit, person_id: str) -> None:
    """Nobody needs to know any more who it was, and what a provider has kept is gone."""
    unit.connection.execute(delete(gateway_references).where(gateway_references.c.key == person_id))
    unit.connection.execute(
        update(erasures).where(erasures.c.subject == subject_of(person_id)).values(person_id=None)
    )


def opened(connection: Connection) -> list[OpenErasure]:
    """Erasures that have not been carried out everywhere, the oldest first."""
    rows = connection.execute(
        select(erasures.c.person_id, erasures.c.erased_ms)
        .where(erasures.c.person_id.is_not(None))
        .order_by(erasures.c.erased_ms, erasures.c.subject)
    )
    return [OpenErasure(row.person_id, row.erased_ms) for row in rows]


def subjects(connection: Connection, limit: int) -> list[str]:
    """Who was erased, the newest first, as `subject_of` says it."""
    rows = connection.execute(
        select(erasures.c.subject).order_by(erasures.c.erased_ms.desc()).limit(limit)
    )
    return [row.subject for row in rows]


def is_told(connection: Connection, person_id: str) -> bool:
    """Whether every process that tells consumers has told that this person was erased."""
    told_to_all = select(func.min(outbox_positions.c.event_id)).scalar_subquery()
    waiting = connection.execute(
        select(outbox.c.event_id)
        .where(
            outbox.c.kind == PersonErased.__name__,
            outbox.c.event_id > func.coalesce(told_to_all, 0),
            mentions(outbox.c.payload, person_id),
        )
        .limit(1)
    ).first()
    return waiting is None


def prune(unit: Unit, before_ms: int) -> None:
    """Forget erasures so old that nobody has a token from before."""
    unit.connection.execute(
        delete(erasures).where(erasures.c.person_id.is_(None), erasures.c.erased_ms < before_ms)
    )
