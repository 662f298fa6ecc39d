"""Seats in the right room of the right worker; copies that come and go; workers that die."""

import asyncio
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.errors import GalleriaError
from server.workers.asks import SeatAsk, SeatsGranted
from server.workers.placement import PlacementLimits
from tests.server.workers.owners import CAPACITY, LIMITS, Mall, Owner


async def seat(mall: Mall, *people: str, sit: bool = True, **wishes: object) -> SeatsGranted:
    """Seats for these people, asked for by the first, who sit down at once."""
    ask = replace(SeatAsk(people[0], people), **wishes)  # type: ignore[arg-type]
    granted = await mall.directory.reserve(ask)
    if sit:
        for reserved in granted.seats:
            mall.take(granted.worker, reserved, reserved.person_id)
    return granted


async def refusal(mall: Mall, *people: str, **wishes: object) -> str:
    with pytest.raises(GalleriaError) as refused:
        await seat(mall, *people, sit=False, **wishes)
    return refused.value.code


async def room_ids(mall: Mall) -> list[str]:
    return [room.room_id for room in await mall.directory.rooms()]


async def test_the_stores_own_room_is_always_open() -> None:
    mall = Mall()
    assert await refusal(mall, "ann") == "BUSY"
    await mall.join(1)
    await mall.join(2)
    assert await room_ids(mall) == ["hall"]
    await mall.lose(1)
    assert await room_ids(mall) == ["hall"]
    assert (await mall.directory.room("hall")).name == "Hall"
    await mall.lose(2)
    assert await room_ids(mall) == []
    await mall.join(1)
    assert await room_ids(mall) == ["hall"]


async def test_a_full_room_leads_to_a_copy_on_the_worker_with_fewer_people() -> None:
    mall = Mall()
    await mall.join(1)
    await mall.join(2)
    for number in range(CAPACITY):
        assert (await seat(mall, f"person-{number}")).room.room_id == "hall"
    granted = await seat(mall, "ann")
    assert (granted.worker, granted.room.room_id, granted.room.name) == (2, "hall-2", "Hall 2")
    assert granted.room.layout_id == "hall"
    assert await refusal(mall, "bob", room_id="hall", overflow=False) == "ROOM_FULL"
    assert (await seat(mall, "bob", room_id="hall")).room.room_id == "hall-2"


async def test_rooms_are_limited() -> None:
    mall = Mall(replace(LIMITS, placement=PlacementLimits(rooms_max=2)))
    await mall.join(1)
    for number in range(2 * CAPACITY):
        await seat(mall, f"person-{number}")
    assert await refusal(mall, "ann") == "ROOM_FULL"
    await mall.join(2)
    assert (await seat(mall, "ann")).worker == 2


async def test_busy_workers_are_the_last_resort() -> None:
    mall = Mall(replace(LIMITS, placement=PlacementLimits(rooms_max=1)))
    busy = await mall.join(1)
    await mall.join(2)
    busy.load = 0.9
    assert (await seat(mall, "ann")).worker == 2
    for number in range(2):
        assert (await seat(mall, f"person-{number}")).worker == 2
    assert (await seat(mall, "bob")).worker == 1
    # Who asks for a room that is there gets a seat in it, however busy its worker is.
    assert (await seat(mall, "cem", room_id="hall")).worker == 1


async def test_a_party_sits_together_or_not_at_all() -> None:
    mall = Mall()
    await mall.join(1)
    await seat(mall, "ann", "bob")
    granted = await seat(mall, "cem", "dot", sit=False)
    assert granted.room.room_id == "hall-2"
    assert [reserved.person_id for reserved in granted.seats] == ["cem", "dot"]
    assert await refusal(mall, "eve", "fay", room_id="hall", overflow=False) == "ROOM_FULL"
    assert (await mall.directory.room("hall")).reserved == 0
    assert await refusal(mall, "a", "b", "c", "d") == "TOO_MANY_SEATS"


