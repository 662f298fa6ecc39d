"""Transactions that wait together share a commit, and fail alone."""

import asyncio
import threading
from pathlib import Path

import pytest
from sqlalchemy import Connection

from commerce.db.engine import Store
from commerce.db.sqlite import CHECKPOINT_COMMITS, SqliteLane
from commerce.db.statement import Statement
from commerce.db.unit import Unit
from commerce.errors import StoreFullError
from tests.commerce.db.stores import open_store
from tests.commerce.shops import SHOP_FILE, TurnedClock, settings_in

pytestmark = pytest.mark.only("sqlite")

PUT = Statement("INSERT INTO carts (id, version, created_ms, updated_ms) VALUES (?, 1, 0, 0)")


def put(unit: Unit, number: int) -> int:
    PUT.run(unit.connection, f"c-{number}")
    if number % 3 == 1:
        raise ValueError(f"not {number}")
    return number


def numbers(connection: Connection) -> list[str]:
    rows = connection.exec_driver_sql("SELECT id FROM carts ORDER BY id")
    return [row[0] for row in rows]


def commits(store: Store) -> list[str]:
    """The commits from now on, as the driver sees them."""
    lane = store._lane
    assert isinstance(lane, SqliteLane)
    seen: list[str] = []
    lane._raw.set_trace_callback(lambda text: seen.append(text) if text == "COMMIT" else None)
    return seen


async def test_who_fails_is_undone_alone(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        seen = commits(store)
        outcomes = await asyncio.gather(
            *(store.write(lambda unit, n=n: put(unit, n)) for n in range(9)),  # type: ignore[misc]
            return_exceptions=True,
        )
        assert [type(outcome) for outcome in outcomes] == [int, ValueError, int] * 3
        assert await store.read(numbers) == ["c-0", "c-2", "c-3", "c-5", "c-6", "c-8"]
        assert len(seen) < 6, "they share commits"


async def test_nobody_is_answered_before_the_commit(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        seen = commits(store)
        writing = [
            asyncio.create_task(store.write(lambda unit, n=n: put(unit, n * 3)))  # type: ignore[misc]
            for n in range(4)
        ]
        await asyncio.wait(writing, return_when=asyncio.FIRST_COMPLETED)
        assert seen


async def test_a_group_has_a_limit(tmp_path: Path) -> None:
    store = await Store.open(settings_in(tmp_path, write_group_max=2), TurnedClock())
    seen = commits(store)
    await asyncio.gather(*(store.write(lambda unit, n=n: put(unit, n * 3)) for n in range(6)))  # type: ignore[misc]
    assert len(seen) == 3
    await store.close()


async def test_long_work_leaves_the_loop_free(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        first, second, _ = await asyncio.gather(
            store.write(lambda unit: put(unit, 0), long=True),
            store.write(lambda unit: put(unit, 3)),
            store.read(numbers, long=True),
        )
        assert (first, second) == (0, 3)
        assert await store.read(numbers) == ["c-0", "c-3"]
        with pytest.raises(ValueError, match="not 1"):
            await store.write(lambda unit: put(unit, 1), long=True)
        assert await store.read(numbers) == ["c-0", "c-3"]


async def test_a_full_disk_ends_the_group(tmp_path: Path) -> None:
    """SQLite may end the whole transaction: then nobody of the group was served."""
    async with open_store(tmp_path) as store:

        def fill(unit: Unit) -> None:
            pages = unit.connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            unit.connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
            text = "x" * 100
            for number in range(2_000):
                PUT.run(unit.connection, f"{text}{number}")

        outcomes = await asyncio.gather(
            store.write(lambda unit: put(unit, 0)), store.write(fill), return_exceptions=True
        )
        assert isinstance(outcomes[1], StoreFullError)
        saved = await store.read(numbers)
        assert saved == (["c-0"] if outcomes[0] == 0 else [])


async def test_normal_is_a_setting(tmp_path: Path) -> None:
    store = await Store.open(settings_in(tmp_path, sqlite_synchronous="NORMAL"), TurnedClock())
    pragma = "PRAGMA synchronous"
    normal = 1
    assert await store.write(lambda u: u.connection.exec_driver_sql(pragma).scalar()) == normal
    await store.close()


async def test_the_log_is_copied_by_us(tmp_path: Path) -> None:
    """Not within a commit, and often enough: the log does not grow for ever."""
    store = await Store.open(settings_in(tmp_path), TurnedClock())
    log = tmp_path / f"{SHOP_FILE}-wal"
    lane = store._lane
    assert isinstance(lane, SqliteLane)
    assert lane._raw.execute("PRAGMA wal_autocheckpoint").fetchall() == [(0,)]
    sizes = []
    for turn in range(4):
        for number in range(CHECKPOINT_COMMITS):
            await store.write(lambda unit, n=turn * 999 + number * 3: put(unit, n))  # type: ignore[misc]
        sizes.append(log.stat().st_size)
    assert sizes[0] < sizes[-1] + 1 <= 2 * sizes[0]
    await store.close()
    assert not log.exists()


@pytest.mark.parametrize(("synchronous", "in_thread"), [("FULL", True), ("NORMAL", False)])
async def test_who_waits_for_the_disk_is_a_thread(
    tmp_path: Path, synchronous: str, in_thread: bool
) -> None:
    settings = settings_in(tmp_path, sqlite_synchronous=synchronous)
    store = await Store.open(settings, TurnedClock())
    lane = store._lane
    assert isinstance(lane, SqliteLane)
    threads: list[int] = []
    lane._raw.set_trace_callback(
        lambda text: threads.append(threading.get_ident()) if text == "COMMIT" else None
    )
    await asyncio.gather(*(store.write(lambda unit, n=n: put(unit, n * 3)) for n in range(4)))  # type: ignore[misc]
    assert [thread != threading.get_ident() for thread in threads] == [in_thread]
    await store.close()


async def test_commits_let_others_have_the_loop(tmp_path: Path) -> None:
    """With commits that need no thread, too: a queue is not worked off in one go."""
    settings = settings_in(tmp_path, sqlite_synchronous="NORMAL", write_group_max=1)
    store = await Store.open(settings, TurnedClock())
    order: list[int] = []

    async def write(number: int) -> None:
        await store.write(lambda unit: put(unit, number * 3))
        order.append(number)
        if number == 0:
            waiting = store._lane.waiting
            assert waiting >= 2, "the first hears its answer before the last is begun"

    await asyncio.gather(*(write(number) for number in range(6)))
    assert order == list(range(6))
    await store.close()
