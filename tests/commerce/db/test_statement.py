"""Statements as text mean the same on both databases."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from commerce.db.statement import (
    Statement,
    Write,
    from_json,
    insert_many,
    json_list,
    run_together,
    update_many,
)
from commerce.db.unit import Unit
from commerce.errors import StoreBusyError
from tests.commerce.db.stores import cart_with, open_store
from tests.commerce.shops import BLUE, BOWL, LAST, PRICE


async def test_lists_and_fields(tmp_path: Path) -> None:
    wanted = Statement("SELECT sku FROM inventory WHERE sku IN (LIST ?) ORDER BY sku LOCKED")
    pairs = Statement("SELECT i.sku, FIELD 1 FROM LIST ? JOIN inventory AS i ON i.sku = FIELD 0")
    odd = 'it\'s "odd" é ?'

    def read(unit: Unit) -> None:
        connection = unit.connection
        assert wanted.rows(connection, json_list([BOWL, "NOTHING", BLUE])) == [(BOWL,), (BLUE,)]
        assert wanted.rows(connection, json_list([])) == []
        assert [tuple(row) for row in pairs.rows(connection, json_list([(BLUE, odd)]))] == [
            (BLUE, odd)
        ]

    async with open_store(tmp_path) as store:
        await store.write(read)
        await store.read(lambda c: wanted.rows(c, json_list([BLUE])))


async def test_changes_are_counted(tmp_path: Path) -> None:
    insert = Statement(
        "INSERT INTO idempotency (scope, key, body_hash, created_ms) VALUES (?, ?, ?, ?)"
    )
    delete = Statement("DELETE FROM idempotency WHERE scope = ? AND created_ms < ?")

    def write(unit: Unit) -> tuple[int, int]:
        insert.run_many(unit.connection, [("s", str(n), "body", n) for n in range(5)])
        insert.run_many(unit.connection, [])
        deleted = delete.run(unit.connection, "s", 3)
        return deleted, delete.run(unit.connection, "other", 9)

    async with open_store(tmp_path) as store:
        assert await store.write(write) == (3, 0)


async def test_what_only_text_wrote_is_committed(tmp_path: Path) -> None:
    touch = Statement("UPDATE inventory SET version = version + 1 WHERE sku = ?")
    look = Statement("SELECT version FROM inventory WHERE sku = ?")
    async with open_store(tmp_path) as store:
        ((before,),) = await store.read(lambda c: look.rows(c, BLUE))
        await store.write(lambda unit: touch.run(unit.connection, BLUE))
        ((after,),) = await store.read(lambda c: look.rows(c, BLUE))
        assert after == before + 1


def test_json_columns_are_read_either_way() -> None:
    assert from_json('["ada", "bert"]') == from_json(["ada", "bert"]) == ["ada", "bert"]


async def test_all_rows_of_a_subselect_come_as_one(tmp_path: Path) -> None:
    products = Statement(
        """SELECT p.id, (SELECT ARRAYS OF (s.sku, s.price_minor, s.discontinued)
        FROM skus AS s WHERE s.product_id = p.id), (SELECT ARRAYS OF (s.sku) FROM skus AS s
        WHERE s.sku = ?) FROM products AS p ORDER BY p.id"""
    )
    async with open_store(tmp_path) as store:
        (_, oak, none), *_, (_, mugs, _) = await store.read(lambda c: products.rows(c, "NONE"))
        assert from_json(none) == []
        assert from_json(oak) == [[BOWL, PRICE[BOWL], 0]]
        assert sorted(row[0] for row in from_json(mugs)) == [BLUE, LAST]


async def test_written_together(tmp_path: Path) -> None:
    add = Statement("INSERT INTO carts (id, version, created_ms, updated_ms) VALUES (?, 1, ?, 0)")
    enter = Statement("INSERT INTO cart_members (person_id, cart_id, position) VALUES (?, ?, 1)")
    rename = Statement("UPDATE carts SET updated_ms = ? WHERE id = ?")
    look = Statement(
        "SELECT c.id, m.person_id FROM carts AS c JOIN cart_members AS m"
        " ON m.cart_id = c.id ORDER BY c.id"
    )

    def together(unit: Unit, expected: int | None) -> bool:
        writes = [
            Write(add, ("cart-1", 7), 1),
            Write(enter, ("ada", "cart-1"), 1),
            Write(rename, (9, "another"), expected),
        ]
        return run_together(unit.connection, writes)

    async with open_store(tmp_path) as store:
        assert await store.write(lambda unit: together(unit, 0))
        assert [tuple(row) for row in await store.read(look.rows, alone=True)] == [
            ("cart-1", "ada")
        ]
        assert await store.write(lambda unit: run_together(unit.connection, []))
        rows = [Write(rename, (9, "cart-1"), None), Write(rename, (9, "another"), 1)]
        assert not await store.write(lambda unit: run_together(unit.connection, rows))


NOTES = insert_many("outbox", kind="text", payload="json", created_ms="bigint")
RENAME = update_many("cart_lines", "id", quantity="integer", contributor_ids="json")


@pytest.mark.parametrize("count", [0, 1, 2, 7, 8, 9, 63, 64, 65, 203])
async def test_many_rows_keep_their_order(tmp_path: Path, count: int) -> None:
    rows = [("Note", f'{{"number": {number}}}', number) for number in range(count)]
    look = Statement("SELECT payload, created_ms FROM outbox WHERE kind = 'Note' ORDER BY event_id")
    async with open_store(tmp_path) as store:
        assert await store.write(lambda unit: NOTES.change(unit.connection, rows)) == count
        found = await store.read(look.rows, alone=True)
    assert [(from_json(row[0]), row[1]) for row in found] == [
        ({"number": number}, number) for number in range(count)
    ]


@pytest.mark.parametrize("count", [1, 5, 80])
async def test_many_rows_are_changed_each_by_its_key(tmp_path: Path, count: int) -> None:
    skus = (BLUE, BOWL, LAST)
    look = Statement("SELECT id, quantity, contributor_ids FROM cart_lines")

    def change(unit: Unit, more: Sequence[str]) -> dict[str, tuple[int, list[str]]]:
        lines: list[str] = []
        for number in range(-(-count // len(skus))):
            cart = cart_with(unit, f"person-{number}", *((sku, 1) for sku in skus))
            lines += cart.lines
        changed = lines[:count]
        rows = [(n + 2, f'["{n}"]', line_id) for n, line_id in enumerate([*changed, *more])]
        unit.run_many(RENAME, rows)
        wanted = {line_id: (n + 2, [str(n)]) for n, line_id in enumerate(changed)}
        expected = {line_id: wanted.get(line_id, (1, [])) for line_id in lines}
        found = look.rows(unit.connection)
        assert expected == {row[0]: (row[1], from_json(row[2])) for row in found}
        return expected

    async with open_store(tmp_path) as store:
        # A row that is not there any more is noticed, and nothing is changed.
        with pytest.raises(StoreBusyError):
            await store.write(lambda unit: change(unit, ("gone",)))
        assert await store.read(look.rows, alone=True) == []
        assert len(await store.write(lambda unit: change(unit, ()))) >= count
