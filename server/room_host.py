"""Runs the rooms of this process: the beat, the inboxes, the pose ticks and the way out.

A beat comes every `beat_ms` (10 ms): rooms with commands in their inbox step at once, so that a
grab is answered within a beat. Every pose tick (20 Hz by default) all poses that came in since the
last one are judged in one vectorised pass for all rooms, each room steps, and what moved is packed
once and written to everybody in the room. Nothing in a beat awaits.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import structlog

from rooms.avatars import POSE_DTYPE, PoseTable
from rooms.commands import Command, Enter
from rooms.effects import Effect, ReleaseSeat
from rooms.events import Answer, Outgoing
from rooms.room import Room
from server.clock import Clock
from server.observe.metrics import Metrics
from server.recorder import Journal
from server.session import Session
from server.wire import codec
from server.wire.messages import BY_NAME
from server.wire.values import body_of
from server.wire.websocket import binary_frame

log = structlog.get_logger(__name__)

POSES_NUMBER = BY_NAME["Poses"].number


@dataclass(frozen=True, slots=True)
class HostLimits:
    """`beat_ms` between drains of the inboxes, pose ticks a second, commands an inbox holds (on
    full: the newcomer is refused with BUSY) and avatar ids of the process."""

    beat_ms: int = 10
    tick_rate_hz: int = 20
    inbox_max: int = 4_096
    avatars_max: int = 4_096


@dataclass(slots=True)
class HostedRoom:
    """A room with what the shell keeps around it."""

    room: Room
    product_ids: frozenset[str]
    join_answer: dict[str, str]
    journal: Journal | None
    inbox: deque[Command] = field(default_factory=deque)
    sessions: dict[int, Session] = field(default_factory=dict)
    poses: dict[int, bytes] = field(default_factory=dict)
    offered: bytes = b""


class RoomHost:
    """All rooms of this process and their common beat."""

    def __init__(
        self,
        poses: PoseTable,
        clock: Clock,
        limits: HostLimits,
        metrics: Metrics,
    ) -> None:
        self.poses = poses
        self._clock = clock
        self._limits = limits
        self._metrics = metrics
        self._run_effect: Callable[[str, Effect], None] | None = None
        self._on_released: Callable[[ReleaseSeat], None] | None = None
        self._rooms: dict[str, HostedRoom] = {}
        # First in, first out, so that an id rests as long as possible before it names another.
        self._free_ids: deque[int] = deque(range(1, limits.avatars_max + 1))
        self._tick_ms = 1_000 / limits.tick_rate_hz
        self._next_tick_ms = 0.0
        self.last_beat_ms = 0

    def connect(
        self,
        run_effect: Callable[[str, Effect], None],
        on_released: Callable[[ReleaseSeat], None],
    ) -> None:
        """Say who performs the effects of rooms, and who must know that an avatar is gone."""
        self._run_effect = run_effect
        self._on_released = on_released

    def add_room(self, hosted: HostedRoom) -> None:
        self._rooms[hosted.room.room_id] = hosted

    def close_journals(self) -> None:
        """Write the last state into the recordings."""
        for hosted in self._rooms.values():
            if hosted.journal is not None:
                hosted.journal.close(hosted.room.state_hash())

    # --- in -------------------------------------------------------------------------------------

    def submit(self, room_id: str, command: Command) -> bool:
        """Put a command into a room's inbox; False when there is no such room.

        Outcomes of effects and news from commerce are always taken: they are bounded at their
        source and losing one would lose an answer.
        """
        hosted = self._rooms.get(room_id)
        if hosted is None:
            return False
        hosted.inbox.append(command)
        return True

    def has_space(self, room_id: str) -> bool:
        """Whether a shopper's command may still go into this room's inbox."""
        hosted = self._rooms.get(room_id)
        return hosted is not None and len(hosted.inbox) < self._limits.inbox_max

    def enter(self, room_id: str, session: Session, command_for: Callable[[int], Enter]) -> int:
        """Give the session an avatar and ask the room to let it in; 0 when there is no id left."""
        if not self._free_ids:
            return 0
        avatar_id = self._free_ids.popleft()
        hosted = self._rooms[room_id]
        hosted.sessions[avatar_id] = session
        hosted.inbox.append(command_for(avatar_id))
        return avatar_id

    def pose(self, room_id: str, avatar_id: int, record: bytes) -> None:
        """Keep an avatar's newest pose for the next tick; the id in the record is not trusted."""
        self._rooms[room_id].poses[avatar_id] = avatar_id.to_bytes(2, "little") + record[2:]

    # --- who is where ---------------------------------------------------------------------------

    def population(self, room_id: str) -> int:
        return self._rooms[room_id].room.population

    def rooms_with_party(self, party_id: str) -> Iterable[str]:
        return [k for k, hosted in self._rooms.items() if hosted.room.members(party_id)]

    def rooms_with_product(self, product_id: str) -> Iterable[str]:
        return [k for k, hosted in self._rooms.items() if product_id in hosted.product_ids]

    @property
    def rooms(self) -> dict[str, HostedRoom]:
        return self._rooms

    # --- the beat -------------------------------------------------------------------------------

    async def run(self) -> None:
        """Beat until cancelled. A late beat is not made up for: the next one does its work."""
        loop = asyncio.get_running_loop()
        beat_s = self._limits.beat_ms / 1_000
        due = loop.time()
        while True:
            due += beat_s
            delay = due - loop.time()
            if delay <= 0:
                self._metrics.tick_overruns.inc()
                due = loop.time()
            await asyncio.sleep(max(delay, 0))
            started = loop.time()
            self.beat(self._clock())
            self._metrics.tick_seconds.observe(loop.time() - started)

    def beat(self, now_ms: int) -> None:
        """One beat at this time: drain the inboxes and, when it is due, do a pose tick."""
        self.last_beat_ms = now_ms
        tick = now_ms >= self._next_tick_ms
        if tick:
            self._next_tick_ms += self._tick_ms
            if self._next_tick_ms <= now_ms:
                # Ticks that were missed are not made up for.
                self._next_tick_ms = now_ms + self._tick_ms
            self._take_poses(now_ms)
        for hosted in self._rooms.values():
            try:
                if tick or hosted.inbox:
                    self._step(hosted, now_ms)
                if tick:
                    self._send_poses(hosted, now_ms)
            except Exception:
                # A fault in one room must not stop the others.
                log.exception("room_step_failed", room=hosted.room.room_id)

    def _take_poses(self, now_ms: int) -> None:
        for hosted in self._rooms.values():
            hosted.offered = b"".join(hosted.poses.values())
            hosted.poses.clear()
        offered = b"".join(hosted.offered for hosted in self._rooms.values())
        if not offered:
            return
        records = np.frombuffer(offered, dtype=POSE_DTYPE)
        refused = self.poses.accept(records, now_ms).refused
        if refused:
            self._metrics.poses_refused.inc(len(refused))
            for hosted in self._rooms.values():
                mine = [entry for entry in refused if entry[0] in hosted.sessions]
                if mine:
                    self._send(hosted, hosted.room.refuse_poses(mine, now_ms))

    def _step(self, hosted: HostedRoom, now_ms: int) -> None:
        commands = tuple(hosted.inbox)
        hosted.inbox.clear()
        recorded = hosted.journal is not None and bool(hosted.room.population or commands)
        step = hosted.room.step(commands, now_ms)
        if hosted.journal is not None and recorded:
            hosted.journal.step(now_ms, commands, hosted.offered, hosted.room.state_hash)
        hosted.offered = b""
        self._send(hosted, step.events)
        for effect in step.effects:
            if isinstance(effect, ReleaseSeat):
                self._release(hosted, effect)
            elif self._run_effect is not None:
                self._run_effect(hosted.room.room_id, effect)

    def _release(self, hosted: HostedRoom, effect: ReleaseSeat) -> None:
        if hosted.sessions.pop(effect.avatar_id, None) is not None:
            hosted.poses.pop(effect.avatar_id, None)
            self._free_ids.append(effect.avatar_id)
        if self._on_released is not None:
            self._on_released(effect)

    # --- out ------------------------------------------------------------------------------------

    def _send(self, hosted: HostedRoom, outgoing: Sequence[Outgoing]) -> None:
        for out in outgoing:
            event = out.event
            body = body_of(event)
            if isinstance(event, Answer) and "avatar_id" in event.body:
                body["body"] = {**event.body, **hosted.join_answer}
            message = BY_NAME[type(event).__name__]
            packed = codec.encode_body(message.name, body)
            for avatar_id in out.avatar_ids:
                session = hosted.sessions.get(avatar_id)
                if session is not None:
                    session.deliver(message.number, packed)

    def _send_poses(self, hosted: HostedRoom, now_ms: int) -> None:
        moved = hosted.room.changed_poses()
        if not moved:
            return
        frame = binary_frame(codec.encode(POSES_NUMBER, now_ms, moved))
        delivered = 0
        for session in hosted.sessions.values():
            if session.connection is not None and session.connection.send_pose_frame(frame):
                delivered += 1
        self._metrics.poses_delivered.inc(delivered * (len(moved) // POSE_DTYPE.itemsize))
