"""Where connections meet rooms: hello and resume, joining, and the way of each message to its room.

The hub checks who somebody is and where they are; whether they may do a thing is the room's to say.
"""

import asyncio
from dataclasses import dataclass
from typing import Any

import structlog

from commerce import CartView, Commerce, CommerceError
from recommender.errors import RecommenderError
from recommender.service import RecommenderService
from rooms.commands import Command, Detach, Enter, Leave, Resume
from rooms.effects import ReleaseSeat
from rooms.types import BlockedPerson
from server import translate
from server.auth.tokens import Guest, GuestTokens
from server.blocks import Blocks
from server.clock import Clock
from server.connection import Connection
from server.effects import EffectRunner
from server.errors import GalleriaError
from server.http.rate_limit import network_of
from server.observe.live import Traffic
from server.observe.metrics import Metrics
from server.origins import Origin
from server.parties import NOBODY, PartyCodes
from server.registry import Registry, SeatReservation
from server.room_host import RoomHost
from server.session import Session, SessionRegistry
from server.wire import codec
from server.wire.codec import Frame
from server.wire.errors import CloseCode
from server.wire.messages import BY_NAME, OLDEST_PROTOCOL_VERSION, PROTOCOL_VERSION

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class WelcomeFacts:
    """What every Welcome tells: tick rate, grace period and how often to be heard of."""

    tick_rate_hz: int
    grace_period_ms: int
    ping_interval_ms: int


@dataclass(frozen=True, slots=True)
class Seat:
    """Where a session sits."""

    room_id: str
    avatar_id: int
    seat_token: str


