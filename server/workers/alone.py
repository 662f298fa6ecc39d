"""The surroundings of a process that runs all rooms itself."""

from server.clock import Clock
from server.config import Settings
from server.parties import Parties
from server.store import Store
from server.workers.directory import Directory, RoomTemplate
from server.workers.surroundings import OwnRooms

THE_ONLY_ONE = 1


class Alone:
    """Implements `server.workers.surroundings.Surroundings`; all calls stay in this process."""

    worker = 0

    def __init__(self, settings: Settings, clock: Clock, store: Store) -> None:
        template = RoomTemplate(store.room_id, store.name)
        self.directory = Directory(settings.directory_limits(), clock, [template])
        self.parties = Parties(clock)

    async def own(self, owner: OwnRooms) -> None:
        await self.directory.join(THE_ONLY_ONE, owner)

    async def run(self) -> None:
        await self.directory.run()
