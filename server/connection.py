"""One game connection after the handshake: Hello first, limits, errors, acks and clock sync.

The connection knows nothing of sockets: a `Line` writes for it. So the listener's transport can be
replaced by a quicker one without touching what is decided here.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Protocol

from server.rate_limit import TokenBucket
from server.session import Session
from server.wire import codec
from server.wire.codec import Frame
from server.wire.errors import CloseCode, WireError
from server.wire.messages import BY_NAME
from server.wire.schema import Delivery
from server.wire.websocket import binary_frame

_ERROR = BY_NAME["Error"].number
_CLOCK_ANSWER = BY_NAME["ClockAnswer"].number


class Line(Protocol):
    """Writes bytes to one peer."""

    def write(self, data: bytes) -> None:
        """Write whole WebSocket frames."""

    def unsent_bytes(self) -> int:
        """Bytes that wait for the peer to read."""

    def close(self, code: int, reason: str) -> None:
        """Begin the closing handshake."""


class Hub(Protocol):
    """Where connections meet rooms."""

    def hello(self, connection: "Connection", body: dict[str, Any]) -> None:
        """Verify the token, resume or open the session, send Welcome."""

    def frame(self, connection: "Connection", frame: Frame, received_ms: int) -> None:
        """Take a good message that came after Welcome."""

    def lost(self, connection: "Connection", reason: str) -> None:
        """The connection is gone."""

    def now_ms(self) -> int:
        """Server time."""


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """Limits of one connection.

    Rates are per second with a burst; over them a message is dropped and answered TOO_FAST, and
    more than `error_budget` errors in `error_window_ms` close the connection (4004 when most of
    them were speed, else 4000). Above `write_buffer_max_bytes` unsent, poses are skipped; so for
    `slow_close_ms`, the connection is closed as slow (4005) and may resume.
    """

    connections_max: int = 2_000
    hello_timeout_ms: int = 5_000
    ping_interval_ms: int = 15_000
    idle_timeout_ms: int = 25_000
    max_frame_bytes: int = 4_096
    write_buffer_max_bytes: int = 65_536
    slow_close_ms: int = 10_000
    poses_per_second: float = 60
    poses_burst: int = 90
    requests_per_second: float = 30
    requests_burst: int = 60
    bytes_per_second: float = 32_768
    bytes_burst: int = 65_536
    error_budget: int = 20
    error_window_ms: int = 10_000
    allowed_origins: tuple[str, ...] = ()


@dataclass(slots=True)
class Statistics:
    """Counts of one connection, by delivery class for messages and bytes."""

    messages_in: Counter[str] = field(default_factory=Counter)
    bytes_in: Counter[str] = field(default_factory=Counter)
    messages_out: int = 0
    bytes_out: int = 0
    poses_skipped: int = 0
    errors: Counter[str] = field(default_factory=Counter)


class Connection:
    """The protocol of one client, from Hello to the end."""

    def __init__(self, line: Line, hub: Hub, limits: ConnectionLimits, remote: str) -> None:
        now_ms = hub.now_ms()
        self.remote = remote
        self.session: Session | None = None
        self.statistics = Statistics()
        self.heard_ms = now_ms
        self.opened_ms = now_ms
        self.closing = False
        self._line = line
        self._hub = hub
        self._limits = limits
        self._greeted = False
        self._slow_since_ms = 0
        self._window_start_ms = now_ms
        self._window_errors: Counter[str] = Counter()
        self._poses = TokenBucket(limits.poses_per_second, limits.poses_burst, now_ms)
        self._requests = TokenBucket(limits.requests_per_second, limits.requests_burst, now_ms)
        self._bytes = TokenBucket(limits.bytes_per_second, limits.bytes_burst, now_ms)

    # --- in -------------------------------------------------------------------------------------

    def received(self, data: bytes) -> None:
        """A whole binary message came in."""
        if self.closing:
            return
        now_ms = self._hub.now_ms()
        self.heard_ms = now_ms
        if len(data) > self._limits.max_frame_bytes:
            self.close(CloseCode.TOO_LARGE)
            return
        try:
            frame = codec.decode(data)
            self._admit(frame, len(data), now_ms)
            self._take(frame, now_ms)
        except WireError as error:
            self._answer_error(error, now_ms)

    def received_text(self) -> None:
        """Text is no message of ours."""
        self._answer_error(WireError("NOT_MESSAGEPACK"), self._hub.now_ms())

    def _admit(self, frame: Frame, size: int, now_ms: int) -> None:
        delivery = str(frame.message.delivery)
        self.statistics.messages_in[delivery] += 1
        self.statistics.bytes_in[delivery] += size
        bucket = self._poses if frame.message.name == "Pose" else self._requests
        if not bucket.take(1, now_ms) or not self._bytes.take(size, now_ms):
            request_id = frame.head if frame.message.delivery is Delivery.REQUEST else 0
            raise WireError("TOO_FAST", request_id, message=frame.message.name)

    def _take(self, frame: Frame, now_ms: int) -> None:
        message = frame.message
        if message.name == "Hello":
            if self._greeted:
                raise WireError("HELLO_TWICE")
            self._greeted = True
            self._hub.hello(self, _map(frame))
            return
        session = self.session
        if not self._greeted or session is None:
            self.close(CloseCode.HELLO_EXPECTED)
            return
        session.confirmed = True
        if message.name == "Ack":
            session.acknowledge(_map(frame)["seq"])
        elif message.name == "Clock":
            times = {"received_ms": now_ms, "sent_ms": self._hub.now_ms()}
            self.send(codec.encode(_CLOCK_ANSWER, frame.head, times))
        elif message.delivery is Delivery.REQUEST and not session.admit_request(frame.head):
            # A request that is sent again after a resume has been answered, or will be.
            if frame.head != session.last_request_id:
                raise WireError("REQUEST_ID_OLD", 0, request_id=frame.head)
        else:
            self._hub.frame(self, frame, now_ms)

    def _answer_error(self, error: WireError, now_ms: int) -> None:
        """Answer a bad frame; when there are too many of them, close."""
        self.statistics.errors[error.code] += 1
        if now_ms - self._window_start_ms > self._limits.error_window_ms:
            self._window_start_ms = now_ms
            self._window_errors.clear()
        self._window_errors[error.code] += 1
        total = self._window_errors.total()
        if not self._greeted:
            self.close(CloseCode.HELLO_EXPECTED)
        elif total > self._limits.error_budget:
            fast = self._window_errors["TOO_FAST"] * 2 > total
            self.close(CloseCode.TOO_FAST if fast else CloseCode.BAD_FRAME)
        else:
            body = {
                "request_id": error.request_id,
                "code": error.code,
                "message": error.message,
                "data": error.data,
            }
            if error.request_id and self.session is not None:
                # The answer to a request: it must survive a drop like any other answer.
                if self.session.admit_request(error.request_id):
                    self.session.deliver(_ERROR, codec.encode_body("Error", body))
            else:
                self.send(codec.encode(_ERROR, 0, body))

    # --- out ------------------------------------------------------------------------------------

    def send(self, payload: bytes) -> None:
        """Write a frame now."""
        if not self.closing:
            self.statistics.messages_out += 1
            self.statistics.bytes_out += len(payload)
            self._line.write(binary_frame(payload))

    def send_pose_frame(self, websocket_frame: bytes) -> bool:
        """Write a WebSocket frame that was built once for many; False when it was left out because
        this client does not keep up. The next one has everything that is still true."""
        if self.closing:
            return False
        if self._line.unsent_bytes() > self._limits.write_buffer_max_bytes:
            self.statistics.poses_skipped += 1
            return False
        self.statistics.bytes_out += len(websocket_frame)
        self._line.write(websocket_frame)
        return True

    def close(self, code: CloseCode) -> None:
        """Close with this code; what the code means stands in the protocol."""
        if not self.closing:
            self.closing = True
            self._line.close(int(code), code.name)

    # --- time -----------------------------------------------------------------------------------

    def check(self, now_ms: int) -> bool:
        """Look at the clock; True when the peer should be pinged."""
        limits = self._limits
        if self.closing:
            return False
        if not self._greeted and now_ms - self.opened_ms > limits.hello_timeout_ms:
            self.close(CloseCode.HELLO_EXPECTED)
        elif now_ms - self.heard_ms > limits.idle_timeout_ms:
            self.close(CloseCode.IDLE)
        elif self._line.unsent_bytes() <= limits.write_buffer_max_bytes:
            self._slow_since_ms = 0
        elif not self._slow_since_ms:
            self._slow_since_ms = now_ms
        elif now_ms - self._slow_since_ms > limits.slow_close_ms:
            self.close(CloseCode.SLOW)
        return not self.closing and now_ms - self.heard_ms >= limits.ping_interval_ms

    def heard(self) -> None:
        """The peer is alive (a pong came)."""
        self.heard_ms = self._hub.now_ms()

    def lost(self, reason: str) -> None:
        """The line is gone."""
        self.closing = True
        self._hub.lost(self, reason)


def _map(frame: Frame) -> dict[str, Any]:
    if not isinstance(frame.body, dict):
        raise TypeError(f"{frame.message.name} has no map for a body")
    return frame.body
