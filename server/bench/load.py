"""Clients that cost as little as possible, so that the server is what is measured.

They send one pose twenty times a second on a small circle, count what they get, and look closely at
one frame in `SAMPLE_EVERY` only, to learn how long a pose was on its way.
"""

import asyncio
import math
import struct
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx
import msgpack
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from server.bots.report import Latencies
from server.errors import GalleriaError
from server.wire.codec import POSE_BYTES
from server.wire.messages import BY_NAME, PROTOCOL_VERSION, SUBPROTOCOL
from server.wire.schema import Delivery, Direction

PERIOD_S = 0.05
CIRCLE_M = 0.4
SPEED_M_S = 0.7
SAMPLE_EVERY = 16
ACK_EVERY = 32
# A pose that is not back after so many sends was skipped; its time of sending is forgotten.
SENT_KEPT = 40
JOIN_REQUEST, LEAVE_REQUEST = 1, 2
EYES_MM = 1_600
HANDS_MM = ((-240, -700, -60), (240, -700, -60))
IDENTITY = 3 << 30 | 512 << 20 | 512 << 10 | 512
RECORD = struct.Struct("<H9h3I")

NUMBERS = {name: message.number for name, message in BY_NAME.items()}
RELIABLE = {
    message.number
    for message in BY_NAME.values()
    if message.direction is Direction.TO_CLIENT and message.delivery is Delivery.RELIABLE
}


@dataclass(slots=True)
class Load:
    """What all clients of one run have counted in the time that is measured."""

    updates: int = 0
    frames: int = 0
    payload_bytes: int = 0
    refused: int = 0
    latencies: Latencies = field(default_factory=Latencies)
    sent: dict[int, deque[tuple[bytes, float]]] = field(default_factory=dict)

    def reset(self) -> None:
        """Forget everything before the time that is measured."""
        self.updates = self.frames = self.payload_bytes = 0
        self.latencies = Latencies()


