"""Reliable events survive drops, requests happen once, and a resume is refused before it changes
anything.

The simulation at the end is the promise of the protocol: whatever is lost, cut off or sent twice,
the client has every event exactly once and in order, and every request is executed exactly once.
"""

import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.resume_tokens import ResumeTokens
from server.session import HelloOutcome, Session, SessionLimits, SessionRegistry
from server.wire import codec
from server.wire.errors import CloseCode
from server.wire.messages import BY_NAME
from server.wire.schema import Direction
from tests.server.memory_line import QuietWire

SECRET = b"s" * 32
STOCK = BY_NAME["StockChanged"].number


class Turned:
    """A clock that tests turn."""

    def __init__(self) -> None:
        self.now_ms = 1_000_000

    def __call__(self) -> int:
        return self.now_ms


@dataclass(eq=False)
class Recording(QuietWire):
    """A wire into memory."""

    session: Session | None = None
    sent: list[bytes] = field(default_factory=list)
    closed: list[CloseCode] = field(default_factory=list)

    def send_reliable(self, payload: bytes) -> None:
        self.sent.append(payload)

    def send_poses(self, websocket_frames: bytes) -> bool:
        return bool(websocket_frames)

    def received(self, data: bytes) -> None:
        raise AssertionError(data)

    def close(self, code: CloseCode) -> None:
        self.closed.append(code)

    def sequence(self) -> list[int]:
        """Sequence numbers in the order they were written."""
        return [codec.decode(payload, Direction.TO_CLIENT).head for payload in self.sent]


@dataclass
class Shop:
    """A registry, its clock and its tokens."""

    clock: Turned
    tokens: ResumeTokens
    registry: SessionRegistry

    def hello(
        self, wire: Recording, token: str = "", last_seq: int = 0, person: str = "ada"
    ) -> HelloOutcome:
        outcome = self.registry.hello(wire, person, token, last_seq, self.clock.now_ms)
        assert outcome is not None
        return outcome


@pytest.fixture
def shop() -> Shop:
    return make_shop()


def make_shop(limits: SessionLimits | None = None) -> Shop:
    clock = Turned()
    tokens = ResumeTokens(SECRET, clock, ttl_ms=60_000)
    return Shop(clock, tokens, SessionRegistry(tokens, limits or SessionLimits()))


def tell(session: Session, count: int = 1) -> None:
    for _ in range(count):
        session.deliver(STOCK, codec.encode_body("StockChanged", {"stock": {}}))


def test_events_are_numbered_kept_and_forgotten(shop: Shop) -> None:
    wire = Recording()
    session = shop.hello(wire).session
    tell(session, 5)
    assert wire.sequence() == [1, 2, 3, 4, 5]
    session.acknowledge(3)
    assert session.queued == 2
    session.acknowledge(3)
    assert session.queued == 2


def test_a_resume_replays_what_was_not_seen(shop: Shop) -> None:
    first = Recording()
    outcome = shop.hello(first)
    tell(outcome.session, 4)
    shop.registry.detach(outcome.session, first, shop.clock.now_ms)
    tell(outcome.session, 2)
    second = Recording()
    again = shop.hello(second, outcome.resume_token, last_seq=3)
    assert again.resumed
    assert again.session is outcome.session
    assert again.fresh_reason == ""
    again.session.replay(3)
    assert second.sequence() == [4, 5, 6]
    assert second.session is outcome.session


def test_a_second_connection_takes_over(shop: Shop) -> None:
    first, second = Recording(), Recording()
    outcome = shop.hello(first)
    shop.hello(second, outcome.resume_token)
    assert first.closed == [CloseCode.REPLACED]
    assert not shop.registry.detach(outcome.session, first, shop.clock.now_ms)
    assert outcome.session.connection is second


def refusals() -> list[tuple[str, Callable[[Shop, HelloOutcome], tuple[str, int, str]], str]]:
    """Name, (shop, outcome) -> (token, last_seq, person), and the reason."""

    def expired(shop: Shop, outcome: HelloOutcome) -> tuple[str, int, str]:
        shop.clock.now_ms += 60_001
        return outcome.resume_token, 0, "ada"

    return [
        ("garbage", lambda _s, _o: ("not a token", 0, "ada"), "invalid"),
        ("changed", lambda _s, o: ("B" + o.resume_token[1:], 0, "ada"), "invalid"),
        ("cut", lambda _s, o: (o.resume_token[:-4], 0, "ada"), "invalid"),
        ("long", lambda _s, o: (o.resume_token * 9, 0, "ada"), "invalid"),
        ("not ascii", lambda _s, _o: ("ü" * 20, 0, "ada"), "invalid"),
        ("other secret", lambda s, o: (
            ResumeTokens(b"x" * 32, s.clock, 60_000).issue(o.session.session_id, 1), 0, "ada",
        ), "invalid"),
        ("expired", expired, "expired"),
        ("stolen", lambda _s, o: (o.resume_token, 0, "mallory"), "not_yours"),
        ("unknown session", lambda s, _o: (s.tokens.issue("session-x", 1), 0, "ada"),
         "session_over"),
        ("future epoch", lambda s, o: (s.tokens.issue(o.session.session_id, 9), 0, "ada"),
         "used_before"),
        ("events from the future", lambda _s, o: (o.resume_token, 99, "ada"), "events_lost"),
        ("events that are gone", lambda _s, o: (o.resume_token, 1, "ada"), "events_lost"),
    ]  # fmt: skip


