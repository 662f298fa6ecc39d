"""Several payments for an order, shares, refunds, store credit, hand-offs to a phone, gifts.

A copy of the schema as it was then. It stays as it is when the schema goes on. The attempts and
payments that are there are copied into the new tables, each order keeping its one payment.
"""

from alembic import op
from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
    text,
)

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Id = String(128)
Code = String(64)

# What the new tables refer to, as far as they do.
Table("checkouts", metadata, Column("id", Id, primary_key=True))
Table("orders", metadata, Column("id", Id, primary_key=True))

_LIVE_ATTEMPT = text("state IN ('prepared', 'challenge', 'authorised', 'capturing', 'voiding')")

payment_attempts = Table(
    "payment_attempts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("checkout_id", Id, ForeignKey("checkouts.id"), nullable=False, index=True),
    Column("number", Integer, nullable=False),
    Column("payer_id", Id, nullable=False),
    Column("provider", Code, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("state", Code, nullable=False),
    Column("in_doubt", Boolean, nullable=False),
    Column("reference", String(200), nullable=True),
    Column("challenge_id", Id, nullable=True),
    Column("challenge_url", String(2000), nullable=True),
    Column("instructions", String(500), nullable=True),
    Column("challenge_expires_ms", BigInteger, nullable=True),
    Column("failure_code", Code, nullable=True),
    Column("failure_message", String(500), nullable=True),
    Column("caused_by", Id, nullable=True),
    Column("created_ms", BigInteger, nullable=False),
    Column("updated_ms", BigInteger, nullable=False),
    UniqueConstraint("checkout_id", "number"),
    CheckConstraint(
        "state IN ('prepared', 'challenge', 'authorised', 'capturing', 'voiding', 'captured', "
        "'failed')",
        name="state",
    ),
    CheckConstraint("amount_minor >= 0", name="amount"),
    Index(
        "ix_payment_attempts_live",
        "created_ms",
        sqlite_where=_LIVE_ATTEMPT,
        postgresql_where=_LIVE_ATTEMPT,
    ),
)

payments = Table(
    "payments",
    metadata,
    Column("attempt_id", Id, ForeignKey("payment_attempts.id"), primary_key=True),
    Column("checkout_id", Id, ForeignKey("checkouts.id"), nullable=False, index=True),
    Column("order_id", Id, ForeignKey("orders.id"), nullable=True, index=True),
    Column("provider", Code, nullable=False),
    Column("reference", String(200), nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("refunded_minor", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("captured_ms", BigInteger, nullable=False),
    UniqueConstraint("provider", "reference"),
    CheckConstraint("refunded_minor BETWEEN 0 AND amount_minor", name="refunded"),
)

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

_NEW = (
    payment_attempts,
    payments,
    refunds,
    checkout_shares,
    gateway_references,
    webhook_events,
    credit_accounts,
    credit_charges,
    credit_entries,
    hand_offs,
    gifts,
    checkout_contacts,
    payment_tries,
)

_KEPT = (
    "id, checkout_id, number, payer_id, amount_minor, currency, state, in_doubt, reference, "
    "challenge_id, challenge_url, instructions, challenge_expires_ms, failure_code, "
    "failure_message, created_ms, updated_ms"
)


def upgrade() -> None:
    """Make the new tables and move what was paid into them."""
    op.execute(
        "ALTER TABLE checkouts ADD COLUMN asked_minor BIGINT DEFAULT 0 NOT NULL "
        "CONSTRAINT ck_checkouts_asked CHECK (asked_minor BETWEEN 0 AND total_minor)"
    )
    op.execute("UPDATE checkouts SET asked_minor = total_minor WHERE state IN ('paying', 'paid')")
    for name in ("payment_attempts", "payments"):
        op.execute(f"CREATE TEMPORARY TABLE old_{name} AS SELECT * FROM {name}")  # noqa: S608
    for name in ("payments", "payment_attempts"):
        op.execute(f"DROP TABLE {name}")
    connection = op.get_bind()
    for table in _NEW:
        table.create(connection)
    op.execute(
        f"INSERT INTO payment_attempts ({_KEPT}, provider) "  # noqa: S608
        f"SELECT {_KEPT}, 'test' FROM old_payment_attempts"
    )
    op.execute(
        "INSERT INTO payments (attempt_id, checkout_id, order_id, provider, reference, "
        "amount_minor, refunded_minor, currency, captured_ms) "
        "SELECT p.attempt_id, a.checkout_id, p.order_id, 'test', p.reference, p.amount_minor, 0, "
        "p.currency, p.captured_ms FROM old_payments AS p "
        "JOIN old_payment_attempts AS a ON a.id = p.attempt_id"
    )
    for name in ("payment_attempts", "payments"):
        op.execute(f"DROP TABLE old_{name}")


def downgrade() -> None:
    """There is no way back: nobody could say which of several payments to keep."""
    raise NotImplementedError("Migrations only go forward.")
