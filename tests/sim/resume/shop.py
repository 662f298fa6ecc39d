"""The server's side: real sessions, connections and a real room; commerce is a list that answers
late. Who may resume what is decided by the server's own code; here everything is written down."""

import random
from collections import Counter
from collections.abc import Callable
from typing import Any

from rooms import commands, effects
from rooms.commands import AvatarCommand, Command
from rooms.events import Outgoing
from server import translate
from server.connection import Connection
from server.connection_limits import ConnectionLimits
from server.resume_tokens import ResumeTokens
from server.session import Session, SessionLimits, SessionRegistry
from server.wire import codec
from server.wire.codec import Frame
from server.wire.errors import CloseCode
from server.wire.messages import BY_NAME
from server.wire.values import body_of
from tests.rooms.hall import Hall, cart, entering, line
from tests.sim.resume.network import Pipe, Timeline

GRACE_MS = 15_000
TOKEN_TTL_MS = 60_000
SECRET = b"0123456789abcdef0123456789abcdef"
STEP_MS = 50
COMMERCE_MS = (1, 3_000)


class Line:
    """What a connection writes to: the pipe down to its client."""

    def __init__(self, down: Pipe) -> None:
        self._down = down
        self.closed_with: int | None = None

    def write(self, data: bytes) -> None:
        self._down.write(data)

    def write_latest(self, data: bytes) -> bool:
        self._down.write(data)
        return True

    def keeps_up(self) -> bool:
        return True

    def read_now(self) -> None:
        """What comes in is taken at once."""

    def read_at_once(self) -> None:
        """What comes in is taken at once."""

    def unsent_bytes(self) -> int:
        return 0

    def close(self, code: int, reason: str) -> None:  # noqa: ARG002 - the interface of a line
        self.closed_with = code
        self._down.finish()