class PoseClient:
    """One connection. `centre` is the spawn in metres, `avatar_id` its id in the records."""

    def __init__(
        self,
        socket: ClientConnection,
        load: Load,
        avatar_id: int,
        centre: tuple[float, float],
        *,
        joined: bool,
    ) -> None:
        self._joined = joined
        self.socket = socket
        self.avatar_id = avatar_id
        self._load = load
        self._centre = centre
        self._sent: deque[tuple[bytes, float]] = deque(maxlen=SENT_KEPT)
        load.sent[avatar_id] = self._sent
        self._frames = 0
        self._unacknowledged = 0
        self._angle = avatar_id * 0.7

    async def send_pose(self) -> None:
        """Take one step on the circle and tell it."""
        self._angle += SPEED_M_S * PERIOD_S / CIRCLE_M
        x = self._centre[0] + CIRCLE_M * (math.cos(self._angle) - 1)
        z = self._centre[1] + CIRCLE_M * math.sin(self._angle)
        record = RECORD.pack(
            self.avatar_id,
            round(x * 1_000),
            EYES_MM,
            round(z * 1_000),
            *HANDS_MM[0],
            *HANDS_MM[1],
            IDENTITY,
            IDENTITY,
            IDENTITY,
        )
        now_ms = time.time_ns() // 1_000_000
        self._sent.append((record, time.perf_counter()))
        await self.socket.send(msgpack.packb([NUMBERS["Pose"], now_ms, record]))

    async def leave(self) -> None:
        """Go for good, so that no seat is kept for us, and close the connection."""
        if self._joined:
            leave = msgpack.packb([NUMBERS["Leave"], LEAVE_REQUEST, {}])
            with suppress(ConnectionClosed):
                await self.socket.send(leave)
                await _until(self.socket, "Answer")
        await self.socket.close()

    async def receive(self) -> None:
        """Count what comes, until cancelled."""
        poses = NUMBERS["Poses"]
        async for frame in self.socket:
            number, head, body = msgpack.unpackb(frame)
            if number == poses:
                self._count(body)
            elif number in RELIABLE:
                await self._acknowledge(number, head)

    def _count(self, records: bytes) -> None:
        load = self._load
        load.frames += 1
        load.payload_bytes += len(records)
        # One's own record in the frame is nobody's update.
        load.updates += len(records) // POSE_BYTES - 1
        self._frames += 1
        if (self._frames + self.avatar_id) % SAMPLE_EVERY == 0:
            self._sample(records)

    def _sample(self, records: bytes) -> None:
        now = time.perf_counter()
        place = (self._frames // SAMPLE_EVERY * POSE_BYTES) % len(records)
        record = records[place : place + POSE_BYTES]
        sent = self._load.sent.get(int.from_bytes(record[:2], "little"))
        for candidate, sent_at in reversed(sent or ()):
            if candidate == record:
                self._load.latencies.add((now - sent_at) * 1_000)
                return

    async def _acknowledge(self, number: int, seq: int) -> None:
        if number == NUMBERS["PoseRefused"]:
            self._load.refused += 1
        self._unacknowledged += 1
        if self._unacknowledged >= ACK_EVERY:
            self._unacknowledged = 0
            await self.socket.send(msgpack.packb([NUMBERS["Ack"], 0, {"seq": seq}]))


async def join_galleria(http: httpx.AsyncClient, load: Load, number: int) -> PoseClient:
    """Come in as any client does: token, seat, Hello, Join; then stand on the spawn."""
    guest = await _post(http, "/session/guest", {"name": f"Load {number}"}, {})
    token = guest["token"]
    seat = await _post(http, "/seats", {}, {"Authorization": f"Bearer {token}"})
    socket = await open_socket(seat["socket_url"])
    hello = {
        "protocol_min": PROTOCOL_VERSION,
        "protocol_max": PROTOCOL_VERSION,
        "client": "galleria bench",
        "kind": "bot",
        "token": token,
    }
    await socket.send(msgpack.packb([NUMBERS["Hello"], 0, hello]))
    await _until(socket, "Welcome")
    join = {"seat_token": seat["seat_token"], "name": f"Load {number}", "consent": []}
    await socket.send(msgpack.packb([NUMBERS["Join"], JOIN_REQUEST, join]))
    state = await _until(socket, "RoomState")
    avatar_id = int(state["avatar_id"])
    centre = _place(state["poses"], avatar_id)
    return PoseClient(socket, load, avatar_id, centre, joined=True)


async def join_yardstick(url: str, load: Load, number: int) -> PoseClient:
    """Connect; the yardstick asks for nothing else."""
    centre = (number % 20 - 10.0, number // 20 - 5.0)
    return PoseClient(await open_socket(url), load, number + 1, centre, joined=False)


async def walk_all(clients: list[PoseClient]) -> None:
    """Send everybody's pose twenty times a second, spread evenly over the period; never ends."""
    due = time.perf_counter()
    while True:
        for index, client in enumerate(clients):
            wait = due + PERIOD_S * index / len(clients) - time.perf_counter()
            # Sleeping for less than a millisecond costs more than being early by it.
            if wait > 0.001:
                await asyncio.sleep(wait)
            await client.send_pose()
        due += PERIOD_S
        await asyncio.sleep(max(0.0, due - time.perf_counter()))


async def open_socket(url: str) -> ClientConnection:
    """A plain WebSocket of our subprotocol: no compression, no pings of its own."""
    return await connect(
        url,
        subprotocols=[SUBPROTOCOL],  # type: ignore[list-item]
        compression=None,
        ping_interval=None,
        max_size=2**22,
    )


async def _post(
    http: httpx.AsyncClient, path: str, body: dict[str, Any], headers: dict[str, str]
) -> dict[str, Any]:
    """A call that must work; what the server refuses with ends the bench."""
    response = await http.post(path, json=body, headers=headers)
    answer: dict[str, Any] = response.json()
    if response.is_error:
        raise GalleriaError(str(answer.get("code", path)), str(answer.get("detail", "")))
    return answer


async def _until(socket: ClientConnection, name: str) -> dict[str, Any]:
    """Read until a message of this name; an Error ends it."""
    while True:
        number, _head, body = msgpack.unpackb(await socket.recv())
        if number == NUMBERS[name]:
            return dict(body)
        if number == NUMBERS["Error"]:
            raise GalleriaError(body["code"], body["message"], body["data"])


def _place(records: bytes, avatar_id: int) -> tuple[float, float]:
    """Where an avatar stands, metres, out of the records of a RoomState."""
    for identity, x, _y, z, *_rest in RECORD.iter_unpack(records):
        if identity == avatar_id:
            return x / 1_000, z / 1_000
    raise GalleriaError("BENCH_NO_POSE", "The server did not say where the avatar stands.")
