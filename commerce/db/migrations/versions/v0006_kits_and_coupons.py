"""Kits made of other SKUs, regions that orders go to, and coupons."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

Id = sa.String(128)
Code = sa.String(64)
CouponCode = sa.String(32)

_LIVE_CHECKOUT = sa.text("state IN ('locked', 'paying')")


def upgrade() -> None:
    """Make the tables, and let the lines of checkouts have discounts and contents."""
    _make_stock()
    _make_coupons()
    op.execute("ALTER TABLE checkout_lines ADD COLUMN components JSON DEFAULT '{}' NOT NULL")
    op.execute(
        "ALTER TABLE checkout_lines ADD COLUMN discount_minor BIGINT DEFAULT 0 NOT NULL "
        "CONSTRAINT ck_checkout_lines_discount "
        "CHECK (discount_minor BETWEEN 0 AND quantity * unit_price_minor)"
    )
    op.create_index(
        "ix_checkouts_live_locked_by",
        "checkouts",
        ["locked_by"],
        sqlite_where=_LIVE_CHECKOUT,
        postgresql_where=_LIVE_CHECKOUT,
    )


def _make_stock() -> None:
    op.create_table(
        "kit_components",
        sa.Column("kit", Id, sa.ForeignKey("skus.sku"), nullable=False),
        sa.Column("sku", Id, sa.ForeignKey("inventory.sku"), nullable=False),
        sa.Column("pieces", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("kit", "sku"),
        sa.CheckConstraint("kit <> sku", name="kit"),
        sa.CheckConstraint("pieces > 0", name="pieces"),
    )
    op.create_table(
        "regions",
        sa.Column("country", sa.String(2), nullable=False),
        sa.Column("postal_prefix", sa.String(32), nullable=False),
        sa.Column("latitude_e6", sa.Integer(), nullable=False),
        sa.Column("longitude_e6", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("country", "postal_prefix"),
        sa.CheckConstraint("latitude_e6 BETWEEN -90000000 AND 90000000", name="latitude"),
        sa.CheckConstraint("longitude_e6 BETWEEN -180000000 AND 180000000", name="longitude"),
    )


def _make_coupons() -> None:
    op.create_table(
        "coupons",
        sa.Column("code", CouponCode, nullable=False),
        sa.Column("kind", Code, nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("minimum_minor", sa.BigInteger(), nullable=False),
        sa.Column("starts_ms", sa.BigInteger(), nullable=True),
        sa.Column("ends_ms", sa.BigInteger(), nullable=True),
        sa.Column("uses_max", sa.BigInteger(), nullable=True),
        sa.Column("uses_per_person_max", sa.BigInteger(), nullable=True),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.Column("withdrawn_ms", sa.BigInteger(), nullable=True),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("code"),
        sa.CheckConstraint("kind IN ('percent', 'amount')", name="kind"),
        sa.CheckConstraint("value > 0 AND (kind = 'amount' OR value <= 10000)", name="value"),
        sa.CheckConstraint("minimum_minor >= 0", name="minimum"),
        sa.CheckConstraint("used >= 0 AND (uses_max IS NULL OR used <= uses_max)", name="used"),
    )
    op.create_table(
        "coupon_people",
        sa.Column("code", CouponCode, sa.ForeignKey("coupons.code"), nullable=False),
        sa.Column("person_id", Id, nullable=False),
        sa.Column("uses", sa.BigInteger(), nullable=False),
        sa.Column("uses_max", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("code", "person_id"),
        sa.CheckConstraint("uses BETWEEN 0 AND uses_max", name="uses"),
    )
    for table, owner in (("cart_coupons", "cart"), ("checkout_coupons", "checkout")):
        op.create_table(
            table,
            sa.Column(f"{owner}_id", Id, sa.ForeignKey(f"{owner}s.id"), nullable=False),
            sa.Column("code", CouponCode, sa.ForeignKey("coupons.code"), nullable=False),
            sa.Column("person_id", Id, nullable=False),
            sa.PrimaryKeyConstraint(f"{owner}_id"),
        )
    op.create_index("ix_checkout_coupons_code", "checkout_coupons", ["code"])


def downgrade() -> None:
    """There is no way back: kits would be left without what is in them, and orders not add up."""
    raise NotImplementedError("Migrations only go forward.")
