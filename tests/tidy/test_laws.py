"""The laws of tests/conftest.py catch what they promise to catch."""

import asyncio
import queue
import socket
import time
from collections.abc import Iterator

import pytest

from tests.conftest import LAWS, LoopLaws, require


@pytest.fixture
def laws() -> Iterator[LoopLaws]:
    """The laws of this run, with what the test breaks on purpose forgiven at its end."""
    assert LAWS.broken == []
    yield LAWS
    LAWS.broken.clear()


def spin(seconds: float) -> None:
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        sum(range(1_000))


def test_long_work_on_the_loop_is_caught(laws: LoopLaws) -> None:
    async def hold() -> None:
        spin(0.4)
        # On a busy machine the witness may come late; without its look there is no place to name.
        end = time.thread_time() + 5
        while not laws._witness._seen and time.thread_time() < end:
            spin(0.05)

    asyncio.run(hold())
    assert len(laws.broken) == 1
    assert "of work in one piece" in laws.broken[0]
    assert "spin" in laws.broken[0]


@pytest.mark.loop_slice(5_000)
def test_a_marker_allows_longer_work(laws: LoopLaws) -> None:
    async def hold() -> None:
        spin(0.27)

    asyncio.run(hold())
    assert laws.broken == []


def test_waiting_is_not_work(laws: LoopLaws) -> None:
    asyncio.run(asyncio.sleep(0.3))
    assert laws.broken == []


def test_sleep_on_the_loop_is_caught(laws: LoopLaws) -> None:
    async def nap() -> None:
        time.sleep(0.001)  # noqa: ASYNC251

    asyncio.run(nap())
    assert len(laws.broken) == 1
    assert "time.sleep" in laws.broken[0]
    assert __file__ in laws.broken[0]


def test_sleep_elsewhere_is_free(laws: LoopLaws) -> None:
    asyncio.run(asyncio.to_thread(time.sleep, 0.001))
    assert laws.broken == []


def test_a_blocking_socket_on_the_loop_is_caught(laws: LoopLaws) -> None:
    async def exchange() -> bytes:
        near, far = socket.socketpair()
        with near, far:
            near.sendall(b"x")
            return far.recv(1)

    assert asyncio.run(exchange()) == b"x"
    assert ["sendall" in laws.broken[0], "recv" in laws.broken[1]] == [True, True]


def test_a_long_wait_for_a_thread_is_caught(laws: LoopLaws) -> None:
    async def wait() -> None:
        with pytest.raises(queue.Empty):
            queue.Queue[int]().get(timeout=0.3)

    asyncio.run(wait())
    assert "Queue.get" in laws.broken[0]


def test_a_task_left_running_is_caught(laws: LoopLaws) -> None:
    kept: list[asyncio.Task[None]] = []

    async def leave() -> None:
        kept.append(asyncio.create_task(asyncio.sleep(60)))
        await asyncio.sleep(0)

    asyncio.run(leave())
    assert len(laws.broken) == 1
    assert "left a task running" in laws.broken[0]


def test_require_skips_or_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    require(True, "never said")
    monkeypatch.delenv("GALLERIA_TEST_REQUIRE_ALL", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no browser"):
        require(False, "There is no browser here.")
    monkeypatch.setenv("GALLERIA_TEST_REQUIRE_ALL", "1")
    with pytest.raises(pytest.fail.Exception, match="nothing may be skipped"):
        require(False, "There is no browser here.")
