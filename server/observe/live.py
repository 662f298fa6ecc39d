"""Reads the numbers of connections and rooms when somebody asks for the metrics.

Connections and rooms count for themselves, in plain integers, because a labelled counter costs a
microsecond and there are tens of thousands of messages a second. Here the differences since the
last look are added up.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sized
from dataclasses import replace
from typing import Protocol

from prometheus_client import Counter as Metric

from server.connection import Connection
from server.connection_limits import Statistics
from server.fan_out import PoseTraffic
from server.load import HostLoad
from server.observe.metrics import Metrics
from server.wire.schema import Delivery


class Hosted(Protocol):
    """A room with its inbox, and what it has done so far."""

    ticks: int
    busy_s: float

    @property
    def inbox(self) -> Sized: ...


class Queued(Protocol):
    """A session with the events that its client has not acknowledged."""

    @property
    def queued(self) -> int: ...


class InFlight(Protocol):
    """Something that has calls under way."""

    @property
    def in_flight(self) -> int: ...


class Traffic:
    """Adds the statistics of all connections, ended ones included, to the metrics."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._seen: dict[Connection, Statistics] = {}
        self._seen_poses = PoseTraffic()

    def read(self, connections: Iterable[Connection], poses: PoseTraffic) -> None:
        """Look at the connections that are open now, and at the poses they were sent in bulk."""
        self._add_poses(poses)
        count = unsent_bytes = 0
        for connection in connections:
            self._add(connection)
            count += 1
            unsent_bytes += connection.unsent_bytes()
        self._metrics.connections.set(count)
        self._metrics.unsent_bytes.set(unsent_bytes)

    def ended(self, connection: Connection, reason: str) -> None:
        """A connection is gone: take its last numbers and why it went."""
        self._add(connection)
        del self._seen[connection]
        self._metrics.connections_closed.labels(reason).inc()

    def _add_poses(self, now: PoseTraffic) -> None:
        metrics, seen = self._metrics, self._seen_poses
        latest = Delivery.LATEST.value
        metrics.messages_in.labels(latest).inc(now.frames_in - seen.frames_in)
        metrics.bytes_in.labels(latest).inc(now.bytes_in - seen.bytes_in)
        metrics.messages_out.labels(latest).inc(now.frames_out - seen.frames_out)
        metrics.bytes_out.labels(latest).inc(now.bytes_out - seen.bytes_out)
        metrics.poses_delivered.inc(now.updates - seen.updates)
        metrics.pose_frames_encoded.inc(now.encoded - seen.encoded)
        self._seen_poses = replace(now)

    def _add(self, connection: Connection) -> None:
        metrics, now = self._metrics, connection.statistics
        seen = self._seen.setdefault(connection, Statistics())
        _add(metrics.messages_in, now.messages_in, seen.messages_in)
        _add(metrics.messages_out, now.messages_out, seen.messages_out)
        _add(metrics.bytes_in, now.bytes_in, seen.bytes_in)
        _add(metrics.bytes_out, now.bytes_out, seen.bytes_out)
        for code, count in (now.errors - seen.errors).items():
            metrics.count_message_errors(code, count)
        seen.errors = now.errors.copy()
        metrics.poses_skipped.inc(now.poses_skipped - seen.poses_skipped)
        seen.poses_skipped = now.poses_skipped


class RoomNumbers:
    """Shows how rooms and sessions are doing."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._seen: dict[str, tuple[int, float]] = {}

    def show(
        self, rooms: Mapping[str, Hosted], sessions: Collection[Queued], effects: InFlight
    ) -> None:
        """Look at rooms, inboxes, sessions and what is under way."""
        metrics = self._metrics
        for room_id, hosted in rooms.items():
            ticks, busy_s = self._seen.get(room_id, (0, 0.0))
            metrics.room_ticks.labels(room_id).inc(hosted.ticks - ticks)
            metrics.room_seconds.labels(room_id).inc(hosted.busy_s - busy_s)
            metrics.inbox_depth.labels(room_id).set(len(hosted.inbox))
        for room_id in self._seen.keys() - rooms.keys():
            # A room that ended leaves no numbers behind, or copies would fill the table.
            for metric in (metrics.room_ticks, metrics.room_seconds, metrics.inbox_depth):
                metric.remove(room_id)
        self._seen = {room_id: (h.ticks, h.busy_s) for room_id, h in rooms.items()}
        queued = [session.queued for session in sessions]
        metrics.reliable_queue_depth.labels("all").set(sum(queued))
        metrics.reliable_queue_depth.labels("most").set(max(queued, default=0))
        metrics.sessions.set(len(sessions))
        metrics.effects_in_flight.set(effects.in_flight)


def show_load(metrics: Metrics, load: HostLoad) -> None:
    """Show how much of its time the process has left."""
    metrics.load_headroom.set(load.headroom)
    metrics.sockets_fast_lane.set(load.sockets)


def _add(metric: Metric, now: Counter[str], seen: Counter[str]) -> None:
    for delivery, count in now.items():
        metric.labels(delivery).inc(count - seen[delivery])
        seen[delivery] = count
