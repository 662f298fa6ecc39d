"""A session with a server over as many connections as it takes: requests, events, resume, time.

    connecting --Welcome--> online --drop--> away --Welcome--> online ... --close--> closed

`SessionClient` knows nothing of what can be done in a room; `server.client.client` does.
"""

import asyncio
import random
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from httpx import URL
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI
from websockets.typing import Subprotocol

from server.client.clock import ServerClock
from server.client.errors import ClientError, ConnectionLost, TimedOut
from server.client.events import EventHub
from server.client.http import ShopHttp
from server.client.reliable import PendingRequests, ReliableOrder, Waiting
from server.client.room import RoomModel
from server.client.settings import ClientSettings
from server.client.statistics import ClientStatistics
from server.wire import codec
from server.wire.errors import CLOSES, Advice, CloseCode, WireError
from server.wire.messages import BY_NAME, OLDEST_PROTOCOL_VERSION, PROTOCOL_VERSION, SUBPROTOCOL
from server.wire.schema import Delivery, Direction

ABNORMAL = 1006
"""What a connection without a close frame ended with (RFC 6455, section 7.1.5)."""

_FINAL_ADVICE = (Advice.FRESH, Advice.NEVER, Advice.STAY_AWAY)
_CLOCK, _ACK, _HELLO = (BY_NAME[name].number for name in ("Clock", "Ack", "Hello"))


def _steady_ms() -> Callable[[], float]:
    """A wall clock that never goes back: wall time now plus monotonic progress."""
    origin_ms = (time.time_ns() - time.monotonic_ns()) / 1e6
    return lambda: origin_ms + time.monotonic_ns() / 1e6


