"""The outbox as rows."""

from pathlib import Path

import asyncpg
import pytest

from commerce.db import outbox
from commerce.db.engine import Store
from commerce.db.outbox import OutboxReader
from commerce.events import CartChanged
from tests.commerce.shops import STARTED_MS, TurnedClock, settings_in


async def test_position_and_prune(tmp_path: Path) -> None:
    clock = TurnedClock()
    store = await Store.open(settings_in(tmp_path), clock)
    for number in range(5):
        await store.write(lambda unit, n=number: unit.carts_changed.add(f"cart-{n}"))  # type: ignore[misc]
        clock.turn(1_000)
    assert await store.read(lambda c: outbox.position(c, "one")) is None
    assert await store.write(lambda unit: outbox.join(unit, "one")) == 0
    assert await store.read(outbox.undelivered) == 5
    events = await store.read(lambda c: outbox.after(c, 0, 2))
    assert events == [CartChanged(1, "cart-0"), CartChanged(2, "cart-1")]
    for delivered in (2, 3):
        await store.write(lambda unit, n=delivered: outbox.save_position(unit, "one", n))  # type: ignore[misc]
    assert await store.read(lambda c: outbox.position(c, "one")) == 3
    assert await store.read(outbox.undelivered) == 2
    assert await store.write(lambda unit: outbox.prune(unit, STARTED_MS + 1)) == 1
    assert await store.write(lambda unit: outbox.prune(unit, STARTED_MS + 10**9)) == 2
    rest = await store.read(lambda c: outbox.after(c, 0, 9))
    assert [event.event_id for event in rest] == [4, 5], "what was not delivered stays"
    await store.close()


async def test_each_process_has_its_position(tmp_path: Path) -> None:
    clock = TurnedClock()
    store = await Store.open(settings_in(tmp_path), clock)
    for number in range(4):
        await store.write(lambda unit, n=number: unit.carts_changed.add(f"cart-{n}"))  # type: ignore[misc]
    assert await store.write(lambda unit: outbox.join(unit, "one")) == 0
    await store.write(lambda unit: outbox.save_position(unit, "one", 3))
    assert await store.write(lambda unit: outbox.join(unit, "two")) == 3, "it was told to others"
    await store.write(lambda unit: outbox.save_position(unit, "two", 4))
    assert await store.write(lambda unit: outbox.join(unit, "one")) == 3
    assert await store.read(outbox.undelivered) == 1
    assert await store.write(lambda unit: outbox.prune(unit, STARTED_MS + 1)) == 3
    clock.turn(1_000)
    await store.write(lambda unit: outbox.save_position(unit, "two", 4))
    assert await store.write(lambda unit: outbox.forget_silent(unit, STARTED_MS + 2_000)) == 1
    assert await store.read(lambda c: outbox.position(c, "one")) is None
    assert await store.read(outbox.undelivered) == 0
    await store.close()


@pytest.mark.only("postgresql")
async def test_a_late_commit_is_waited_for(tmp_path: Path) -> None:
    """Numbers become visible out of order: a later one may not be told before an earlier one."""
    settings = settings_in(tmp_path)
    store = await Store.open(settings, TurnedClock())
    slow = await asyncpg.connect(settings.database_url.replace("+asyncpg", ""))
    numbers = "INSERT INTO outbox (kind, payload, created_ms) VALUES ('CartChanged', $1, 0)"
    for ends, told in (("COMMIT", ["cart-slow", "cart-quick"]), ("ROLLBACK", ["cart-quick"])):
        reader = OutboxReader(
            await store.read(lambda c: max((e.event_id for e in outbox.after(c, 0, 99)), default=0))
        )
        await slow.execute("BEGIN")
        await slow.execute(numbers, '{"cart_id": "cart-slow"}')
        await store.write(lambda unit: unit.carts_changed.add("cart-quick"))
        for _ in range(2):
            assert await store.read(lambda c, r=reader: r.next(c, 9)) == []  # type: ignore[misc]
            assert reader.waits
        await slow.execute(ends)
        found = await store.read(lambda c, r=reader: r.next(c, 9))  # type: ignore[misc]
        assert [event.cart_id for event in found if isinstance(event, CartChanged)] == told
        assert not reader.waits
    await slow.close()
    await store.close()
