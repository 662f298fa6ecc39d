"""A process of the load: clients that cost as little as possible, so that the server is what is
measured.

Each sends a pose twenty times a second on a small circle and counts what it gets by the headers of
the frames; one frame in `SAMPLE_EVERY` is looked at closely, to learn how long a pose was on its
way. Runs as `python -m server.bench.load`; `server.bench.crew` starts it and says what to do.
"""

import time
from typing import Any

import msgpack

from server.bench.pose_frames import (
    HEAD_BYTES,
    HEAD_ROTATION_AT,
    PERIOD_S,
    RECORD,
    RECORD_BYTES,
    ROTATION_AT,
    PoseTrack,
    age_ms,
    stamp_now,
)
from server.bench.raw_socket import BUFFER, VIEW, RawSocket, hello_body
from server.bench.tally import Tally
from server.bench.worker import Worker
from server.wire.messages import BY_NAME, BY_NUMBER
from server.wire.schema import Delivery, Direction

SAMPLE_EVERY = 16
SAMPLE_STRIDE = 7_919
ACK_EVERY = 32
COMMAND_PERIOD_S = 0.25
JOIN, TELEPORT, FIRST_COMMAND = 1, 2, 10

NUMBERS = {name: message.number for name, message in BY_NAME.items()}
POSES = NUMBERS["Poses"]
HEADS = NUMBERS.get("Heads", 0)
# Array of three, number, u64 and the head of a bin: the rest of the message is records.
HEADS_ENVELOPE_BYTES = 13 if HEADS < 128 else 14
RELIABLE = frozenset(
    message.number
    for message in BY_NUMBER.values()
    if message.direction is Direction.TO_CLIENT and message.delivery is Delivery.RELIABLE
)
ALWAYS_READ = frozenset(
    NUMBERS[name] for name in ("Welcome", "RoomState", "Answer", "Error", "PoseRefused")
)