class SessionClient:
    """The lasting part of a client. Subclasses add what to say."""

    def __init__(
        self,
        http: ShopHttp,
        token: str,
        *,
        name: str,
        kind: str = "bot",
        settings: ClientSettings | None = None,
        chance: random.Random | None = None,
        client: str = "galleria-python",
    ) -> None:
        self.http = http
        self.token = token
        self.name = name
        self.kind = kind
        self.room = RoomModel()
        self.welcome: Mapping[str, Any] = {}
        self.settings = settings or ClientSettings()
        self.statistics = ClientStatistics(deque(maxlen=self.settings.latencies_kept))
        self._local_ms = _steady_ms()
        self.clock = ServerClock(self._local_ms)
        self._client = client
        self._chance = chance or random.Random()
        self._hub = EventHub(self.settings.event_queue_max)
        self._pending = PendingRequests(self.settings.pending_max)
        self._order = ReliableOrder()
        self._socket: ClientConnection | None = None
        self.socket_url = http.socket_url
        self._moving = False
        self._online = False
        self._owns_http = False
        self._heard_ms = 0.0
        self._asked_ms = 0.0
        self._tasks: list[asyncio.Task[None]] = []
        self._closed: ClientError | None = None

    async def open(self) -> None:
        """Open the socket and wait for the Welcome; for clients not made by `connect`."""
        self._tasks = [asyncio.create_task(self._run()), asyncio.create_task(self._pulse())]
        try:
            await self._hub.until(
                lambda: self._online, self.settings.connect_timeout_ms / 1_000, "Welcome"
            )
        except BaseException:
            await self._stop()
            raise

    # --- state ----------------------------------------------------------------------------------

    @property
    def online(self) -> bool:
        """Whether the session has a connection now."""
        return self._online

    @property
    def closed(self) -> bool:
        """Whether the client is over; it does not come back."""
        return self._closed is not None

    def drop(self) -> None:
        """Cut the connection, as a bad network does; the client resumes by itself."""
        if self._socket is not None:
            self._online = False
            self._socket.transport.abort()

    async def _move(self, socket_url: str) -> None:
        """Go on with a fresh session at the address of a seat; a server may have several."""
        if URL(socket_url) == URL(self.socket_url):
            return
        self.socket_url, self._moving = socket_url, True
        self.welcome = {**self.welcome, "resume_token": ""}
        self.drop()
        await self._hub.until(
            lambda: self._online, self.settings.connect_timeout_ms / 1_000, "Welcome"
        )

    # --- requests -------------------------------------------------------------------------------

    async def request(self, name: str, /, **fields: Any) -> dict[str, Any]:
        """Ask; the one answer, or RequestRefused, ConnectionLost or TimedOut.

        While the connection is away the request waits and is sent when the session goes on.
        """
        message = BY_NAME[name]
        if message.delivery is not Delivery.REQUEST:
            raise ValueError(f"{name} is no request")
        if self._closed is not None:
            raise self._closed
        waiting = self._pending.open(message.number, fields, time.monotonic())
        if self._online:
            await self._send_request(waiting)
        try:
            async with asyncio.timeout(self.settings.request_timeout_ms / 1_000):
                return await waiting.answer
        except TimeoutError as error:
            raise TimedOut("TIMED_OUT", f"{name} was not answered in time.") from error
        finally:
            self._pending.forget(waiting)

    # --- the connection -------------------------------------------------------------------------

    async def _run(self) -> None:
        attempt, trying_since_s = 0, time.monotonic()
        while self._closed is None:
            code, reason, welcomed = await self._one_connection()
            if self.closed:
                return
            if self._moving and welcomed:
                # We left of our own accord, for another address.
                continue
            if welcomed:
                attempt, trying_since_s = 0, time.monotonic()
                self.statistics.drops += 1
                self._hub.emit("Dropped", {"code": code, "reason": reason})
            known = CLOSES.get(CloseCode(code)) if code in set(CloseCode) else None
            if known is not None and known.advice in _FINAL_ADVICE:
                self._end(ConnectionLost(CloseCode(code).name, known.reason, {"code": code}))
            elif not self.welcome:
                self._end(ConnectionLost("CONNECT_FAILED", reason, {"code": code}))
            elif (time.monotonic() - trying_since_s) * 1_000 > self.settings.retry_total_ms:
                self._end(ConnectionLost("GAVE_UP", "The server does not come back.", {}))
            else:
                later = known is not None and known.advice is Advice.LATER
                await asyncio.sleep(self._pause_s(attempt + (4 if later else 0)))
                attempt += 1

    def _pause_s(self, attempt: int) -> float:
        """Exponential with jitter, so that a thousand clients do not come back at once."""
        settings = self.settings
        most_ms = min(settings.retry_max_ms, settings.retry_first_ms * 2.0 ** min(attempt, 16))
        return most_ms * (0.5 + self._chance.random() / 2) / 1_000

    async def _one_connection(self) -> tuple[int, str, bool]:
        """Live through one connection; why it ended, and whether it got its Welcome."""
        welcomes = self.statistics.fresh + self.statistics.resumed
        try:
            self._socket = await connect(
                self.socket_url,
                subprotocols=[Subprotocol(SUBPROTOCOL)],
                compression=None,
                max_size=self.settings.max_frame_bytes,
                ping_interval=None,
                open_timeout=self.settings.connect_timeout_ms / 1_000,
                close_timeout=1,
                proxy=None,
            )
        except (OSError, TimeoutError, InvalidHandshake, InvalidURI) as error:
            return ABNORMAL, f"The game socket cannot be opened: {error}", False
        socket = self._socket
        self._heard_ms = self._local_ms()
        try:
            await self._say_hello()
            async for data in socket:
                await self._received(data)
        except ConnectionClosed:
            pass
        finally:
            self._online = False
            self._socket = None
            socket.transport.abort()
        welcomed = self.statistics.fresh + self.statistics.resumed > welcomes
        return socket.close_code or ABNORMAL, socket.close_reason or "", welcomed

    async def _say_hello(self) -> None:
        hello = {
            "protocol_min": OLDEST_PROTOCOL_VERSION,
            "protocol_max": PROTOCOL_VERSION,
            "client": self._client,
            "kind": self.kind,
            "token": self.token,
            "resume_token": self.welcome.get("resume_token", ""),
            "last_seq": self._order.last_seq,
        }
        await self._write(codec.encode(_HELLO, 0, hello))

    async def _received(self, data: str | bytes) -> None:
        self._heard_ms = self._local_ms()
        self.statistics.messages_in += 1
        self.statistics.bytes_in += len(data)
        try:
            if isinstance(data, str):
                raise WireError("NOT_MESSAGEPACK")
            frame = codec.decode(data, Direction.TO_CLIENT)
        except WireError as error:
            # A newer server may say things we do not know; anything else is a broken line.
            if error.code != "UNKNOWN_MESSAGE":
                self.drop()
            elif error.request_id == self._order.last_seq + 1:
                # By its number it is a reliable event: it must not be missing before the next one.
                self._order.accept(error.request_id)
            return
        name, body = frame.message.name, frame.body
        if isinstance(body, bytes):
            if name == "Heads":
                self.room.apply_heads(frame.head, body)
            else:
                self.room.apply_poses(frame.head, body)
            if self._hub.wants(name):
                self._hub.call(name, {"time_ms": frame.head, "records": body})
        elif frame.message.delivery is Delivery.RELIABLE:
            await self._reliable(name, frame.head, body)
        elif name == "Welcome":
            await self._welcomed(body)
        elif name == "ClockAnswer":
            if frame.head == round(self._asked_ms):
                self.clock.add(self._asked_ms, body["received_ms"], body["sent_ms"])
                self._hub.look()
        else:
            self._hub.emit(name, body)

    async def _reliable(self, name: str, seq: int, body: Mapping[str, Any]) -> None:
        new = self._order.accept(seq)
        if new is None:
            self.statistics.gaps += 1
            self.drop()
        if not new:
            return
        self.statistics.events += 1
        if name == "Answer":
            self._took_answer(self._pending.answered(body))
        elif name == "Error":
            code = str(body["code"])
            self.statistics.errors[code] = self.statistics.errors.get(code, 0) + 1
            waiting = self._pending.refused(body)
            self._took_answer(waiting)
            if waiting is None:
                self._hub.emit(name, body)
        else:
            self.room.apply(name, body)
            self._hub.emit(name, body)
        if self._order.unacknowledged >= self.settings.ack_after_events:
            await self._acknowledge()

    def _took_answer(self, waiting: Waiting | None) -> None:
        if waiting is not None:
            self.statistics.latencies_ms.append((time.monotonic() - waiting.sent_s) * 1_000)
            self._hub.look()

    async def _welcomed(self, welcome: Mapping[str, Any]) -> None:
        self.welcome = welcome
        self.clock.guess(welcome["server_time_ms"])
        if welcome["resumed"]:
            self.statistics.resumed += 1
        else:
            self.statistics.fresh += 1
            self._order.reset()
            self.room = RoomModel()
            reason = str(welcome["fresh_reason"])
            lost = ConnectionLost(
                "SESSION_LOST", "The session could not be resumed; join again.", {"reason": reason}
            )
            self._pending.abandon(lost)
        # Ids must grow on the wire: what waits goes first, what is asked meanwhile follows.
        sent = int(welcome["last_request_id"])
        while unsent := self._pending.after(sent):
            for waiting in unsent:
                await self._send_request(waiting)
            sent = unsent[-1].request_id
        self._online = True
        if welcome["resumed"]:
            self._hub.emit("Resumed", {})
        elif self._moving:
            self._moving = False
            self._hub.look()
        else:
            self._hub.emit("Fresh", {"reason": welcome["fresh_reason"]})

    # --- pulse ----------------------------------------------------------------------------------

    async def _pulse(self) -> None:
        """Acknowledge, ask for the time, and notice when the line is dead."""
        while self._closed is None:
            await asyncio.sleep(self.settings.pulse_ms / 1_000)
            if not self._online:
                continue
            now_ms = self._local_ms()
            if now_ms - self._heard_ms > self.settings.silence_max_ms:
                self.drop()
                continue
            if self._order.unacknowledged:
                await self._acknowledge()
            quick = self.clock.samples < self.settings.clock_quick_samples
            if quick or now_ms - self._asked_ms >= self.settings.clock_interval_ms:
                self._asked_ms = self._local_ms()
                if self._online:
                    await self._write(codec.encode_prompt(_CLOCK, round(self._asked_ms), {}))

    async def _acknowledge(self) -> None:
        await self._send(_ACK, 0, {"seq": self._order.acknowledge()})

    # --- writing --------------------------------------------------------------------------------

    async def _send_request(self, waiting: Waiting) -> None:
        frame = codec.encode_prompt(waiting.number, waiting.request_id, waiting.fields)
        await self._write(frame)

    async def _send(self, number: int, head: int, body: Mapping[str, Any] | bytes) -> None:
        if self._online:
            await self._write(codec.encode(number, head, body))

    async def _write(self, frame: bytes) -> None:
        socket = self._socket
        if socket is not None:
            self.statistics.messages_out += 1
            self.statistics.bytes_out += len(frame)
            with suppress(ConnectionClosed):
                await socket.send(frame)

    # --- the end --------------------------------------------------------------------------------

    def _end(self, error: ConnectionLost) -> None:
        if self._closed is None:
            self._closed = error
            self._online = False
            self._pending.abandon(error)
            self._hub.emit("Closed", {"code": error.code, "message": error.message})
            self._hub.end(error)

    async def _stop(self) -> None:
        socket = self._socket
        if socket is not None:
            with suppress(ConnectionClosed):
                await socket.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
