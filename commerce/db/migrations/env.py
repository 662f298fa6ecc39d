"""Runs the migrations on the connection that `commerce.db.migrate` hands over."""

from alembic import context

from commerce.db.schema import metadata

ALEMBIC_NAME = "env_py"
"""Alembic executes this file under this name; an ordinary import does nothing."""


def run() -> None:
    """Run them; the caller begins and ends the transaction."""
    context.configure(
        connection=context.config.attributes["connection"],
        target_metadata=metadata,
        # SQLite cannot alter most things in place; Alembic then copies the table.
        render_as_batch=True,
    )
    with context.begin_transaction():
        context.run_migrations()


if __name__ == ALEMBIC_NAME:
    run()
