"""One game connection after the handshake: Hello first, limits, errors, acks and clock sync.

The connection knows nothing of sockets: a `Line` writes for it. So the listener's transport can be
replaced by a quicker one without touching what is decided here.

    opened --Hello--> welcomed --frames--> ... --close()--> closing --line gone--> lost

Whatever is wrong with a frame is answered once and changes nothing. What is wrong again and again,
or before Hello, ends the connection with a close code that says what to do next.
"""

from typing import Any, Protocol

import structlog

from server.connection_limits import ConnectionLimits, Statistics
from server.pose_intake import POSE_MESSAGE_BYTES
from server.rate_limit import TokenBucket
from server.session import Session
from server.wire import codec
from server.wire.codec import Frame
from server.wire.errors import CLOSES, CloseCode, WireError
from server.wire.messages import BY_NAME
from server.wire.schema import Delivery, Message
from server.wire.websocket import binary_frame

log = structlog.get_logger(__name__)

_ERROR = BY_NAME["Error"].number
_CLOCK_ANSWER = BY_NAME["ClockAnswer"].number
_DRAINING = BY_NAME["Draining"].number
_HELLO, _ACK, _CLOCK, _POSE = (BY_NAME[name] for name in ("Hello", "Ack", "Clock", "Pose"))
_RELIABLE, _DIRECT, _LATEST = (
    Delivery.RELIABLE.value,
    Delivery.DIRECT.value,
    Delivery.LATEST.value,
)
KEPT_UP_MS = 1_000
"""Who was sent everything for so long has caught up."""

TOO_FAST_NOTICE_MS = 1_000
"""Poses over the rate are dropped in silence but for one Error in so long: latest wins anyway."""


class Line(Protocol):
    """Writes bytes to one peer."""

    def write(self, data: bytes) -> None:
        """Write whole WebSocket frames."""

    def write_latest(self, data: bytes) -> bool:
        """Write whole frames that are out of date soon; False when the peer does not keep up."""

    def read_now(self) -> None:
        """Take what has come in, where it is not taken at once."""

    def read_at_once(self) -> None:
        """From now on nobody calls `read_now`: take what comes when it comes."""

    def keeps_up(self) -> bool:
        """Whether `write_latest` would be taken now."""

    def unsent_bytes(self) -> int:
        """Bytes that wait here for the peer to read; the kernel may hold some more."""

    def close(self, code: int, reason: str) -> None:
        """Begin the closing handshake."""


