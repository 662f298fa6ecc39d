"""The tables of coupons; they belong to `commerce.db.schema`.

* a coupon is never used more often than it may be, by all people together nor by one of them
* a cart has one coupon at most, and so has a checkout
* a discount is never more than what it is on (`checkout_lines.discount_minor`)
"""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    PrimaryKeyConstraint,
    String,
    Table,
)

from commerce.db.schema import Code, Id, metadata

CouponCode = String(32)

coupons = Table(
    "coupons",
    metadata,
    Column("code", CouponCode, primary_key=True),
    Column("kind", Code, nullable=False),
    Column("value", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("minimum_minor", BigInteger, nullable=False),
    Column("starts_ms", BigInteger, nullable=True),
    Column("ends_ms", BigInteger, nullable=True),
    Column("uses_max", BigInteger, nullable=True),
    Column("uses_per_person_max", BigInteger, nullable=True),
    Column("used", BigInteger, nullable=False),
    Column("withdrawn_ms", BigInteger, nullable=True),
    Column("created_ms", BigInteger, nullable=False),
    CheckConstraint("kind IN ('percent', 'amount')", name="kind"),
    CheckConstraint("value > 0 AND (kind = 'amount' OR value <= 10000)", name="value"),
    CheckConstraint("minimum_minor >= 0", name="minimum"),
    CheckConstraint("used >= 0 AND (uses_max IS NULL OR used <= uses_max)", name="used"),
)

coupon_people = Table(
    "coupon_people",
    metadata,
    Column("code", CouponCode, ForeignKey("coupons.code"), nullable=False),
    Column("person_id", Id, nullable=False),
    Column("uses", BigInteger, nullable=False),
    Column("uses_max", BigInteger, nullable=False),
    PrimaryKeyConstraint("code", "person_id"),
    CheckConstraint("uses BETWEEN 0 AND uses_max", name="uses"),
)

cart_coupons = Table(
    "cart_coupons",
    metadata,
    Column("cart_id", Id, ForeignKey("carts.id"), primary_key=True),
    Column("code", CouponCode, ForeignKey("coupons.code"), nullable=False),
    Column("person_id", Id, nullable=False),
)

checkout_coupons = Table(
    "checkout_coupons",
    metadata,
    Column("checkout_id", Id, ForeignKey("checkouts.id"), primary_key=True),
    Column("code", CouponCode, ForeignKey("coupons.code"), nullable=False, index=True),
    Column("person_id", Id, nullable=False),
)
