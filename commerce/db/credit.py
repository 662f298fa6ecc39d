"""The ledger of store credit and gift cards, as rows.

An account has a balance and what of it is reserved; the database keeps `0 <= reserved <= balance`.
Every change of the balance has an entry, once for its cause, and the entries sum to the balance.
"""

import hashlib

from sqlalchemy import Connection, func, insert, or_, select, update

from commerce.db.schema_payments import credit_accounts, credit_charges, credit_entries
from commerce.db.unit import ConcurrentChangeError, Unit
from commerce.ports import Charge, ChargeState
from commerce.views import CreditView

NO_CURRENCY = "XXX"
"""ISO 4217 for "no currency": of a charge that was given up before it was made."""


RESERVED = (ChargeState.CHALLENGE, ChargeState.AUTHORISED)
"""States of a charge whose amount is kept for it."""


def code_hash(code: str) -> str:
    """What is kept of a gift card's code."""
    return hashlib.sha256(f"gift:{code}".encode()).hexdigest()


def open_account(
    unit: Unit,
    account_id: str,
    currency: str,
    *,
    owner_id: str | None = None,
    hashed: str | None = None,
    expires_ms: int | None = None,
) -> None:
    """Make an empty account, of a person or of a gift card."""
    unit.connection.execute(
        insert(credit_accounts),
        {
            "id": account_id,
            "kind": "credit" if owner_id is not None else "gift",
            "owner_id": owner_id,
            "code_hash": hashed,
            "currency": currency,
            "balance_minor": 0,
            "reserved_minor": 0,
            "expires_ms": expires_ms,
            "created_ms": unit.now_ms,
        },
    )


def account_of(connection: Connection, owner_id: str, currency: str) -> str | None:
    """A person's account in a currency."""
    return connection.execute(
        select(credit_accounts.c.id).where(
            credit_accounts.c.owner_id == owner_id, credit_accounts.c.currency == currency
        )
    ).scalar()


def card(connection: Connection, code: str) -> str | None:
    """The account of a gift card."""
    return connection.execute(
        select(credit_accounts.c.id).where(credit_accounts.c.code_hash == code_hash(code))
    ).scalar()


def view(connection: Connection, account_id: str) -> CreditView | None:
    """What is in an account."""
    row = connection.execute(
        select(credit_accounts).where(credit_accounts.c.id == account_id)
    ).first()
    if row is None:
        return None
    return CreditView(
        id=row.id,
        kind=row.kind,
        currency=row.currency,
        balance_minor=row.balance_minor,
        available_minor=row.balance_minor - row.reserved_minor,
        expires_ms=row.expires_ms,
    )


def booked(connection: Connection, account_id: str, reason: str, reference: str) -> bool:
    """Whether an account has an entry of this cause."""
    found = connection.execute(
        select(credit_entries.c.reference).where(
            credit_entries.c.account_id == account_id,
            credit_entries.c.reason == reason,
            credit_entries.c.reference == reference,
        )
    ).first()
    return found is not None


def book(unit: Unit, account_id: str, amount_minor: int, reason: str, reference: str) -> bool:
    """Add to the balance (or, below 0, take from it), once for this cause; whether it was new."""
    if booked(unit.connection, account_id, reason, reference):
        return False
    unit.connection.execute(
        insert(credit_entries),
        {
            "account_id": account_id,
            "reason": reason,
            "reference": reference,
            "amount_minor": amount_minor,
            "at_ms": unit.now_ms,
        },
    )
    unit.connection.execute(
        update(credit_accounts)
        .where(credit_accounts.c.id == account_id)
        .values(balance_minor=credit_accounts.c.balance_minor + amount_minor)
    )
    return True


def reserve(unit: Unit, account_id: str, currency: str, amount_minor: int) -> bool:
    """Keep so much of an account for a charge; whether there was so much."""
    reserved = unit.connection.execute(
        update(credit_accounts)
        .where(
            credit_accounts.c.id == account_id,
            credit_accounts.c.currency == currency,
            or_(
                credit_accounts.c.expires_ms.is_(None),
                credit_accounts.c.expires_ms > unit.now_ms,
            ),
            credit_accounts.c.balance_minor - credit_accounts.c.reserved_minor >= amount_minor,
        )
        .values(reserved_minor=credit_accounts.c.reserved_minor + amount_minor)
    )
    return bool(reserved.rowcount == 1)


