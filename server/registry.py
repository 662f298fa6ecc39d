"""Seats in the rooms of this process: which are promised, which are taken, which are free.

A seat reservation is got over HTTP and taken over the socket within `seat_reservation_ms`; it
counts against the capacity until its avatar is gone or it has run out, so that nobody who was told
"there is a seat" finds the room full. Several seats are promised together or not at all. Nothing
here awaits, so no two asks can come between each other; the clock is handed in.

Which room of which process somebody is sent to is decided in `server.workers.directory`.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from server.clock import Clock
from server.errors import GalleriaError


@dataclass(frozen=True, slots=True)
class RegistryLimits:
    """Seats of a room, how long a reservation is kept, and how many there may be in the process.

    A full table of reservations refuses the newcomer with BUSY; nothing is thrown out. Of those
    that ran out as many are remembered; the oldest is forgotten.
    """

    capacity: int
    seat_reservation_ms: int
    reservations_max: int = 10_000


@dataclass(frozen=True, slots=True)
class RoomSummary:
    """A room and how full it is. `population` are seats taken, `reserved` seats promised.

    Copies of a room share one layout: `layout_id` is the id of the room they are copies of.
    """

    room_id: str
    name: str
    layout_id: str
    population: int
    reserved: int
    capacity: int

    @property
    def free(self) -> int:
        """Seats that can still be promised."""
        return self.capacity - self.population - self.reserved


@dataclass(frozen=True, slots=True)
class SeatReservation:
    """Good for one Join until `expires_ms`: by this person, or by whoever has the token when
    `person_id` is empty."""

    seat_token: str
    room_id: str
    person_id: str
    asker_id: str
    expires_ms: int

    @property
    def holder_id(self) -> str:
        """Who has to ask again for this seat to be given up."""
        return self.person_id or self.asker_id


class SeatWatcher(Protocol):
    """Who wants to know where people are."""

    def seated(self, person_id: str, room_id: str) -> None:
        """This person has taken a seat there."""

    def left(self, person_id: str, room_id: str) -> None:
        """This person's seat there is free again."""


@dataclass(slots=True)
class _Room:
    room_id: str
    name: str
    layout_id: str
    population: int = 0
    reserved: int = 0


