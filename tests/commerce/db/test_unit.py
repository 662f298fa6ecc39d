"""What a transaction tells is written once for each subject."""

from pathlib import Path

import pytest

from commerce.db.engine import Store
from commerce.db.outbox import after
from commerce.db.statement import Statement
from commerce.db.unit import GATHERED_ROWS_MAX, UNNUMBERED, Unit
from commerce.errors import StoreBusyError
from commerce.events import CartChanged, HoldExpired
from tests.commerce.shops import TurnedClock, settings_in

CART = Statement("INSERT INTO carts (id, version, created_ms, updated_ms) VALUES (?, 1, 0, 0)")


async def test_flush(tmp_path: Path) -> None:
    store = await Store.open(settings_in(tmp_path), TurnedClock(1_234))
    calls: list[None] = []
    store.on_events = lambda: calls.append(None)

    def tell(unit: Unit) -> None:
        assert unit.now_ms == 1_234
        unit.events.append(HoldExpired(UNNUMBERED, "cart-1", "line-1", "MUG", "mug", 1))
        for _ in range(3):
            unit.carts_changed.add("cart-1")
            unit.checkouts_changed["checkout-1"] = "cart-1"

    await store.write(tell)
    await store.write(lambda unit: unit.now_ms)
    told = await store.read(lambda connection: after(connection, 0, 10))
    assert [type(event).__name__ for event in told] == [
        "CartChanged",
        "CheckoutChanged",
        "HoldExpired",
    ]
    assert told[0] == CartChanged(1, "cart-1")
    assert len(calls) == 1
    await store.close()


async def test_what_is_gathered_is_written_at_the_end(tmp_path: Path) -> None:
    store = await Store.open(settings_in(tmp_path), TurnedClock())
    count = Statement("SELECT COUNT(*) FROM carts")

    def gather(unit: Unit, number: int, changes: int) -> int:
        unit.gather()
        unit.run(CART, f"cart-{number}", changes=changes)
        rows = [(f"cart-{number}-{other}",) for other in range(number)]
        unit.run_many(CART, rows)
        unit.events += [
            HoldExpired(UNNUMBERED, "cart-1", f"line-{event}", "MUG", "mug", 1)
            for event in range(number)
        ]
        return int(count.rows(unit.connection)[0][0])

    assert await store.write(lambda unit: gather(unit, 3, 1)) == 0
    with pytest.raises(StoreBusyError):
        await store.write(lambda unit: gather(unit, 4, 2))
    many = GATHERED_ROWS_MAX + 1
    assert await store.write(lambda unit: gather(unit, many, 1)) == 4 + 1 + many
    told = await store.read(lambda connection: after(connection, 0, 100))
    lines = [event.line_id for event in told if isinstance(event, HoldExpired)]
    assert lines == [f"line-{event}" for count in (3, many) for event in range(count)]
    await store.close()
