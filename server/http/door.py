"""The door of the till: so many come in at each turn of the event loop, and holds go first.

A thousand people who want the same thing arrive in one turn of the event loop. Were all of them
begun at once, the first would hear its answer only after the last had been begun, and whoever came
from elsewhere after all of them. So a few are let in at each turn and answered while the others
wait here, in the order in which they came.

Whoever asks for stock goes before those who lock or pay, because their stock is held already: while
holds wait or are being decided, only a few others come in at each turn, so that nobody waits for
ever. To lock or to pay takes five times as long as a hold, so with two others a turn and not eight
the last of a thousand is told after 0.6 of the processor time. Of holds only so many are inside
as are about to be decided together. Of others any number may be inside: they can wait for a bank,
and a bank that takes its time must keep no place.
"""

import asyncio
from collections import deque
from dataclasses import dataclass

from commerce import BusyError


@dataclass(frozen=True, slots=True)
class DoorLimits:
    """How many come in.

    `per_turn`: requests begun at each turn of the event loop; `others_per_turn`: how many of them
    are others than holds, as long as there are holds to be decided. `holds_inside_max`: holds that
    are not decided yet: one batch that is being decided, and the next. `waiting_max`: requests that
    wait; over it, BUSY and nothing was done.
    """

    per_turn: int = 32
    others_per_turn: int = 2
    holds_inside_max: int = 256
    waiting_max: int = 10_000


class Door:
    """Lets requests in, turn by turn. Who was let in says when it leaves."""

    def __init__(self, limits: DoorLimits) -> None:
        self._limits = limits
        self._left = limits.per_turn
        self._holds_inside = 0
        self._on_threshold = 0
        self._holds: deque[asyncio.Future[None]] = deque()
        self._others: deque[asyncio.Future[None]] = deque()
        self._turn_comes = False

    @property
    def waiting(self) -> int:
        """Requests that are not inside yet."""
        return len(self._holds) + len(self._others)

    async def enter(self, *, holds: bool) -> None:
        """Wait for a place. Raises BUSY when too many wait."""
        waiting = self.waiting
        # Who was let in and has not taken a step yet came earlier than whoever comes now.
        is_clear = not waiting and not self._on_threshold and not (holds and self._is_full)
        if self._left and is_clear:
            self._left -= 1
            self._holds_inside += holds
            self._come()
            return
        if waiting >= self._limits.waiting_max:
            raise BusyError("door", self._limits.waiting_max)
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        (self._holds if holds else self._others).append(place)
        self._come()
        try:
            await place
        except asyncio.CancelledError:
            if not place.cancelled():
                # It was let in at the very moment when it gave up.
                self._on_threshold -= 1
                self.leave(holds=holds)
            raise
        self._on_threshold -= 1

    def leave(self, *, holds: bool) -> None:
        """Somebody who was let in is done."""
        if holds:
            self._holds_inside -= 1
            if self._holds:
                self._come()

    @property
    def _is_full(self) -> bool:
        return self._holds_inside >= self._limits.holds_inside_max

    def _come(self) -> None:
        """See to it that there is a next turn."""
        if not self._turn_comes:
            self._turn_comes = True
            asyncio.get_running_loop().call_soon(self._turn)

    def _turn(self) -> None:
        """Let the next ones in."""
        limits = self._limits
        self._turn_comes = False
        places = min(len(self._holds), limits.holds_inside_max - self._holds_inside)
        busy = bool(self._holds) or self._holds_inside > 0
        others = _let_in(self._others, limits.others_per_turn if busy else limits.per_turn)
        holds = _let_in(self._holds, min(places, limits.per_turn - others))
        self._holds_inside += holds
        self._on_threshold += others + holds
        self._left = limits.per_turn - others - holds
        if self._others or self._left < limits.per_turn:
            self._come()


def _let_in(queue: "deque[asyncio.Future[None]]", most: int) -> int:
    """Let so many in at most; how many that were. Who has given up is passed over."""
    count = 0
    while queue and count < most:
        place = queue.popleft()
        if not place.done():
            place.set_result(None)
            count += 1
    return count