class Registry:
    """Rooms and seats of this process."""

    def __init__(self, limits: RegistryLimits, clock: Clock, watcher: SeatWatcher) -> None:
        self._limits = limits
        self._clock = clock
        self._watcher = watcher
        self._rooms: dict[str, _Room] = {}
        # In the order of their making, which is that of their end: all live equally long.
        self._reserved: dict[str, SeatReservation] = {}
        self._tokens_of: dict[str, set[str]] = {}
        # Those that ran out not long ago, so that who comes too late is told so: person by token.
        self._late: dict[str, str] = {}
        self._taken: dict[str, tuple[str, str]] = {}

    def add_room(self, room_id: str, name: str, layout_id: str) -> None:
        """Seats of this room can be had from now on."""
        self._rooms[room_id] = _Room(room_id, name, layout_id)

    def remove_room(self, room_id: str) -> bool:
        """Give no seats in this room any more; False, and nothing changed, if somebody has one."""
        self._expire()
        room = self._rooms.get(room_id)
        if room is not None and (room.population or room.reserved):
            return False
        self._rooms.pop(room_id, None)
        return True

    def summaries(self) -> tuple[RoomSummary, ...]:
        """All rooms, in the order they were opened."""
        self._expire()
        return tuple(self._summary(room) for room in self._rooms.values())

    def summary(self, room_id: str) -> RoomSummary:
        """One room; ROOM_NOT_FOUND."""
        self._expire()
        return self._summary(self._room(room_id))

    def reserve(
        self, room_id: str, people: Sequence[str], asker_id: str
    ) -> tuple[SeatReservation, ...]:
        """Keep a seat for each of these people, or for none; an empty id is anybody's.

        Errors: ROOM_NOT_FOUND, ROOM_FULL, BUSY. What the same people had reserved before is given
        up for it: a person sits on one seat.
        """
        self._expire()
        room = self._room(room_id)
        holders = {person_id or asker_id for person_id in people}
        before = [t for holder in holders for t in self._tokens_of.get(holder, ())]
        regained = sum(self._reserved[token].room_id == room_id for token in before)
        if self._summary(room).free + regained < len(people):
            raise room_full(room_id, self._limits.capacity)
        if len(self._reserved) - len(before) + len(people) > self._limits.reservations_max:
            raise GalleriaError("BUSY", "Too many people are at the door; try again.", {}, 503)
        for token in before:
            self._give_up(token)
        expires_ms = self._clock() + self._limits.seat_reservation_ms
        return tuple(self._promise(room, person, asker_id, expires_ms) for person in people)

    def take_seat(self, seat_token: str, person_id: str) -> SeatReservation:
        """Redeem a reservation, once; the seat counts until `release`.

        Errors: SEAT_INVALID, SEAT_EXPIRED.
        """
        self._expire()
        if self._late.get(seat_token) in ("", person_id):
            raise GalleriaError("SEAT_EXPIRED", "The seat reservation ran out; reserve again.")
        seat = self._reserved.get(seat_token)
        if seat is None or seat.person_id not in ("", person_id):
            raise GalleriaError(
                "SEAT_INVALID", "This seat reservation is not yours or was used; reserve again."
            )
        self._give_up(seat_token)
        self._rooms[seat.room_id].population += 1
        self._taken[seat_token] = (seat.room_id, person_id)
        self._watcher.seated(person_id, seat.room_id)
        return seat

    def sit(self, seat_token: str, room_id: str, person_id: str) -> None:
        """Somebody who sat here before the server was restarted still does; until `release`."""
        self._room(room_id).population += 1
        self._taken[seat_token] = (room_id, person_id)
        self._watcher.seated(person_id, room_id)

    def release(self, seat_token: str) -> None:
        """The avatar on this seat is gone, or never came to be; doing it twice is no harm."""
        taken = self._taken.pop(seat_token, None)
        if taken is None:
            return
        room_id, person_id = taken
        self._rooms[room_id].population -= 1
        self._watcher.left(person_id, room_id)

    def forget(self, person_id: str) -> None:
        """This person has reserved a seat elsewhere: give up what is promised here."""
        for token in tuple(self._tokens_of.get(person_id, ())):
            self._give_up(token)

    def _promise(
        self, room: _Room, person_id: str, asker_id: str, expires_ms: int
    ) -> SeatReservation:
        token = secrets.token_urlsafe(24)
        seat = SeatReservation(token, room.room_id, person_id, asker_id, expires_ms)
        self._reserved[token] = seat
        self._tokens_of.setdefault(seat.holder_id, set()).add(token)
        room.reserved += 1
        return seat

    def _give_up(self, token: str) -> None:
        seat = self._reserved.pop(token)
        self._rooms[seat.room_id].reserved -= 1
        tokens = self._tokens_of[seat.holder_id]
        tokens.discard(token)
        if not tokens:
            del self._tokens_of[seat.holder_id]

    def _room(self, room_id: str) -> _Room:
        room = self._rooms.get(room_id)
        if room is None:
            raise room_not_found(room_id)
        return room

    def _summary(self, room: _Room) -> RoomSummary:
        return RoomSummary(
            room.room_id,
            room.name,
            room.layout_id,
            room.population,
            room.reserved,
            self._limits.capacity,
        )

    def _expire(self) -> None:
        now_ms = self._clock()
        while self._reserved:
            token, seat = next(iter(self._reserved.items()))
            if seat.expires_ms > now_ms:
                return
            self._give_up(token)
            if len(self._late) >= self._limits.reservations_max:
                del self._late[next(iter(self._late))]
            self._late[token] = seat.person_id


def room_not_found(room_id: str) -> GalleriaError:
    """ROOM_NOT_FOUND for an id that a client gave."""
    return GalleriaError("ROOM_NOT_FOUND", "There is no such room.", {"room_id": room_id[:64]}, 404)


def room_full(room_id: str, capacity: int) -> GalleriaError:
    """ROOM_FULL: fewer seats are left than were asked for."""
    return GalleriaError(
        "ROOM_FULL",
        "This room is full; try again in a moment.",
        {"room_id": room_id, "capacity": capacity},
        409,
    )
