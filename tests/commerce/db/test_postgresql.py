"""PostgreSQL: what is in the way is tried again, up to a limit, and limits have names."""

import asyncio
import itertools
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy.exc import IntegrityError

from commerce.db.engine import Store
from commerce.db.unit import ConcurrentChangeError, Unit
from commerce.errors import StoreBusyError, StoreFailedError
from tests.commerce.db.stores import open_store
from tests.commerce.shops import BLUE, BOWL, TurnedClock, settings_in

pytestmark = pytest.mark.only("postgresql")

HELD = "UPDATE inventory SET version = version + 1 WHERE sku = '{}'"


async def test_it_is_tried_again(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        tries = itertools.count(1)

        def third_time(unit: Unit) -> int:
            unit.connection.exec_driver_sql(HELD.format(BLUE))
            number = next(tries)
            if number < 3:
                raise ConcurrentChangeError
            return number

        before = await store.read(version)
        assert await store.write(third_time) == 3
        assert await store.read(version) == before + 1, "what failed left nothing behind"


def version(connection: object) -> int:
    query = f"SELECT version FROM inventory WHERE sku = '{BLUE}'"  # noqa: S608
    return int(connection.exec_driver_sql(query).scalar_one())  # type: ignore[attr-defined]


async def test_but_not_for_ever(tmp_path: Path) -> None:
    store = await Store.open(settings_in(tmp_path, write_attempts_max=3), TurnedClock())
    tries: list[None] = []

    def never(_unit: Unit) -> None:
        tries.append(None)
        raise ConcurrentChangeError

    with pytest.raises(StoreBusyError):
        await store.write(never)
    assert len(tries) == 3
    doubled = "INSERT INTO warehouses (id, name, position) VALUES ('main', 'Again', 1)"
    with pytest.raises(IntegrityError):
        await store.write(lambda unit: unit.connection.exec_driver_sql(doubled))
    await store.close()


async def test_a_deadlock_is_resolved(tmp_path: Path) -> None:
    async with open_store(tmp_path, busy_timeout_ms=10_000) as store:
        # Both have one row before either wants the other's; only the first try of each waits.
        first = {"one": True, "two": True}

        def both(unit: Unit, name: str, skus: tuple[str, str]) -> None:
            unit.connection.exec_driver_sql(HELD.format(skus[0]))
            if first[name]:
                first[name] = False
                unit.connection.exec_driver_sql("SELECT pg_sleep(0.1)")
            unit.connection.exec_driver_sql(HELD.format(skus[1]))

        await asyncio.gather(
            store.write(lambda unit: both(unit, "one", (BLUE, BOWL))),
            store.write(lambda unit: both(unit, "two", (BOWL, BLUE))),
        )


async def test_statements_have_a_time_limit(tmp_path: Path) -> None:
    async with open_store(tmp_path, statement_timeout_ms=1_000) as store:
        with pytest.raises((StoreFailedError, StoreBusyError)):
            await store.write(lambda unit: unit.connection.exec_driver_sql("SELECT pg_sleep(60)"))
        assert await store.write(lambda unit: unit.now_ms)


async def test_readers_wait_for_a_connection_and_no_longer(tmp_path: Path) -> None:
    wait: dict[str, Any] = {"connection_wait_ms": 1_000, "busy_timeout_ms": 60_000}
    lock = "SELECT pg_advisory_lock(1)"
    async with open_store(tmp_path, read_connections=1, **wait) as store:
        other = await asyncpg.connect(settings_in(tmp_path).database_url)
        await other.execute(lock)
        slow = asyncio.create_task(store.read(lambda c: c.exec_driver_sql(lock).rowcount))
        await asyncio.sleep(0)
        with pytest.raises(StoreBusyError):
            await store.read(lambda c: c.exec_driver_sql("SELECT 1").scalar())
        assert not slow.done()
        await other.close()
        await slow
        assert await store.read(lambda c: c.exec_driver_sql("SELECT 1").scalar()) == 1


async def test_no_server(tmp_path: Path) -> None:
    settings = settings_in(
        tmp_path,
        database_url="postgresql+asyncpg://nobody:secret@127.0.0.1:1/shop",
        connection_wait_ms=500,
    )
    with pytest.raises(StoreFailedError) as raised:
        await Store.open(settings, TurnedClock())
    assert "secret" not in str(raised.value)
    assert "secret" not in repr(settings)
