"""The tables of money beside those of `schema`: refunds, shares, credit, hand-offs, gifts.

* what is refunded of a payment never exceeds what was captured (`payments.refunded_minor`)
* never more is asked of payers than the total of a checkout (`checkouts.asked_minor`)
* an account of store credit or a gift card is never below 0, and what is reserved is there
* an object of a provider (an intent, a transaction) belongs to one attempt only
* a webhook is taken once; the link to a phone works once
* a person keeps one address
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
)

from commerce.db.schema import Code, Id, metadata

refunds = Table(
    "refunds",
    metadata,
    Column("id", Id, primary_key=True),
    Column("attempt_id", Id, ForeignKey("payments.attempt_id"), nullable=False, index=True),
    Column("order_id", Id, ForeignKey("orders.id"), nullable=True, index=True),
    Column("amount_minor", BigInteger, nullable=False),
    Column("state", Code, nullable=False, index=True),
    Column("reason", String(500), nullable=False),
    Column("made_by", Id, nullable=True),
    Column("reference", String(200), nullable=True),
    Column("failure_code", Code, nullable=True),
    Column("created_ms", BigInteger, nullable=False),
    Column("updated_ms", BigInteger, nullable=False),
    CheckConstraint("amount_minor > 0", name="amount"),
    CheckConstraint("state IN ('pending', 'succeeded', 'failed', 'manual')", name="state"),
)

checkout_shares = Table(
    "checkout_shares",
    metadata,
    Column("checkout_id", Id, ForeignKey("checkouts.id"), nullable=False),
    Column("person_id", Id, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("covered_by", Id, nullable=True),
    PrimaryKeyConstraint("checkout_id", "person_id"),
    CheckConstraint("amount_minor >= 0", name="amount"),
)

gateway_references = Table(
    "gateway_references",
    metadata,
    Column("provider", Code, nullable=False),
    Column("key", Id, nullable=False),
    Column("reference", String(200), nullable=True),
    Column("created_ms", BigInteger, nullable=False),
    PrimaryKeyConstraint("provider", "key"),
    UniqueConstraint("provider", "reference"),
)

webhook_events = Table(
    "webhook_events",
    metadata,
    Column("provider", Code, nullable=False),
    Column("event_id", Id, nullable=False),
    Column("received_ms", BigInteger, nullable=False, index=True),
    PrimaryKeyConstraint("provider", "event_id"),
)

credit_accounts = Table(
    "credit_accounts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("kind", Code, nullable=False),
    Column("owner_id", Id, nullable=True),
    Column("code_hash", String(64), nullable=True, unique=True),
    Column("currency", String(3), nullable=False),
    Column("balance_minor", BigInteger, nullable=False),
    Column("reserved_minor", BigInteger, nullable=False),
    Column("expires_ms", BigInteger, nullable=True),
    Column("created_ms", BigInteger, nullable=False),
    UniqueConstraint("owner_id", "currency"),
    CheckConstraint("kind IN ('credit', 'gift')", name="kind"),
    CheckConstraint("(kind = 'credit') = (owner_id IS NOT NULL)", name="owner"),
    CheckConstraint("(kind = 'gift') = (code_hash IS NOT NULL)", name="code"),
    CheckConstraint("reserved_minor BETWEEN 0 AND balance_minor", name="balance"),
)

credit_charges = Table(
    "credit_charges",
    metadata,
    Column("key", Id, primary_key=True),
    Column("account_id", Id, ForeignKey("credit_accounts.id"), nullable=True, index=True),
    Column("currency", String(3), nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("state", Code, nullable=False),
    Column("code", Code, nullable=True),
    CheckConstraint("amount_minor >= 0", name="amount"),
)

credit_entries = Table(
    "credit_entries",
    metadata,
    Column("account_id", Id, ForeignKey("credit_accounts.id"), nullable=False),
    Column("reason", Code, nullable=False),
    Column("reference", Id, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    PrimaryKeyConstraint("account_id", "reason", "reference"),
)

hand_offs = Table(
    "hand_offs",
    metadata,
    Column("code_hash", String(64), primary_key=True),
    Column("checkout_id", Id, ForeignKey("checkouts.id"), nullable=False, index=True),
    Column("person_id", Id, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
    Column("used_ms", BigInteger, nullable=True),
)

gifts = Table(
    "gifts",
    metadata,
    Column("line_id", Id, primary_key=True),
    Column("cart_id", Id, nullable=False, index=True),
    Column("giver_id", Id, nullable=False),
    Column("receiver_id", Id, nullable=False, index=True),
    Column("accepted", Boolean, nullable=True),
    Column("updated_ms", BigInteger, nullable=False),
    CheckConstraint("giver_id <> receiver_id", name="people"),
)

checkout_contacts = Table(
    "checkout_contacts",
    metadata,
    Column("checkout_id", Id, ForeignKey("checkouts.id"), primary_key=True),
    Column("email", String(254), nullable=False),
    Column("name", String(200), nullable=False),
    Column("line1", String(200), nullable=False),
    Column("line2", String(200), nullable=False),
    Column("city", String(200), nullable=False),
    Column("postal_code", String(32), nullable=False),
    Column("country", String(2), nullable=False),
)

person_contacts = Table(
    "person_contacts",
    metadata,
    Column("person_id", Id, primary_key=True),
    Column("updated_ms", BigInteger, nullable=False),
    Column("email", String(254), nullable=False),
    Column("name", String(200), nullable=False),
    Column("line1", String(200), nullable=False),
    Column("line2", String(200), nullable=False),
    Column("city", String(200), nullable=False),
    Column("postal_code", String(32), nullable=False),
    Column("country", String(2), nullable=False),
)

payment_tries = Table(
    "payment_tries",
    metadata,
    Column("subject", String(64), nullable=False),
    Column("try_id", Id, nullable=False),
    Column("failed", Boolean, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    PrimaryKeyConstraint("try_id", "subject"),
    Index("ix_payment_tries_subject_at_ms", "subject", "failed", "at_ms"),
    Index("ix_payment_tries_at_ms", "at_ms"),
)
