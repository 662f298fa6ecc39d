"""What a transaction tells is written once for each subject."""

from pathlib import Path

from commerce.db.engine import Store
from commerce.db.outbox import after
from commerce.db.unit import UNNUMBERED, Unit
from commerce.events import CartChanged, HoldExpired
from tests.commerce.shops import TurnedClock, settings_in


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
