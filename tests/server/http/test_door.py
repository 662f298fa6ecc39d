"""So many come in at a turn, holds first, and nobody waits for ever."""

import asyncio
from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commerce import BusyError
from server.http.door import Door, DoorLimits

LIMITS = DoorLimits(per_turn=3, others_per_turn=1, holds_inside_max=4, waiting_max=10)


class Crowd:
    """People at a door; `inside` are their numbers in the order in which they came in."""

    def __init__(self, limits: DoorLimits = LIMITS) -> None:
        self.door = Door(limits)
        self.inside: list[int] = []
        self.tasks: dict[int, asyncio.Task[None]] = {}

    async def _come(self, number: int, *, holds: bool) -> None:
        await self.door.enter(holds=holds)
        self.inside.append(number)

    def come(self, numbers: Iterable[int], *, holds: bool) -> None:
        """They all come in one turn, one after the other."""
        for number in numbers:
            self.tasks[number] = asyncio.ensure_future(self._come(number, holds=holds))

    async def turns(self, count: int = 20) -> None:
        """Let the event loop go round."""
        for _ in range(count):
            await asyncio.sleep(0)

    async def end(self) -> None:
        """Nobody is left at the door."""
        for task in self.tasks.values():
            task.cancel()
        await asyncio.gather(*self.tasks.values(), return_exceptions=True)


async def test_in_the_order_in_which_they_came() -> None:
    crowd = Crowd()
    crowd.come(range(10), holds=False)
    await crowd.turns()
    assert crowd.inside == list(range(10))
    assert crowd.door.waiting == 0


async def test_so_many_at_a_turn() -> None:
    crowd = Crowd()
    crowd.come(range(9), holds=False)
    await crowd.turns(1)
    assert len(crowd.inside) == 3
    assert crowd.door.waiting == 6
    seen = []
    while crowd.door.waiting:
        await crowd.turns(1)
        seen.append(len(crowd.inside))
    assert all(later - earlier <= 3 for earlier, later in pairwise(seen))
    await crowd.end()


async def test_holds_go_first_and_others_are_not_forgotten() -> None:
    crowd = Crowd(DoorLimits(per_turn=3, others_per_turn=1, holds_inside_max=100))
    crowd.come(range(100, 110), holds=False)
    crowd.come(range(10), holds=True)
    await crowd.turns()
    holds = [number for number in crowd.inside if number < 100]
    others = [number for number in crowd.inside if number >= 100]
    assert holds == list(range(10))
    assert others == list(range(100, 110))
    # Three got in before any hold had come; then there was one other for two holds.
    assert crowd.inside.index(9) < crowd.inside.index(109)
    between = crowd.inside[3 : crowd.inside.index(9)]
    assert sum(number >= 100 for number in between) in range(4, 7)


async def test_holds_wait_until_others_are_decided() -> None:
    crowd = Crowd()
    crowd.come(range(6), holds=True)
    await crowd.turns()
    assert crowd.inside == [0, 1, 2, 3]
    crowd.come([100], holds=False)
    await crowd.turns()
    assert crowd.inside[4:] == [100]
    crowd.door.leave(holds=False)
    await crowd.turns()
    assert crowd.door.waiting == 2
    crowd.door.leave(holds=True)
    await crowd.turns()
    assert crowd.inside[5:] == [4]
    crowd.door.leave(holds=True)
    await crowd.turns()
    assert crowd.inside[6:] == [5]


async def test_too_many_wait() -> None:
    crowd = Crowd()
    crowd.come(range(13), holds=True)
    await crowd.turns(1)
    assert crowd.door.waiting == 10
    with pytest.raises(BusyError) as refused:
        await crowd.door.enter(holds=True)
    assert refused.value.data == {"queue": "door", "maximum": 10}
    await crowd.end()


async def test_who_gives_up_takes_no_place() -> None:
    crowd = Crowd()
    crowd.come(range(6), holds=True)
    await crowd.turns()
    crowd.tasks[4].cancel()
    await crowd.turns()
    crowd.door.leave(holds=True)
    # Let in and gone at the same moment: the place goes to nobody.
    await crowd.turns()
    assert crowd.inside == [0, 1, 2, 3, 5]
    crowd.door.leave(holds=True)
    crowd.come([6], holds=True)
    await crowd.turns()
    assert crowd.inside[5:] == [6]


async def test_who_gives_up_when_let_in_leaves() -> None:
    crowd = Crowd()
    crowd.come(range(5), holds=True)
    await crowd.turns()
    crowd.door.leave(holds=True)
    crowd.door._turn()
    crowd.tasks[4].cancel()
    await crowd.turns()
    assert crowd.inside == [0, 1, 2, 3]
    crowd.come([5], holds=True)
    await crowd.turns()
    assert crowd.inside[4:] == [5]


@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=60))
def test_everybody_gets_in_and_never_too_many(people: list[tuple[bool, bool]]) -> None:
    """Whoever comes and leaves in whatever order: kinds keep their order, nobody is lost."""
    limits = DoorLimits(per_turn=3, others_per_turn=1, holds_inside_max=2)

    async def run() -> None:
        crowd = Crowd(limits)
        held = 0

        async def visit(number: int, *, holds: bool) -> None:
            nonlocal held
            await crowd.door.enter(holds=holds)
            crowd.inside.append(number)
            held += holds
            assert held <= limits.holds_inside_max
            await asyncio.sleep(0)
            held -= holds
            crowd.door.leave(holds=holds)

        visits = []
        for number, (holds, pause) in enumerate(people):
            visits.append(asyncio.ensure_future(visit(number, holds=holds)))
            if pause:
                await asyncio.sleep(0)
        await asyncio.gather(*visits)
        assert crowd.door.waiting == 0
        assert len(crowd.inside) == len(people)
        for kind in (True, False):
            order = [number for number in crowd.inside if people[number][0] is kind]
            assert order == sorted(order)

    asyncio.run(run())