async def test_friends_are_sent_to_friends() -> None:
    mall = Mall()
    await mall.join(1)
    await mall.join(2)
    first = await seat(mall, "x", "y", "z")
    assert (await seat(mall, "ann")).room.room_id == "hall-2"
    await seat(mall, "w", room_id="hall-2")
    # There is room in the first one again, and still Bob is sent to Ann.
    mall.release(first)
    assert (await seat(mall, "bob", companions=("ann",))).room.room_id == "hall-2"
    assert (await seat(mall, "cem", companions=("ann",))).room.room_id == "hall"
    assert (await seat(mall, "dot", companions=("stranger",), sit=False)).room.room_id == "hall-3"


async def test_friends_follow_a_promise_too_until_it_runs_out() -> None:
    mall = Mall()
    await mall.join(1)
    first = await seat(mall, "x", "y", "z")
    await seat(mall, "ann", sit=False)
    mall.release(first)
    assert (await seat(mall, "bob", companions=("ann",), sit=False)).room.room_id == "hall-2"
    mall.now_ms += 15_000
    assert (await seat(mall, "bob", companions=("ann",), sit=False)).room.room_id == "hall"


async def test_who_sits_there_already_needs_no_second_seat() -> None:
    mall = Mall()
    await mall.join(1)
    await seat(mall, "ann", "bob")
    granted = await seat(mall, "cem", "ann", "bob", companions=("ann", "bob"))
    assert granted.room.room_id == "hall"
    assert [reserved.person_id for reserved in granted.seats] == ["cem"]


async def test_a_seat_on_one_worker_ends_the_promise_of_another() -> None:
    mall = Mall()
    await mall.join(1)
    await mall.join(2)
    first = await seat(mall, "x", "y", "z")
    await seat(mall, "ann", sit=False)
    mall.release(first)
    assert (await seat(mall, "ann", room_id="hall", sit=False)).worker == 1
    assert [room.reserved for room in await mall.directory.rooms()] == [1, 0]


async def test_invites_lead_to_their_room_and_count_only_who_gets_in() -> None:
    mall = Mall(replace(LIMITS, placement=PlacementLimits(rooms_max=1)))
    await mall.join(1)
    invite = await mall.directory.create_invite("hall")
    assert (await seat(mall, "ann", invite=invite.code)).room.room_id == "hall"
    await seat(mall, "x", "y")
    assert await refusal(mall, "bob", invite=invite.code) == "ROOM_FULL"
    await mall.join(2)
    assert (await seat(mall, "bob", invite=invite.code)).room.room_id == "hall-2"
    assert await refusal(mall, "cem", invite=invite.code) == "INVITE_NOT_FOUND"
    with pytest.raises(GalleriaError):
        await mall.directory.create_invite("attic")


@pytest.mark.parametrize("room_id", ["attic", "hall-", "hall-two", "-2", "hall-2-2"])
async def test_unknown_rooms_are_refused(room_id: str) -> None:
    mall = Mall()
    await mall.join(1)
    assert await refusal(mall, "ann", room_id=room_id) == "ROOM_NOT_FOUND"


async def test_a_copy_that_has_ended_leads_to_another() -> None:
    mall = Mall()
    await mall.join(1)
    assert (await seat(mall, "ann", room_id="hall-7")).room.room_id == "hall"
    assert await refusal(mall, "bob", room_id="hall-7", overflow=False) == "ROOM_NOT_FOUND"


async def test_an_empty_copy_ends_after_a_while() -> None:
    mall = Mall()
    await mall.join(1)
    await seat(mall, "x", "y", "z")
    await seat(mall, "ann", sit=False)
    await mall.directory.sweep()
    mall.now_ms += 15_000
    await mall.directory.sweep()
    mall.now_ms += LIMITS.room_linger_ms - 1
    await mall.directory.sweep()
    assert await room_ids(mall) == ["hall", "hall-2"]
    mall.now_ms += 1
    await mall.directory.sweep()
    assert await room_ids(mall) == ["hall"]


async def test_a_copy_that_is_used_in_between_begins_to_wait_anew() -> None:
    mall = Mall()
    await mall.join(1)
    await seat(mall, "x", "y", "z")
    await seat(mall, "ann", sit=False)
    mall.now_ms += 15_000
    await mall.directory.sweep()
    await seat(mall, "ann", sit=False)
    await mall.directory.sweep()
    mall.now_ms += 15_000
    await mall.directory.sweep()
    assert await room_ids(mall) == ["hall", "hall-2"]


