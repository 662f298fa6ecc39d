"""Addresses of checkouts, and those that people keep for their next one, as rows."""

from dataclasses import astuple

from sqlalchemy import Connection

from commerce.contact import Contact
from commerce.db.statement import Statement
from commerce.db.unit import Unit

# Always in the order of the fields of `Contact`.
_SAVE = Statement(
    """INSERT INTO checkout_contacts (checkout_id, email, name, line1, city, postal_code, country,
    line2) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"""
)
_SAVE_KEPT = Statement(
    """INSERT INTO checkout_contacts (checkout_id, email, name, line1, city, postal_code, country,
    line2) SELECT ?, email, name, line1, city, postal_code, country, line2
    FROM person_contacts WHERE person_id = ?"""
)
_LOAD = Statement(
    """SELECT email, name, line1, city, postal_code, country, line2 FROM checkout_contacts
    WHERE checkout_id = ?"""
)
_KEEP = Statement(
    """INSERT INTO person_contacts (person_id, updated_ms, email, name, line1, city, postal_code,
    country, line2) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (person_id) DO UPDATE SET updated_ms = excluded.updated_ms, email = excluded.email,
    name = excluded.name, line1 = excluded.line1, city = excluded.city,
    postal_code = excluded.postal_code, country = excluded.country, line2 = excluded.line2"""
)
_KEPT = Statement(
    """SELECT email, name, line1, city, postal_code, country, line2 FROM person_contacts
    WHERE person_id = ?"""
)
_FORGET = Statement("DELETE FROM person_contacts WHERE person_id = ?")
_FORGET_OLD = Statement("DELETE FROM person_contacts WHERE updated_ms < ?")


def save(unit: Unit, checkout_id: str, contact: Contact) -> None:
    """Write the address of a new checkout."""
    unit.run(_SAVE, checkout_id, *astuple(contact))


def save_kept(unit: Unit, checkout_id: str, person_id: str) -> None:
    """Write what this person keeps, if anything, as the address of a new checkout."""
    unit.run(_SAVE_KEPT, checkout_id, person_id)


def load(connection: Connection, checkout_id: str) -> Contact | None:
    """The address of a checkout."""
    for row in _LOAD.rows(connection, checkout_id):
        return Contact(*row)
    return None


def keep(unit: Unit, person_id: str, contact: Contact) -> None:
    """Keep an address of a person, instead of the one before."""
    _KEEP.run(unit.connection, person_id, unit.now_ms, *astuple(contact))


def of_person(connection: Connection, person_id: str) -> Contact | None:
    """The address that a person keeps."""
    for row in _KEPT.rows(connection, person_id):
        return Contact(*row)
    return None


def forget(unit: Unit, person_id: str) -> None:
    """Keep no address of this person any more."""
    _FORGET.run(unit.connection, person_id)


def forget_old(unit: Unit, before_ms: int) -> None:
    """Forget what people have not given again since then."""
    _FORGET_OLD.run(unit.connection, before_ms)
