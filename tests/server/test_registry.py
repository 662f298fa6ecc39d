"""Seats are promised only while there are seats, all or none, and each promise is kept once."""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.errors import GalleriaError
from server.registry import Registry, RegistryLimits, SeatReservation

LIMITS = RegistryLimits(capacity=3, seat_reservation_ms=15_000, reservations_max=5)


class Watcher:
    """Remembers where people sit."""

    def __init__(self) -> None:
        self.seats: Counter[tuple[str, str]] = Counter()

    def seated(self, person_id: str, room_id: str) -> None:
        self.seats[person_id, room_id] += 1

    def left(self, person_id: str, room_id: str) -> None:
        self.seats[person_id, room_id] -= 1
        assert self.seats[person_id, room_id] >= 0


class World:
    """A registry with two rooms and a clock that the test turns."""

    def __init__(self, limits: RegistryLimits = LIMITS) -> None:
        self.now_ms = 1_000_000
        self.watcher = Watcher()
        self.registry = Registry(limits, lambda: self.now_ms, self.watcher)
        self.registry.add_room("hall", "Hall", "hall")
        self.registry.add_room("hall-2", "Hall 2", "hall")

    def reserve(self, *people: str, room_id: str = "hall") -> Sequence[SeatReservation]:
        """Seats asked for by the first of them."""
        return self.registry.reserve(room_id, people, people[0])

    def enter(self, person_id: str, room_id: str = "hall") -> str:
        """Reserve a seat and take it; its token."""
        (seat,) = self.reserve(person_id, room_id=room_id)
        return self.registry.take_seat(seat.seat_token, person_id).seat_token

    def filled(self, room_id: str = "hall") -> tuple[int, int]:
        """Seats taken and promised."""
        summary = self.registry.summary(room_id)
        return summary.population, summary.reserved

    def refusal(self, *people: str, room_id: str = "hall") -> str:
        with pytest.raises(GalleriaError) as refused:
            self.reserve(*people, room_id=room_id)
        return refused.value.code


def test_a_reserved_seat_is_taken_once_by_its_person() -> None:
    world = World()
    (seat,) = world.reserve("ann")
    with pytest.raises(GalleriaError, match="not yours") as stolen:
        world.registry.take_seat(seat.seat_token, "bob")
    assert stolen.value.code == "SEAT_INVALID"
    assert world.registry.take_seat(seat.seat_token, "ann").room_id == "hall"
    assert world.filled() == (1, 0)
    assert world.watcher.seats["ann", "hall"] == 1
    with pytest.raises(GalleriaError) as twice:
        world.registry.take_seat(seat.seat_token, "ann")
    assert twice.value.code == "SEAT_INVALID"


def test_a_taken_seat_counts_until_it_is_released_and_that_once() -> None:
    world = World()
    tokens = [world.enter(person) for person in ("ann", "bob", "cem")]
    assert world.refusal("dot") == "ROOM_FULL"
    for _ in range(2):
        world.registry.release(tokens[0])
    assert world.filled() == (2, 0)
    assert world.watcher.seats["ann", "hall"] == 0
    world.enter("dot")
    assert world.refusal("eve") == "ROOM_FULL"


def test_reservations_count_until_they_run_out() -> None:
    world = World()
    world.enter("ann")
    for person in ("bob", "cem"):
        world.reserve(person)
    assert world.refusal("dot") == "ROOM_FULL"
    world.now_ms += LIMITS.seat_reservation_ms
    assert world.filled() == (1, 0)
    world.reserve("dot")


def test_asking_again_replaces_the_seat_even_in_a_full_room() -> None:
    world = World()
    world.enter("ann")
    world.enter("bob")
    (first,) = world.reserve("cem")
    (second,) = world.reserve("cem")
    with pytest.raises(GalleriaError):
        world.registry.take_seat(first.seat_token, "cem")
    world.registry.take_seat(second.seat_token, "cem")


def test_asking_elsewhere_gives_the_seat_up() -> None:
    world = World()
    world.reserve("ann")
    world.reserve("ann", room_id="hall-2")
    assert (world.filled("hall"), world.filled("hall-2")) == ((0, 0), (0, 1))
    world.registry.forget("ann")
    assert world.filled("hall-2") == (0, 0)


def test_a_refused_ask_gives_nothing_up() -> None:
    world = World()
    for person in ("ann", "bob", "cem"):
        world.enter(person, "hall-2")
    (seat,) = world.reserve("dot")
    assert world.refusal("dot", room_id="hall-2") == "ROOM_FULL"
    world.registry.take_seat(seat.seat_token, "dot")


