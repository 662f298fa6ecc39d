"""Reads the numbers of connections and rooms when somebody asks for the metrics.

Connections and rooms count for themselves, in plain integers, because a labelled counter costs a
microsecond and there are tens of thousands of messages a second. Here the differences since the
last look are added up.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sized
from typing import Protocol

from prometheus_client import Counter as Metric

from server.connection import Connection, Statistics
from server.observe.metrics import Metrics


class Hosted(Protocol):
    """A room with its inbox."""

    @property
    def inbox(self) -> Sized: ...


class InFlight(Protocol):
    """Something that has calls under way."""

    @property
    def in_flight(self) -> int: ...


class Traffic:
    """Adds the statistics of all connections, ended ones included, to the metrics."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._seen: dict[Connection, Statistics] = {}

    def read(self, connections: Iterable[Connection]) -> None:
        """Look at the connections that are open now."""
        count = 0
        for connection in connections:
            self._add(connection)
            count += 1
        self._metrics.connections.set(count)

    def ended(self, connection: Connection, reason: str) -> None:
        """A connection is gone: take its last numbers and why it went."""
        self._add(connection)
        del self._seen[connection]
        self._metrics.connections_closed.labels(reason).inc()

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


def show_rooms(
    metrics: Metrics, rooms: Mapping[str, Hosted], sessions: Sized, effects: InFlight
) -> None:
    """Show how full the inboxes are, how many sessions there are and what is under way."""
    for room_id, hosted in rooms.items():
        metrics.inbox_depth.labels(room_id).set(len(hosted.inbox))
    metrics.sessions.set(len(sessions))
    metrics.effects_in_flight.set(effects.in_flight)


def _add(metric: Metric, now: Counter[str], seen: Counter[str]) -> None:
    for delivery, count in now.items():
        metric.labels(delivery).inc(count - seen[delivery])
        seen[delivery] = count