async def test_a_worker_that_closes_gets_nobody_and_is_awaited_if_it_has_people() -> None:
    mall = Mall()
    first = await mall.join(1)
    await mall.join(2)
    await seat(mall, "x")
    first.closing = True
    assert (await seat(mall, "ann", room_id="hall")).room.room_id == "hall-2"
    await mall.lose(1)
    assert list(mall.directory.awaited) == [1]
    assert await room_ids(mall) == ["hall-2"]
    await mall.directory.sweep()
    assert (await seat(mall, "bob", room_id="hall")).room.room_id == "hall-2"
    again = Owner(mall.directory, mall.clock)
    again.registry.add_room("hall", "Hall", "hall")
    mall.owners[1] = again
    await mall.directory.join(1, again)
    assert not mall.directory.awaited
    assert sorted(await room_ids(mall)) == ["hall", "hall-2"]


async def test_nobody_is_awaited_for_ever_or_for_nothing() -> None:
    mall = Mall()
    for worker in (1, 2):
        (await mall.join(worker)).closing = False
    mall.owners[1].closing = True
    await mall.lose(1)
    assert not mall.directory.awaited
    assert await room_ids(mall) == ["hall"]
    await seat(mall, "x")
    mall.owners[2].closing = True
    await mall.lose(2)
    await mall.join(1)
    assert await room_ids(mall) == []
    mall.now_ms += LIMITS.rejoin_ms
    await mall.directory.sweep()
    assert await room_ids(mall) == ["hall"]


async def test_a_worker_that_does_not_answer_is_passed_over() -> None:
    mall = Mall()
    first = await mall.join(1)
    await mall.join(2)
    first.gone = True
    assert (await seat(mall, "ann")).worker == 2


async def test_many_who_come_at_once_open_one_copy() -> None:
    mall = Mall()
    await mall.join(1)
    await mall.join(2)
    asks = [seat(mall, f"person-{number}") for number in range(2 * CAPACITY)]
    granted = await asyncio.gather(*asks)
    assert await room_ids(mall) == ["hall", "hall-2"]
    assert all(room.population == CAPACITY for room in await mall.directory.rooms())
    assert {seats.room.room_id for seats in granted} == {"hall", "hall-2"}


PEOPLE = [f"person-{number}" for number in range(12)]
STEPS = st.lists(
    st.one_of(
        st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=CAPACITY, unique=True),
        st.tuples(st.sampled_from(("wait", "leave", "lose", "join", "sweep")), st.integers(0, 20)),
    ),
    max_size=40,
)


@given(STEPS)
async def test_no_room_is_ever_fuller_than_it_may_be(
    steps: list[list[str] | tuple[str, int]],
) -> None:
    mall = Mall()
    await mall.join(1)
    seated: list[tuple[int, str]] = []
    for step in steps:
        if isinstance(step, list):
            with suppress(GalleriaError):
                granted = await seat(mall, *step)
                assert len({reserved.room_id for reserved in granted.seats}) == 1
                seated += [(granted.worker, s.seat_token) for s in granted.seats]
            continue
        what, number = step
        if what == "wait":
            mall.now_ms += number * 1_000
        elif what == "leave" and seated:
            worker, token = seated.pop(number % len(seated))
            mall.owners[worker].registry.release(token)
        elif what == "lose" and len(mall.owners) > 1:
            worker = sorted(mall.owners)[number % len(mall.owners)]
            await mall.lose(worker)
            seated = [entry for entry in seated if entry[0] != worker]
        elif what == "join":
            worker = 1 + number % 3
            if worker not in mall.owners:
                await mall.join(worker)
        elif what == "sweep":
            await mall.directory.sweep()
        rooms = await mall.directory.rooms()
        assert "hall" in {room.room_id for room in rooms}
        assert len({room.room_id for room in rooms}) == len(rooms)
        assert all(0 <= room.population + room.reserved <= CAPACITY for room in rooms)
        assert sum(room.population for room in rooms) == len(seated)
        # The store's own room is opened whatever else is.
        most = LIMITS.placement.rooms_max + 1
        assert all(len(owner.report().rooms) <= most for owner in mall.owners.values())