class Shop:
    """Implements `server.connection.Hub` for one room."""

    def __init__(self, time: Timeline, chance: random.Random) -> None:
        self.time = time
        self.chance = chance
        self.tokens = ResumeTokens(SECRET, time, TOKEN_TTL_MS)
        limits = SessionLimits(grace_period_ms=GRACE_MS)
        self.sessions = SessionRegistry(self.tokens, limits)
        self.limits = ConnectionLimits(requests_per_second=1_000, requests_burst=10_000)
        self.hall = Hall()
        self.inbox: list[Command] = []
        self.seats: dict[str, int] = {}
        self.by_avatar: dict[int, Session] = {}
        self.delivered: dict[tuple[str, int], bytes] = {}
        self.entered: set[str] = set()
        self.kept: dict[str, tuple[list[int], str]] = {}
        self.dropped_with_props = 0
        self.executed: Counter[tuple[str, int]] = Counter()
        self.lines_of_person: dict[str, list[tuple[str, str]]] = {}
        self.last_reason = ""
        self.next_avatar_id = 1
        time.later(STEP_MS, self._beat)

    def now_ms(self) -> int:
        return self.time.now_ms

    # --- connections ----------------------------------------------------------------------------

    def accept(self, down: Pipe) -> Connection:
        return Connection(Line(down), self, self.limits, "client")

    def hello(self, connection: Connection, body: dict[str, Any]) -> None:
        """As `server.hub` does; the guest token is the person here."""
        outcome = self.sessions.hello(
            connection, body["token"], body["resume_token"], body["last_seq"], self.now_ms()
        )
        if outcome is None:
            connection.close(CloseCode.SERVER_FULL)
            return
        session = outcome.session
        self.last_reason = outcome.fresh_reason
        welcome = {
            "protocol": 1, "session_id": session.session_id, "person_id": session.person_id,
            "resume_token": outcome.resume_token, "resumed": outcome.resumed,
            "fresh_reason": outcome.fresh_reason, "last_request_id": session.last_request_id,
            "server_time_ms": self.now_ms(), "tick_rate_hz": 20, "grace_period_ms": GRACE_MS,
            "ping_interval_ms": 15_000,
        }  # fmt: skip
        connection.send(codec.encode(BY_NAME["Welcome"].number, 0, welcome))
        # Now and then more is sent again than was missed: what comes twice must count once.
        session.replay(max(0, body["last_seq"] - self.chance.choice((0, 0, 1, 5))))
        session.acknowledge(body["last_seq"])
        seat = self.seats.get(session.session_id)
        if outcome.resumed and seat is not None:
            self.inbox.append(commands.Resume(seat, 0))

    def lost(self, connection: Connection, reason: str) -> None:
        session = connection.session
        if session is None or not self.sessions.detach(session, connection, self.now_ms()):
            return
        seat = self.seats.get(session.session_id)
        if seat is not None:
            self.inbox.append(commands.Detach(seat, 0, reason))

    # --- requests -------------------------------------------------------------------------------

    def frame(self, connection: Connection, frame: Frame, received_ms: int) -> None:  # noqa: ARG002
        session = connection.session
        assert session is not None
        assert isinstance(frame.body, dict)
        self.executed[session.session_id, frame.head] += 1
        if frame.message.name == "Join":
            self._join(session, frame.head)
            return
        seat = self.seats[session.session_id]
        self.inbox.append(translate.room_command(frame.message.name, seat, frame.head, frame.body))

    def _join(self, session: Session, request_id: int) -> None:
        avatar_id, self.next_avatar_id = self.next_avatar_id, self.next_avatar_id + 1
        self.seats[session.session_id] = avatar_id
        self.by_avatar[avatar_id] = session
        enter = entering(
            avatar_id,
            request_id,
            person_id=session.person_id,
            session_id=session.session_id,
            party_id="party-of-" + session.person_id,
        )
        self.inbox.append(enter)
        if session.connection is None:
            self.inbox.append(commands.Detach(avatar_id, 0, "closed"))

    def _beat(self) -> None:
        self.time.later(STEP_MS, self._beat)
        self.sessions.expire(self.now_ms())
        asked, self.inbox = tuple(self.inbox), []
        self.hall.now_ms = self.now_ms()
        self._note_what_is_kept(asked)
        step = self.hall.room.step(asked, self.now_ms())
        for out in step.events:
            self._send(out)
        for effect in step.effects:
            if isinstance(effect, effects.AddLine):
                delay_ms = self.chance.randint(*COMMERCE_MS)
                self.time.later(delay_ms, self._added(effect))
            elif isinstance(effect, effects.ReleaseSeat):
                self.seats.pop(effect.session_id, None)
                self.by_avatar.pop(effect.avatar_id, None)

    def belongings(self, avatar_id: int) -> tuple[list[int], str]:
        """What an avatar holds, and its party."""
        state = self.hall.room._state
        held = [p.prop_id for p in state.props.values() if p.owner_avatar_id == avatar_id]
        return held, state.avatars[avatar_id].party_id

    def _note_what_is_kept(self, asked: tuple[Command, ...]) -> None:
        """What everybody has who drops out now, and asks for nothing else in the same moment."""
        own = [command for command in asked if isinstance(command, AvatarCommand)]
        busy = Counter(command.avatar_id for command in own)
        for command in own:
            session = self.by_avatar.get(command.avatar_id)
            if session is None:
                continue
            self.kept.pop(session.session_id, None)
            known = command.avatar_id in self.hall.room.avatar_ids
            if isinstance(command, commands.Detach) and busy[command.avatar_id] == 1 and known:
                held, _ = self.kept[session.session_id] = self.belongings(command.avatar_id)
                self.dropped_with_props += bool(held)

    def _added(self, effect: effects.AddLine) -> Callable[[], None]:
        def done() -> None:
            lines = self.lines_of_person.setdefault(effect.person_id, [])
            lines.append((f"line-{len(lines)}", effect.sku))
            shown = tuple(line(line_id) for line_id, _ in lines)
            projection = cart(len(lines), shown, cart_id=effect.party_id)
            self.inbox += [
                commands.CartUpdated(effect.party_id, projection),
                commands.RequestCompleted(
                    effect.avatar_id, effect.request_id, {"cart_version": len(lines)}
                ),
            ]

        return done

    def _send(self, out: Outgoing) -> None:
        name = type(out.event).__name__
        packed = codec.encode_body(name, body_of(out.event))
        for avatar_id in out.avatar_ids:
            session = self.by_avatar.get(avatar_id)
            if session is not None:
                if name == "RoomState":
                    self.entered.add(session.session_id)
                session.deliver(BY_NAME[name].number, packed)
                self.delivered[session.session_id, session.last_seq] = packed
