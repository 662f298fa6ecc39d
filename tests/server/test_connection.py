"""A connection greets, limits, answers what is wrong, and closes with the code that says why."""

from typing import Any

import pytest

from server.connection import Connection
from server.connection_limits import ConnectionLimits
from server.wire import codec
from server.wire.codec import Frame
from server.wire.errors import CloseCode
from server.wire.messages import BY_NAME
from server.wire.schema import Direction
from server.wire.vectors import TIME_MS, bad_vectors, example_body
from tests.fuzz.echo_hub import EchoHub
from tests.server.memory_line import MemoryLine


class Bench:
    """One connection with everything around it."""

    def __init__(self, limits: ConnectionLimits | None = None) -> None:
        self.now_ms = 1_000_000
        self.limits = limits or ConnectionLimits()
        self.hub = EchoHub(lambda: self.now_ms)
        self.line = MemoryLine()
        self.connection = Connection(self.line, self.hub, self.limits, "127.0.0.1")

    def say(self, name: str, head: int = 0, /, **body: Any) -> None:
        self.connection.received(codec.encode(BY_NAME[name].number, head, body))

    def greet(self, **changes: Any) -> dict[str, Any]:
        """Say Hello; the Welcome."""
        hello = example_body(BY_NAME["Hello"].fields)
        hello |= {"token": "guest:ada", "resume_token": "", "last_seq": 0} | changes
        self.say("Hello", **hello)
        return self.body("Welcome")

    def frames(self) -> list[Frame]:
        return [codec.decode(payload(data), Direction.TO_CLIENT) for data in self.line.written]

    def bodies(self, name: str) -> list[dict[str, Any]]:
        return [
            frame.body
            for frame in self.frames()
            if frame.message.name == name and isinstance(frame.body, dict)
        ]

    def body(self, name: str) -> dict[str, Any]:
        return self.bodies(name)[-1]

    def codes(self) -> list[str]:
        return [str(body["code"]) for body in self.bodies("Error")]


def payload(websocket_frame: bytes) -> bytes:
    """The payload of an unmasked frame."""
    length = websocket_frame[1]
    return websocket_frame[{126: 4, 127: 10}.get(length, 2) :]


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def greeted() -> Bench:
    bench = Bench()
    bench.greet()
    return bench


def test_hello_is_welcomed(bench: Bench) -> None:
    welcome = bench.greet()
    assert welcome["person_id"] == "ada"
    assert not welcome["resumed"]
    assert bench.line.closed == []


@pytest.mark.parametrize(
    ("name", "body", "code"),
    [
        ("Look", {"product_id": "mug"}, CloseCode.HELLO_EXPECTED),
        ("Ack", {"seq": 0}, CloseCode.HELLO_EXPECTED),
        ("Hello", {}, CloseCode.BAD_FRAME),
    ],
)
def test_anything_before_hello_closes(
    bench: Bench, name: str, body: dict[str, Any], code: CloseCode
) -> None:
    bench.say(name, **body)
    assert bench.line.closed == [code]
    assert bench.line.written == []
    bench.say("Look", product_id="mug")
    assert bench.hub.looks == []


def test_a_bad_hello_says_what_is_missing(bench: Bench) -> None:
    bench.say("Hello", protocol_min=1)
    assert bench.line.reasons == ["FIELD_MISSING protocol_max"]


def test_hello_may_be_refused(bench: Bench) -> None:
    with pytest.raises(IndexError):
        bench.greet(token="nobody")
    assert bench.line.closed == [CloseCode.TOKEN_INVALID]


@pytest.mark.parametrize("vector", bad_vectors(), ids=lambda v: str(v["meaning"]))
def test_a_bad_frame_is_answered_once_and_changes_nothing(vector: dict[str, Any]) -> None:
    greeted = Bench()
    greeted.greet()
    greeted.connection.received(bytes.fromhex(vector["hex"]))
    (error,) = greeted.bodies("Error")
    assert (error["code"], error["request_id"]) == (vector["code"], vector["request_id"])
    assert error["message"]
    assert greeted.hub.executed == []
    assert greeted.hub.looks == []
    assert greeted.line.closed == []
    greeted.say("Vote", 43, product_id="mug", choice=1)
    assert greeted.body("Answer")["request_id"] == 43


def test_text_is_answered(greeted: Bench) -> None:
    greeted.connection.received_text()
    assert greeted.codes() == ["NOT_MESSAGEPACK"]


def test_hello_twice_and_acks_of_the_future(greeted: Bench) -> None:
    greeted.greet()
    greeted.say("Ack", seq=99)
    assert greeted.codes() == ["HELLO_TWICE", "FIELD_RANGE"]
    assert greeted.body("Error")["data"] == {"message": "Ack", "field": "seq"}


def test_too_many_bad_frames_close() -> None:
    bench = Bench(ConnectionLimits(error_budget=3, error_window_ms=1_000))
    bench.greet()
    for _ in range(3):
        bench.connection.received(b"\xc1")
    bench.now_ms += 1_001
    for _ in range(3):
        bench.connection.received(b"\xc1")
    assert bench.line.closed == []
    bench.connection.received(b"\xc1")
    assert bench.line.closed == [CloseCode.BAD_FRAME]
    assert "NOT_MESSAGEPACK" in bench.line.reasons[0]
    assert len(bench.codes()) == 6


