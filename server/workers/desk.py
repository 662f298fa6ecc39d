"""The directory's side of the channels: it sits in the supervisor and answers all workers."""

import asyncio
import socket
from collections.abc import Sequence
from functools import cached_property

import structlog

from server.clock import Clock
from server.config import Settings
from server.parties import Parties
from server.registry import RoomSummary, SeatReservation
from server.workers import messages
from server.workers.asks import SeatAsk
from server.workers.channel import PATIENCE, Channel, ChannelLimits, Handler
from server.workers.directory import SWEEP_INTERVAL_S, Directory, RoomTemplate
from server.workers.placement import WorkerReport

log = structlog.get_logger(__name__)

NAMES_AT_ONCE = 1_000


class RemoteOwner:
    """A worker as the directory sees it: implements `server.workers.asks.RoomOwner`.

    The report is the last one told, brought up to date by every answer.
    """

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._rooms: dict[str, RoomSummary] = {}
        self._load = 0.0
        self._closing = False

    def reported(self, report: WorkerReport) -> None:
        """The worker told how it is."""
        self._rooms = {room.room_id: room for room in report.rooms}
        self._load, self._closing = report.load, report.closing

    def report(self) -> WorkerReport:
        return WorkerReport(tuple(self._rooms.values()), self._load, self._closing)

    async def open_room(self, room_id: str, name: str, layout_id: str) -> None:
        question = messages.OpenRoom(room_id, name, layout_id)
        self._rooms[room_id] = await self._channel.ask(question, patience=PATIENCE)

    async def close_room(self, room_id: str) -> bool:
        closed: bool = await self._channel.ask(messages.CloseRoom(room_id))
        if closed:
            self._rooms.pop(room_id, None)
        return closed

    async def reserve(
        self, room_id: str, people: Sequence[str], asker_id: str
    ) -> tuple[SeatReservation, ...]:
        question = messages.ReserveSeats(room_id, tuple(people), asker_id)
        reserved: messages.SeatsReserved = await self._channel.ask(question)
        self._rooms[room_id] = reserved.room
        return reserved.seats

    def forget(self, person_id: str) -> None:
        self._channel.tell(messages.ForgetSeats(person_id))


