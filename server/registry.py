"""The directory of rooms: which there are, who has a seat reserved, which invites are open.

A seat reservation is got over HTTP and taken over the socket within `seat_reservation_ms`; it
counts against the capacity until it is taken or has run out, so that nobody who was told "there is
a seat" finds the room full. Nothing here awaits; the clock is handed in.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from server.auth.tokens import Guest
from server.clock import Clock
from server.errors import GalleriaError


@dataclass(frozen=True, slots=True)
class RegistryLimits:
    """Seats a room has, how long reservations and invites live, and how many there may be.

    A full table of reservations or invites refuses the newcomer with BUSY; nothing is thrown out.
    """

    capacity: int
    seat_reservation_ms: int
    invite_ttl_ms: int
    invite_uses: int
    reservations_max: int = 10_000
    invites_max: int = 10_000


@dataclass(frozen=True, slots=True)
class RoomSummary:
    room_id: str
    name: str
    population: int
    reserved: int
    capacity: int


@dataclass(frozen=True, slots=True)
class SeatReservation:
    """Good for one Join by this person until `expires_ms`."""

    seat_token: str
    room_id: str
    person_id: str
    role: str
    expires_ms: int


@dataclass(frozen=True, slots=True)
class Invite:
    """A code that opens a room. `uses` are left."""

    code: str
    room_id: str
    expires_ms: int
    uses: int


@dataclass(frozen=True, slots=True)
class RoomEntry:
    """A room that exists: its name, its layout as JSON, and how many are in it now."""

    room_id: str
    name: str
    layout: Mapping[str, Any]
    population: Callable[[], int]


class Registry:
    """Rooms, seat reservations and invites of this process."""

    def __init__(self, limits: RegistryLimits, clock: Clock) -> None:
        self._limits = limits
        self._clock = clock
        self._rooms: dict[str, RoomEntry] = {}
        self._seats: dict[str, SeatReservation] = {}
        self._invites: dict[str, Invite] = {}

    def add_room(self, entry: RoomEntry) -> None:
        self._rooms[entry.room_id] = entry

    def summaries(self) -> list[RoomSummary]:
        """All rooms, in the order they were opened."""
        self._expire()
        return [self._summary(entry) for entry in self._rooms.values()]

    def summary(self, room_id: str) -> RoomSummary:
        """One room; ROOM_NOT_FOUND."""
        self._expire()
        return self._summary(self._room(room_id))

    def layout(self, room_id: str) -> Mapping[str, Any]:
        """Layout and placements as JSON; ROOM_NOT_FOUND."""
        return self._room(room_id).layout

    def reserve_seat(
        self, guest: Guest, room_id: str | None = None, invite: str | None = None
    ) -> SeatReservation:
        """Keep a seat for this guest.

        Errors: ROOM_NOT_FOUND, INVITE_NOT_FOUND, ROOM_FULL, BUSY. Asking again gives a new token
        and ends the old one: a person sits on one seat.
        """
        self._expire()
        used = self._invite(invite) if invite else None
        entry = self._room(used.room_id if used else (room_id or self._default_room_id()))
        mine = [t for t, seat in self._seats.items() if seat.person_id == guest.person_id]
        reserved = self._reserved(entry.room_id) - sum(
            self._seats[t].room_id == entry.room_id for t in mine
        )
        if entry.population() + reserved >= self._limits.capacity:
            raise GalleriaError(
                "ROOM_FULL",
                "This room is full; try again in a moment.",
                {"room_id": entry.room_id, "capacity": self._limits.capacity},
                409,
            )
        if len(self._seats) - len(mine) >= self._limits.reservations_max:
            raise GalleriaError("BUSY", "Too many people are at the door; try again.", {}, 503)
        for token in mine:
            del self._seats[token]
        if used:
            self._invites[used.code] = Invite(
                used.code, used.room_id, used.expires_ms, used.uses - 1
            )
        seat = SeatReservation(
            secrets.token_urlsafe(24),
            entry.room_id,
            guest.person_id,
            guest.role,
            self._clock() + self._limits.seat_reservation_ms,
        )
        self._seats[seat.seat_token] = seat
        return seat

    def take_seat(self, seat_token: str, person_id: str) -> SeatReservation:
        """Redeem a reservation, once. Errors: SEAT_INVALID, SEAT_EXPIRED."""
        seat = self._seats.get(seat_token)
        if seat is None or seat.person_id != person_id:
            raise GalleriaError(
                "SEAT_INVALID", "This seat reservation is not yours or was used; reserve again."
            )
        if seat.expires_ms <= self._clock():
            del self._seats[seat_token]
            raise GalleriaError("SEAT_EXPIRED", "The seat reservation ran out; reserve again.")
        del self._seats[seat_token]
        return seat

    def create_invite(self, room_id: str) -> Invite:
        """A code that friends type or scan. Errors: ROOM_NOT_FOUND, BUSY."""
        self._expire()
        self._room(room_id)
        if len(self._invites) >= self._limits.invites_max:
            raise GalleriaError("BUSY", "Too many invites are open; try again later.", {}, 503)
        invite = Invite(
            secrets.token_urlsafe(9),
            room_id,
            self._clock() + self._limits.invite_ttl_ms,
            self._limits.invite_uses,
        )
        self._invites[invite.code] = invite
        return invite

    def _default_room_id(self) -> str:
        if not self._rooms:
            raise GalleriaError("ROOM_NOT_FOUND", "No room is open yet.", {}, 404)
        return next(iter(self._rooms))

    def _room(self, room_id: str) -> RoomEntry:
        entry = self._rooms.get(room_id)
        if entry is None:
            raise GalleriaError(
                "ROOM_NOT_FOUND", "There is no such room.", {"room_id": room_id[:64]}, 404
            )
        return entry

    def _invite(self, code: str) -> Invite:
        invite = self._invites.get(code)
        if invite is None or invite.uses < 1:
            raise GalleriaError(
                "INVITE_NOT_FOUND", "This invite is unknown, used up or has run out.", {}, 404
            )
        return invite

    def _summary(self, entry: RoomEntry) -> RoomSummary:
        return RoomSummary(
            entry.room_id,
            entry.name,
            entry.population(),
            self._reserved(entry.room_id),
            self._limits.capacity,
        )

    def _reserved(self, room_id: str) -> int:
        return sum(seat.room_id == room_id for seat in self._seats.values())

    def _expire(self) -> None:
        now = self._clock()
        self._seats = {t: seat for t, seat in self._seats.items() if seat.expires_ms > now}
        self._invites = {
            c: invite for c, invite in self._invites.items() if invite.expires_ms > now
        }
