"""Sessions: reliable events that survive a dropped connection, and who may take one up again.

An event gets a sequence number and stays in the session's queue until the client acknowledges it.
After a drop the client says what it has seen, and the rest is sent again: exactly once, in order.
Requests have growing ids; one that comes a second time is not done a second time.
"""

import secrets
from collections import deque
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, Self

from server.pose_intake import PoseIntake
from server.resume_tokens import ResumeFacts, ResumeTokens
from server.wire import codec
from server.wire.errors import CloseCode


class Wire(Protocol):
    """What a session needs of a connection, and a room of a session's connection."""

    session: "Session | None"

    def send_reliable(self, payload: bytes) -> None:
        """Write an event now."""

    def send_poses(self, websocket_frames: bytes) -> bool:
        """Write poses; False when they were left out, for a client that does not keep up."""

    def skip_poses(self) -> None:
        """Count poses that were not even offered."""

    def refused(self, now_ms: int) -> None:
        """Count a request that was refused; too many end the connection."""

    def read_now(self) -> None:
        """Take what has come in, where it is not taken at once."""

    def read_at_once(self) -> None:
        """From now on nobody calls `read_now`: take what comes when it comes."""

    def keeps_up(self) -> bool:
        """Whether poses would be taken now."""

    def received(self, data: bytes) -> None:
        """Take a message that came in another way."""

    def close(self, code: CloseCode) -> None:
        """Close with this code."""


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """Events and bytes kept for a client until it acknowledges them (full: detached as slow, and
    the session cannot be resumed), time a dropped session waits, and sessions of the process (full:
    SERVER_FULL)."""

    queue_max: int = 1_024
    queue_max_bytes: int = 1_048_576
    grace_period_ms: int = 15_000
    sessions_max: int = 8_000


class Session:
    """One person's visit, over as many connections as it takes.

    While it has a seat, `avatar_id` is its avatar and `intake` takes the poses it sends.
    """

    __slots__ = (
        "_limits",
        "_queue",
        "_queue_bytes",
        "avatar_id",
        "confirmed_epoch",
        "connection",
        "detached_ms",
        "epoch",
        "intake",
        "last_request_id",
        "last_seq",
        "overflowed",
        "person_id",
        "session_id",
    )

    def __init__(self, session_id: str, person_id: str, limits: SessionLimits) -> None:
        self.session_id = session_id
        self.person_id = person_id
        self.epoch = 1
        self.last_seq = 0
        self.last_request_id = 0
        self.detached_ms = 0
        self.overflowed = False
        self.confirmed_epoch = 1
        self.connection: Wire | None = None
        self.avatar_id = 0
        self.intake: PoseIntake | None = None
        self._limits = limits
        self._queue: deque[tuple[int, bytes]] = deque()
        self._queue_bytes = 0

    def deliver(self, number: int, packed_body: bytes) -> None:
        """Send a reliable event, and keep it until it is acknowledged."""
        if self.overflowed:
            return
        self.last_seq += 1
        payload = codec.frame(number, self.last_seq, packed_body)
        self._queue.append((self.last_seq, payload))
        self._queue_bytes += len(payload)
        if (
            len(self._queue) > self._limits.queue_max
            or self._queue_bytes > self._limits.queue_max_bytes
        ):
            # A gap must never look like a whole: the session ends instead.
            self.overflowed = True
            self._queue.clear()
            if self.connection is not None:
                self.connection.close(CloseCode.SLOW)
        elif self.connection is not None:
            self.connection.send_reliable(payload)

    def acknowledge(self, seq: int) -> None:
        """The client has everything up to `seq`."""
        while self._queue and self._queue[0][0] <= seq:
            self._queue_bytes -= len(self._queue.popleft()[1])

    def can_replay_from(self, seq: int) -> bool:
        """Whether everything after `seq` is still here."""
        first_kept = self._queue[0][0] if self._queue else self.last_seq + 1
        return not self.overflowed and first_kept - 1 <= seq <= self.last_seq

    def replay(self, last_seen_seq: int) -> None:
        """Send again what the client has not seen."""
        self.acknowledge(last_seen_seq)
        if self.connection is not None:
            for _, payload in self._queue:
                self.connection.send_reliable(payload)

    def confirm(self) -> None:
        """The client has the newest Welcome, and with it the newest token: older ones are used."""
        self.confirmed_epoch = self.epoch

    def admit_request(self, request_id: int) -> bool:
        """Whether this request is new; from then on it counts as taken."""
        if request_id <= self.last_request_id:
            return False
        self.last_request_id = request_id
        return True

    def park(self) -> dict[str, Any]:
        """All of it as plain values, to go on in another process."""
        return {
            "session_id": self.session_id,
            "person_id": self.person_id,
            "epoch": self.epoch,
            "confirmed_epoch": self.confirmed_epoch,
            "last_seq": self.last_seq,
            "last_request_id": self.last_request_id,
            "queue": [[seq, payload] for seq, payload in self._queue],
        }

    @classmethod
    def unpark(cls, parked: Mapping[str, Any], limits: SessionLimits) -> Self:
        """A session as it was parked. Raises KeyError, TypeError or ValueError for what is none."""
        session = cls(str(parked["session_id"]), str(parked["person_id"]), limits)
        session.epoch = int(parked["epoch"])
        session.confirmed_epoch = int(parked["confirmed_epoch"])
        session.last_seq = int(parked["last_seq"])
        session.last_request_id = int(parked["last_request_id"])
        session._queue.extend((int(seq), bytes(payload)) for seq, payload in parked["queue"])
        session._queue_bytes = sum(len(payload) for _, payload in session._queue)
        return session

    @property
    def queued(self) -> int:
        """Events not yet acknowledged."""
        return len(self._queue)


