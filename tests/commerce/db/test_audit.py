"""The audit finds what is wrong: each kind of damage is done on purpose, and has to be seen."""

import sqlite3
from pathlib import Path

import pytest

from commerce import Commerce
from commerce.db.audit import Books, Findings, compare_ledger
from commerce.payments.test_cards import ASKS
from tests.commerce.shops import (
    BLUE,
    BOWL,
    LAMP,
    LEDGER_FILE,
    SHOP_FILE,
    TurnedClock,
    add,
    bought,
    locked,
    open_shop,
    pay,
    settings_in,
)

DAMAGE = {
    "on hand": (SHOP_FILE, "UPDATE inventory SET on_hand = on_hand + 1 WHERE sku = 'MUG-BLUE'"),
    "received": (
        SHOP_FILE,
        "UPDATE inventory SET on_hand = on_hand + 1, received = received + 1 WHERE sold = 1",
    ),
    "a warehouse has less": (
        SHOP_FILE,
        "UPDATE warehouse_stock SET on_hand = on_hand - 1 WHERE sku = 'MUG-LAST'",
    ),
    "held": (SHOP_FILE, "UPDATE inventory SET held = held + 1 WHERE sku = 'LAMP-RED'"),
    "a hold is gone": (SHOP_FILE, "DELETE FROM holds WHERE sku = 'LAMP-RED'"),
    "oversold": (SHOP_FILE, "UPDATE inventory SET held = on_hand + 1 WHERE sku = 'LAMP-RED'"),
    "a hold is larger": (SHOP_FILE, "UPDATE holds SET quantity = 3 WHERE sku = 'MUG-BLUE'"),
    "a hold without a line": (
        SHOP_FILE,
        "UPDATE holds SET line_id = 'nothing' WHERE firm = 0",
    ),
    "a hold is old": (SHOP_FILE, "UPDATE holds SET expires_ms = 1 WHERE sku = 'MUG-BLUE'"),
    "a hold is firm": (SHOP_FILE, "UPDATE holds SET firm = 1 WHERE sku = 'MUG-BLUE'"),
    "a lock is old": (SHOP_FILE, "UPDATE checkouts SET expires_ms = 1 WHERE state = 'locked'"),
    "a lock is not known": (
        SHOP_FILE,
        "UPDATE carts SET checkout_id = NULL WHERE checkout_id IS NOT NULL",
    ),
    "a lock is gone": (SHOP_FILE, "UPDATE checkouts SET state = 'released' WHERE state = 'locked'"),
    "paying without an attempt": (
        SHOP_FILE,
        "UPDATE payment_attempts SET state = 'failed' WHERE state = 'challenge'",
    ),
    "an order is gone": (SHOP_FILE, "DELETE FROM orders"),
    "a payment is gone": (SHOP_FILE, "DELETE FROM payments"),
    "a payment is smaller": (SHOP_FILE, "UPDATE payments SET amount_minor = 1"),
    "a total is larger": (
        SHOP_FILE,
        """UPDATE orders SET total_minor = total_minor + 1;
        UPDATE payments SET amount_minor = amount_minor + 1""",
    ),
    "a checkout is not paid": (
        SHOP_FILE,
        "UPDATE checkouts SET state = 'released' WHERE state = 'paid'",
    ),
    "an attempt is not captured": (
        SHOP_FILE,
        "UPDATE payment_attempts SET state = 'failed' WHERE state = 'captured'",
    ),
    "the bank knows nothing": (LEDGER_FILE, "DELETE FROM charges WHERE state = 'captured'"),
    "the bank took more": (
        LEDGER_FILE,
        "UPDATE charges SET amount_minor = amount_minor + 1 WHERE state = 'captured'",
    ),
    "the bank took twice": (
        LEDGER_FILE,
        """INSERT INTO charges (key, state, amount_minor, currency, reference)
        VALUES ('twice', 'captured', 1, 'EUR', 'r')""",
    ),
}


async def test_each_damage_is_seen(tmp_path: Path, clock: TurnedClock) -> None:
    async with open_shop(tmp_path, clock) as shop:
        await bought(shop, "ada", BOWL)
        await add(shop, "bert", BLUE, 2)
        await locked(shop, "cleo", LAMP)
        await pay(shop, "dora", await locked(shop, "dora", BLUE), ASKS)
    whole = {name: (tmp_path / name).read_bytes() for name in (SHOP_FILE, LEDGER_FILE)}
    for name, (file, change) in DAMAGE.items():
        folder = tmp_path / name
        place(folder, whole, file, change)
        shop = await Commerce.open(settings_in(folder), clock, settle=False)
        report = await shop.audit()
        await shop.close()
        assert not report.ok, name
        assert all(problem.endswith(".") for problem in report.problems)


def place(folder: Path, whole: dict[str, bytes], file: str, change: str) -> None:
    """A copy of the books with one thing wrong, past all constraints."""
    folder.mkdir()
    for name, content in whole.items():
        (folder / name).write_bytes(content)
    connection = sqlite3.connect(folder / file)
    connection.execute("PRAGMA ignore_check_constraints = ON")
    connection.executescript(change)
    connection.close()


def test_payments_under_way_are_no_findings() -> None:
    before = Books({"a": (100, "EUR")}, frozenset({"b"}))
    after = Books({"a": (100, "EUR")}, frozenset({"b"}))
    assert compare_ledger(before, {"a": (100, "EUR"), "b": (5, "EUR")}, after) == []
    assert len(compare_ledger(before, {"a": (100, "USD")}, after)) == 1
    assert len(compare_ledger(before, {"a": (100, "EUR"), "c": (5, "EUR")}, after)) == 1


@pytest.mark.parametrize(("wrong", "shown"), [(0, 0), (3, 3), (20, 20), (50, 21)])
def test_a_flood_of_findings_is_cut(wrong: int, shown: int) -> None:
    findings = Findings()
    findings.complain([f"Number {n} is wrong." for n in range(wrong)])
    assert len(findings.problems) == shown