@pytest.mark.parametrize(("name", "make", "reason"), refusals(), ids=lambda v: str(v)[:24])
def test_a_bad_token_changes_nothing(
    shop: Shop,
    name: str,
    make: Callable[[Shop, HelloOutcome], tuple[str, int, str]],
    reason: str,
) -> None:
    wire = Recording()
    outcome = shop.hello(wire)
    tell(outcome.session, 5)
    outcome.session.acknowledge(2)
    token, last_seq, person = make(shop, outcome)
    stranger = Recording()
    other = shop.hello(stranger, token, last_seq, person)
    assert (other.resumed, other.fresh_reason) == (False, reason)
    assert other.session is not outcome.session
    assert outcome.session.connection is wire
    assert wire.closed == []
    assert outcome.session.queued == 3
    assert outcome.session.epoch == 1


def test_a_token_is_good_once_when_the_next_one_has_arrived(shop: Shop) -> None:
    outcome = shop.hello(Recording())
    second = shop.hello(Recording(), outcome.resume_token)
    second.session.confirm()  # the client said something behind the second Welcome
    third = shop.hello(Recording(), outcome.resume_token)
    assert third.fresh_reason == "used_before"


def test_a_welcome_that_was_lost_does_not_lose_the_session(shop: Shop) -> None:
    """The client has only the old token then, however often the new one is lost."""
    outcome = shop.hello(Recording())
    outcome.session.confirm()
    for _ in range(5):
        again = shop.hello(Recording(), outcome.resume_token)
        assert again.resumed
    again.session.confirm()
    assert shop.hello(Recording(), outcome.resume_token).fresh_reason == "used_before"
    assert shop.hello(Recording(), again.resume_token).resumed


def test_a_session_waits_for_its_grace_period_and_no_longer(shop: Shop) -> None:
    wire = Recording()
    outcome = shop.hello(wire)
    shop.registry.detach(outcome.session, wire, shop.clock.now_ms)
    shop.clock.now_ms += 15_000
    assert shop.registry.expire(shop.clock.now_ms) == []
    assert len(shop.registry) == 1
    shop.clock.now_ms += 1
    late = shop.hello(Recording(), outcome.resume_token)
    assert late.fresh_reason == "session_over"
    assert shop.registry.expire(shop.clock.now_ms) == [outcome.session]
    assert len(shop.registry) == 1


def test_a_session_that_was_ended_cannot_be_taken_up(shop: Shop) -> None:
    outcome, other = shop.hello(Recording()), shop.hello(Recording(), person="bob")
    assert shop.registry.end("ada") == [outcome.session]
    assert shop.registry.end("ada") == []
    assert shop.hello(Recording(), outcome.resume_token).fresh_reason == "session_over"
    assert other.session in shop.registry.all


def test_an_attached_session_does_not_expire(shop: Shop) -> None:
    shop.hello(Recording())
    assert shop.registry.expire(shop.clock.now_ms + 10**9) == []


def test_when_full_nobody_else_comes_in() -> None:
    shop = make_shop(SessionLimits(sessions_max=1))
    wire = Recording()
    outcome = shop.hello(wire)
    assert shop.registry.hello(Recording(), "bob", "", 0, 0) is None
    assert shop.hello(Recording(), outcome.resume_token).resumed


@pytest.mark.parametrize("limits", [SessionLimits(queue_max=4), SessionLimits(queue_max_bytes=80)])
def test_a_client_that_never_acknowledges_is_let_go(limits: SessionLimits) -> None:
    shop = make_shop(limits)
    wire = Recording()
    outcome = shop.hello(wire)
    tell(outcome.session, 50)
    assert wire.closed == [CloseCode.SLOW]
    assert outcome.session.queued == 0
    # There is a gap now; it is never hidden behind a resume.
    shop.registry.detach(outcome.session, wire, shop.clock.now_ms)
    assert shop.hello(Recording(), outcome.resume_token).resumed is False


