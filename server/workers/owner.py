"""This process as an owner of rooms."""

from collections.abc import Callable, Sequence

from commerce import CommerceError
from server.errors import GalleriaError
from server.load import HostLoad
from server.registry import Registry, RoomSummary, SeatReservation
from server.room_opener import RoomOpener
from server.workers.placement import WorkerReport


class LocalOwner:
    """Implements `server.workers.surroundings.OwnRooms` for the rooms that run here."""

    def __init__(
        self, registry: Registry, opener: RoomOpener, load: Callable[[], HostLoad]
    ) -> None:
        self._registry = registry
        self._opener = opener
        self._load = load
        self.closing = False

    def summary(self, room_id: str) -> RoomSummary:
        """How full a room of ours is; ROOM_NOT_FOUND."""
        return self._registry.summary(room_id)

    def report(self) -> WorkerReport:
        return WorkerReport(self._registry.summaries(), 1 - self._load().headroom, self.closing)

    async def open_room(self, room_id: str, name: str, layout_id: str) -> None:
        try:
            await self._opener.open(room_id)
        except CommerceError as error:
            raise GalleriaError(error.code, error.message, error.data, 503) from error
        self._registry.add_room(room_id, name, layout_id)

    async def close_room(self, room_id: str) -> bool:
        if not self._registry.remove_room(room_id):
            return False
        self._opener.close(room_id)
        return True

    async def reserve(
        self, room_id: str, people: Sequence[str], asker_id: str
    ) -> tuple[SeatReservation, ...]:
        return self._registry.reserve(room_id, people, asker_id)

    def forget(self, person_id: str) -> None:
        self._registry.forget(person_id)