def test_a_frame_over_the_limit_closes(greeted: Bench) -> None:
    greeted.connection.received(bytes(greeted.limits.max_frame_bytes + 1))
    assert greeted.line.closed == [CloseCode.TOO_LARGE]


def test_acks_free_the_queue_and_stay_here(greeted: Bench) -> None:
    greeted.say("Look", product_id="mug")
    session = greeted.connection.session
    assert session is not None
    assert session.queued == 1
    greeted.say("Ack", seq=1)
    assert session.queued == 0


def test_the_clock_is_answered_with_both_times(greeted: Bench) -> None:
    number = BY_NAME["Clock"].number
    greeted.connection.received(codec.encode(number, TIME_MS, {}))
    answer = greeted.frames()[-1]
    assert (answer.message.name, answer.head) == ("ClockAnswer", TIME_MS)
    assert answer.body == {"received_ms": 1_000_000, "sent_ms": 1_000_000}


# --- requests -------------------------------------------------------------------------------------


def test_a_request_is_executed_once(greeted: Bench) -> None:
    for head in (5, 5, 3):
        greeted.say("Vote", head, product_id="mug", choice=1)
    assert [entry[2] for entry in greeted.hub.executed] == [5]
    old = greeted.bodies("Error")
    assert [(error["code"], error["request_id"]) for error in old] == [("REQUEST_ID_OLD", 0)] * 2
    assert [error["data"]["id"] for error in old] == [5, 3]


def test_what_is_sent_again_after_a_resume_is_not_told_off(greeted: Bench) -> None:
    for head in (1, 2, 3):
        greeted.say("Vote", head, product_id="mug", choice=1)
    again = Bench()
    again.hub = greeted.hub
    again.connection = Connection(again.line, again.hub, again.limits, "127.0.0.1")
    welcome = greeted.body("Welcome")
    resumed = again.greet(resume_token=welcome["resume_token"], last_seq=1)
    assert (resumed["resumed"], resumed["last_request_id"]) == (True, 3)
    for head in (2, 3, 4):
        again.say("Vote", head, product_id="mug", choice=1)
    assert [entry[2] for entry in again.hub.executed] == [1, 2, 3, 4]
    assert [answer["request_id"] for answer in again.bodies("Answer")] == [2, 3, 4]
    assert again.codes() == []
    again.say("Vote", 4, product_id="mug", choice=1)
    assert again.codes() == ["REQUEST_ID_OLD"]


def test_a_request_that_was_refused_has_had_its_answer(greeted: Bench) -> None:
    greeted.say("Vote", 7, product_id="mug", choice=9)
    greeted.say("Vote", 7, product_id="mug", choice=1)
    assert greeted.hub.executed == []
    assert [error["request_id"] for error in greeted.bodies("Error")][:1] == [7]


# --- rates ----------------------------------------------------------------------------------------


def test_poses_over_the_rate_are_dropped_with_one_notice_a_second() -> None:
    bench = Bench(ConnectionLimits(poses_per_second=10, poses_burst=5))
    bench.greet()
    pose = codec.encode(BY_NAME["Pose"].number, TIME_MS, bytes(32))
    for _ in range(20):
        bench.connection.received(pose)
    assert len(bench.hub.poses) == 5
    assert bench.codes() == ["TOO_FAST"]
    bench.now_ms += 1_000
    for _ in range(20):
        bench.connection.received(pose)
    assert len(bench.hub.poses) == 10
    assert bench.codes() == ["TOO_FAST"] * 2
    assert bench.line.closed == []


def test_requests_over_the_rate_get_their_answer() -> None:
    bench = Bench(ConnectionLimits(requests_per_second=1, requests_burst=3))
    bench.greet()
    for head in (1, 2, 3, 4):
        bench.say("Vote", head, product_id="mug", choice=1)
    # Hello was the first of three.
    assert [error["request_id"] for error in bench.bodies("Error")] == [3, 4]
    assert [answer["request_id"] for answer in bench.bodies("Answer")] == [1, 2]


def test_bytes_have_a_rate_of_their_own() -> None:
    bench = Bench(ConnectionLimits(bytes_per_second=100, bytes_burst=400))
    bench.greet()
    for head in range(1, 12):
        bench.say("Join", head, seat_token="s" * 90, name="Ada")
    assert "TOO_FAST" in bench.codes()


def test_going_on_too_fast_closes() -> None:
    bench = Bench(ConnectionLimits(requests_burst=1, requests_per_second=0.001, too_fast_max=4))
    bench.greet()
    for head in range(1, 6):
        bench.say("Vote", head, product_id="mug", choice=1)
    assert bench.line.closed == [CloseCode.TOO_FAST]