class GameHub:
    """Implements `server.connection.Hub` for all connections of the process."""

    def __init__(
        self,
        clock: Clock,
        guests: GuestTokens,
        sessions: SessionRegistry,
        registry: Registry,
        host: RoomHost,
        parties: PartyCodes,
        commerce: Commerce,
        recommender: RecommenderService,
        effects: EffectRunner,
        metrics: Metrics,
        traffic: Traffic,
        facts: WelcomeFacts,
        blocks: Blocks,
    ) -> None:
        self._blocks = blocks
        self._clock = clock
        self._guests = guests
        self._sessions = sessions
        self._registry = registry
        self._host = host
        self._parties = parties
        self._commerce = commerce
        self._recommender = recommender
        self._effects = effects
        self._metrics = metrics
        self._traffic = traffic
        self._facts = facts
        self._people: dict[str, Guest] = {}
        self._kinds: dict[str, str] = {}
        self._seats: dict[str, Seat] = {}
        self._joining: dict[str, asyncio.Task[None]] = {}

    def now_ms(self) -> int:
        return self._clock()

    # --- connections ----------------------------------------------------------------------------

    def hello(self, connection: Connection, body: dict[str, Any]) -> None:
        """Welcome a connection: verify its token, then resume its session or open a fresh one."""
        if (
            body["protocol_max"] < OLDEST_PROTOCOL_VERSION
            or body["protocol_min"] > PROTOCOL_VERSION
        ):
            connection.close(CloseCode.PROTOCOL_VERSION)
            return
        try:
            guest = self._guests.verify(body["token"])
        except GalleriaError:
            connection.close(CloseCode.TOKEN_INVALID)
            return
        now = self._clock()
        outcome = self._sessions.hello(
            connection, guest.person_id, body["resume_token"], body["last_seq"], now
        )
        if outcome is None:
            connection.close(CloseCode.SERVER_FULL)
            return
        session = outcome.session
        connection.session = session
        self._people[session.session_id] = guest
        self._effects.origins.remember(
            guest.person_id, Origin(guest.network, network_of(connection.remote))
        )
        self._kinds[session.session_id] = body["kind"]
        if body["resume_token"]:
            self._metrics.resumes.labels("resumed" if outcome.resumed else "fresh").inc()
        welcome = {
            "protocol": min(PROTOCOL_VERSION, body["protocol_max"]),
            "session_id": session.session_id,
            "person_id": guest.person_id,
            "resume_token": outcome.resume_token,
            "resumed": outcome.resumed,
            "fresh_reason": outcome.fresh_reason,
            "last_request_id": session.last_request_id,
            "server_time_ms": now,
            "tick_rate_hz": self._facts.tick_rate_hz,
            "grace_period_ms": self._facts.grace_period_ms,
            "ping_interval_ms": self._facts.ping_interval_ms,
        }
        connection.send(codec.encode(BY_NAME["Welcome"].number, 0, welcome))
        session.replay(body["last_seq"])
        seat = self._seats.get(session.session_id)
        if outcome.resumed and seat is not None:
            self._host.submit(seat.room_id, Resume(seat.avatar_id, 0))
            self._host.needs_all(seat.room_id, seat.avatar_id)

    def lost(self, connection: Connection, reason: str) -> None:
        """The connection is gone; its session waits for the grace period."""
        self._traffic.ended(connection, reason)
        session = connection.session
        if session is None or not self._sessions.detach(session, connection, self._clock()):
            return
        seat = self._seats.get(session.session_id)
        if seat is not None:
            self._host.submit(seat.room_id, Detach(seat.avatar_id, 0, reason))

    # --- rest -----------------------------------------------------------------------------------

    def visit(self, session_id: str) -> tuple[Guest, str, Seat | None] | None:
        """Who a session belongs to, with what kind of client, and where it sits."""
        guest = self._people.get(session_id)
        if guest is None:
            return None
        return guest, self._kinds[session_id], self._seats.get(session_id)

    def seats_of(self, person_id: str) -> list[tuple[str, int]]:
        """Rooms of this process where a person sits, on any device, and their avatars there."""
        seats = [
            self._seats.get(session_id)
            for session_id, guest in self._people.items()
            if guest.person_id == person_id
        ]
        return [(seat.room_id, seat.avatar_id) for seat in seats if seat is not None]

    def put_back(self, session: Session, guest: Guest, kind: str, seat: Seat | None) -> None:
        """A session of before the restart is here again; its client will come."""
        self._people[session.session_id] = guest
        self._effects.origins.remember(guest.person_id, Origin(guest.network))
        self._kinds[session.session_id] = kind
        self._parties.remember_name(guest.person_id, guest.name)
        if seat is not None:
            self._seats[session.session_id] = seat

    async def refresh(self, session_id: str) -> None:
        """Tell the room of a session that was put back how cart and checkout are now."""
        seat, guest = self._seats.get(session_id), self._people.get(session_id)
        if seat is None or guest is None:
            return
        await self._remember(guest.person_id)
        try:
            _, news = await self._cart_of(guest.person_id)
        except CommerceError as error:
            log.warning("cart_not_refreshed", code=error.code)
            return
        self._tell(seat.room_id, news)

    def expire(self) -> None:
        """Forget sessions whose grace period is over. Rooms count the same time on their own."""
        for session in self._sessions.expire(self._clock()):
            self._forget(session.session_id)

    def erase(self, person_id: str) -> None:
        """Somebody asked to be forgotten: they leave their rooms, and their sockets are closed."""
        for session in self._sessions.end(person_id):
            joining = self._joining.get(session.session_id)
            if joining is not None:
                joining.cancel()
            seat = self._seats.get(session.session_id)
            if seat is not None:
                self._host.submit(seat.room_id, Leave(seat.avatar_id, 0))
            self._forget(session.session_id)
            if session.connection is not None:
                session.connection.close(CloseCode.TOKEN_INVALID)
        self._registry.forget(person_id)
        self._effects.origins.forget(person_id)
        # Their name may stand beside what they did; it is told as that of nobody from now on.
        self._parties.remember_name(person_id, NOBODY)

    # --- messages -------------------------------------------------------------------------------

    def frame(
        self,
        connection: Connection,
        frame: Frame,
        received_ms: int,  # noqa: ARG002 - poses are stamped by the table at the tick
    ) -> None:
        """Bring a decoded message to its room."""
        session = connection.session
        if session is None:
            return
        name = frame.message.name
        seat = self._seats.get(session.session_id)
        if name == "Pose":
            if seat is not None and isinstance(frame.body, bytes):
                self._host.pose(seat.room_id, seat.avatar_id, frame.body)
            return
        assert isinstance(frame.body, dict)  # noqa: S101 - only Pose has a binary body
        if name == "Join":
            self._join(session, seat, frame.head, frame.body)
        elif seat is None:
            self._refuse(session, frame.head, "NOT_IN_ROOM", "Join a room first.")
        elif not self._host.has_space(seat.room_id):
            self._refuse(session, frame.head, "BUSY", "The room is very busy; try again.")
        else:
            command = translate.room_command(name, seat.avatar_id, frame.head, frame.body)
            self._host.submit(seat.room_id, command)

    def _join(
        self, session: Session, seat: Seat | None, request_id: int, body: dict[str, Any]
    ) -> None:
        if seat is not None or session.session_id in self._joining:
            self._refuse(session, request_id, "ALREADY_IN_ROOM", "Leave your room first.")
            return
        guest = self._people[session.session_id]
        try:
            reservation = self._registry.take_seat(body["seat_token"], guest.person_id)
        except GalleriaError as error:
            self._refuse(session, request_id, error.code, error.message, error.data)
            return
        task = asyncio.create_task(self._enter(session, request_id, body, reservation))
        self._joining[session.session_id] = task
        task.add_done_callback(lambda _: self._joined(session.session_id, reservation))

    def _joined(self, session_id: str, reservation: SeatReservation) -> None:
        del self._joining[session_id]
        if session_id not in self._seats:
            # Nobody sits on it after all.
            self._registry.release(reservation.seat_token)

    async def _enter(
        self,
        session: Session,
        request_id: int,
        body: dict[str, Any],
        reservation: SeatReservation,
    ) -> None:
        """Find the person's cart (a party's cart is its party) and take the seat."""
        await self._remember(session.person_id)
        try:
            cart, news = await self._cart_of(session.person_id)
            shared = cart.id.startswith("party-")
            party_code = await self._parties.code_of(cart.id) if shared else ""
        except (CommerceError, GalleriaError) as error:
            self._refuse(session, request_id, error.code, error.message, error.data)
            return
        blocked = await self._blocked_by(session.person_id)
        name = body["name"].strip() or "Guest"
        self._parties.remember_name(session.person_id, name)

        def command_for(avatar_id: int) -> Enter:
            return Enter(
                avatar_id=avatar_id,
                request_id=request_id,
                person_id=session.person_id,
                session_id=session.session_id,
                name=name,
                kind=self._kinds[session.session_id],
                role=self._people[session.session_id].role,
                party_id=cart.id,
                party_code=party_code,
                consent=tuple(body["consent"]),
                blocked=blocked,
            )

        avatar_id = self._host.enter(reservation.room_id, session, command_for)
        if not avatar_id:
            self._refuse(session, request_id, "ROOM_FULL", "This server is full; try again soon.")
            return
        self._seats[session.session_id] = Seat(
            reservation.room_id, avatar_id, reservation.seat_token
        )
        if session.connection is None:
            # It was lost while the cart was being looked up, when there was no seat to detach.
            self._host.submit(reservation.room_id, Detach(avatar_id, 0, "closed"))
        # Behind Enter in the same inbox: the newcomer's room state is followed by cart and lock.
        self._tell(reservation.room_id, news)

    async def _remember(self, person_id: str) -> None:
        """Bring back what is stored of a person; without it they come in as a stranger."""
        try:
            await self._recommender.load_person(person_id)
        except RecommenderError as error:
            log.warning("history_not_loaded", code=error.code)

    async def _blocked_by(self, person_id: str) -> tuple[BlockedPerson, ...]:
        try:
            return await self._blocks.of(person_id)
        except GalleriaError as error:
            log.warning("blocks_not_read", code=error.code)
            return ()

    async def _cart_of(self, person_id: str) -> tuple[CartView, tuple[Command, ...]]:
        """The person's cart, and what tells a room of it: the cart, its checkout when it is locked,
        and its gifts."""
        cart = await self._commerce.cart_of(person_id)
        news: list[Command] = [self._effects.cart_updated(cart)]
        together = self._effects.together
        if cart.checkout_id:
            news.append(await together.checkout_updated(cart.checkout_id, cart.members))
        if len(cart.members) > 1:
            news.append(await together.gifts_updated(cart))
        return cart, tuple(news)

    def _tell(self, room_id: str, news: tuple[Command, ...]) -> None:
        for command in news:
            self._host.submit(room_id, command)

    def released(self, effect: ReleaseSeat) -> None:
        """A room let an avatar go for good."""
        seat = self._seats.pop(effect.session_id, None)
        if seat is not None:
            self._registry.release(seat.seat_token)

    def _forget(self, session_id: str) -> None:
        guest = self._people.pop(session_id, None)
        if guest is not None and guest.person_id not in {
            p.person_id for p in self._people.values()
        }:
            # Not while the same person is here on another device.
            self._recommender.end_session(guest.person_id)
        self._kinds.pop(session_id, None)

    def _refuse(
        self,
        session: Session,
        request_id: int,
        code: str,
        message: str,
        data: dict[str, Any] | None = None,
    ) -> None:
        error = {"request_id": request_id, "code": code, "message": message, "data": data or {}}
        session.deliver(BY_NAME["Error"].number, codec.encode_body("Error", error))
