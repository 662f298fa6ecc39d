"""What a server process has around it: nobody, or other processes with rooms of their own."""

from typing import Protocol

from server.parties import PartyCodes
from server.registry import RoomSummary
from server.workers.asks import RoomDirectory, RoomOwner


class OwnRooms(RoomOwner, Protocol):
    """The rooms of this process. While it is `closing` nobody is sent to them."""

    closing: bool

    def summary(self, room_id: str) -> RoomSummary:
        """How full a room of ours is; ROOM_NOT_FOUND."""


class Surroundings(Protocol):
    """The directory of rooms and the party codes, wherever they are kept."""

    @property
    def worker(self) -> int:
        """Number of this process among several, from 1; 0: it is alone."""

    @property
    def directory(self) -> RoomDirectory: ...

    @property
    def parties(self) -> PartyCodes: ...

    async def own(self, owner: OwnRooms) -> None:
        """From now on rooms can be opened in this process."""

    async def run(self) -> None:
        """Keep it all going, until cancelled."""
