"""The worker's side of its channel: the surroundings of a process that is one of several."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from commerce.events import CommerceEvent
from server.config import Settings
from server.parties import Names
from server.registry import RoomSummary
from server.workers import messages
from server.workers.asks import SeatAsk, SeatsGranted
from server.workers.channel import PATIENCE, Channel, ChannelLimits, Handler
from server.workers.invites import Invite
from server.workers.surroundings import OwnRooms

log = structlog.get_logger(__name__)

SHOP_NEWS_DELAY_S = 0.01
"""Events of one transaction come together; they are told to the others once."""


class RemoteDirectory:
    """Asks the desk: implements `server.workers.asks.RoomDirectory`."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    async def rooms(self) -> tuple[RoomSummary, ...]:
        rooms: tuple[RoomSummary, ...] = await self._channel.ask(messages.ListRooms())
        return rooms

    async def room(self, room_id: str) -> RoomSummary:
        room: RoomSummary = await self._channel.ask(messages.ShowRoom(room_id))
        return room

    async def reserve(self, ask: SeatAsk) -> SeatsGranted:
        granted: SeatsGranted = await self._channel.ask(ask)
        return granted

    async def create_invite(self, room_id: str) -> Invite:
        invite: Invite = await self._channel.ask(messages.CreateInvite(room_id))
        return invite

    def seated(self, person_id: str, room_id: str) -> None:
        self._channel.tell(messages.Seated(person_id, room_id))

    def left(self, person_id: str, room_id: str) -> None:
        self._channel.tell(messages.Left(person_id, room_id))


class RemoteParties:
    """Asks the desk for codes and keeps the names here: implements `server.parties.PartyCodes`."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self.names = Names()

    async def open(self) -> tuple[str, str]:
        party: tuple[str, str] = await self._channel.ask(messages.OpenParty())
        return party

    async def code_of(self, party_id: str) -> str:
        return str(await self._channel.ask(messages.ShowPartyCode(party_id)))

    def keep(self, party_id: str, code: str) -> None:
        self._channel.tell(messages.CodeKept(party_id, code))

    async def find(self, code: str) -> str:
        return str(await self._channel.ask(messages.FindParty(code)))

    def remember_name(self, person_id: str, name: str) -> None:
        if self.names.remember(person_id, name):
            self._channel.tell(messages.Named(((person_id, name),)))

    def name_of(self, person_id: str) -> str:
        return self.names.name_of(person_id)


class WorkerLink:
    """Implements `server.workers.surroundings.Surroundings`.

    `look_for_news` is called when another worker has seen an event of the shop that we have not;
    `show_metrics` gives what this process counts; `hear_of_taste` is told who has said at another
    worker what they like; `lost` is called when the supervisor is gone.
    """

    def __init__(self, worker: int, settings: Settings) -> None:
        self.worker = worker
        self.at_work = messages.AtWork((), (), 0)
        self.look_for_news: Callable[[], Awaitable[object]] | None = None
        self.show_metrics: Callable[[], bytes] = bytes
        self.hear_of_taste: Callable[[messages.TasteChanged], None] = lambda _: None
        self.directory: RemoteDirectory
        self.parties: RemoteParties
        self._settings = settings.workers
        self._channel: Channel
        self._owner: OwnRooms | None = None
        self._event_id = 0
        self._telling_news = False
        self._news = asyncio.Event()

    @property
    def limits(self) -> ChannelLimits:
        """Of the channel to the desk."""
        return ChannelLimits(self._settings.ask_timeout_ms, self._settings.asks_max)

    def use(self, channel: Channel) -> None:
        """Speak over this channel, which must have our `handlers`."""
        self._channel = channel
        self.directory = RemoteDirectory(channel)
        self.parties = RemoteParties(channel)

    def handlers(self) -> dict[type, Handler]:
        """What is done with each message of the desk."""
        return {
            messages.OpenRoom: self._open_room,
            messages.CloseRoom: lambda m: self._own.close_room(m.room_id),
            messages.ReserveSeats: self._reserve,
            messages.ForgetSeats: lambda m: self._own.forget(m.person_id),
            messages.Named: self._named,
            messages.ShopNews: self._shop_news,
            messages.TasteChanged: self._taste_changed,
            messages.AtWork: self._who_is_at_work,
            messages.ShowMetrics: lambda _: self.show_metrics(),
        }

    async def own(self, owner: OwnRooms) -> None:
        self._owner = owner
        # With rooms that were taken up from the last run, which nobody else shall open then.
        self._report()
        await self._channel.ask(messages.Ready(), patience=PATIENCE)

    def is_reachable(self, worker: int) -> bool:
        """Whether a socket for this worker will be taken there, now or in a moment."""
        return worker in self.at_work.workers or worker in self.at_work.awaited

    async def run(self) -> None:
        """Report, and look for the shop's news, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._report_often())
            group.create_task(self._look_for_news())

    def close_doors(self) -> None:
        """This process ends: nobody is sent here any more."""
        self._own.closing = True
        self._report()

    async def expositions(self) -> tuple[messages.Exposition, ...]:
        """What all workers count."""
        found: tuple[messages.Exposition, ...] = await self._channel.ask(messages.ShowAllMetrics())
        return found

    def happened(self, event: CommerceEvent) -> None:
        """Consumer of commerce events: the other processes should look now, not later."""
        self._event_id = max(self._event_id, event.event_id)
        if not self._telling_news:
            self._telling_news = True
            asyncio.get_running_loop().call_later(SHOP_NEWS_DELAY_S, self._tell_news)

    def taste_changed(self, person_id: str, liked_id: str = "") -> None:
        """Tell the others that somebody has said what they like; see `messages.TasteChanged`."""
        self._channel.tell(messages.TasteChanged(person_id, liked_id))

    @property
    def _own(self) -> OwnRooms:
        if self._owner is None:
            raise RuntimeError("asked before it said that it was ready")
        return self._owner

    async def _open_room(self, message: messages.OpenRoom) -> RoomSummary:
        await self._own.open_room(message.room_id, message.name, message.layout_id)
        return self._own.summary(message.room_id)

    async def _reserve(self, message: messages.ReserveSeats) -> messages.SeatsReserved:
        seats = await self._own.reserve(message.room_id, message.people, message.asker_id)
        return messages.SeatsReserved(seats, self._own.summary(message.room_id))

    def _named(self, message: messages.Named) -> None:
        for person_id, name in message.names:
            self.parties.names.remember(person_id, name)

    def _who_is_at_work(self, message: messages.AtWork) -> None:
        self.at_work = message

    def _taste_changed(self, message: messages.TasteChanged) -> None:
        self.hear_of_taste(message)

    def _tell_news(self) -> None:
        self._telling_news = False
        self._channel.tell(messages.ShopNews(self._event_id))

    def _shop_news(self, message: messages.ShopNews) -> None:
        if message.event_id > self._event_id:
            self._news.set()

    async def _look_for_news(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            if self.look_for_news is not None:
                try:
                    await self.look_for_news()
                except Exception:
                    # The shop's own look, which comes a little later, tells what is wrong.
                    log.warning("shop_news_waits", exc_info=True)

    def _report(self) -> None:
        self._channel.tell(messages.Reported(self._own.report()))

    async def _report_often(self) -> None:
        while True:
            self._report()
            await asyncio.sleep(self._settings.report_interval_ms / 1_000)
