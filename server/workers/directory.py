"""The directory: which rooms there are, in which worker, and who is sent where.

There is one for all workers of a machine: in the process itself when it is alone, else in the
supervisor (`server.workers.desk`), where the workers ask it. It decides where to ask for seats;
whether there are any is the owner of the room's to say (`server.registry`). So seats are promised
by one process each, and a worker that dies takes its own promises with it and nobody else's.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

import structlog

from server.clock import Clock, until_next_s
from server.errors import GalleriaError
from server.registry import RoomSummary, room_full, room_not_found
from server.workers.asks import RoomOwner, SeatAsk, SeatsGranted
from server.workers.invites import Invite, InviteLimits, Invites
from server.workers.placement import (
    Place,
    PlacementLimits,
    WorkerReport,
    copy_of,
    open_places,
    places,
    wanted_places,
    worker_for_room,
)

log = structlog.get_logger(__name__)

V = TypeVar("V")

SWEEP_INTERVAL_S = 1.0
NEXT_PLACE = ("ROOM_FULL", "ROOM_NOT_FOUND", "WORKER_LOST")
"""Answers of an owner after which another room is asked for."""


@dataclass(frozen=True, slots=True)
class DirectoryLimits:
    """How long an empty copy stays open and a worker that ended politely is awaited, seats one ask
    may reserve (over: TOO_MANY_SEATS), and people whose room is remembered (full: the one heard of
    longest ago is forgotten, who then only loses the company of friends)."""

    placement: PlacementLimits
    invites: InviteLimits
    room_linger_ms: int = 60_000
    rejoin_ms: int = 30_000
    seats_max: int = 8
    whereabouts_max: int = 100_000


@dataclass(frozen=True, slots=True)
class RoomTemplate:
    """A room that the store has; it is always open, and copies of it are opened as needed."""

    layout_id: str
    name: str


@dataclass(frozen=True, slots=True)
class _Promise:
    worker: int
    room_id: str
    expires_ms: int


@dataclass(frozen=True, slots=True)
class _Awaited:
    room_ids: frozenset[str]
    until_ms: int


class Directory:
    """The `RoomDirectory` itself."""

    def __init__(
        self, limits: DirectoryLimits, clock: Clock, templates: Iterable[RoomTemplate]
    ) -> None:
        self._limits = limits
        self._clock = clock
        self._templates = {template.layout_id: template for template in templates}
        self._owners: dict[int, RoomOwner] = {}
        self._invites = Invites(limits.invites, clock)
        self._seated: OrderedDict[str, str] = OrderedDict()
        self._promised: OrderedDict[str, _Promise] = OrderedDict()
        self._empty_since_ms: dict[str, int] = {}
        self._awaited: dict[int, _Awaited] = {}
        self._opening = asyncio.Lock()

    # --- workers --------------------------------------------------------------------------------

    async def join(self, worker: int, owner: RoomOwner) -> None:
        """A worker is ready for rooms."""
        self._owners[worker] = owner
        self._awaited.pop(worker, None)
        await self.open_missing()

    def expect(self, worker: int, room_ids: Iterable[str]) -> None:
        """A worker will come that goes on with these rooms; nobody else opens them meanwhile."""
        until_ms = self._clock() + self._limits.rejoin_ms
        self._awaited[worker] = _Awaited(frozenset(room_ids), until_ms)

    @property
    def awaited(self) -> tuple[int, ...]:
        """Workers that are expected back."""
        return tuple(self._awaited)

    async def lose(self, worker: int) -> None:
        """A worker is gone, and its promises with it; its rooms too, unless it ended politely."""
        owner = self._owners.pop(worker, None)
        report = owner.report() if owner is not None else WorkerReport()
        parked = [room.room_id for room in report.rooms if room.population]
        if report.closing and parked:
            self.expect(worker, parked)
        rooms = {place.room.room_id for place in self._places()}
        for person_id in [p for p, room_id in self._seated.items() if room_id not in rooms]:
            del self._seated[person_id]
        for person_id in [p for p, seat in self._promised.items() if seat.worker == worker]:
            del self._promised[person_id]
        await self.open_missing()

    async def open_missing(self) -> None:
        """Open what the store has and nobody runs."""
        for template in self._templates.values():
            async with self._opening:
                if template.layout_id not in self._taken_ids():
                    await self._open(template)

    async def run(self) -> None:
        """End copies that stay empty, until cancelled."""
        while True:
            await asyncio.sleep(until_next_s(SWEEP_INTERVAL_S))
            await self.sweep()

    async def sweep(self) -> None:
        """End copies that have been empty for `room_linger_ms`, and wait for nobody for ever."""
        now_ms = self._clock()
        over = [worker for worker, entry in self._awaited.items() if entry.until_ms <= now_ms]
        for worker in over:
            del self._awaited[worker]
        await self.open_missing()
        since, self._empty_since_ms = self._empty_since_ms, {}
        for place in self._places():
            room = place.room
            if room.room_id == room.layout_id or room.population or room.reserved:
                continue
            began_ms = self._empty_since_ms[room.room_id] = since.get(room.room_id, now_ms)
            if now_ms - began_ms >= self._limits.room_linger_ms:
                await self._close(place)

    # --- asked ----------------------------------------------------------------------------------

    async def rooms(self) -> tuple[RoomSummary, ...]:
        return tuple(place.room for place in self._places())

    async def room(self, room_id: str) -> RoomSummary:
        return self._place(room_id).room

    async def create_invite(self, room_id: str) -> Invite:
        self._place(room_id)
        return self._invites.create(room_id)

    async def reserve(self, ask: SeatAsk) -> SeatsGranted:
        if len(ask.people) > self._limits.seats_max:
            raise GalleriaError(
                "TOO_MANY_SEATS",
                f"At most {self._limits.seats_max} seats can be reserved together.",
                {"seats": len(ask.people), "seats_max": self._limits.seats_max},
                422,
            )
        if not ask.invite:
            return await self._reserve(ask, ask.room_id)
        # Used first and given back on refusal, so that two who ask at once cannot both have the
        # last use.
        invite = self._invites.use(ask.invite, len(ask.people))
        try:
            return await self._reserve(ask, invite.room_id)
        except BaseException:
            self._invites.give_back(ask.invite, len(ask.people))
            raise

    def seated(self, person_id: str, room_id: str) -> None:
        self._promised.pop(person_id, None)
        _remember(self._seated, person_id, room_id, self._limits.whereabouts_max)

    def left(self, person_id: str, room_id: str) -> None:
        if self._seated.get(person_id) == room_id:
            del self._seated[person_id]

    # --- seats ----------------------------------------------------------------------------------

    async def _reserve(self, ask: SeatAsk, room_id: str) -> SeatsGranted:
        template = self._template(room_id)
        found = self._places(template.layout_id)
        if not found:
            # Its worker is closing, or has just died.
            async with self._opening:
                if not self._places(template.layout_id):
                    await self._open(template)
            found = self._places(template.layout_id)
        if not found:
            raise GalleriaError("BUSY", "The room is opening; try again in a moment.", {}, 503)
        wanted = wanted_places(found, room_id, self._whereabouts(ask.companions))
        for place in wanted:
            granted = await self._try(place, ask)
            if granted is not None:
                return granted
        if room_id and not ask.overflow:
            raise room_full(room_id, found[0].room.capacity) if wanted else room_not_found(room_id)
        granted = await self._anywhere(template, ask, {place.room.room_id for place in wanted})
        if granted is None:
            raise room_full(room_id or template.layout_id, found[0].room.capacity)
        return granted

    async def _anywhere(
        self, template: RoomTemplate, ask: SeatAsk, tried: set[str]
    ) -> SeatsGranted | None:
        """Seats in any room with this layout, in a new copy if need be."""
        granted = await self._try_open_places(template, ask, tried, busy_too=False)
        if granted is None:
            async with self._opening:
                # Somebody else may have opened a copy while we waited for our turn.
                granted = await self._try_open_places(template, ask, tried, busy_too=False)
                if granted is None:
                    place = await self._open(template)
                    granted = await self._try(place, ask) if place is not None else None
        if granted is None:
            granted = await self._try_open_places(template, ask, tried, busy_too=True)
        return granted

    async def _try_open_places(
        self, template: RoomTemplate, ask: SeatAsk, tried: set[str], *, busy_too: bool
    ) -> SeatsGranted | None:
        found = self._places(template.layout_id)
        calm, busy = open_places(found, self._reports(), len(ask.people), self._limits.placement)
        for place in (*calm, *(busy if busy_too else ())):
            if place.room.room_id in tried:
                continue
            tried.add(place.room.room_id)
            granted = await self._try(place, ask)
            if granted is not None:
                return granted
        return None

    async def _try(self, place: Place, ask: SeatAsk) -> SeatsGranted | None:
        """Ask the owner of a room; None when there is no place for all of them."""
        room_id = place.room.room_id
        # Whoever of the party sits there already needs no second seat.
        people = [p for p in ask.people if p == ask.asker_id or self._seated.get(p) != room_id]
        owner = self._owners.get(place.worker)
        if owner is None:
            return None
        try:
            seats = await owner.reserve(room_id, people, ask.asker_id)
        except GalleriaError as error:
            if error.code not in NEXT_PLACE:
                raise
            return None
        for person_id in {seat.holder_id for seat in seats}:
            before = self._promised.get(person_id)
            if before is not None and before.worker != place.worker:
                elsewhere = self._owners.get(before.worker)
                if elsewhere is not None:
                    elsewhere.forget(person_id)
            promise = _Promise(place.worker, room_id, seats[0].expires_ms)
            _remember(self._promised, person_id, promise, self._limits.whereabouts_max)
        return SeatsGranted(place.worker, place.room, seats)

    # --- rooms ----------------------------------------------------------------------------------

    async def _open(self, template: RoomTemplate) -> Place | None:
        """Open the room of the store, or the next copy of it; the caller holds `_opening`."""
        reports = self._reports()
        worker = worker_for_room(reports, self._limits.placement)
        taken = self._taken_ids()
        if worker is None and template.layout_id not in taken and reports:
            # The store's own room is opened even on a busy machine.
            worker = min(reports, key=lambda number: (reports[number].closing, number))
        if worker is None:
            return None
        room_id, name = copy_of(template.layout_id, template.name, taken)
        try:
            await self._owners[worker].open_room(room_id, name, template.layout_id)
        except GalleriaError as error:
            log.warning("room_not_opened", room=room_id, worker=worker, code=error.code)
            return None
        log.info("room_opened", room=room_id, worker=worker)
        return next((p for p in self._places() if p.room.room_id == room_id), None)

    async def _close(self, place: Place) -> None:
        room_id = place.room.room_id
        try:
            if await self._owners[place.worker].close_room(room_id):
                log.info("room_closed", room=room_id, worker=place.worker)
                self._empty_since_ms.pop(room_id, None)
        except GalleriaError as error:
            log.warning("room_not_closed", room=room_id, worker=place.worker, code=error.code)

    def _reports(self) -> dict[int, WorkerReport]:
        return {worker: owner.report() for worker, owner in self._owners.items()}

    def _taken_ids(self) -> set[str]:
        """Ids of all rooms, those included of workers that are closing, or awaited."""
        running = (room for report in self._reports().values() for room in report.rooms)
        awaited = (room_id for entry in self._awaited.values() for room_id in entry.room_ids)
        return {room.room_id for room in running}.union(awaited)

    def _places(self, layout_id: str = "") -> list[Place]:
        return places(self._reports(), layout_id)

    def _place(self, room_id: str) -> Place:
        for place in self._places():
            if place.room.room_id == room_id:
                return place
        raise room_not_found(room_id)

    def _template(self, room_id: str) -> RoomTemplate:
        """What is asked for, by the id of a room or of a copy, open or not open any more."""
        if not room_id:
            return next(iter(self._templates.values()))
        if room_id in self._templates:
            return self._templates[room_id]
        layout_id, _, number = room_id.rpartition("-")
        if layout_id not in self._templates or not number.isdecimal():
            raise room_not_found(room_id)
        return self._templates[layout_id]

    def _whereabouts(self, people: Iterable[str]) -> list[str]:
        """Rooms in which these people sit, or have a seat reserved."""
        now_ms = self._clock()
        rooms = []
        for person_id in people:
            promise = self._promised.get(person_id)
            if person_id in self._seated:
                rooms.append(self._seated[person_id])
            elif promise is not None and promise.expires_ms > now_ms:
                rooms.append(promise.room_id)
        return rooms


def _remember(table: OrderedDict[str, V], key: str, value: V, entries_max: int) -> None:
    table[key] = value
    table.move_to_end(key)
    if len(table) > entries_max:
        table.popitem(last=False)
