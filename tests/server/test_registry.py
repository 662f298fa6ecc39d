"""Seats are promised only while there are seats, and each promise is kept once."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.auth.tokens import Guest
from server.errors import GalleriaError
from server.registry import Registry, RegistryLimits, RoomEntry

LIMITS = RegistryLimits(
    capacity=3, seat_reservation_ms=15_000, invite_ttl_ms=60_000, invite_uses=2, invites_max=3
)


class World:
    """A registry with one room whose population the test sets."""

    def __init__(self, limits: RegistryLimits = LIMITS) -> None:
        self.now_ms = 1_000_000
        self.population = 0
        self.registry = Registry(limits, lambda: self.now_ms)
        self.registry.add_room(RoomEntry("hall", "Hall", {"id": "hall"}, lambda: self.population))

    def guest(self, number: int, role: str = "shopper") -> Guest:
        return Guest(person_id=f"person-{number}", name=f"Guest {number}", role=role)


def code_of(error: pytest.ExceptionInfo[GalleriaError]) -> str:
    return error.value.code


def test_a_reserved_seat_is_taken_once_by_its_person() -> None:
    world = World()
    seat = world.registry.reserve_seat(world.guest(1, "host"))
    with pytest.raises(GalleriaError) as stolen:
        world.registry.take_seat(seat.seat_token, "person-2")
    assert code_of(stolen) == "SEAT_INVALID"
    taken = world.registry.take_seat(seat.seat_token, "person-1")
    assert (taken.room_id, taken.role) == ("hall", "host")
    with pytest.raises(GalleriaError) as twice:
        world.registry.take_seat(seat.seat_token, "person-1")
    assert code_of(twice) == "SEAT_INVALID"


def test_reservations_count_against_the_capacity_until_they_run_out() -> None:
    world = World()
    world.population = 1
    for number in (1, 2):
        world.registry.reserve_seat(world.guest(number))
    with pytest.raises(GalleriaError) as full:
        world.registry.reserve_seat(world.guest(3))
    assert code_of(full) == "ROOM_FULL"
    assert world.registry.summary("hall").reserved == 2
    world.now_ms += LIMITS.seat_reservation_ms
    assert world.registry.summary("hall").reserved == 0
    world.registry.reserve_seat(world.guest(3))


def test_asking_again_replaces_the_seat_even_in_a_full_room() -> None:
    world = World()
    world.population = 2
    first = world.registry.reserve_seat(world.guest(1))
    second = world.registry.reserve_seat(world.guest(1))
    with pytest.raises(GalleriaError):
        world.registry.take_seat(first.seat_token, "person-1")
    world.registry.take_seat(second.seat_token, "person-1")


def test_an_expired_seat_says_so() -> None:
    world = World()
    seat = world.registry.reserve_seat(world.guest(1))
    world.now_ms = seat.expires_ms
    with pytest.raises(GalleriaError) as late:
        world.registry.take_seat(seat.seat_token, "person-1")
    assert code_of(late) == "SEAT_EXPIRED"


def test_an_invite_opens_its_room_a_limited_number_of_times() -> None:
    world = World()
    invite = world.registry.create_invite("hall")
    for number in (1, 2):
        assert world.registry.reserve_seat(world.guest(number), invite=invite.code).room_id
    with pytest.raises(GalleriaError) as used_up:
        world.registry.reserve_seat(world.guest(3), invite=invite.code)
    assert code_of(used_up) == "INVITE_NOT_FOUND"
    with pytest.raises(GalleriaError) as unknown:
        world.registry.reserve_seat(world.guest(3), invite="guessed")
    assert code_of(unknown) == "INVITE_NOT_FOUND"


def test_a_refused_reservation_does_not_use_up_the_invite() -> None:
    world = World()
    invite = world.registry.create_invite("hall")
    world.population = LIMITS.capacity
    for _ in range(5):
        with pytest.raises(GalleriaError):
            world.registry.reserve_seat(world.guest(1), invite=invite.code)
    world.population = 0
    world.registry.reserve_seat(world.guest(1), invite=invite.code)


def test_open_invites_are_limited_and_run_out() -> None:
    world = World()
    for _ in range(LIMITS.invites_max):
        world.registry.create_invite("hall")
    with pytest.raises(GalleriaError) as busy:
        world.registry.create_invite("hall")
    assert code_of(busy) == "BUSY"
    world.now_ms += LIMITS.invite_ttl_ms
    world.registry.create_invite("hall")


def test_unknown_rooms_are_named_without_echoing_everything() -> None:
    world = World()
    with pytest.raises(GalleriaError) as unknown:
        world.registry.layout("x" * 500)
    assert code_of(unknown) == "ROOM_NOT_FOUND"
    assert len(unknown.value.data["room_id"]) == 64


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 20_000)), max_size=40))
def test_promises_never_exceed_the_capacity(asks: list[tuple[int, int]]) -> None:
    world = World()
    for number, wait_ms in asks:
        world.now_ms += wait_ms
        with suppress(GalleriaError):
            world.registry.reserve_seat(world.guest(number))
        assert world.registry.summary("hall").reserved <= LIMITS.capacity
