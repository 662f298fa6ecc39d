"""Warehouses, with today's stock in the first one, and limits of what one person can buy."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

Id = sa.String(128)

_TABLES = ("warehouses", "warehouse_stock", "shipment_lines", "stock_transfers", "purchase_limits")


def upgrade() -> None:
    """Make the tables and put everything that is on hand into the warehouse `main`."""
    _make_warehouses()
    _make_limits()
    op.execute("INSERT INTO warehouses (id, name, position) VALUES ('main', 'Main warehouse', 1)")
    op.execute(
        "INSERT INTO warehouse_stock (sku, warehouse_id, on_hand)"
        " SELECT sku, 'main', on_hand FROM inventory"
    )


def _make_warehouses() -> None:
    op.create_table(
        "warehouses",
        sa.Column("id", Id, nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("latitude_e6", sa.Integer(), nullable=True),
        sa.Column("longitude_e6", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.CheckConstraint("latitude_e6 BETWEEN -90000000 AND 90000000", name="latitude"),
        sa.CheckConstraint("longitude_e6 BETWEEN -180000000 AND 180000000", name="longitude"),
        sa.CheckConstraint("(latitude_e6 IS NULL) = (longitude_e6 IS NULL)", name="place"),
    )
    op.create_table(
        "warehouse_stock",
        sa.Column("sku", Id, sa.ForeignKey("inventory.sku"), nullable=False),
        sa.Column("warehouse_id", Id, sa.ForeignKey("warehouses.id"), nullable=False),
        sa.Column("on_hand", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("sku", "warehouse_id"),
        sa.CheckConstraint("on_hand >= 0", name="on_hand"),
    )
    op.create_table(
        "shipment_lines",
        sa.Column("order_id", Id, nullable=False),
        sa.Column("warehouse_id", Id, sa.ForeignKey("warehouses.id"), nullable=False),
        sa.Column("sku", Id, sa.ForeignKey("inventory.sku"), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("order_id", "warehouse_id", "sku"),
        sa.CheckConstraint("quantity > 0", name="quantity"),
    )
    op.create_table(
        "stock_transfers",
        sa.Column("id", Id, nullable=False),
        sa.Column("sku", Id, sa.ForeignKey("inventory.sku"), nullable=False),
        sa.Column("from_id", Id, sa.ForeignKey("warehouses.id"), nullable=False),
        sa.Column("to_id", Id, sa.ForeignKey("warehouses.id"), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.CheckConstraint("from_id <> to_id", name="places"),
        sa.CheckConstraint("quantity > 0", name="quantity"),
    )


def _make_limits() -> None:
    op.create_table(
        "purchase_limits",
        sa.Column("sku", Id, sa.ForeignKey("skus.sku"), nullable=False),
        sa.Column("pieces_max", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("sku"),
        sa.CheckConstraint("pieces_max > 0", name="pieces_max"),
    )
    op.create_table(
        "purchases",
        sa.Column("sku", Id, sa.ForeignKey("purchase_limits.sku"), nullable=False),
        sa.Column("person_id", Id, nullable=False),
        sa.Column("pieces", sa.BigInteger(), nullable=False),
        sa.Column("pieces_max", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("sku", "person_id"),
        sa.CheckConstraint("pieces BETWEEN 0 AND pieces_max", name="pieces"),
    )


def downgrade() -> None:
    """Forget warehouses and limits; the stock itself stays."""
    op.drop_table("purchases")
    for name in reversed(_TABLES):
        op.drop_table(name)
