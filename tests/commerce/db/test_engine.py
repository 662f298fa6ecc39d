"""The store under bad conditions: locked, full, closed, too many."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from commerce import (
    BusyError,
    ClosedError,
    Commerce,
    CommerceError,
    StoreBusyError,
    StoreFailedError,
    StoreFullError,
)
from commerce.db.engine import Store
from commerce.db.schema import inventory, metadata
from commerce.db.unit import ConcurrentChangeError, Unit
from tests.commerce.shops import (
    BLUE,
    LAST,
    SHOP_FILE,
    Database,
    TurnedClock,
    add,
    available,
    bought,
    lock,
    locked,
    open_shop,
    pay,
    settings_in,
)


@contextmanager
def locked_from_outside(folder: Path) -> Iterator[None]:
    """Another process holds the locks of everything; what is there can be read."""
    if Database.server is not None:
        with Database.server.locked(settings_in(folder).database_url, sorted(metadata.tables)):
            yield
        return
    other = sqlite3.connect(folder / SHOP_FILE, isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")
    finally:
        other.close()


@pytest.fixture
async def hasty(tmp_path: Path, clock: TurnedClock) -> AsyncIterator[Commerce]:
    """A shop that does not wait long for a lock."""
    async with open_shop(tmp_path, clock, busy_timeout_ms=50) as opened:
        yield opened


async def test_a_locked_database_refuses_and_loses_nothing(hasty: Commerce, tmp_path: Path) -> None:
    (line,) = (await add(hasty, "ada", LAST)).lines
    checkout = await locked(hasty, "bert")
    with locked_from_outside(tmp_path):
        for attempt in (
            add(hasty, "ada", BLUE),
            hasty.set_quantity("ada", line.line_id, 1, idempotency_key="s"),
            hasty.remove_line("ada", line.line_id),
            lock(hasty, "ada"),
            pay(hasty, "bert", checkout),
            hasty.unlock("bert", checkout.id),
            hasty.join_cart("party-1", "ada"),
        ):
            with pytest.raises(StoreBusyError) as raised:
                await attempt
            assert (raised.value.http_status, raised.value.retryable) == (503, True)
        assert (await hasty.cart_of("ada")).lines[0].sku == LAST, "reading goes on"
        assert (await hasty.audit()).ok
    assert (await pay(hasty, "bert", checkout)).order_id
    assert (await add(hasty, "ada", BLUE)).lines[0].line_id == line.line_id


async def test_a_batch_that_fails_leaves_the_queue_alone(hasty: Commerce, tmp_path: Path) -> None:
    with locked_from_outside(tmp_path):
        outcomes = await asyncio.gather(
            *(add(hasty, f"p{n}", BLUE) for n in range(5)), return_exceptions=True
        )
        assert {type(outcome) for outcome in outcomes} == {StoreBusyError}
    await add(hasty, "later", BLUE)
    assert await available(hasty) == 19


@pytest.mark.only("sqlite")
async def test_a_full_disk_refuses_and_loses_nothing(tmp_path: Path, clock: TurnedClock) -> None:
    async with open_shop(tmp_path, clock) as shop:
        order_id = (await bought(shop, "ada")).order_id
        await limit_pages(shop, 0)
        errors: list[CommerceError] = []
        for number in range(19):
            try:
                await locked(shop, f"person-{number}", BLUE)
            except StoreFullError as error:
                errors.append(error)
                break
        assert [(error.code, error.http_status) for error in errors] == [("STORE_FULL", 503)]
        assert (await shop.audit()).ok
        assert (await shop.orders("ada"))[0].id == order_id
        await limit_pages(shop, 10_000)
        assert (await bought(shop, "bert", BLUE)).order_id


async def limit_pages(shop: Commerce, more: int) -> None:
    """Let the database file grow by this many pages only, as a full disk would."""

    def limit(unit: Unit) -> None:
        pages = unit.connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        unit.connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + more}")

    await shop._context.store.write(limit)


async def test_a_transaction_is_whole(tmp_path: Path) -> None:
    store = await Store.open(settings_in(tmp_path), TurnedClock())

    def fail(unit: Unit) -> None:
        unit.connection.exec_driver_sql("INSERT INTO carts VALUES ('c', 1, NULL, NULL, 0, 0)")
        raise ValueError("undo")

    with pytest.raises(ValueError, match="undo"):
        await store.write(fail)

    def count(unit: Unit) -> int:
        return int(unit.connection.exec_driver_sql("SELECT count(*) FROM carts").scalar_one())

    assert await store.write(count) == 0
    await store.close()


async def test_constraints_hold_whoever_writes(shop: Commerce) -> None:
    for change in (
        "UPDATE inventory SET held = on_hand + 1",
        "UPDATE inventory SET held = -1",
        "UPDATE inventory SET on_hand = on_hand + 1",
        "UPDATE inventory SET sold = -1, on_hand = received + 1",
        "INSERT INTO cart_lines VALUES ('l', 'nothing', 'MUG-BLUE', 'ada', 1, 0, 1, '[]')",
        "INSERT INTO holds VALUES ('nothing', 'MUG-BLUE', 1, false, 0, 0)",
    ):
        with pytest.raises(IntegrityError):
            await shop._context.store.write(
                lambda unit, change=change: unit.connection.exec_driver_sql(change)  # type: ignore[misc]
            )


async def test_readers_cannot_write(shop: Commerce) -> None:
    with pytest.raises(StoreFailedError):
        await shop._context.store.read(lambda c: c.execute(inventory.delete()))


async def test_a_cancelled_write_is_done_all_the_same(shop: Commerce) -> None:
    store = shop._context.store
    running = asyncio.create_task(store.write(lambda unit: unit.connection.execute(select(1))))
    await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert await store.write(lambda unit: unit.now_ms)


async def test_a_concurrent_change_can_be_tried_again(shop: Commerce) -> None:
    def lose(_unit: Unit) -> None:
        raise ConcurrentChangeError

    with pytest.raises(StoreBusyError):
        await shop._context.store.write(lose)


async def test_too_many_writers(tmp_path: Path) -> None:
    store = await Store.open(settings_in(tmp_path, write_queue_max=2), TurnedClock())
    outcomes = await asyncio.gather(
        *(store.write(lambda unit: unit.now_ms) for _ in range(3)), return_exceptions=True
    )
    assert not any(isinstance(outcome, BaseException) for outcome in outcomes[:2])
    assert isinstance(outcomes[2], BusyError)
    await store.close()
    with pytest.raises(ClosedError):
        await store.write(lambda unit: unit.now_ms)
    with pytest.raises(ClosedError):
        await store.read(lambda _connection: None)


@pytest.mark.only("sqlite")
async def test_what_is_no_database(tmp_path: Path) -> None:
    (tmp_path / SHOP_FILE).write_bytes(b"This is a letter, not a database. " * 100)
    with pytest.raises(StoreFailedError):
        await Store.open(settings_in(tmp_path), TurnedClock())
    (tmp_path / "folder").mkdir()
    with pytest.raises(StoreFailedError):
        await Store.open(
            settings_in(tmp_path, database_url=f"sqlite+aiosqlite:///{tmp_path / 'folder'}"),
            TurnedClock(),
        )


@pytest.mark.only("sqlite")
async def test_durability(shop: Commerce) -> None:
    def pragmas(unit: Unit) -> list[object]:
        names = ("journal_mode", "synchronous", "foreign_keys")
        return [unit.connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names]

    full = 2
    assert await shop._context.store.write(pragmas) == ["wal", full, 1]
