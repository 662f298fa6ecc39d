"""The client's side: the SDK's own reliable core and room model, over lines that break."""

import random
from collections import Counter
from collections.abc import Mapping
from typing import Any

import msgpack

from server.client.errors import ConnectionLost
from server.client.reliable import PendingRequests, ReliableOrder, Waiting
from server.client.room import RoomModel
from server.connection import Connection
from server.wire import codec
from server.wire.messages import BY_NAME
from server.wire.schema import Delivery, Direction
from server.wire.websocket import binary_frame
from tests.sim.resume.network import Pipe, Splitter, Timeline
from tests.sim.resume.shop import GRACE_MS, Shop

RETRY_MS = (10, 4_000)
LONG_AWAY_MS = (GRACE_MS // 2, GRACE_MS * 3 // 2)
NOTICE_MS = (0, 3_000)
PENDING_MAX = 16


class Visitor:
    """A shopper who reconnects whenever the line breaks."""

    def __init__(self, person_id: str, shop: Shop, time: Timeline, chance: random.Random) -> None:
        self.person_id = person_id
        self.room = RoomModel()
        self.pending = PendingRequests(PENDING_MAX)
        self.order = ReliableOrder()
        self.welcome: Mapping[str, Any] = {}
        self.tokens: list[str] = []
        self.doubles = 0
        self.answers: Counter[tuple[str, int]] = Counter()
        self.asked: list[tuple[str, Waiting]] = []
        self.reasons: Counter[str] = Counter()
        self.online = False
        self.dropped_ms = 0
        self.shop, self.time, self.chance = shop, time, chance
        self._up: Pipe | None = None
        self._down: Pipe | None = None
        self._connection: Connection | None = None
        self.connect()

    @property
    def session_id(self) -> str:
        return str(self.welcome.get("session_id", ""))

    @property
    def seated(self) -> bool:
        return self.online and self.room.avatar_id != 0

    # --- lines ----------------------------------------------------------------------------------

    def connect(self) -> None:
        """Open a line and say hello."""
        if self._up is not None:
            return
        read, incoming = Splitter(), Splitter()
        self._down = down = Pipe(
            self.time, self.chance, lambda data: self._received(read.feed(data)), self.drop
        )
        self._connection = connection = self.shop.accept(down)

        def arrive(data: bytes) -> None:
            for message in incoming.feed(data):
                connection.received(message)

        self._up = Pipe(self.time, self.chance, arrive, lambda: None)
        hello = {
            "protocol_min": 1, "protocol_max": 1, "client": "simulated", "kind": "bot",
            "token": self.person_id, "resume_token": self.welcome.get("resume_token", ""),
            "last_seq": self.order.last_seq,
        }  # fmt: skip
        self._write("Hello", 0, hello)

    def drop(self, *, away_ms: int | None = None) -> None:
        """The line breaks, somewhere; the server finds out in its own time."""
        up, down, connection = self._up, self._down, self._connection
        if up is None or down is None or connection is None:
            return
        self._up = self._down = self._connection = None
        if self.online:
            self.online = False
            self.dropped_ms = self.time.now_ms
        up.break_off()
        down.close()
        self.time.later(self.chance.randint(*NOTICE_MS), lambda: connection.lost("lost"))
        self.time.later(
            self.chance.randint(*RETRY_MS) if away_ms is None else away_ms, self.connect
        )

    def _write(self, name: str, head: int, body: Mapping[str, Any]) -> None:
        if self._up is not None:
            self._up.write(binary_frame(codec.encode(BY_NAME[name].number, head, body)))

    # --- asking ---------------------------------------------------------------------------------

    def ask(self, name: str, /, **fields: Any) -> None:
        """Ask now, or when the line is back; sometimes a request is written twice."""
        waiting = self.pending.open(BY_NAME[name].number, fields, 0.0)
        self.asked.append((self.session_id, waiting))
        if self.online:
            self._send(waiting)

    def _send(self, waiting: Waiting) -> None:
        frame = binary_frame(codec.encode(waiting.number, waiting.request_id, waiting.fields))
        if self._up is not None:
            self._up.write(frame * self.chance.choice((1, 1, 1, 2)))

    def acknowledge(self) -> None:
        if self.online and self.order.unacknowledged:
            self._write("Ack", 0, {"seq": self.order.acknowledge()})

    # --- hearing --------------------------------------------------------------------------------

    def _received(self, messages: list[bytes]) -> None:
        for message in messages:
            frame = codec.decode(message, Direction.TO_CLIENT)
            name, body = frame.message.name, frame.body
            assert isinstance(body, dict)
            if name == "Welcome":
                self._welcomed(body)
            elif frame.message.delivery is Delivery.RELIABLE:
                self._reliable(name, frame.head, body)

    def _welcomed(self, welcome: Mapping[str, Any]) -> None:
        self.welcome = welcome
        self.tokens.append(welcome["resume_token"])
        self.reasons["resumed" if welcome["resumed"] else welcome["fresh_reason"]] += 1
        if not welcome["resumed"]:
            # Whoever is back in time goes on.
            away_ms = self.time.now_ms - self.dropped_ms
            assert self.dropped_ms == 0 or (
                welcome["fresh_reason"] == "session_over" and away_ms > GRACE_MS
            )
            self.order.reset()
            self.room = RoomModel()
            self.pending.abandon(ConnectionLost("SESSION_LOST", "The session is over."))
        sent = int(welcome["last_request_id"])
        for waiting in self.pending.after(sent):
            self._send(waiting)
        self.online = True
        if not welcome["resumed"]:
            self.ask("Join", seat_token="seat", name=self.person_id, consent=[])

    def _reliable(self, name: str, seq: int, body: dict[str, Any]) -> None:
        new = self.order.accept(seq)
        assert new is not None, "an event is missing"
        if not new:
            self.doubles += 1
            return
        told = self.shop.delivered.get((self.session_id, seq))
        assert told is None or msgpack.unpackb(told) == body, "another event under this number"
        if name in ("Answer", "Error") and body["request_id"]:
            self.answers[self.session_id, body["request_id"]] += 1
        if name == "Answer":
            self.pending.answered(body)
        elif name == "Error":
            self.pending.refused(body)
        else:
            self.room.apply(name, body)
