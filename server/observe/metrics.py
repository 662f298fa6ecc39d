"""The numbers of a running server, as Prometheus metrics in a registry of their own.

`METRICS` is the table of all of them: what it says is what `/metrics` shows. Names end in their
unit; counters end in `_total`. Labels have few values by construction (routes, not paths; classes
and outcomes, not ids), so that no client can grow the table.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from server.observe.durations import Durations
from server.observe.suspicion import Suspicions

CONTENT_TYPE = CONTENT_TYPE_LATEST

# A second series for the start of each counter would double what is scraped, for nothing.
disable_created_metrics()  # type: ignore[no-untyped-call]

REQUEST_SECONDS_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""A page asset takes 1 ms, a payment with a slow gateway seconds."""

TICK_SECONDS_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.25)
"""A beat has 10 ms and a pose tick 50 ms at the default rates; beyond that is overrun."""


class Kind(StrEnum):
    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class MetricRow:
    """One documented metric. `name` is as Prometheus shows it."""

    name: str
    kind: Kind
    meaning: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()


_C, _G, _H = Kind.COUNTER, Kind.GAUGE, Kind.HISTOGRAM

METRICS: tuple[MetricRow, ...] = (
    MetricRow("galleria_http_requests_total", _C, "HTTP requests answered, by route template.",
              ("method", "route", "status")),
    MetricRow("galleria_http_request_seconds", _H, "Time to answer, by route template.",
              ("route",), REQUEST_SECONDS_BUCKETS),
    MetricRow("galleria_http_refused_total", _C,
              "HTTP requests refused before any work: rate, body_size.", ("reason",)),
    MetricRow("galleria_workers", _G, "Workers at work, as this one knows; 1: it is alone."),
    MetricRow("galleria_worker_restarts", _G, "How often a worker that ended was started again."),
    MetricRow("galleria_rooms", _G, "Rooms open in this process."),
    MetricRow("galleria_avatars", _G, "Avatars in a room, detached ones included.", ("room",)),
    MetricRow("galleria_seats_reserved", _G, "Seats reserved and not taken yet.", ("room",)),
    MetricRow("galleria_connections", _G, "Game connections open."),
    MetricRow("galleria_sessions", _G, "Sessions, detached ones in their grace period included."),
    MetricRow("galleria_connections_closed_total", _C,
              "Game connections that ended: left, dropped, or why the server closed.", ("reason",)),
    MetricRow("galleria_http_connections_cut_total", _C,
              "HTTP connections that were cut: too_slow with a request, or full.", ("reason",)),
    MetricRow("galleria_tick_seconds", _H,
              "Time of one beat: the ticks of the rooms that are due together.",
              (), TICK_SECONDS_BUCKETS),
    MetricRow("galleria_tick_late_seconds", _H,
              "How late beats began: something else kept the event loop.",
              (), TICK_SECONDS_BUCKETS),
    MetricRow("galleria_tick_overruns_total", _C,
              "Beats that took so long that the next one was due already."),
    MetricRow("galleria_drain_seconds", _H,
              "Time to read sockets that did not wait for their tick, and to do what they asked.",
              (), TICK_SECONDS_BUCKETS),
    MetricRow("galleria_room_ticks_total", _C, "Ticks of a room.", ("room",)),
    MetricRow("galleria_room_seconds_total", _C, "Time that a room's steps and sends took.",
              ("room",)),
    MetricRow("galleria_load_headroom", _G,
              "Share of its time that this process has left, 0 to 1; rooms are placed by it."),
    MetricRow("galleria_sockets_fast_lane", _G, "Game sockets that are read at the tick."),
    MetricRow("galleria_reliable_queue_depth", _G,
              "Events that wait for their acknowledgement: sum, and most of one session.",
              ("of",)),
    MetricRow("galleria_unsent_bytes", _G, "Bytes that wait for clients to read, in this process."),
    MetricRow("galleria_messages_in_total", _C, "Game messages taken, by delivery class.",
              ("delivery",)),
    MetricRow("galleria_messages_out_total", _C, "Game messages sent, by delivery class.",
              ("delivery",)),
    MetricRow("galleria_bytes_in_total", _C, "Bytes of game messages taken, by delivery class.",
              ("delivery",)),
    MetricRow("galleria_bytes_out_total", _C, "Bytes of game messages sent, by delivery class.",
              ("delivery",)),
    MetricRow("galleria_message_errors_total", _C, "Game messages refused, by error code.",
              ("code",)),
    MetricRow("galleria_poses_delivered_total", _C, "Avatar updates written, one a receiver."),
    MetricRow("galleria_pose_frames_encoded_total", _C,
              "Pose frames built; each is sent to everybody who sees the same."),
    MetricRow("galleria_poses_skipped_total", _C,
              "Pose frames left out because the receiver was slow (the next one has it all)."),
    MetricRow("galleria_poses_refused_total", _C, "Poses refused: out of bounds, too fast, ..."),
    MetricRow("galleria_resumes_total", _C, "Reconnections with a resume token: resumed or fresh.",
              ("outcome",)),
    MetricRow("galleria_inbox_depth", _G, "Commands waiting for the next step of a room.",
              ("room",)),
    MetricRow("galleria_effects_in_flight", _G, "Calls of rooms into commerce under way."),
    MetricRow("galleria_holds_total", _C, "Stock holds: taken, refused, expired.", ("outcome",)),
    MetricRow("galleria_checkouts_total", _C, "Checkouts: locked, refused, released, paid.",
              ("outcome",)),
    MetricRow("galleria_payments_total", _C,
              "Payment answers: paid, promised (other parts are missing), declined, challenged, "
              "in_doubt, refused.", ("outcome",)),
    MetricRow("galleria_webhooks_total", _C,
              "Webhooks of payment providers: taken, doubled, unknown (about nothing of ours), "
              "refused (forged or too old).", ("outcome",)),
    MetricRow("galleria_http_problems_total", _C, "HTTP requests refused, by error code.",
              ("code",)),
    MetricRow("galleria_commerce_events_total", _C, "Events out of the shop's outbox, by name.",
              ("event",)),
    MetricRow("galleria_recommender", _G, "Numbers of the recommender, by name.", ("number",)),
)  # fmt: skip