class Desk:
    """Rooms, invites, party codes and names for all workers."""

    def __init__(self, settings: Settings, clock: Clock, template: RoomTemplate) -> None:
        self.directory = Directory(settings.directory_limits(), clock, [template])
        self.parties = Parties(clock)
        self.restarts = 0
        self._clock = clock
        workers = settings.workers
        self._limits = ChannelLimits(workers.ask_timeout_ms, workers.asks_max)
        self._clerks: dict[int, _Clerk] = {}
        self._newest_event_id = 0

    @property
    def at_work(self) -> tuple[int, ...]:
        """The workers that are ready."""
        return tuple(sorted(self._clerks))

    async def run(self) -> None:
        """Upkeep of the directory, until cancelled."""
        while True:
            await asyncio.sleep(SWEEP_INTERVAL_S)
            awaited = self.directory.awaited
            try:
                await self.directory.sweep()
            except Exception:
                log.exception("sweep_failed")
            if self.directory.awaited != awaited:
                self.tell_who_is_at_work()

    def heard_ms(self, worker: int) -> int | None:
        """When this worker reported last; None: it is not at work."""
        clerk = self._clerks.get(worker)
        return clerk.heard_ms if clerk is not None else None

    async def serve(self, worker: int, plain: socket.socket, ready: asyncio.Event) -> None:
        """Answer one worker until its end of the socket pair is closed; `ready` is set when it can
        take rooms."""
        clerk = _Clerk(self, worker, ready)
        clerk.channel = await Channel.over(plain, self._limits, clerk.handlers())
        try:
            await clerk.channel.run()
        finally:
            await clerk.channel.close()
            if self._clerks.pop(worker, None) is not None:
                await self.directory.lose(worker)
                self.tell_who_is_at_work()

    async def admit(self, clerk: "_Clerk") -> None:
        """A worker is ready: it hears what the others know, and gets rooms."""
        clerk.heard_ms = self._clock()
        self._clerks[clerk.worker] = clerk
        names = tuple(self.parties.names)
        for first in range(0, len(names), NAMES_AT_ONCE):
            clerk.channel.tell(messages.Named(names[first : first + NAMES_AT_ONCE]))
        await self.directory.join(clerk.worker, clerk.owner)
        self.tell_who_is_at_work()
        clerk.ready.set()

    def heard_from(self, clerk: "_Clerk", report: WorkerReport) -> None:
        """A worker reported."""
        clerk.heard_ms = self._clock()
        clerk.owner.reported(report)

    def tell_who_is_at_work(self) -> None:
        """All workers learn which of them there are."""
        self._tell(messages.AtWork(self.at_work, self.directory.awaited, self.restarts))

    def named(self, teller: int, named: messages.Named) -> None:
        """Names that one worker has heard become known to the others."""
        news = tuple(
            (person, name)
            for person, name in named.names
            if self.parties.names.remember(person, name)
        )
        if news:
            self._tell(messages.Named(news), except_for=teller)

    def shop_news(self, teller: int, news: messages.ShopNews) -> None:
        """One worker has seen an event of the shop: the others look for it now, and not later."""
        if news.event_id > self._newest_event_id:
            self._newest_event_id = news.event_id
            self._tell(news, except_for=teller)

    def pass_on(self, teller: int, message: object) -> None:
        """What one worker has said, to the others."""
        self._tell(message, except_for=teller)

    async def expositions(self) -> tuple[messages.Exposition, ...]:
        """What all workers count; one that does not answer is left out."""
        clerks = [self._clerks[worker] for worker in self.at_work]
        texts = await asyncio.gather(
            *(clerk.channel.ask(messages.ShowMetrics()) for clerk in clerks), return_exceptions=True
        )
        return tuple(
            messages.Exposition(clerk.worker, text)
            for clerk, text in zip(clerks, texts, strict=True)
            if isinstance(text, bytes)
        )

    def _tell(self, message: object, except_for: int = 0) -> None:
        for worker, clerk in self._clerks.items():
            if worker != except_for:
                clerk.channel.tell(message)


class _Clerk:
    """Serves one worker at the desk."""

    channel: Channel
    heard_ms = 0

    def __init__(self, desk: Desk, worker: int, ready: asyncio.Event) -> None:
        self.worker = worker
        self.ready = ready
        self._desk = desk

    @cached_property
    def owner(self) -> RemoteOwner:
        return RemoteOwner(self.channel)

    def handlers(self) -> dict[type, Handler]:
        """What is done with each message of this worker."""
        desk, worker = self._desk, self.worker
        directory, parties = desk.directory, desk.parties
        return {
            messages.Ready: lambda _: desk.admit(self),
            messages.ListRooms: lambda _: directory.rooms(),
            messages.ShowRoom: lambda m: directory.room(m.room_id),
            SeatAsk: directory.reserve,
            messages.CreateInvite: lambda m: directory.create_invite(m.room_id),
            messages.OpenParty: lambda _: parties.open(),
            messages.ShowPartyCode: lambda m: parties.code_of(m.party_id),
            messages.CodeKept: lambda m: parties.keep(m.party_id, m.code),
            messages.FindParty: lambda m: parties.find(m.code),
            messages.ShowAllMetrics: lambda _: desk.expositions(),
            messages.Reported: lambda m: desk.heard_from(self, m.report),
            messages.Seated: lambda m: directory.seated(m.person_id, m.room_id),
            messages.Left: lambda m: directory.left(m.person_id, m.room_id),
            messages.Named: lambda m: desk.named(worker, m),
            messages.ShopNews: lambda m: desk.shop_news(worker, m),
            messages.TasteChanged: lambda m: desk.pass_on(worker, m),
        }
