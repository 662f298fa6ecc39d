"""Clients that are slow, greedy or asleep: they get less, then they are let go, and they come back
to everything that was promised. Nobody else notices.

Traffic goes in rounds: one event and one large frame of poses to everybody, and the next round
begins when a client that behaves has both. So time is counted in what was sent.
"""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from server.connection_limits import ConnectionLimits
from server.listener import GameProtocol
from server.session import SessionLimits
from server.wire import codec
from server.wire.errors import CloseCode
from server.wire.messages import BY_NAME
from server.wire.websocket import binary_frame
from tests.fuzz import echo_hub
from tests.fuzz.echo_hub import EchoServer, echo_server
from tests.server.raw_client import RawClient, message, raw_client

POSES = binary_frame(codec.encode(BY_NAME["Poses"].number, 1_700_000_000_000, bytes(32 * 100)))
LIMITS = ConnectionLimits(
    send_buffer_bytes=8_192, slow_close_ms=700, drain_timeout_ms=500, write_buffer_max_bytes=8_192
)
QUEUE = SessionLimits(queue_max=20_000, queue_max_bytes=2_000_000)
ROUNDS_MAX = 20_000
DEADLINE_S = 20.0


@pytest.fixture(autouse=True, params=["fast", "ordinary", "tls"])
def lane(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test here runs on both lanes, and with TLS, which has only the ordinary one."""
    monkeypatch.setattr(echo_hub, "FAST_LANE", request.param != "ordinary")
    monkeypatch.setattr(echo_hub, "TLS", request.param == "tls")


class Traffic:
    """What everybody is sent, and the most that the server ever kept of it for one connection."""

    def __init__(self, server: EchoServer, witness: RawClient) -> None:
        self.rounds = 0
        self.held_bytes = 0
        self._server = server
        self._witness = witness

    async def round(self) -> None:
        """One event and one frame of poses, until the witness has them."""
        self.rounds += 1
        assert self.rounds < ROUNDS_MAX
        self._server.hub.spotlight(str(self.rounds))
        for protocol in tuple(self._server.listener.protocols):
            if protocol.connection is not None:
                protocol.connection.send_poses(POSES)
            self.held_bytes = max(self.held_bytes, protocol.unsent_bytes())
        seqs, poses = len(self._witness.seqs) + 1, self._witness.poses + 1
        await self._witness.until(
            lambda: len(self._witness.seqs) >= seqs and self._witness.poses >= poses
        )

    async def until(
        self, condition: Callable[[], bool], meanwhile: Callable[[], Awaitable[None]] | None = None
    ) -> None:
        """Round after round, until something holds."""
        async with asyncio.timeout(DEADLINE_S):
            while not condition():
                await self.round()
                if meanwhile is not None:
                    await meanwhile()

    def nobody_else_noticed(self) -> None:
        """The witness has every event once and in order, and every frame of poses."""
        assert self._witness.seqs == list(range(1, self.rounds + 1))
        assert self._witness.poses == self.rounds
        assert self._witness.close_code == 0


def protocol_of(server: EchoServer, name: str) -> GameProtocol:
    for protocol in server.listener.protocols:
        session = protocol.connection.session if protocol.connection is not None else None
        if session is not None and session.person_id == name:
            return protocol
    raise AssertionError(f"{name} has no connection")


async def catches_up(server: EchoServer, name: str, before: RawClient) -> None:
    """Who comes back gets the rest of the events: with those before, each once and in order."""
    async with raw_client(server, name, resume=before) as after:
        assert after.welcome["resumed"], after.welcome["fresh_reason"]
        session = next(s for s in server.hub.members.values() if s.person_id == name)
        await after.until(lambda: max(before.last_seq, after.last_seq) == session.last_seq)
        assert before.seqs + after.seqs == list(range(1, session.last_seq + 1))


async def test_who_stops_reading_gets_less_and_is_let_go_and_comes_back() -> None:
    async with (
        echo_server(LIMITS, QUEUE) as server,
        raw_client(server, "witness") as witness,
        raw_client(server, "deaf") as deaf,
    ):
        traffic = Traffic(server, witness)
        connection = protocol_of(server, "deaf").connection
        assert connection is not None
        await traffic.until(lambda: connection.closing)
        assert connection.close_code is CloseCode.SLOW
        assert connection.statistics.poses_skipped > 0
        # Events wait for who may come back, poses never do. Each event has a frame, and with TLS a
        # record around it.
        events_bytes = connection.statistics.bytes_out["reliable"] + 64 * traffic.rounds
        assert traffic.held_bytes <= LIMITS.send_buffer_bytes + len(POSES) + events_bytes
        await deaf.until_ended()
        assert deaf.close_code in (CloseCode.SLOW, 0)
        assert deaf.poses < traffic.rounds
        await server.hub.until(lambda: server.hub.lost_reasons == ["slow"])
        await traffic.round()
        await catches_up(server, "deaf", deaf)
        traffic.nobody_else_noticed()


async def test_who_reads_a_little_gets_fewer_poses_and_every_event() -> None:
    async with (
        echo_server(LIMITS, QUEUE) as server,
        raw_client(server, "witness") as witness,
        raw_client(server, "sip") as sip,
    ):
        traffic = Traffic(server, witness)
        connection = protocol_of(server, "sip").connection
        assert connection is not None
        await traffic.until(lambda: connection.closing, lambda: sip.read(100))
        assert connection.close_code is CloseCode.SLOW
        # Now it reads all that it was sent before, and so it learns why.
        await sip.until_ended()
        assert sip.close_code == CloseCode.SLOW
        assert 0 < sip.poses < traffic.rounds / 2
        assert sip.seqs == list(range(1, len(sip.seqs) + 1))
        await server.hub.until(lambda: server.hub.lost_reasons == ["slow"])
        await catches_up(server, "sip", sip)
        traffic.nobody_else_noticed()


async def test_a_short_stop_costs_poses_and_nothing_else() -> None:
    async with (
        echo_server(LIMITS, QUEUE) as server,
        raw_client(server, "witness") as witness,
        raw_client(server, "nap") as nap,
    ):
        traffic = Traffic(server, witness)
        connection = protocol_of(server, "nap").connection
        assert connection is not None
        await traffic.until(lambda: connection.statistics.poses_skipped > 3)
        await nap.until(lambda: nap.last_seq == traffic.rounds)
        assert connection.keeps_up()
        had = nap.poses
        await traffic.round()
        await nap.until(lambda: nap.poses == had + 1 and nap.last_seq == traffic.rounds)
        assert not connection.closing
        assert nap.seqs == list(range(1, traffic.rounds + 1))
        traffic.nobody_else_noticed()


async def test_what_is_kept_for_the_deaf_has_an_end() -> None:
    queue = SessionLimits(queue_max=300, queue_max_bytes=20_000)
    patient = ConnectionLimits(send_buffer_bytes=8_192, slow_close_ms=60_000, drain_timeout_ms=500)
    async with echo_server(patient, queue) as server, raw_client(server, "deaf") as deaf:
        connection = protocol_of(server, "deaf").connection
        assert connection is not None
        assert connection.session is not None
        protocol = protocol_of(server, "deaf")
        held = 0
        for number in range(2_000):
            server.hub.spotlight(str(number))
            connection.send_poses(POSES)
            # A beat ends: what was gathered in it is sent, or waits.
            await asyncio.sleep(0)
            held = max(held, protocol.unsent_bytes())
        assert connection.close_code is CloseCode.SLOW
        assert connection.session.queued == 0
        assert held <= queue.queue_max_bytes + patient.send_buffer_bytes + len(POSES) + 100
        await deaf.until_ended()
        # A gap must never look like a whole.
        async with raw_client(server, "deaf", resume=deaf) as again:
            assert not again.welcome["resumed"]


async def test_half_a_message_waits_for_its_other_half() -> None:
    async with (
        echo_server(LIMITS, QUEUE) as server,
        raw_client(server, "witness") as witness,
        raw_client(server, "half") as half,
    ):
        traffic = Traffic(server, witness)
        vote = message("Vote", 1, {"product_id": "mug", "choice": 1})
        half.send(vote[: len(vote) // 2])
        for _ in range(50):
            await traffic.round()
            await half.until(lambda: half.last_seq == traffic.rounds)
        assert server.hub.executed == []
        half.send(vote[len(vote) // 2 :])
        await half.until(lambda: half.events[-1].message.name == "Answer")
        assert [name for _session, name, _head in server.hub.executed] == ["Vote"]
        traffic.nobody_else_noticed()


async def test_who_sleeps_on_half_a_message_is_let_go_and_comes_back() -> None:
    limits = ConnectionLimits(idle_timeout_ms=1_000, ping_interval_ms=500, drain_timeout_ms=500)
    async with (
        echo_server(limits, QUEUE) as server,
        raw_client(server, "half") as half,
    ):
        half.send(message("Vote", 1, {"product_id": "mug", "choice": 1})[:-1])
        server.hub.spotlight("mug")
        await half.until_ended()
        assert half.close_code == CloseCode.IDLE
        server.hub.spotlight("hat")
        await catches_up(server, "half", half)
        assert server.hub.executed == []


async def test_a_thousand_requests_at_once_are_limited_and_then_closed() -> None:
    async with (
        echo_server(LIMITS, QUEUE) as server,
        raw_client(server, "witness") as witness,
        raw_client(server, "hasty") as hasty,
    ):
        traffic = Traffic(server, witness)
        body = {"product_id": "mug", "choice": 1}
        hasty.send(b"".join(message("Vote", number, body) for number in range(1, 1_001)))
        await traffic.until(lambda: hasty.ended, hasty.read)
        assert hasty.close_code == CloseCode.TOO_FAST
        done = len(server.hub.executed)
        assert LIMITS.requests_burst - 1 <= done < LIMITS.requests_burst + LIMITS.too_fast_max
        heads = [head for _session, _name, head in server.hub.executed]
        assert heads == sorted(set(heads))
        await server.hub.until(lambda: server.hub.lost_reasons == ["too_fast"])
        await catches_up(server, "hasty", hasty)
        answers = [
            event.body["request_id"]  # type: ignore[call-overload]
            for event in hasty.events
            if event.message.name in ("Answer", "Error")
        ]
        assert len(answers) == len(set(answers))
        traffic.nobody_else_noticed()
