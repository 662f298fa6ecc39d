"""Runs the rooms of this process: the beat, the inboxes, the pose ticks and the way out.

Every tick of a room (20 Hz by default) its sockets on the fast lane are read, the poses that came
in since the last tick are judged, the room steps, and what moved is packed once per view and
written to everybody who sees it. Rooms that tick together are judged in one vectorised pass, and
rooms are spread over the tick in beats of `beat_ms`, so that not all of them do their work at
once. Commands do not wait for a tick: a room with something in its inbox steps at once. What is
written during a beat leaves at its end, in one call per socket. Nothing in a beat awaits.
"""

import asyncio
import math
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence

import structlog

from rooms.avatars import PoseTable
from rooms.commands import Command, Enter
from rooms.effects import Effect, ReleaseSeat
from rooms.events import Answer, Error, Outgoing
from server.clock import Clock
from server.fan_out import PoseTraffic, send_view
from server.fast_lane import FastLane
from server.hosted_room import HostedRoom, HostLimits, phase_for
from server.load import HostLoad, LoadMeter
from server.observe.metrics import Metrics
from server.pose_intake import POSE_MESSAGE_BYTES, PoseBatch, read_poses
from server.session import Session
from server.wire import codec
from server.wire.messages import BY_NAME
from server.wire.values import body_of

log = structlog.get_logger(__name__)

EARLY_MS = 1
"""A beat may begin so much before its time: clocks and timers are whole milliseconds."""