def test_asking_for_what_cannot_be_again_and_again_closes() -> None:
    bench = Bench(ConnectionLimits(refusals_max=4))
    bench.greet()
    for _ in range(4):
        bench.connection.refused(bench.now_ms)
    assert bench.line.closed == []
    bench.now_ms += ConnectionLimits().error_window_ms + 1
    for _ in range(5):
        assert bench.line.closed == []
        bench.connection.refused(bench.now_ms)
    assert bench.line.closed == [CloseCode.TOO_FAST]


def test_a_flood_of_control_frames_closes() -> None:
    bench = Bench(ConnectionLimits(requests_burst=10))
    bench.greet()
    for _ in range(10):
        bench.connection.received_control()
    assert bench.line.closed == [CloseCode.TOO_FAST]


# --- out ------------------------------------------------------------------------------------------


def test_poses_are_skipped_for_a_client_that_does_not_read(greeted: Bench) -> None:
    greeted.line.unsent = greeted.limits.write_buffer_max_bytes + 1
    written = len(greeted.line.written)
    assert not greeted.connection.send_poses(b"frame")
    assert greeted.connection.statistics.poses_skipped == 1
    greeted.line.unsent = 0
    assert greeted.connection.send_poses(b"frame")
    assert greeted.line.written[written:] == [b"frame"]


def test_after_a_close_nothing_goes_in_or_out(greeted: Bench) -> None:
    greeted.connection.close(CloseCode.REPLACED)
    written = len(greeted.line.written)
    greeted.connection.send(b"x")
    assert not greeted.connection.send_poses(b"x")
    greeted.say("Look", product_id="mug")
    greeted.connection.received_text()
    greeted.connection.close(CloseCode.SLOW)
    assert len(greeted.line.written) == written
    assert greeted.hub.looks == []
    assert greeted.line.closed == [CloseCode.REPLACED]


def test_the_reason_of_the_end_is_ours_if_we_ended_it(greeted: Bench) -> None:
    greeted.connection.close(CloseCode.IDLE)
    greeted.connection.lost("dropped")
    assert greeted.hub.lost_reasons == ["idle"]


def test_everything_is_counted_by_class(greeted: Bench) -> None:
    greeted.say("Vote", 1, product_id="mug", choice=1)
    greeted.connection.received(b"\xc1")
    statistics = greeted.connection.statistics
    assert statistics.messages_in == {"direct": 1, "request": 1}
    assert statistics.messages_out == {"direct": 1, "reliable": 2}
    assert statistics.bytes_in["request"] > 10
    assert statistics.errors == {"NOT_MESSAGEPACK": 1}


# --- time -----------------------------------------------------------------------------------------


def test_without_hello_the_door_closes(bench: Bench) -> None:
    bench.now_ms += 5_000
    assert not bench.connection.check(bench.now_ms)
    assert bench.line.closed == []
    bench.connection.check(bench.now_ms + 1)
    assert bench.line.closed == [CloseCode.HELLO_EXPECTED]


def test_the_quiet_are_pinged_and_the_silent_closed(greeted: Bench) -> None:
    assert not greeted.connection.check(greeted.now_ms + 14_999)
    assert greeted.connection.check(greeted.now_ms + 15_000)
    assert not greeted.connection.check(greeted.now_ms + 15_500)
    greeted.connection.check(greeted.now_ms + 25_001)
    assert greeted.line.closed == [CloseCode.IDLE]


def test_the_slow_are_closed_when_they_do_not_catch_up(greeted: Bench) -> None:
    greeted.line.unsent = 10**6

    def later(ms: int) -> None:
        greeted.now_ms += ms
        greeted.connection.heard_ms = greeted.now_ms
        greeted.connection.check(greeted.now_ms)

    later(500)
    later(9_000)
    greeted.line.unsent = 0
    later(1_500)
    greeted.line.unsent = 10**6
    later(500)
    later(10_000)
    assert greeted.line.closed == []
    later(1)
    assert greeted.line.closed == [CloseCode.SLOW]


# --- the end of the server ------------------------------------------------------------------------


def test_who_has_everything_is_closed_at_once(greeted: Bench) -> None:
    greeted.connection.drain(greeted.now_ms)
    assert greeted.body("Draining")["until_ms"] == greeted.now_ms
    assert greeted.line.closed == [CloseCode.DRAINING]


def test_who_has_not_may_catch_up(greeted: Bench) -> None:
    greeted.say("Look", product_id="mug")
    greeted.connection.drain(greeted.now_ms)
    greeted.hub.spotlight("hat")
    assert greeted.line.closed == []
    greeted.say("Ack", seq=1)
    assert greeted.line.closed == [CloseCode.DRAINING]


def test_but_not_for_ever(greeted: Bench) -> None:
    greeted.say("Look", product_id="mug")
    greeted.connection.drain(greeted.now_ms)
    until_ms = greeted.body("Draining")["until_ms"]
    assert until_ms == greeted.now_ms + 4_000
    greeted.connection.check(until_ms - 1)
    assert greeted.line.closed == []
    greeted.connection.check(until_ms)
    assert greeted.line.closed == [CloseCode.DRAINING]