class Hub(Protocol):
    """Where connections meet rooms."""

    def hello(self, connection: "Connection", body: dict[str, Any]) -> None:
        """Verify the token, resume or open the session, send Welcome; or close."""

    def frame(self, connection: "Connection", frame: Frame, received_ms: int) -> None:
        """Take a good message that came after Welcome. Ack and Clock do not come here."""

    def lost(self, connection: "Connection", reason: str) -> None:
        """The connection is gone; called exactly once for each that was opened."""

    def now_ms(self) -> int:
        """Server time, ms since the Unix epoch."""


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
        self.close_code: CloseCode | None = None
        self.read_now, self.read_at_once = line.read_now, line.read_at_once
        self._write_latest = line.write_latest
        self._line = line
        self._hub = hub
        self._limits = limits
        self._greeted = False
        self._resending = False
        self._pinged_ms = now_ms
        self._slow_since_ms = 0
        self._skipped_ms = 0
        self._notice_ms = 0
        self._window_start_ms = now_ms
        self._errors_in_window = 0
        self._dropped_in_window = 0
        self._refused_in_window = 0
        self._drain_until_ms = 0
        self._drain_seq = 0
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
        except WireError as error:
            self._bytes.take(len(data), now_ms)
            self._answer_error(error, now_ms)
            return
        if self._admit(frame, len(data), now_ms):
            try:
                self._take(frame, now_ms)
            except WireError as error:
                self._answer_error(error, now_ms)

    def received_text(self) -> None:
        """Text is no message of ours."""
        if not self.closing:
            self._answer_error(WireError("NOT_MESSAGEPACK"), self._hub.now_ms())

    def received_control(self) -> None:
        """A ping, a pong or a piece of a message: a sign of life, and not to be had without end."""
        self.heard_ms = self._hub.now_ms()
        if not self._requests.take(1, self.heard_ms):
            self.close(CloseCode.TOO_FAST)

    def _admit(self, frame: Frame, size: int, now_ms: int) -> bool:
        """Whether the message is within the rates; one that is not is dropped."""
        message = frame.message
        delivery = message.delivery.value
        self.statistics.messages_in[delivery] += 1
        self.statistics.bytes_in[delivery] += size
        if message is _POSE:
            return self.admit_poses(1, now_ms) == 1
        if self._requests.take(1, now_ms) and self._bytes.take(size, now_ms):
            return True
        request_id = frame.head if message.delivery is Delivery.REQUEST else 0
        self._too_fast(message, 1, now_ms, request_id)
        return False

    def admit_poses(self, count: int, now_ms: int) -> int:
        """How many of so many poses are within the rate; the others are to be dropped."""
        within = sum(self._poses.take(1, now_ms) for _ in range(count))
        if within < count:
            self._too_fast(_POSE, count - within, now_ms)
        return within

    def count_poses(self, count: int) -> None:
        """So many poses came that will not be counted at a tick: later ones took their place."""
        self.statistics.messages_in[_POSE.delivery.value] += count
        self.statistics.bytes_in[_POSE.delivery.value] += count * POSE_MESSAGE_BYTES

    def _too_fast(self, message: Message, count: int, now_ms: int, request_id: int = 0) -> None:
        """So many messages of one kind were over their rate and are dropped."""
        self._turn_window(now_ms)
        self._dropped_in_window += count
        if not self._greeted or self._dropped_in_window > self._limits.too_fast_max:
            self.close(CloseCode.TOO_FAST)
        elif request_id:
            self._tell(WireError("TOO_FAST", request_id, message=message.name))
        elif now_ms - self._notice_ms >= TOO_FAST_NOTICE_MS:
            self._notice_ms = now_ms
            self._tell(WireError("TOO_FAST", message=message.name))

    def _take(self, frame: Frame, now_ms: int) -> None:
        message = frame.message
        if message is _HELLO:
            if self._greeted:
                raise WireError("HELLO_TWICE")
            self._greeted = True
            self._hub.hello(self, _map(frame))
            self._resending = self.session is not None and self.session.last_request_id > 0
            return
        session = self.session
        if not self._greeted or session is None:
            self.close(CloseCode.HELLO_EXPECTED)
            return
        session.confirm()
        if message is _ACK:
            self._acknowledge(session, _map(frame)["seq"])
        elif message is _CLOCK:
            times = {"received_ms": now_ms, "sent_ms": self._hub.now_ms()}
            self._write(codec.encode(_CLOCK_ANSWER, frame.head, times), _LATEST)
        elif message.delivery is Delivery.REQUEST and not session.admit_request(frame.head):
            # Right after a resume clients send again what may not have arrived. What did arrive has
            # been answered, or will be. Later on, an old id is a client's mistake, and told.
            if not self._resending:
                raise WireError("REQUEST_ID_OLD", message=message.name, id=frame.head)
        else:
            if message.delivery is Delivery.REQUEST:
                self._resending = False
            self._hub.frame(self, frame, now_ms)

    def _acknowledge(self, session: Session, seq: int) -> None:
        if seq > session.last_seq:
            raise WireError("FIELD_RANGE", message=_ACK.name, field="seq")
        session.acknowledge(seq)
        if self._drain_until_ms and seq >= self._drain_seq:
            self.close(CloseCode.DRAINING)

    # --- errors ---------------------------------------------------------------------------------

    def _answer_error(self, error: WireError, now_ms: int) -> None:
        """Answer a bad frame; when there are too many of them, close."""
        self.statistics.errors[error.code] += 1
        if self.session is None:
            # Before Welcome there is no session that could carry an answer.
            field_name = str(error.data.get("field", ""))
            self.close(CloseCode.BAD_FRAME, f"{error.code} {field_name}".strip())
            return
        self._turn_window(now_ms)
        self._errors_in_window += 1
        if self._errors_in_window > self._limits.error_budget:
            self.close(CloseCode.BAD_FRAME, f"too many bad frames; the last one: {error.code}")
        else:
            self._tell(error)

    def refused(self, now_ms: int) -> None:
        """A request of this client was understood, and refused."""
        self._turn_window(now_ms)
        self._refused_in_window += 1
        if self._refused_in_window > self._limits.refusals_max:
            self.close(CloseCode.TOO_FAST)

    def _tell(self, error: WireError) -> None:
        """Send an Error. A request gets its one answer; one that was answered gets no second."""
        session = self.session
        if session is None:
            return
        request_id = error.request_id
        if request_id and not session.admit_request(request_id):
            if self._resending:
                return
            request_id = 0
        body = {
            "request_id": request_id,
            "code": error.code,
            "message": error.message,
            "data": error.data,
        }
        session.deliver(_ERROR, codec.encode_body("Error", body))

    def _turn_window(self, now_ms: int) -> None:
        if now_ms - self._window_start_ms > self._limits.error_window_ms:
            self._window_start_ms = now_ms
            self._errors_in_window = self._dropped_in_window = self._refused_in_window = 0

    # --- out ------------------------------------------------------------------------------------

    def send(self, payload: bytes) -> None:
        """Write a frame that belongs to this connection alone, such as Welcome."""
        self._write(payload, _DIRECT)

    def send_reliable(self, payload: bytes) -> None:
        """Write an event of the session, which keeps it until it is acknowledged."""
        self._write(payload, _RELIABLE)

    def send_poses(self, websocket_frames: bytes) -> bool:
        """Write WebSocket frames that were built once for many (`server.wire.websocket`); False
        when they were left out because this client does not keep up. The next ones have everything
        that is still true.

        What is sent is counted by who sends it to many at once (`server.observe.live.Traffic`).
        """
        if self.closing:
            return False
        if self._write_latest(websocket_frames):
            return True
        self.statistics.poses_skipped += 1
        self._skipped_ms = self._hub.now_ms()
        self._slow_since_ms = self._slow_since_ms or self._skipped_ms
        return False

    def skip_poses(self) -> None:
        """Poses were not even offered, because this client has not caught up yet."""
        self.statistics.poses_skipped += 1

    def keeps_up(self) -> bool:
        """Whether poses would be taken now."""
        return not self.closing and self._line.keeps_up()

    def unsent_bytes(self) -> int:
        """Bytes that wait here for the peer to read."""
        return self._line.unsent_bytes()

    def close(self, code: CloseCode, reason: str = "") -> None:
        """Close with this code; nothing that comes after it is looked at."""
        if not self.closing:
            self.closing = True
            self.close_code = code
            self._line.close(int(code), reason or CLOSES[code].reason)

    def drain(self, now_ms: int) -> None:
        """The server stops: say so, and close once the client has what it was told until now."""
        if self.closing or self._drain_until_ms:
            return
        session = self.session
        if session is None or not session.queued:
            self._say_draining(now_ms)
            self.close(CloseCode.DRAINING)
            return
        self._drain_seq = session.last_seq
        self._drain_until_ms = now_ms + self._limits.drain_timeout_ms * 4 // 5
        self._say_draining(self._drain_until_ms)

    def _say_draining(self, until_ms: int) -> None:
        if self.session is not None:
            body = {"reason": "The server is about to stop; come back soon.", "until_ms": until_ms}
            self.send(codec.encode(_DRAINING, 0, body))

    def _write(self, payload: bytes, delivery: str) -> None:
        if not self.closing:
            self.statistics.messages_out[delivery] += 1
            self.statistics.bytes_out[delivery] += len(payload)
            self._line.write(binary_frame(payload))

    # --- time -----------------------------------------------------------------------------------

    def check(self, now_ms: int) -> bool:
        """Look at the clock; True when the peer should be pinged."""
        limits = self._limits
        if self.closing:
            return False
        if self.session is None and now_ms - self.opened_ms > limits.hello_timeout_ms:
            self.close(CloseCode.HELLO_EXPECTED)
        elif self._drain_until_ms and now_ms >= self._drain_until_ms:
            self.close(CloseCode.DRAINING)
        elif now_ms - self.heard_ms > limits.idle_timeout_ms:
            self.close(CloseCode.IDLE)
        elif self._is_slow(now_ms):
            self.close(CloseCode.SLOW)
        if self.closing or now_ms - self._pinged_ms < limits.ping_interval_ms:
            return False
        self._pinged_ms = now_ms
        return True

    def _is_slow(self, now_ms: int) -> bool:
        unsent_bytes = self._line.unsent_bytes()
        if unsent_bytes > self._limits.write_buffer_max_bytes or not self._line.keeps_up():
            self._skipped_ms = now_ms
            self._slow_since_ms = self._slow_since_ms or now_ms
        elif now_ms - self._skipped_ms > KEPT_UP_MS:
            self._slow_since_ms = 0
        slow_since_ms = self._slow_since_ms
        return slow_since_ms > 0 and now_ms - slow_since_ms > self._limits.slow_close_ms

    def lost(self, reason: str) -> None:
        """The line is gone. What ended the connection on our side is the better reason."""
        self.closing = True
        if self.close_code is not None:
            reason = self.close_code.name.lower()
        self._hub.lost(self, reason)


def _map(frame: Frame) -> dict[str, Any]:
    if not isinstance(frame.body, dict):
        raise TypeError(f"{frame.message.name} has no map for a body")
    return frame.body