class RoomHost:
    """All rooms of this process and their common beat. Without a `lane` there is none to drain."""

    def __init__(
        self,
        poses: PoseTable,
        clock: Clock,
        limits: HostLimits,
        metrics: Metrics,
        lane: FastLane | None = None,
    ) -> None:
        self.poses = poses
        self.traffic = PoseTraffic()
        self.meter = LoadMeter()
        self.last_beat_ms = 0
        self._clock = clock
        self._limits = limits
        self._metrics = metrics
        self._lane = lane
        self._run_effect: Callable[[str, Effect], None] | None = None
        self._on_released: Callable[[ReleaseSeat], None] | None = None
        self._rooms: dict[str, HostedRoom] = {}
        # First in, first out, so that an id rests as long as possible before it names another.
        self._free_ids: deque[int] = deque(range(1, limits.avatars_max + 1))
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.Handle | None = None
        self._due_ms = math.inf
        self._step_scheduled = False
        if lane is not None:
            lane.on_ready = self._drain

    def connect(
        self,
        run_effect: Callable[[str, Effect], None],
        on_released: Callable[[ReleaseSeat], None],
    ) -> None:
        """Say who performs the effects of rooms, and who must know that an avatar is gone."""
        self._run_effect = run_effect
        self._on_released = on_released

    def add_room(self, hosted: HostedRoom) -> None:
        """Begin to run a room, in a beat with others or in one of its own (`phase_for`)."""
        rate_hz = hosted.tick_rate_hz or self._limits.tick_rate_hz
        hosted.tick_ms = 1_000 / rate_hz
        hosted.phase = phase_for(hosted, self._rooms.values(), self._limits)
        beats_begin = self._clock() // hosted.tick_ms * hosted.tick_ms
        hosted.next_tick_ms = beats_begin + hosted.phase * self._limits.beat_ms
        self._rooms[hosted.room.room_id] = hosted

    def remove_room(self, room_id: str) -> None:
        """Run a room no longer; its recording is closed. Nobody may be in it."""
        hosted = self._rooms.pop(room_id)
        if hosted.journal is not None:
            hosted.journal.close(hosted.room.state_hash())

    def load(self) -> HostLoad:
        """How much of its time the process has left, for placing rooms and seats."""
        avatars = sum(len(hosted.sessions) for hosted in self._rooms.values())
        sockets = len(self._lane) if self._lane is not None else 0
        # The room that ticks most often leaves the least time.
        tick_budget_ms = min(
            (hosted.tick_ms for hosted in self._rooms.values()),
            default=1_000 / self._limits.tick_rate_hz,
        )
        return self.meter.load(tick_budget_ms, len(self._rooms), avatars, sockets)

    def close_journals(self) -> None:
        """Write the last state into the recordings."""
        for hosted in self._rooms.values():
            if hosted.journal is not None:
                hosted.journal.close(hosted.room.state_hash())

    # --- in -------------------------------------------------------------------------------------

    def submit(self, room_id: str, command: Command) -> bool:
        """Put a command into a room's inbox; False when there is no such room. The room steps as
        soon as what is under way is done.

        Outcomes of effects and news from commerce are always taken: they are bounded at their
        source and losing one would lose an answer.
        """
        hosted = self._rooms.get(room_id)
        if hosted is None:
            return False
        self._put(hosted, command)
        return True

    def _put(self, hosted: HostedRoom, command: Command) -> None:
        hosted.inbox.append(command)
        if self._loop is not None and not self._step_scheduled:
            self._step_scheduled = True
            self._loop.call_soon(self._step_rooms)

    def _step_rooms(self) -> None:
        """Step the rooms that have something in their inbox."""
        self._step_scheduled = False
        now_ms = self._clock()
        if self._lane is not None:
            self._lane.gather()
        for hosted in tuple(self._rooms.values()):
            if hosted.inbox:
                self._guarded(hosted, self._step, now_ms)
        if self._lane is not None:
            self._lane.flush()

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
        session.avatar_id, session.intake = avatar_id, hosted.intake
        self._put(hosted, command_for(avatar_id))
        return avatar_id

    def sit(self, room_id: str, session: Session, avatar_id: int) -> None:
        """An avatar that was put back with its room belongs to this session."""
        hosted = self._rooms[room_id]
        self._free_ids.remove(avatar_id)
        hosted.sessions[avatar_id] = session
        session.avatar_id, session.intake = avatar_id, hosted.intake

    def needs_all(self, room_id: str, avatar_id: int) -> None:
        """This avatar's client is back and has missed poses: show it everything."""
        self._rooms[room_id].room.needs_all(avatar_id)

    def settle(self) -> None:
        """Step until nothing waits in any inbox: what was asked before the end gets its answer."""
        while any(hosted.inbox for hosted in self._rooms.values()):
            self._step_rooms()

    def pose(self, room_id: str, avatar_id: int, record: bytes) -> None:
        """Keep a pose for the next tick; the id in the record is not trusted."""
        self._rooms[room_id].intake.records[avatar_id] = (
            avatar_id.to_bytes(2, "little") + record[2:]
        )

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
        loop = self._loop = asyncio.get_running_loop()
        over: asyncio.Future[None] = loop.create_future()
        self._timer = loop.call_soon(self._timed_beat, over)
        try:
            await over
        finally:
            if self._timer is not None:
                self._timer.cancel()
            over.cancel()
            self._loop = None

    def _timed_beat(self, over: "asyncio.Future[None]") -> None:
        loop = self._loop
        if loop is None or over.done():
            return
        started_s, now_ms = time.perf_counter(), self._clock()
        late_s = max(0.0, (now_ms - self._due_ms) / 1_000)
        try:
            self.beat(now_ms)
        except Exception as error:  # noqa: BLE001 - whoever awaits `run` gets it
            over.set_exception(error)
            return
        took_s = time.perf_counter() - started_s
        self.meter.beat(late_s, took_s)
        self._metrics.tick_seconds.observe(took_s)
        self._metrics.tick_late_seconds.observe(late_s)
        self._due_ms = self._next_beat_ms()
        wait_ms = self._due_ms - self._clock()
        if wait_ms <= 0:
            self._metrics.tick_overruns.inc()
        self._timer = loop.call_later(max(0.0, wait_ms / 1_000), self._timed_beat, over)

    def _next_beat_ms(self) -> float:
        return min(
            (hosted.next_tick_ms for hosted in self._rooms.values()),
            default=self._clock() + 1_000 / self._limits.tick_rate_hz,
        )

    def beat(self, now_ms: int) -> None:
        """One beat at this time: ticks of the rooms that are due, steps of those with commands."""
        self.last_beat_ms = now_ms
        due = [h for h in self._rooms.values() if now_ms + EARLY_MS >= h.next_tick_ms]
        if self._lane is not None:
            self._lane.gather()
        for hosted in due:
            for session in hosted.sessions.values():
                if session.connection is not None:
                    session.connection.read_now()
        self._take_poses(due, now_ms)
        for hosted in due:
            self._guarded(hosted, self._tick, now_ms)
        for hosted in tuple(self._rooms.values()):
            if hosted.inbox:
                self._guarded(hosted, self._step, now_ms)
        if self._lane is not None:
            self._lane.flush()

    def _drain(self) -> None:
        """Sockets have more than a pose: read them, and do what they ask."""
        assert self._lane is not None  # noqa: S101 - it is the one that calls
        started_s = time.perf_counter()
        self._lane.drain()
        self._metrics.drain_seconds.observe(time.perf_counter() - started_s)
        self._step_rooms()

    def _guarded(
        self, hosted: HostedRoom, work: Callable[[HostedRoom, int], None], now_ms: int
    ) -> None:
        """A fault in one room must not stop the others."""
        started_s = time.perf_counter()
        try:
            work(hosted, now_ms)
        except Exception:
            log.exception("room_step_failed", room=hosted.room.room_id)
        hosted.busy_s += time.perf_counter() - started_s

    def _take_poses(self, due: Sequence[HostedRoom], now_ms: int) -> None:
        """Judge what the clients of these rooms have sent since the last tick."""
        intakes = [hosted.intake for hosted in due]
        if not any(intakes):
            return
        batch = read_poses(intakes)
        self.traffic.frames_in += batch.frames
        self.traffic.bytes_in += batch.frames * POSE_MESSAGE_BYTES
        _answer_malformed(batch, due)
        if not len(batch.records):
            return
        start = 0
        for hosted, end in zip(due, batch.ends, strict=True):
            if hosted.journal is not None:
                hosted.offered = batch.records[start:end].tobytes()
            start = end
        refused = self.poses.accept(batch.records, now_ms, distinct=batch.distinct).refused
        if refused:
            self._metrics.poses_refused.inc(len(refused))
            for hosted in due:
                mine = [entry for entry in refused if entry[0] in hosted.sessions]
                if mine:
                    self._send(hosted, hosted.room.refuse_poses(mine, now_ms))

    def _tick(self, hosted: HostedRoom, now_ms: int) -> None:
        hosted.next_tick_ms += hosted.tick_ms
        if hosted.next_tick_ms <= now_ms:
            # Ticks that were missed are not made up for; the room keeps its place among the others.
            missed = (now_ms - hosted.next_tick_ms) // hosted.tick_ms + 1
            hosted.next_tick_ms += missed * hosted.tick_ms
        hosted.ticks += 1
        if hosted.room.empty and not hosted.inbox:
            return
        self._step(hosted, now_ms)
        self._send(hosted, hosted.room.late_refusals(now_ms))
        self._send_poses(hosted, now_ms)

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
        session = hosted.sessions.pop(effect.avatar_id, None)
        if session is not None:
            session.avatar_id, session.intake = 0, None
            if session.connection is not None:
                session.connection.read_at_once()
            hosted.behind.discard(effect.avatar_id)
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
                if session is None:
                    continue
                session.deliver(message.number, packed)
                if isinstance(event, Error) and session.connection is not None:
                    session.connection.refused(self._clock())

    def _send_poses(self, hosted: HostedRoom, now_ms: int) -> None:
        self._catch_up(hosted)
        for view in hosted.room.views():
            send_view(view, hosted.sessions, hosted.behind, now_ms, self.traffic)

    def _catch_up(self, hosted: HostedRoom) -> None:
        """Who did not take the last poses, and takes some again, is shown everything."""
        for avatar_id in tuple(hosted.behind):
            session = hosted.sessions.get(avatar_id)
            connection = session.connection if session is not None else None
            if connection is None or connection.keeps_up():
                hosted.behind.discard(avatar_id)
                hosted.room.needs_all(avatar_id)


def _answer_malformed(batch: PoseBatch, due: Sequence[HostedRoom]) -> None:
    """What looked like a pose and is none is answered as any bad message."""
    for number, avatar_id, message in batch.malformed:
        session = due[number].sessions.get(avatar_id)
        if session is not None and session.connection is not None:
            session.connection.received(message)