def release(unit: Unit, account_id: str, amount_minor: int) -> None:
    """Keep so much less of an account."""
    unit.connection.execute(
        update(credit_accounts)
        .where(credit_accounts.c.id == account_id)
        .values(reserved_minor=credit_accounts.c.reserved_minor - amount_minor)
    )


def charge(connection: Connection, key: str) -> tuple[Charge, str | None] | None:
    """The charge of a key and its account."""
    row = connection.execute(select(credit_charges).where(credit_charges.c.key == key)).first()
    if row is None:
        return None
    made = Charge(
        key=row.key,
        state=ChargeState(row.state),
        amount_minor=row.amount_minor,
        currency=row.currency,
        reference=f"credit-{row.key}",
        code=row.code,
    )
    return made, row.account_id


def put_charge(unit: Unit, made: Charge, account_id: str | None) -> None:
    """Write a new charge."""
    unit.connection.execute(
        insert(credit_charges),
        {
            "key": made.key,
            "account_id": account_id,
            "currency": made.currency,
            "amount_minor": made.amount_minor,
            "state": made.state,
            "code": made.code,
        },
    )


def move_charge(
    unit: Unit,
    key: str,
    before: ChargeState,
    after: ChargeState,
    amount_minor: int,
    code: str | None = None,
) -> None:
    """Move a charge on, if it is where we read it; `code` says why it is declined."""
    moved = unit.connection.execute(
        update(credit_charges)
        .where(credit_charges.c.key == key, credit_charges.c.state == before)
        .values(state=after, amount_minor=amount_minor, code=code)
    )
    if moved.rowcount != 1:
        raise ConcurrentChangeError


def given_back(connection: Connection, key: str) -> int:
    """What was given back of a charge: refunds are entries named after it."""
    return int(
        connection.execute(
            select(func.coalesce(func.sum(credit_entries.c.amount_minor), 0)).where(
                credit_entries.c.reason == refund_reason(key)
            )
        ).scalar_one()
    )


def refund_reason(key: str) -> str:
    """Reason of the entries that give a charge back. Keys may be longer than a reason."""
    return f"refund-{hashlib.sha256(key.encode()).hexdigest()[:48]}"


def captured(connection: Connection) -> dict[str, tuple[int, str]]:
    """All captured charges: amount and currency by key."""
    rows = connection.execute(
        select(credit_charges).where(credit_charges.c.state == ChargeState.CAPTURED)
    )
    return {row.key: (row.amount_minor, row.currency) for row in rows}


def refunded(connection: Connection) -> dict[str, int]:
    """All refunds to accounts: amount by refund key."""
    rows = connection.execute(
        select(credit_entries.c.reference, credit_entries.c.amount_minor).where(
            credit_entries.c.reason.like("refund-%")
        )
    )
    return {row.reference: row.amount_minor for row in rows}


def misfits(connection: Connection) -> list[str]:
    """Accounts whose balance is not the sum of its entries, or that reserve without a charge."""
    entered = {
        row[0]: int(row[1])
        for row in connection.execute(
            select(credit_entries.c.account_id, func.sum(credit_entries.c.amount_minor)).group_by(
                credit_entries.c.account_id
            )
        )
    }
    kept = {
        row[0]: int(row[1])
        for row in connection.execute(
            select(credit_charges.c.account_id, func.sum(credit_charges.c.amount_minor))
            .where(credit_charges.c.state.in_(RESERVED))
            .group_by(credit_charges.c.account_id)
        )
    }
    wrong = []
    for row in connection.execute(select(credit_accounts).order_by(credit_accounts.c.id)):
        if row.balance_minor != entered.get(row.id, 0):
            wrong.append(f"The balance of account {row.id} is not the sum of its entries.")
        if row.reserved_minor != kept.get(row.id, 0):
            wrong.append(f"Account {row.id} does not reserve what its charges say.")
    return wrong