@dataclass(frozen=True, slots=True)
class HelloOutcome:
    """The session of a connection; `fresh_reason` says why a resume was not possible."""

    session: Session
    resumed: bool
    resume_token: str
    fresh_reason: str


class SessionRegistry:
    """All sessions of the process, the detached ones in their grace period included."""

    def __init__(self, tokens: ResumeTokens, limits: SessionLimits) -> None:
        self._tokens = tokens
        self._limits = limits
        self._sessions: dict[str, Session] = {}

    @property
    def all(self) -> Collection[Session]:
        return self._sessions.values()

    def put_back(self, parked: Mapping[str, Any], now_ms: int) -> Session:
        """Take up a parked session, as one that dropped just now. Raises as `Session.unpark`."""
        session = Session.unpark(parked, self._limits)
        session.detached_ms = now_ms
        self._sessions[session.session_id] = session
        return session

    def __len__(self) -> int:
        return len(self._sessions)

    def hello(
        self, connection: Wire, person_id: str, resume_token: str, last_seq: int, now_ms: int
    ) -> HelloOutcome | None:
        """Attach a connection to the session of its token, or to a fresh one; None: full.

        A token that is wrong, expired, somebody else's or used before is refused before anything
        changes; the session it names, if any, goes on as it was.
        """
        session, reason = None, ""
        if resume_token:
            session, reason = self._resumable(person_id, resume_token, last_seq, now_ms)
        if session is None:
            if len(self._sessions) >= self._limits.sessions_max:
                return None
            session = Session("session-" + secrets.token_hex(12), person_id, self._limits)
            self._sessions[session.session_id] = session
        else:
            session.epoch += 1
        before, session.connection = session.connection, connection
        connection.session = session
        session.detached_ms = 0
        if before is not None:
            before.close(CloseCode.REPLACED)
        token = self._tokens.issue(session.session_id, session.epoch)
        return HelloOutcome(session, not reason and bool(resume_token), token, reason)

    def detach(self, session: Session, connection: Wire, now_ms: int) -> bool:
        """The connection is gone; False when another one has taken over already."""
        if session.connection is not connection:
            return False
        session.connection = None
        session.detached_ms = now_ms
        return True

    def end(self, person_id: str) -> list[Session]:
        """End the sessions of a person for good: nobody can take them up again. Those that were."""
        over = [s for s in self._sessions.values() if s.person_id == person_id]
        for session in over:
            del self._sessions[session.session_id]
        return over

    def expire(self, now_ms: int) -> list[Session]:
        """Forget sessions that have waited long enough, and say which."""
        over = [s for s in self._sessions.values() if self._is_over(s, now_ms)]
        for session in over:
            del self._sessions[session.session_id]
        return over

    def _resumable(
        self, person_id: str, resume_token: str, last_seq: int, now_ms: int
    ) -> tuple[Session | None, str]:
        facts = self._tokens.verify(resume_token)
        if not isinstance(facts, ResumeFacts):
            return None, facts
        session = self._sessions.get(facts.session_id)
        if session is None or self._is_over(session, now_ms):
            return None, "session_over"
        if session.person_id != person_id:
            return None, "not_yours"
        # Until the client has said something behind the newest Welcome, that Welcome may have been
        # lost with its token, and so may the ones before it: what the client has then is the token
        # of the last Welcome it has shown to have.
        if not session.confirmed_epoch <= facts.epoch <= session.epoch:
            return None, "used_before"
        if not session.can_replay_from(last_seq):
            return None, "events_lost"
        return session, ""

    def _is_over(self, session: Session, now_ms: int) -> bool:
        if session.connection is not None:
            return False
        return session.overflowed or now_ms - session.detached_ms > self._limits.grace_period_ms
