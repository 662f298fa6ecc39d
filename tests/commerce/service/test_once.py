"""Twins share one run."""

import asyncio

import pytest

from commerce.errors import IdempotencyKeyReusedError
from commerce.service.once import Once


class Work:
    """Counts its runs and ends when it is told to."""

    def __init__(self) -> None:
        self.runs = 0
        self.go = asyncio.Event()

    async def __call__(self) -> int:
        self.runs += 1
        await self.go.wait()
        return self.runs


async def test_twins() -> None:
    once, work = Once[int](), Work()
    asking = [asyncio.create_task(once.run(("k",), "body", work)) for _ in range(3)]
    other = asyncio.create_task(once.run(("other",), "body", work))
    await asyncio.sleep(0)
    assert once.running(("k",))
    with pytest.raises(IdempotencyKeyReusedError):
        await once.run(("k",), "another body", work)
    work.go.set()
    assert len({await task for task in asking}) == 1
    await other
    assert work.runs == 2
    await asyncio.sleep(0)
    assert not once.running(("k",))
    assert await once.run(("k",), "another body", work) == 3


async def test_the_run_outlives_who_asked() -> None:
    once, work = Once[int](), Work()
    first = asyncio.create_task(once.run(("k",), "body", work))
    await asyncio.sleep(0)
    twin = asyncio.create_task(once.run(("k",), "body", work))
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    work.go.set()
    assert await twin == 1
    await once.finish()


async def test_twins_share_a_failure() -> None:
    once = Once[int]()

    async def fail() -> int:
        raise ValueError("no")

    outcomes = await asyncio.gather(
        *(once.run(("k",), "body", fail) for _ in range(2)), return_exceptions=True
    )
    assert [type(outcome) for outcome in outcomes] == [ValueError, ValueError]