@pytest.mark.parametrize("looked_at", [False, True])
def test_an_expired_seat_says_so(*, looked_at: bool) -> None:
    world = World()
    (seat,) = world.reserve("ann")
    world.now_ms = seat.expires_ms
    if looked_at:
        # As the directory does every second.
        world.registry.summaries()
    for person_id, code in (("bob", "SEAT_INVALID"), ("ann", "SEAT_EXPIRED")):
        with pytest.raises(GalleriaError) as late:
            world.registry.take_seat(seat.seat_token, person_id)
        assert late.value.code == code
    assert world.filled() == (0, 0)


def test_a_party_gets_all_its_seats_or_none() -> None:
    world = World()
    world.enter("ann")
    assert world.refusal("bob", "cem", "dot") == "ROOM_FULL"
    assert world.filled() == (1, 0)
    seats = world.reserve("bob", "cem")
    assert [seat.person_id for seat in seats] == ["bob", "cem"]
    for seat in seats:
        world.registry.take_seat(seat.seat_token, seat.person_id)
    assert world.filled() == (3, 0)


def test_a_seat_without_a_name_is_for_whoever_has_its_token() -> None:
    world = World()
    mine, anybodys = world.reserve("ann", "")
    assert (mine.person_id, anybodys.person_id) == ("ann", "")
    assert world.registry.take_seat(anybodys.seat_token, "stranger").asker_id == "ann"
    assert world.watcher.seats["stranger", "hall"] == 1
    # Asking again ends what the asker had for others as well.
    world.reserve("ann", "")
    world.reserve("ann")
    assert world.filled() == (1, 1)


def test_reservations_of_the_process_are_limited() -> None:
    world = World(RegistryLimits(capacity=100, seat_reservation_ms=15_000, reservations_max=5))
    for number in range(5):
        world.reserve(f"person-{number}")
    assert world.refusal("one-more") == "BUSY"
    world.reserve("person-0", room_id="hall-2")


def test_a_room_ends_only_when_nobody_has_a_seat_in_it() -> None:
    world = World()
    token = world.enter("ann")
    assert not world.registry.remove_room("hall")
    world.registry.release(token)
    world.reserve("ann")
    assert not world.registry.remove_room("hall")
    world.now_ms += LIMITS.seat_reservation_ms
    assert world.registry.remove_room("hall")
    assert world.registry.remove_room("hall")
    assert world.refusal("ann") == "ROOM_NOT_FOUND"
    assert [room.room_id for room in world.registry.summaries()] == ["hall-2"]


def test_unknown_rooms_are_named_without_echoing_everything() -> None:
    with pytest.raises(GalleriaError) as unknown:
        World().registry.summary("x" * 500)
    assert unknown.value.code == "ROOM_NOT_FOUND"
    assert len(unknown.value.data["room_id"]) == 64


PEOPLE = ("ann", "bob", "cem", "dot", "eve", "fay")
ASKS = st.tuples(
    st.just("reserve"), st.lists(st.sampled_from((*PEOPLE, "")), min_size=1, max_size=4)
)
STEPS = st.one_of(
    ASKS,
    st.tuples(st.just("wait"), st.integers(0, 20_000)),
    st.tuples(st.just("take"), st.integers(0, 30)),
    st.tuples(st.just("release"), st.integers(0, 30)),
)


@given(st.lists(st.tuples(STEPS, st.sampled_from(("hall", "hall-2"))), max_size=60))
def test_promises_never_exceed_the_capacity(
    steps: list[tuple[tuple[str, int | list[str]], str]],
) -> None:
    world = World(RegistryLimits(capacity=3, seat_reservation_ms=15_000))
    promised: list[SeatReservation] = []
    taken: list[str] = []
    for (what, value), room_id in steps:
        if isinstance(value, list):
            asker = value[0] or "ann"
            people = list(dict.fromkeys(person for person in value if person != asker))
            before = world.filled(room_id)
            seats: Sequence[SeatReservation] = ()
            with suppress(GalleriaError):
                seats = world.registry.reserve(room_id, [asker, *people], asker)
            # All of them, or none and then nothing has changed.
            assert len({seat.seat_token for seat in seats}) in (0, 1 + len(people))
            assert seats or world.filled(room_id) == before
            promised += seats
        elif what == "wait":
            world.now_ms += value
        elif what == "take" and promised:
            seat = promised[value % len(promised)]
            with suppress(GalleriaError):
                world.registry.take_seat(seat.seat_token, seat.person_id or "stranger")
                taken.append(seat.seat_token)
        elif what == "release" and taken:
            world.registry.release(taken.pop(value % len(taken)))
        rooms = world.registry.summaries()
        assert all(room.free >= 0 for room in rooms)
        assert all(room.population >= 0 and room.reserved >= 0 for room in rooms)
        # Whoever was told that there is a seat has it: everybody may come at once.
        assert sum(room.population for room in rooms) == len(taken)
        assert sum(world.watcher.seats.values()) == len(taken)
