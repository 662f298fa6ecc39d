"""The outbox as rows."""

from pathlib import Path

from commerce.db import outbox
from commerce.db.engine import Store
from commerce.events import CartChanged
from tests.commerce.shops import STARTED_MS, TurnedClock, settings_in


async def test_position_and_prune(tmp_path: Path) -> None:
    clock = TurnedClock()
    store = await Store.open(settings_in(tmp_path), clock)
    for number in range(5):
        await store.write(lambda unit, n=number: unit.carts_changed.add(f"cart-{n}"))  # type: ignore[misc]
        clock.turn(1_000)
    assert await store.read(outbox.position) == 0
    assert await store.read(outbox.undelivered) == 5
    events = await store.read(lambda c: outbox.after(c, 0, 2))
    assert events == [CartChanged(1, "cart-0"), CartChanged(2, "cart-1")]
    for delivered in (2, 3):
        await store.write(lambda unit, n=delivered: outbox.save_position(unit, n))  # type: ignore[misc]
    assert await store.read(outbox.position) == 3
    assert await store.read(outbox.undelivered) == 2
    assert await store.write(lambda unit: outbox.prune(unit, STARTED_MS + 1)) == 1
    assert await store.write(lambda unit: outbox.prune(unit, STARTED_MS + 10**9)) == 2
    rest = await store.read(lambda c: outbox.after(c, 0, 9))
    assert [event.event_id for event in rest] == [4, 5], "what was not delivered stays"
    await store.close()
