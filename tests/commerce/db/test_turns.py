"""Places go to whoever came first, but for those who go first; none is lost."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from commerce.db.turns import Turns


async def _visit(turns: Turns, seen: list[str], name: str, *, first: bool = False) -> None:
    async with turns.take(first=first):
        seen.append(name)
        await asyncio.sleep(0)


async def test_first_come_first_served_but_for_one() -> None:
    turns, seen = Turns(1), list[str]()
    async with turns.take(first=False):
        visits = [asyncio.ensure_future(_visit(turns, seen, name)) for name in "ab"]
        await asyncio.sleep(0)
        visits.append(asyncio.ensure_future(_visit(turns, seen, "holds", first=True)))
        await asyncio.sleep(0)
    await asyncio.gather(*visits)
    assert seen == ["holds", "a", "b"]


async def test_who_gives_up_takes_no_place() -> None:
    turns, seen = Turns(1), list[str]()
    visits = [asyncio.ensure_future(_visit(turns, seen, name)) for name in "abcd"]
    await asyncio.sleep(0)
    visits[1].cancel()
    await asyncio.gather(*visits, return_exceptions=True)
    assert seen == ["a", "c", "d"]


async def test_a_place_given_to_one_who_gives_up_at_that_moment() -> None:
    turns, seen = Turns(1), list[str]()
    async with turns.take(first=False):
        waiting = asyncio.ensure_future(_visit(turns, seen, "a"))
        await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    await asyncio.wait_for(_visit(turns, seen, "b"), 5)
    assert seen == ["b"]


@given(st.integers(1, 3), st.lists(st.sampled_from(["first", "other", "gone"]), max_size=30))
def test_never_more_than_places(places: int, kinds: list[str]) -> None:
    async def run() -> None:
        turns, inside, done = Turns(places), 0, 0

        async def visit(*, first: bool) -> None:
            nonlocal inside, done
            async with turns.take(first=first):
                inside += 1
                assert inside <= places
                try:
                    await asyncio.sleep(0)
                finally:
                    inside -= 1
            done += 1

        visits = []
        for kind in kinds:
            visits.append(asyncio.ensure_future(visit(first=kind == "first")))
            if kind == "gone":
                await asyncio.sleep(0)
                visits[-1].cancel()
        ended = await asyncio.gather(*visits, return_exceptions=True)
        assert not [error for error in ended if isinstance(error, AssertionError)]
        assert done >= len(kinds) - kinds.count("gone")
        await asyncio.wait_for(asyncio.gather(*(visit(first=False) for _ in range(places))), 5)

    asyncio.run(run())
