"""Addresses of checkouts, as rows."""

from sqlalchemy import Connection, select

from commerce.contact import Contact
from commerce.db.schema_payments import checkout_contacts
from commerce.db.statement import Statement
from commerce.db.unit import Unit

_SAVE = Statement(
    """INSERT INTO checkout_contacts (checkout_id, email, name, line1, line2, city, postal_code,
    country) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"""
)


def save(unit: Unit, checkout_id: str, contact: Contact) -> None:
    """Write the address of a new checkout."""
    unit.run(
        _SAVE,
        checkout_id,
        contact.email,
        contact.name,
        contact.line1,
        contact.line2,
        contact.city,
        contact.postal_code,
        contact.country,
    )


def load(connection: Connection, checkout_id: str) -> Contact | None:
    """The address of a checkout."""
    row = connection.execute(
        select(checkout_contacts).where(checkout_contacts.c.checkout_id == checkout_id)
    ).first()
    if row is None:
        return None
    return Contact(
        email=row.email,
        name=row.name,
        line1=row.line1,
        line2=row.line2,
        city=row.city,
        postal_code=row.postal_code,
        country=row.country,
    )
