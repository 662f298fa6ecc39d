"""Addresses that people keep for their orders, and long lines of drops."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

Id = sa.String(128)


def upgrade() -> None:
    """Make the table, and find places without reading the whole line."""
    op.create_table(
        "person_contacts",
        sa.Column("person_id", Id, nullable=False),
        sa.Column("updated_ms", sa.BigInteger(), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("line1", sa.String(200), nullable=False),
        sa.Column("line2", sa.String(200), nullable=False),
        sa.Column("city", sa.String(200), nullable=False),
        sa.Column("postal_code", sa.String(32), nullable=False),
        sa.Column("country", sa.String(2), nullable=False),
        sa.PrimaryKeyConstraint("person_id"),
    )
    op.create_index("ix_drop_places_turn", "drop_places", ["sku", "admitted_until_ms", "number"])
    op.create_index("ix_drop_places_party", "drop_places", ["sku", "party_id"])
    op.create_index("ix_drop_places_network", "drop_places", ["sku", "network"])


def downgrade() -> None:
    """There is no way back."""
    raise NotImplementedError("Migrations only go forward.")
