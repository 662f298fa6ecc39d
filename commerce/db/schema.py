"""The tables of commerce. What must never be wrong is a constraint here, not only a rule in code.

* stock: `0 <= held <= on_hand`, and everything ever received is on hand or sold
* at most one active hold for a line (a hold row exists as long as the hold does)
* at most one live checkout for a cart; never more asked of its payers than its total
* one order for a checkout; one payment for an attempt, never refunded beyond what was captured
* an idempotency key is used once in its scope; a stock movement is booked once for its cause

Times are ms since the Unix epoch, amounts minor units. Types and indexes are those that SQLite and
PostgreSQL share.
"""

from sqlalchemy import (
    JSON,
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
    false,
    text,
)

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

Number = BigInteger().with_variant(Integer(), "sqlite")
"""A row number that the database counts up; SQLite's `INTEGER` has 64 bits as well."""

products = Table(
    "products",
    metadata,
    Column("id", Id, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("name", String(200), nullable=False),
    Column("brand", String(200), nullable=False),
    Column("description", String(4000), nullable=False),
    Column("department", Id, nullable=False),
    Column("tags", JSON, nullable=False),
    Column("price_minor", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("alt_text", String(4000), nullable=False),
    Column("weight_g", BigInteger, nullable=False),
    CheckConstraint("price_minor >= 0", name="price"),
)

skus = Table(
    "skus",
    metadata,
    Column("sku", Id, primary_key=True),
    Column("product_id", Id, ForeignKey("products.id"), nullable=False, index=True),
    Column("position", Integer, nullable=False),
    Column("options", JSON, nullable=False),
    Column("colour", String(32), nullable=False),
    Column("price_minor", BigInteger, nullable=False),
    Column("discontinued", Boolean, nullable=False, server_default=false()),
    CheckConstraint("price_minor >= 0", name="price"),
)

inventory = Table(
    "inventory",
    metadata,
    Column("sku", Id, ForeignKey("skus.sku"), primary_key=True),
    Column("received", BigInteger, nullable=False),
    Column("on_hand", BigInteger, nullable=False),
    Column("held", BigInteger, nullable=False),
    Column("sold", BigInteger, nullable=False),
    Column("version", BigInteger, nullable=False),
    CheckConstraint("held BETWEEN 0 AND on_hand", name="held"),
    CheckConstraint("sold >= 0 AND received = on_hand + sold", name="received"),
)

stock_movements = Table(
    "stock_movements",
    metadata,
    Column("id", Number, primary_key=True),
    Column("sku", Id, ForeignKey("inventory.sku"), nullable=False),
    Column("reason", Code, nullable=False),
    Column("reference", Id, nullable=False),
    Column("quantity", BigInteger, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    UniqueConstraint("sku", "reason", "reference"),
)

carts = Table(
    "carts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("personal_of", Id, nullable=True, unique=True),
    Column("checkout_id", Id, nullable=True),
    Column("created_ms", BigInteger, nullable=False),
    Column("updated_ms", BigInteger, nullable=False),
)

cart_members = Table(
    "cart_members",
    metadata,
    Column("person_id", Id, primary_key=True),
    Column("cart_id", Id, ForeignKey("carts.id"), nullable=False, index=True),
    Column("position", BigInteger, nullable=False),
)

cart_lines = Table(
    "cart_lines",
    metadata,
    Column("id", Id, primary_key=True),
    Column("cart_id", Id, ForeignKey("carts.id"), nullable=False),
    Column("sku", Id, ForeignKey("skus.sku"), nullable=False, index=True),
    Column("owner_id", Id, nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("price_at_add_minor", BigInteger, nullable=False),
    Column("position", Integer, nullable=False),
    Column("contributor_ids", JSON, nullable=False),
    UniqueConstraint("cart_id", "sku", "owner_id"),
    CheckConstraint("quantity > 0", name="quantity"),
)

holds = Table(
    "holds",
    metadata,
    Column("line_id", Id, ForeignKey("cart_lines.id"), primary_key=True),
    Column("sku", Id, ForeignKey("inventory.sku"), nullable=False, index=True),
    Column("quantity", Integer, nullable=False),
    Column("firm", Boolean, nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
    Column("cap_ms", BigInteger, nullable=False),
    CheckConstraint("quantity > 0", name="quantity"),
    Index("ix_holds_firm_expires_ms", "firm", "expires_ms"),
)

_LIVE_CHECKOUT = text("state IN ('locked', 'paying')")
_LIVE_ATTEMPT = text("state IN ('prepared', 'challenge', 'authorised', 'capturing', 'voiding')")

checkouts = Table(
    "checkouts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("cart_id", Id, ForeignKey("carts.id"), nullable=False, index=True),
    Column("version", BigInteger, nullable=False),
    Column("state", Code, nullable=False),
    Column("locked_by", Id, nullable=False),
    Column("total_minor", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("quote_hash", String(64), nullable=False),
    Column("locked_ms", BigInteger, nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
    Column("closed_ms", BigInteger, nullable=True),
    Column("released_reason", Code, nullable=True),
    Column("asked_minor", BigInteger, nullable=False, server_default=text("0")),
    CheckConstraint("asked_minor BETWEEN 0 AND total_minor", name="asked"),
    CheckConstraint("state IN ('locked', 'paying', 'paid', 'released')", name="state"),
    CheckConstraint("total_minor >= 0", name="total"),
    Index(
        "uq_checkouts_live",
        "cart_id",
        unique=True,
        sqlite_where=_LIVE_CHECKOUT,
        postgresql_where=_LIVE_CHECKOUT,
    ),
    Index("ix_checkouts_state_expires_ms", "state", "expires_ms"),
    Index(
        "ix_checkouts_live_locked_by",
        "locked_by",
        sqlite_where=_LIVE_CHECKOUT,
        postgresql_where=_LIVE_CHECKOUT,
    ),
)

checkout_lines = Table(
    "checkout_lines",
    metadata,
    Column("checkout_id", Id, ForeignKey("checkouts.id"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("line_id", Id, nullable=False),
    Column("sku", Id, ForeignKey("skus.sku"), nullable=False),
    Column("product_id", Id, nullable=False),
    Column("name", String(200), nullable=False),
    Column("options", JSON, nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("unit_price_minor", BigInteger, nullable=False),
    Column("owner_id", Id, nullable=False),
    Column("components", JSON, nullable=False, server_default=text("'{}'")),
    Column("discount_minor", BigInteger, nullable=False, server_default=text("0")),
    PrimaryKeyConstraint("checkout_id", "position"),
    CheckConstraint("quantity > 0", name="quantity"),
    CheckConstraint("discount_minor BETWEEN 0 AND quantity * unit_price_minor", name="discount"),
)

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

orders = Table(
    "orders",
    metadata,
    Column("id", Id, primary_key=True),
    Column("checkout_id", Id, ForeignKey("checkouts.id"), nullable=False, unique=True),
    Column("payer_id", Id, nullable=False, index=True),
    Column("status", Code, nullable=False),
    Column("placed_ms", BigInteger, nullable=False),
    Column("total_minor", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
)

order_members = Table(
    "order_members",
    metadata,
    Column("order_id", Id, ForeignKey("orders.id"), nullable=False),
    Column("person_id", Id, nullable=False, index=True),
    PrimaryKeyConstraint("order_id", "person_id"),
)

order_timeline = Table(
    "order_timeline",
    metadata,
    Column("order_id", Id, ForeignKey("orders.id"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("status", Code, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    PrimaryKeyConstraint("order_id", "position"),
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

outbox = Table(
    "outbox",
    metadata,
    # AUTOINCREMENT never uses a number twice.
    Column("event_id", Number, primary_key=True),
    Column("kind", Code, nullable=False),
    Column("payload", JSON, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    sqlite_autoincrement=True,
)

outbox_positions = Table(
    "outbox_positions",
    metadata,
    Column("consumer", Code, primary_key=True),
    Column("event_id", Number, nullable=False),
    Column("updated_ms", BigInteger, nullable=False, server_default=text("0")),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("scope", String(200), nullable=False),
    Column("key", String(200), nullable=False),
    Column("body_hash", String(64), nullable=False),
    Column("reference", Id, nullable=True),
    Column("created_ms", BigInteger, nullable=False, index=True),
    PrimaryKeyConstraint("scope", "key"),
)

# The tables of money hang on these; whoever asks for the metadata gets all of them.
import commerce.db.schema_payments  # noqa: E402

# Those of coupons, of warehouses and limits, and of people who were erased, as well.
import commerce.db.schema_people  # noqa: E402
import commerce.db.schema_promotions  # noqa: E402
import commerce.db.schema_stock  # noqa: E402, F401
