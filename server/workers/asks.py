"""What is asked of a directory of rooms, and what the directory asks of the owners of rooms."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from server.registry import RoomSummary, SeatReservation
from server.workers.invites import Invite
from server.workers.placement import WorkerReport


@dataclass(frozen=True, slots=True)
class SeatAsk:
    """Seats for `people` (an empty id is anybody), all in one room or none.

    `room_id` or `invite` name the room; with neither, the room where the most `companions` are, or
    else the first with room for all. With `overflow` a full room leads to another copy of it.
    """

    asker_id: str
    people: tuple[str, ...]
    companions: tuple[str, ...] = ()
    room_id: str = ""
    invite: str = ""
    overflow: bool = True


@dataclass(frozen=True, slots=True)
class SeatsGranted:
    """Seats in a room of this worker."""

    worker: int
    room: RoomSummary
    seats: tuple[SeatReservation, ...]


class RoomOwner(Protocol):
    """A worker as the directory sees it. Any call may raise WORKER_LOST."""

    def report(self) -> WorkerReport:
        """What it last told of itself."""

    async def open_room(self, room_id: str, name: str, layout_id: str) -> None:
        """Begin to run a room."""

    async def close_room(self, room_id: str) -> bool:
        """End a room; False when somebody has a seat in it."""

    async def reserve(
        self, room_id: str, people: Sequence[str], asker_id: str
    ) -> tuple[SeatReservation, ...]:
        """As `Registry.reserve`."""

    def forget(self, person_id: str) -> None:
        """As `Registry.forget`; need not be done at once."""


class RoomDirectory(Protocol):
    """What the rest of a server asks, wherever the directory is."""

    async def rooms(self) -> tuple[RoomSummary, ...]:
        """All open rooms, the one opened first at the front."""

    async def room(self, room_id: str) -> RoomSummary:
        """One room; ROOM_NOT_FOUND."""

    async def reserve(self, ask: SeatAsk) -> SeatsGranted:
        """Seats for everybody named, or an error: ROOM_NOT_FOUND, INVITE_NOT_FOUND, ROOM_FULL,
        TOO_MANY_SEATS, BUSY."""

    async def create_invite(self, room_id: str) -> Invite:
        """A code that opens this room; ROOM_NOT_FOUND, BUSY."""

    def seated(self, person_id: str, room_id: str) -> None:
        """Somebody took a seat in a room of ours."""

    def left(self, person_id: str, room_id: str) -> None:
        """Somebody is gone from a room of ours."""
