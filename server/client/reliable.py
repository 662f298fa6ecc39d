"""What lives on while connections come and go: waiting requests and the order of events. Pure."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from server.client.errors import ClientError, RequestRefused


@dataclass(frozen=True, slots=True)
class Waiting:
    """A request that has not been answered. `sent_s` is when it was asked for, seconds."""

    request_id: int
    number: int
    fields: Mapping[str, Any]
    answer: "asyncio.Future[dict[str, Any]]"
    sent_s: float


class PendingRequests:
    """Requests by id; ids grow and are never used twice in a session.

    At most `pending_max` wait at once; one more is refused with BUSY and not sent.
    """

    def __init__(self, pending_max: int) -> None:
        self._pending_max = pending_max
        self._waiting: dict[int, Waiting] = {}
        self._next_id = 1

    def __len__(self) -> int:
        return len(self._waiting)

    def open(self, number: int, fields: Mapping[str, Any], now_s: float) -> Waiting:
        """Give a request its id."""
        if len(self._waiting) >= self._pending_max:
            raise ClientError("BUSY", "Too many requests wait for an answer; wait for some first.")
        future = asyncio.get_running_loop().create_future()
        waiting = Waiting(self._next_id, number, fields, future, now_s)
        self._waiting[waiting.request_id] = waiting
        self._next_id += 1
        return waiting

    def answered(self, body: Mapping[str, Any]) -> Waiting | None:
        """Take a good answer; None when nobody waits for it (any more)."""
        waiting = self._waiting.pop(body["request_id"], None)
        if waiting is not None and not waiting.answer.done():
            waiting.answer.set_result(dict(body["body"] or {}))
        return waiting

    def refused(self, body: Mapping[str, Any]) -> Waiting | None:
        """Take a bad answer; None when it belongs to no request that waits."""
        waiting = self._waiting.pop(body["request_id"], None)
        if waiting is not None and not waiting.answer.done():
            error = RequestRefused(body["code"], body["message"], dict(body["data"] or {}))
            waiting.answer.set_exception(error)
        return waiting

    def after(self, last_request_id: int) -> list[Waiting]:
        """Requests that the server cannot have, oldest first: send them again after a resume."""
        return [entry for entry in self._waiting.values() if entry.request_id > last_request_id]

    def forget(self, waiting: Waiting) -> None:
        """Nobody waits for this one any more."""
        self._waiting.pop(waiting.request_id, None)

    def abandon(self, error: ClientError) -> None:
        """The session is over: nobody will answer. Ids start anew."""
        waiting, self._waiting, self._next_id = self._waiting, {}, 1
        for entry in waiting.values():
            if not entry.answer.done():
                entry.answer.set_exception(error)


class ReliableOrder:
    """Reliable events are numbered 1, 2, 3, ... in a session."""

    def __init__(self) -> None:
        self.last_seq = 0
        self._acknowledged = 0

    def accept(self, seq: int) -> bool | None:
        """True: new. False: seen before. None: at least one is missing before it."""
        if seq <= self.last_seq:
            return False
        if seq != self.last_seq + 1:
            return None
        self.last_seq = seq
        return True

    @property
    def unacknowledged(self) -> int:
        """Events seen and not acknowledged."""
        return self.last_seq - self._acknowledged

    def acknowledge(self) -> int:
        """The number to acknowledge; from now on it counts as done."""
        self._acknowledged = self.last_seq
        return self.last_seq

    def reset(self) -> None:
        """A fresh session counts anew."""
        self.last_seq = self._acknowledged = 0
