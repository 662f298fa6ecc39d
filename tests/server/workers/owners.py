"""Workers for tests of the directory: real seats, and rooms that nobody runs."""

from collections.abc import Callable, Sequence

from server.errors import GalleriaError
from server.registry import Registry, RegistryLimits, RoomSummary, SeatReservation, SeatWatcher
from server.workers.asks import SeatsGranted
from server.workers.directory import Directory, DirectoryLimits, RoomTemplate
from server.workers.invites import InviteLimits
from server.workers.placement import PlacementLimits, WorkerReport

CAPACITY = 3
LIMITS = DirectoryLimits(
    PlacementLimits(rooms_max=2, busy_fraction=0.75),
    InviteLimits(ttl_ms=60_000, uses=2),
    room_linger_ms=10_000,
    seats_max=CAPACITY,
    whereabouts_max=100,
)
SEATS = RegistryLimits(capacity=CAPACITY, seat_reservation_ms=15_000)


class Owner:
    """A worker: its seats are those of a real registry."""

    def __init__(self, watcher: SeatWatcher, clock: Callable[[], int]) -> None:
        self.registry = Registry(SEATS, clock, watcher)
        self.load = 0.0
        self.closing = False
        self.gone = False

    def summary(self, room_id: str) -> RoomSummary:
        return self.registry.summary(room_id)

    def report(self) -> WorkerReport:
        return WorkerReport(self.registry.summaries(), self.load, self.closing)

    async def open_room(self, room_id: str, name: str, layout_id: str) -> None:
        self._there()
        self.registry.add_room(room_id, name, layout_id)

    async def close_room(self, room_id: str) -> bool:
        self._there()
        return self.registry.remove_room(room_id)

    async def reserve(
        self, room_id: str, people: Sequence[str], asker_id: str
    ) -> tuple[SeatReservation, ...]:
        self._there()
        return self.registry.reserve(room_id, people, asker_id)

    def forget(self, person_id: str) -> None:
        self.registry.forget(person_id)

    def _there(self) -> None:
        if self.gone:
            raise GalleriaError("WORKER_LOST", "Gone.", {}, 503)


class Mall:
    """A directory, its clock, and workers that come and go."""

    def __init__(self, limits: DirectoryLimits = LIMITS) -> None:
        self.now_ms = 1_000_000
        self.directory = Directory(limits, self.clock, [RoomTemplate("hall", "Hall")])
        self.owners: dict[int, Owner] = {}

    def clock(self) -> int:
        return self.now_ms

    async def join(self, worker: int) -> Owner:
        owner = self.owners[worker] = Owner(self.directory, self.clock)
        await self.directory.join(worker, owner)
        return owner

    async def lose(self, worker: int) -> None:
        del self.owners[worker]
        await self.directory.lose(worker)

    def release(self, granted: SeatsGranted) -> None:
        """Let the first of them go."""
        self.owners[granted.worker].registry.release(granted.seats[0].seat_token)

    def take(self, worker: int, seat: SeatReservation, person_id: str) -> None:
        self.owners[worker].registry.take_seat(seat.seat_token, person_id)
