"""Several server processes on one database: each has a position in the outbox."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_NUMBERED = (("outbox", "event_id"), ("stock_movements", "id"))
"""Tables whose rows PostgreSQL counts; SQLite's row ids have 64 bits as they are."""


def upgrade() -> None:
    """Remember when a process was last told something, and count further than 2^31."""
    with op.batch_alter_table("outbox_positions") as table:
        table.add_column(
            sa.Column("updated_ms", sa.BigInteger(), nullable=False, server_default=sa.text("0"))
        )
    if op.get_bind().dialect.name != "postgresql":
        return
    for table_name, column in _NUMBERED:
        op.alter_column(table_name, column, type_=sa.BigInteger())
        op.execute(f"ALTER SEQUENCE {table_name}_{column}_seq AS bigint")
    op.alter_column("outbox_positions", "event_id", type_=sa.BigInteger())


def downgrade() -> None:
    """Forget it again."""
    with op.batch_alter_table("outbox_positions") as table:
        table.drop_column("updated_ms")
