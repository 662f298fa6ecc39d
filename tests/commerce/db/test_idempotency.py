"""Keys are claimed in the transaction that does the work."""

from pathlib import Path

import pytest

from commerce.db import idempotency
from commerce.db.engine import Store
from commerce.db.unit import Unit
from commerce.errors import IdempotencyKeyReusedError
from commerce.holding import AddLine
from tests.commerce.shops import TurnedClock, settings_in


async def test_claims(tmp_path: Path) -> None:
    store = await Store.open(settings_in(tmp_path), TurnedClock())
    assert await store.write(lambda u: idempotency.claim(u, "s", "k", "body", "one")) is None
    assert await store.write(lambda u: idempotency.claim(u, "s", "k", "body", "two")) == "one"
    assert await store.write(lambda u: idempotency.claim(u, "t", "k", "other", "two")) is None
    with pytest.raises(IdempotencyKeyReusedError):
        await store.write(lambda u: idempotency.claim(u, "s", "k", "other", "two"))
    await store.close()


async def test_a_claim_falls_with_its_work(tmp_path: Path) -> None:
    store = await Store.open(settings_in(tmp_path), TurnedClock())

    def fail(unit: Unit) -> None:
        idempotency.claim(unit, "s", "k", "body", "one")
        raise ValueError("undo")

    with pytest.raises(ValueError, match="undo"):
        await store.write(fail)
    assert await store.write(lambda u: idempotency.claim(u, "s", "k", "other", "two")) is None
    await store.close()


async def test_batches(tmp_path: Path) -> None:
    store = await Store.open(settings_in(tmp_path), TurnedClock())
    requests = [AddLine("ada", "add:ada", f"k{n}", f"body{n}", 1, "MUG") for n in range(3)]
    await store.write(lambda unit: idempotency.remember(unit, requests))
    await store.write(lambda unit: idempotency.remember(unit, []))
    pairs = [("add:ada", "k0"), ("add:ada", "k9"), ("add:bert", "k1")]
    found = await store.write(lambda unit: idempotency.used(unit, pairs))
    assert found == {("add:ada", "k0"): "body0"}
    assert await store.write(lambda unit: idempotency.prune(unit, unit.now_ms + 1)) == 3
    await store.close()
