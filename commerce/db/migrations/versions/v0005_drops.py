"""Drops: SKUs that people wait for in a line."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

Id = sa.String(128)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "drops",
        sa.Column("sku", Id, sa.ForeignKey("skus.sku"), nullable=False),
        sa.Column("admitted_max", sa.BigInteger(), nullable=False),
        sa.Column("admission_ttl_ms", sa.BigInteger(), nullable=False),
        sa.Column("opened_ms", sa.BigInteger(), nullable=False),
        sa.Column("admitted", sa.BigInteger(), nullable=False),
        sa.Column("next_number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("sku"),
        sa.CheckConstraint("admitted_max > 0", name="admitted_max"),
    )
    op.create_table(
        "drop_places",
        sa.Column("sku", Id, sa.ForeignKey("drops.sku"), nullable=False),
        sa.Column("person_id", Id, nullable=False),
        sa.Column("party_id", Id, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("network", sa.String(64), nullable=False),
        sa.Column("admitted_until_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("sku", "person_id"),
    )


def downgrade() -> None:
    """Nobody waits any more."""
    op.drop_table("drop_places")
    op.drop_table("drops")
