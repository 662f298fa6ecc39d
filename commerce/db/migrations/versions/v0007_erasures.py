"""Erasures: people who asked to be forgotten."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "erasures",
        sa.Column("subject", sa.String(64), nullable=False),
        sa.Column("person_id", sa.String(128), nullable=True),
        sa.Column("erased_ms", sa.BigInteger(), nullable=False),
        sa.Column("answer", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("subject"),
    )


def downgrade() -> None:
    """Forget who was forgotten."""
    op.drop_table("erasures")