class LoadClient(RawSocket):
    """One avatar. `spec` is what `server.bench.crew` says about it."""

    def __init__(self, load: "LoadProcess", spec: dict[str, Any]) -> None:
        self.avatar_id = int(spec.get("avatar_id", 0))
        self.joined = False
        self._load = load
        self._spec = spec
        self._track: PoseTrack | None = None
        self._until_sample = SAMPLE_EVERY
        self._sampled = self.avatar_id * SAMPLE_STRIDE
        self._seq = 0
        self._unacknowledged = 0
        self._asked_s: dict[int, float] = {}
        self._request_id = FIRST_COMMAND
        self._prop: tuple[int, int] | None = None
        self._sku = ""
        self._leave_id = 0
        self._spawn = (0.0, 0.0)
        super().__init__(load.selector, spec["host"], spec["port"], spec["path"])

    # --- coming in ------------------------------------------------------------------------------

    def opened(self) -> None:
        if self._spec["token"]:
            self.send_message(NUMBERS["Hello"], 0, hello_body(self._spec["token"]))
        else:
            self._stand(self._spec["place"])

    def _welcomed(self) -> None:
        join = {"seat_token": self._spec["seat_token"], "name": self._spec["name"], "consent": []}
        self.send_message(NUMBERS["Join"], JOIN, join)

    def _in_room(self, state: dict[str, Any]) -> None:
        self.avatar_id = int(state["avatar_id"])
        self._sampled = self.avatar_id * SAMPLE_STRIDE
        self._choose(state)
        self._spawn = _place(state["poses"], self.avatar_id)
        if self._spec["place"] is None:
            self._stand(self._spawn)
        else:
            x, z = self._spec["place"]
            teleport = {"position": [x, 0.0, z], "yaw_degrees": 0.0}
            self.send_message(NUMBERS["Teleport"], TELEPORT, teleport)

    def _stand(self, place: tuple[float, float]) -> None:
        """Begin to walk, at this client's place in the period."""
        self.joined = True
        if self.leaving:
            self.leave()
            return
        self._track = PoseTrack(self.avatar_id, (place[0], place[1]))
        self._load.is_in()
        # Everybody has a place of their own in the period, whenever they come in.
        period_s = time.monotonic() // PERIOD_S * PERIOD_S
        first_s = period_s + (1 + self._spec["phase"]) * PERIOD_S
        self._load.at(first_s, self._walk)

    # --- doing ----------------------------------------------------------------------------------

    def _walk(self, due_s: float) -> float:
        """Send the next pose."""
        if self.closed or self._track is None:
            return 0.0
        tally = self._load.tally
        now_s = time.monotonic()
        tally.late(now_s - due_s)
        if self.send(self._track.next_frame()):
            tally.sent += 1
            tally.pairs += self._spec["others"]
        else:
            tally.not_sent += 1
        # What was missed is not made up for, and nobody loses their place in the period.
        return due_s + PERIOD_S * (1 + max(0.0, now_s - due_s) // PERIOD_S)

    def shop(self) -> None:
        """Begin to shop, if that is what this client is here for."""
        if self._spec["shop"] is not None:
            due_s = time.monotonic() + self._spec["phase"] * COMMAND_PERIOD_S
            self._load.at(due_s, self._shop)

    def _shop(self, due_s: float) -> float:
        """Command after command: take a product, put it into the cart, put it back."""
        if self.closed or self._track is None:
            return 0.0
        kind = self._request_id % 3
        if kind == 0 and self._prop is not None:
            body = {"prop_id": self._prop[0], "epoch": self._prop[1]}
            self._ask("PutBack", body)
        elif kind == 1 and self._prop is not None:
            self._ask("Grab", {"prop_id": self._prop[0], "hand": "right"})
        else:
            self._ask("AddToCart", {"sku": self._sku, "quantity": 1})
        return due_s + COMMAND_PERIOD_S

    def _ask(self, name: str, body: dict[str, Any]) -> None:
        self._asked_s[self._request_id] = time.monotonic()
        self.send_message(NUMBERS[name], self._request_id, body)
        self._request_id += 1

    def leave(self) -> None:
        """Go for good, so that no seat is kept; the line is closed when that is answered. Who is
        still on the way in leaves when it is in."""
        self._track = None
        self.leaving = True
        if not self._spec["token"]:
            self.end()
        elif self.joined:
            self._leave_id = self._request_id
            self._request_id += 1
            self.send_message(NUMBERS["Leave"], self._leave_id, {})

    def _choose(self, state: dict[str, Any]) -> None:
        """What to shop for: the product of our shelf, and its SKU with the most stock."""
        shop = self._spec["shop"]
        if shop is not None:
            for prop in state["props"]:
                if prop["slot_id"] == shop["slot_id"]:
                    self._prop = (prop["prop_id"], prop["epoch"])
            left = {entry["sku"]: entry["available"] for entry in state["stock"]}
            self._sku = max(shop["skus"], key=lambda sku: left.get(sku, 0))

    # --- hearing --------------------------------------------------------------------------------

    def message(self, start: int, length: int) -> None:
        number = BUFFER[start + 1]
        if number == 0xCC:
            number = BUFFER[start + 2]
        tally = self._load.tally
        if number == POSES:
            count = length // RECORD_BYTES
            tally.frames += 1
            tally.payload_bytes += length
            # One's own record in the frame is nobody's update.
            tally.updates += count - 1
            self._until_sample -= 1
            if not self._until_sample:
                self._sample(start + length, count, RECORD_BYTES, ROTATION_AT)
        elif number == HEADS:
            count = (length - HEADS_ENVELOPE_BYTES) // HEAD_BYTES
            tally.frames += 1
            tally.payload_bytes += length
            tally.updates += count
            self._until_sample -= 1
            if not self._until_sample:
                self._sample(start + length, count, HEAD_BYTES, HEAD_ROTATION_AT)
        else:
            self._event(number, start, length)

    def _sample(self, end: int, count: int, size: int, rotation_at: int) -> None:
        """Look at one record of the frame, anywhere in it: records may lie in the order in which
        they were sent."""
        self._until_sample = SAMPLE_EVERY
        self._sampled += SAMPLE_STRIDE
        for index in (self._sampled % count, (self._sampled + 1) % count):
            place = end - (index + 1) * size
            if int.from_bytes(BUFFER[place : place + 2], "little") == self.avatar_id:
                continue
            rotation = BUFFER[place + rotation_at : place + rotation_at + 4]
            age = age_ms(int.from_bytes(rotation, "little"), stamp_now())
            if age is not None:
                self._load.tally.age_ms.append(age)
            return

    def _event(self, number: int, start: int, length: int) -> None:
        if number in RELIABLE:
            self._reliable(start)
        if number in ALWAYS_READ:
            body = msgpack.unpackb(VIEW[start : start + length])[2]
            name = BY_NUMBER[number].name
            if name == "Welcome":
                self._welcomed()
            elif name == "RoomState":
                self._acknowledge()
                self._in_room(body)
            elif name == "PoseRefused":
                self._load.tally.corrections[body["code"]] += 1
            else:
                self._answered(name, body)

    def _reliable(self, start: int) -> None:
        """Check that no event is missing, and acknowledge some at a time."""
        tally = self._load.tally
        seq = _unsigned(start + (2 if BUFFER[start + 1] < 0x80 else 3))
        tally.events += 1
        tally.events_lost += max(0, seq - self._seq - 1)
        self._seq = seq
        self._unacknowledged += 1
        if self._unacknowledged >= ACK_EVERY:
            self._acknowledge()

    def _acknowledge(self) -> None:
        self._unacknowledged = 0
        self.send_message(NUMBERS["Ack"], 0, {"seq": self._seq})

    def _answered(self, name: str, body: dict[str, Any]) -> None:
        request_id = body["request_id"]
        if name == "Error":
            self._load.tally.errors[body["code"]] += 1
            if request_id == JOIN:
                self._load.failed(body["code"])
                if self.leaving:
                    self.end()
        asked_s = self._asked_s.pop(request_id, None)
        if asked_s is not None:
            self._load.tally.command_ms.append((time.monotonic() - asked_s) * 1_000)
            epoch = body.get("body", {}).get("epoch")
            if epoch is not None and self._prop is not None:
                self._prop = (self._prop[0], epoch)
        elif request_id == TELEPORT and not self.joined:
            # A place that the room does not allow leaves us where we came in.
            self._stand(self._spec["place"] if name == "Answer" else self._spawn)
        elif request_id and request_id == self._leave_id:
            self.end()

    def ended(self) -> None:
        if self.close_code:
            self._load.tally.closes[str(self.close_code)] += 1
        elif self._track is not None:
            # Nobody said why.
            self._load.tally.closes["dropped"] += 1
        self._load.is_gone(self)


class LoadProcess(Worker):
    """All clients of this process, oldest first."""

    def __init__(self) -> None:
        super().__init__()
        self.tally = Tally()
        self._clients: dict[RawSocket, None] = {}
        self._received_bytes = 0
        self._gone_bytes = 0
        self._leaving = False

    def command(self, command: dict[str, Any]) -> None:
        match command["do"]:
            case "admit":
                self._clients[self.enter(command["client"])] = None
            case "measure":
                self.tally = Tally()
                self._received_bytes = self._all_received_bytes()
            case "report":
                self.tally.wire_bytes = self._all_received_bytes() - self._received_bytes
                self.say({"said": "report", "report": self.tally.as_json()})
            case "shop":
                for client in self._clients:
                    client.shop()
            case "swap":
                staying = [client for client in self._clients if not client.leaving]
                for client in staying[: command["count"]]:
                    client.leave()
            case "leave":
                self._leaving = True
                for client in tuple(self._clients):
                    client.leave()
                self._say_when_empty()
            case _:
                super().command(command)

    def enter(self, spec: dict[str, Any]) -> RawSocket:
        """Let one client begin to come in."""
        return LoadClient(self, spec)

    def is_in(self) -> None:
        """Somebody has come in."""
        self.say({"said": "in"})

    def is_gone(self, client: LoadClient) -> None:
        """Its bytes still count."""
        if client in self._clients:
            del self._clients[client]
            self._gone_bytes += client.received_bytes
            if not client.joined:
                self.failed(str(client.close_code))
        self._say_when_empty()

    def failed(self, code: str) -> None:
        """Somebody was not let in."""
        self.say({"said": "failed", "code": code})

    def _say_when_empty(self) -> None:
        if self._leaving and not self._clients:
            self._leaving = False
            self.say({"said": "left"})

    def _all_received_bytes(self) -> int:
        return self._gone_bytes + sum(client.received_bytes for client in self._clients)


def _unsigned(place: int) -> int:
    """A MessagePack integer of the buffer."""
    first = BUFFER[place]
    if first < 0x80:
        return first
    size = 1 << (first - 0xCC)
    return int.from_bytes(VIEW[place + 1 : place + 1 + size], "big")


def _place(records: bytes, avatar_id: int) -> tuple[float, float]:
    """Where an avatar stands, metres, out of the records of a RoomState."""
    for identity, x, _y, z, *_rest in RECORD.iter_unpack(records):
        if identity == avatar_id:
            return x / 1_000, z / 1_000
    return 0.0, 0.0


if __name__ == "__main__":
    LoadProcess().run()