def test_requests_are_admitted_once_and_in_order(shop: Shop) -> None:
    session = shop.hello(Recording()).session
    assert [session.admit_request(number) for number in (1, 2, 2, 1, 5, 4, 6)] == [
        True, True, False, False, True, False, True,
    ]  # fmt: skip
    assert session.last_request_id == 6


# --- the simulation -------------------------------------------------------------------------------


@dataclass
class SimulatedClient:
    """The rules of PROTOCOL.md and nothing more. Lines are queues that lose their end."""

    shop: Shop
    token: str = ""
    last_seq: int = 0
    events: list[int] = field(default_factory=list)
    next_request: int = 1
    unanswered: list[int] = field(default_factory=list)
    wire: Recording | None = None
    upward: deque[tuple[str, int]] = field(default_factory=deque)
    taken: int = 0

    def connect(self, welcome_arrives: bool) -> None:
        wire = Recording()
        outcome = self.shop.hello(wire, self.token, self.last_seq)
        assert outcome.resumed or not self.token
        outcome.session.replay(self.last_seq)
        if not welcome_arrives:
            self.cut(wire)
            return
        self.token = outcome.resume_token
        self.wire, self.taken = wire, 0
        self.upward.clear()
        for request in self.unanswered:
            if request > outcome.session.last_request_id:
                self.upward.append(("request", request))

    def cut(self, wire: Recording) -> None:
        """The line breaks: what is on its way in either direction is gone."""
        if wire.session is not None:
            self.shop.registry.detach(wire.session, wire, self.shop.clock.now_ms)

    def ask(self) -> None:
        self.unanswered.append(self.next_request)
        if self.wire is not None:
            self.upward.append(("request", self.next_request))
        self.next_request += 1

    def receive(self, count: int) -> None:
        if self.wire is None:
            return
        for payload in self.wire.sent[self.taken : self.taken + count]:
            self.taken += 1
            frame = codec.decode(payload, Direction.TO_CLIENT)
            if frame.head <= self.last_seq:
                continue
            assert frame.head == self.last_seq + 1, "a reliable event is missing"
            self.last_seq = frame.head
            assert isinstance(frame.body, dict)
            if frame.message.name == "Answer":
                self.unanswered.remove(frame.body["request_id"])
            else:
                self.events.append(frame.body["stock"]["version"])


@dataclass
class SimulatedServer:
    """What a hub does: executes admitted requests, answers them, and has news of its own."""

    executed: list[int] = field(default_factory=list)
    told: int = 0

    def take(self, session: Session, kind: str, number: int) -> None:
        session.confirm()
        if kind == "ack":
            session.acknowledge(number)
        elif session.admit_request(number):
            self.executed.append(number)
            answer = codec.encode_body("Answer", {"request_id": number, "body": {}})
            session.deliver(BY_NAME["Answer"].number, answer)

    def news(self, session: Session) -> None:
        self.told += 1
        body = {"stock": {"version": self.told}}
        session.deliver(STOCK, codec.encode_body("StockChanged", body))


def simulate(seed: int, steps: int) -> None:
    chance = random.Random(seed)
    shop = make_shop()
    client, server = SimulatedClient(shop), SimulatedServer()
    client.connect(welcome_arrives=True)
    assert client.wire is not None
    assert client.wire.session is not None
    session = client.wire.session
    for _ in range(steps):
        action = chance.choices(
            ("news", "ask", "receive", "deliver", "ack", "twice", "drop", "connect"),
            (20, 12, 20, 20, 6, 3, 3, 6),
        )[0]
        shop.clock.now_ms += chance.randrange(50)
        if action == "news":
            server.news(session)
        elif action == "ask":
            client.ask()
        elif action == "receive":
            client.receive(chance.randrange(1, 6))
        elif action == "ack" and client.wire is not None:
            client.upward.append(("ack", client.last_seq))
        elif action == "twice" and client.upward:
            client.upward.append(chance.choice(client.upward))
        elif action == "deliver" and client.wire is not None and client.upward:
            server.take(session, *client.upward.popleft())
        elif action == "drop" and client.wire is not None:
            client.cut(client.wire)
            client.wire = None
        elif action == "connect":
            # Also while the old line still seems to live: it is replaced.
            client.wire = None
            client.connect(welcome_arrives=chance.random() < 0.7)
    client.wire = None
    client.connect(welcome_arrives=True)
    while client.upward:
        server.take(session, *client.upward.popleft())
    client.receive(10**6)
    assert client.events == list(range(1, server.told + 1))
    assert server.executed == list(range(1, client.next_request))
    assert client.unanswered == []


@given(st.integers(0, 2**32))
def test_exactly_once_whatever_is_lost(seed: int) -> None:
    simulate(seed, 200)


def test_exactly_once_over_a_long_evening() -> None:
    for seed in range(5):
        simulate(seed, 3_000)