OTHER = "other"
LABEL_VALUES_MAX = 200
"""Different values of one open label (error codes); further ones count as "other"."""


class Metrics:
    """All metrics of a process, each under its name without `galleria_` and `_total`."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry(auto_describe=True)
        self._seen_codes: set[str] = set()
        self._sources: list[Callable[[], object]] = []
        self.http_requests = self._counter("galleria_http_requests_total")
        self.http_request_seconds = self._histogram("galleria_http_request_seconds")
        self.http_refused = self._counter("galleria_http_refused_total")
        self.workers = self._gauge("galleria_workers")
        self.worker_restarts = self._gauge("galleria_worker_restarts")
        self.rooms = self._gauge("galleria_rooms")
        self.avatars = self._gauge("galleria_avatars")
        self.seats_reserved = self._gauge("galleria_seats_reserved")
        self.connections = self._gauge("galleria_connections")
        self.sessions = self._gauge("galleria_sessions")
        self.connections_closed = self._counter("galleria_connections_closed_total")
        self.http_connections_cut = self._counter("galleria_http_connections_cut_total")
        self.tick_seconds = self._durations("galleria_tick_seconds")
        self.tick_overruns = self._counter("galleria_tick_overruns_total")
        self.messages_in = self._counter("galleria_messages_in_total")
        self.messages_out = self._counter("galleria_messages_out_total")
        self.bytes_in = self._counter("galleria_bytes_in_total")
        self.bytes_out = self._counter("galleria_bytes_out_total")
        self.message_errors = self._counter("galleria_message_errors_total")
        self.poses_delivered = self._counter("galleria_poses_delivered_total")
        self.tick_late_seconds = self._durations("galleria_tick_late_seconds")
        self.drain_seconds = self._durations("galleria_drain_seconds")
        self.room_ticks = self._counter("galleria_room_ticks_total")
        self.room_seconds = self._counter("galleria_room_seconds_total")
        self.load_headroom = self._gauge("galleria_load_headroom")
        self.sockets_fast_lane = self._gauge("galleria_sockets_fast_lane")
        self.reliable_queue_depth = self._gauge("galleria_reliable_queue_depth")
        self.unsent_bytes = self._gauge("galleria_unsent_bytes")
        self.pose_frames_encoded = self._counter("galleria_pose_frames_encoded_total")
        self.poses_skipped = self._counter("galleria_poses_skipped_total")
        self.poses_refused = self._counter("galleria_poses_refused_total")
        self.resumes = self._counter("galleria_resumes_total")
        self.inbox_depth = self._gauge("galleria_inbox_depth")
        self.effects_in_flight = self._gauge("galleria_effects_in_flight")
        self.holds = self._counter("galleria_holds_total")
        self.checkouts = self._counter("galleria_checkouts_total")
        self.payments = self._counter("galleria_payments_total")
        self.webhooks = self._counter("galleria_webhooks_total")
        self.http_problems = self._counter("galleria_http_problems_total")
        self.commerce_events = self._counter("galleria_commerce_events_total")
        self.recommender = self._gauge("galleria_recommender")
        self.suspicions = Suspicions()

    def observe_request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Note an answered HTTP request; `route` is a template such as `/products/{product_id}`."""
        self.http_requests.labels(method, route, str(status)).inc()
        self.http_request_seconds.labels(route).observe(seconds)

    def add_source(self, refresh: Callable[[], object]) -> None:
        """Call `refresh` before the metrics are shown: for numbers that somebody else counts."""
        self._sources.append(refresh)

    def count_message_errors(self, code: str, count: int = 1) -> None:
        """Count refused game messages with this error code."""
        self.message_errors.labels(self._bounded(code)).inc(count)

    def count_problem(self, code: str) -> None:
        """Count an HTTP request that was refused with this error code."""
        self.http_problems.labels(self._bounded(code)).inc()

    def show_recommender(self, numbers: Mapping[str, float]) -> None:
        """Show what `RecommenderService.numbers()` says."""
        for name, value in numbers.items():
            self.recommender.labels(name).set(value)

    def exposition(self) -> bytes:
        """All metrics in the text format of Prometheus."""
        for refresh in self._sources:
            refresh()
        return generate_latest(self.registry)

    def _bounded(self, value: str) -> str:
        if value not in self._seen_codes:
            if len(self._seen_codes) >= LABEL_VALUES_MAX:
                return OTHER
            self._seen_codes.add(value)
        return value

    def _counter(self, name: str) -> Counter:
        row = _row(name, Kind.COUNTER)
        return Counter(row.name, row.meaning, row.labels, registry=self.registry)

    def _gauge(self, name: str) -> Gauge:
        row = _row(name, Kind.GAUGE)
        return Gauge(row.name, row.meaning, row.labels, registry=self.registry)

    def _histogram(self, name: str) -> Histogram:
        row = _row(name, Kind.HISTOGRAM)
        return Histogram(
            row.name, row.meaning, row.labels, registry=self.registry, buckets=row.buckets
        )

    def _durations(self, name: str) -> Durations:
        row = _row(name, Kind.HISTOGRAM)
        durations = Durations(row.name, row.meaning, row.buckets)
        self.registry.register(durations)
        return durations


_ROWS = {row.name: row for row in METRICS}


def _row(name: str, kind: Kind) -> MetricRow:
    row = _ROWS[name]
    if row.kind is not kind:
        raise TypeError(f"{name} is a {row.kind}, not a {kind}")
    return row


def metrics_reference() -> str:
    """The table of metrics as Markdown."""
    lines = ["| Metric | Type | Labels | Meaning |", "|---|---|---|---|"]
    lines += [
        f"| `{row.name}` | {row.kind} | {', '.join(row.labels) or '-'} | {row.meaning} |"
        for row in METRICS
    ]
    return "\n".join(lines) + "\n"
