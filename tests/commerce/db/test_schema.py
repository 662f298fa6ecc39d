"""The schema: what it promises is there, in words that both databases know."""

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from commerce.db.schema import metadata


def test_both_databases_can_say_it() -> None:
    for dialect in (sqlite.dialect(), postgresql.dialect()):  # type: ignore[no-untyped-call]
        for table in metadata.sorted_tables:
            assert str(CreateTable(table).compile(dialect=dialect))
            for index in table.indexes:
                assert str(CreateIndex(index).compile(dialect=dialect))


def test_one_of_each() -> None:
    names = {index.name for table in metadata.tables.values() for index in table.indexes}
    assert {"uq_checkouts_live", "ix_payment_attempts_live"} <= names
    keys = {name: list(table.primary_key.columns.keys()) for name, table in metadata.tables.items()}
    assert keys["holds"] == ["line_id"]
    assert keys["payments"] == ["attempt_id"]
    assert keys["cart_members"] == ["person_id"]
    assert keys["idempotency"] == ["scope", "key"]
    orders = metadata.tables["orders"]
    assert orders.c.checkout_id.unique


def test_every_constraint_has_a_name() -> None:
    for table in metadata.tables.values():
        for constraint in table.constraints:
            assert constraint.name, f"a constraint of {table.name}"
