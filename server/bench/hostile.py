"""A process of hostile clients, for the question what they do to everybody else.

Each has one habit and keeps to it; who is closed comes back after a pause, with a session but
without a seat. Runs as `python -m server.bench.hostile`.
"""

import random
import time
from collections.abc import Callable
from typing import Any

import msgpack

from server.bench.load import JOIN, NUMBERS, LoadProcess
from server.bench.pose_frames import PoseTrack
from server.bench.raw_socket import BUFFER, VIEW, RawSocket, hello_body, masked_frame
from server.wire.messages import BY_NUMBER

PERIOD_S = 0.05
PAUSE_S = 1.0
FLOOD = 50
"""Messages each period: a thousand a second."""

GARBAGE_BYTES = 120


class HostileClient(RawSocket):
    """One client with a habit."""

    def __init__(self, mob: "HostileProcess", spec: dict[str, Any], habit: str) -> None:
        self.joined = False
        self._mob = mob
        self._spec = spec
        self._habit = habit
        self._chance = random.Random(spec["number"])
        self._track = PoseTrack(1, (0.0, 0.0))
        self._request_id = JOIN + 1
        self._step = 0
        super().__init__(mob.selector, spec["host"], spec["port"], spec["path"])

    def opened(self) -> None:
        if self._habit == "slow loris":
            self._begin()
        else:
            self.send_message(NUMBERS["Hello"], 0, hello_body(self._spec["token"]))

    def message(self, start: int, length: int) -> None:
        name = BY_NUMBER[BUFFER[start + 1]].name if BUFFER[start + 1] < 0x80 else "later"
        if name == "Welcome" and self._spec["seat_token"]:
            seat_token, self._spec["seat_token"] = self._spec["seat_token"], ""
            join = {"seat_token": seat_token, "name": "Mallory", "consent": []}
            self.send_message(NUMBERS["Join"], JOIN, join)
        elif name == "Welcome" or (
            name == "Answer"
            and msgpack.unpackb(VIEW[start : start + length])[2]["request_id"] == JOIN
        ):
            self._begin()

    def read(self) -> None:
        if self._habit == "deaf" and self.joined:
            # The kernel's buffers fill up, and then the server's.
            self._selector.unregister(self._socket)
        else:
            super().read()

    def _begin(self) -> None:
        if not self.joined:
            self.joined = True
            self._mob.is_in()
            self._mob.at(time.monotonic(), self._act)

    def _act(self, due_s: float) -> float:
        if self.closed:
            return 0.0
        HABITS[self._habit](self)
        self._step += 1
        return due_s + PERIOD_S

    def ended(self) -> None:
        self._mob.tally.closes[f"{self._habit} {self.close_code or 'dropped'}"] += 1
        self._mob.again(self, self._spec, self._habit)

    # --- habits ---------------------------------------------------------------------------------

    def garbage(self) -> None:
        """Whole frames with anything in them."""
        self.send(masked_frame(self._chance.randbytes(GARBAGE_BYTES)))

    def no_frames(self) -> None:
        """Bytes that are no WebSocket frames."""
        self.send(self._chance.randbytes(GARBAGE_BYTES))

    def pose_flood(self) -> None:
        self.send(b"".join(self._track.next_frame() for _ in range(FLOOD)))

    def request_flood(self) -> None:
        self.send(b"".join(self._request("Vote", product_id="", choice=0) for _ in range(FLOOD)))

    def slow_loris(self) -> None:
        """One byte of a Hello at a time."""
        hello = masked_frame(msgpack.packb([NUMBERS["Hello"], 0, hello_body(self._spec["token"])]))
        self.send(hello[self._step % len(hello) :][:1])

    def half_frame(self) -> None:
        """Half a message, and then nothing."""
        if self._step == 0:
            self.send(masked_frame(bytes(1_000))[:500])

    def huge_frame(self) -> None:
        """The beginning of a gigabyte."""
        self.send(bytes((0x82, 0xFF)) + (1 << 30).to_bytes(8, "big") + bytes(GARBAGE_BYTES))

    def wrong_ids(self) -> None:
        """Good messages about what is not theirs, as fast as is allowed."""
        wrong = self._chance.randrange(2**31)
        self.send(self._request("PutBack", prop_id=wrong % 40, epoch=wrong))

    def jumping(self) -> None:
        """Poses from all over the room, as fast as is allowed."""
        place = (self._chance.uniform(-30, 30), self._chance.uniform(-30, 30))
        self.send(PoseTrack(1, place).next_frame())

    def deaf(self) -> None:
        """Never reads; asks all the time."""
        self.send(self._request("Vote", product_id="", choice=0))

    def _request(self, name: str, **body: Any) -> bytes:
        self._request_id += 1
        return masked_frame(msgpack.packb([NUMBERS[name], self._request_id, body]))


HABITS: dict[str, Callable[[HostileClient], None]] = {
    "garbage": HostileClient.garbage,
    "no frames": HostileClient.no_frames,
    "pose flood": HostileClient.pose_flood,
    "request flood": HostileClient.request_flood,
    "slow loris": HostileClient.slow_loris,
    "half frame": HostileClient.half_frame,
    "huge frame": HostileClient.huge_frame,
    "wrong ids": HostileClient.wrong_ids,
    "jumping": HostileClient.jumping,
    "deaf": HostileClient.deaf,
}


class HostileProcess(LoadProcess):
    """Clients with one habit after the other."""

    def enter(self, spec: dict[str, Any]) -> RawSocket:
        habits = tuple(HABITS)
        return HostileClient(self, spec, habits[spec["number"] % len(habits)])

    def again(self, before: HostileClient, spec: dict[str, Any], habit: str) -> None:
        """Let one come back after a pause."""
        self._clients.pop(before, None)
        if self._leaving:
            self._say_when_empty()
            return

        def connect(_due_s: float) -> float:
            if not self._leaving:
                self._clients[HostileClient(self, spec, habit)] = None
            return 0.0

        self.at(time.monotonic() + PAUSE_S, connect)


if __name__ == "__main__":
    HostileProcess().run()
