"""The numbers of connections and rooms, as they are read for the metrics."""

from collections import deque
from dataclasses import dataclass, field
from typing import Any

from server.connection import Connection
from server.connection_limits import ConnectionLimits
from server.fan_out import PoseTraffic
from server.load import HostLoad
from server.observe.live import RoomNumbers, Traffic, show_load
from server.observe.metrics import Metrics
from server.wire.codec import Frame
from tests.server.memory_line import MemoryLine


class Nobody:
    """A hub that lets things be."""

    def hello(self, connection: Connection, body: dict[str, Any]) -> None:
        pass

    def frame(self, connection: Connection, frame: Frame, received_ms: int) -> None:
        pass

    def lost(self, connection: Connection, reason: str) -> None:
        pass

    def now_ms(self) -> int:
        return 1_900_000_000_000


def opened(line: MemoryLine | None = None) -> Connection:
    return Connection(line or MemoryLine(), Nobody(), ConnectionLimits(), "192.0.2.1")


def test_differences_are_added_up() -> None:
    metrics = Metrics()
    traffic = Traffic(metrics)
    first, second = opened(), opened()
    for connection in (first, second):
        connection.send(b"12345")
    poses = PoseTraffic()
    traffic.read([first, second], poses)
    poses.frames_out, poses.bytes_out, poses.encoded, poses.updates = 1, 7, 1, 5
    traffic.read([first, second], poses)
    traffic.read([first, second], poses)
    text = metrics.exposition().decode()
    assert "galleria_connections 2.0" in text
    assert 'galleria_messages_out_total{delivery="direct"} 2.0' in text
    assert 'galleria_bytes_out_total{delivery="direct"} 10.0' in text
    assert 'galleria_messages_out_total{delivery="latest-wins"} 1.0' in text
    assert 'galleria_bytes_out_total{delivery="latest-wins"} 7.0' in text
    assert "galleria_poses_delivered_total 5.0" in text


def test_nothing_is_lost_when_a_connection_ends() -> None:
    metrics = Metrics()
    traffic = Traffic(metrics)
    line = MemoryLine()
    connection = opened(line)
    traffic.read([connection], PoseTraffic())
    connection.send(b"12345")
    line.unsent = 1 << 20
    assert not connection.send_poses(b"late")
    connection.received(b"\xc1")
    traffic.ended(connection, "dropped")
    traffic.read([], PoseTraffic())
    text = metrics.exposition().decode()
    assert "galleria_connections 0.0" in text
    assert 'galleria_messages_out_total{delivery="direct"} 1.0' in text
    assert "galleria_poses_skipped_total 1.0" in text
    assert 'galleria_message_errors_total{code="NOT_MESSAGEPACK"} 1.0' in text
    assert 'galleria_connections_closed_total{reason="dropped"} 1.0' in text


def test_a_connection_that_nobody_looked_at_counts_too() -> None:
    metrics = Metrics()
    connection = opened()
    connection.send(b"12345")
    Traffic(metrics).ended(connection, "left")
    assert 'galleria_bytes_out_total{delivery="direct"} 5.0' in metrics.exposition().decode()


@dataclass
class SmallRoom:
    inbox: deque[int] = field(default_factory=lambda: deque([1, 2, 3]))
    ticks: int = 20
    busy_s: float = 0.5


@dataclass
class Waiting:
    queued: int


@dataclass
class Busy:
    in_flight: int = 4


def test_rooms() -> None:
    metrics = Metrics()
    numbers, hall = RoomNumbers(metrics), SmallRoom()
    numbers.show({"hall": hall}, [Waiting(2), Waiting(5)], Busy())
    hall.ticks, hall.busy_s = 30, 0.75
    numbers.show({"hall": hall}, [Waiting(2), Waiting(5)], Busy())
    text = metrics.exposition().decode()
    assert 'galleria_inbox_depth{room="hall"} 3.0' in text
    assert 'galleria_room_ticks_total{room="hall"} 30.0' in text
    assert 'galleria_room_seconds_total{room="hall"} 0.75' in text
    assert 'galleria_reliable_queue_depth{of="all"} 7.0' in text
    assert 'galleria_reliable_queue_depth{of="most"} 5.0' in text
    assert "galleria_sessions 2.0" in text
    assert "galleria_effects_in_flight 4.0" in text


def test_a_room_that_ended_leaves_no_numbers() -> None:
    metrics = Metrics()
    numbers = RoomNumbers(metrics)
    numbers.show({"hall": SmallRoom()}, [], Busy())
    numbers.show({}, [], Busy())
    assert 'room="hall"' not in metrics.exposition().decode()


def test_load() -> None:
    metrics = Metrics()
    show_load(metrics, HostLoad(5.0, 50.0, 0.25, rooms=2, avatars=7, sockets=6))
    text = metrics.exposition().decode()
    assert "galleria_load_headroom 0.75" in text
    assert "galleria_sockets_fast_lane 6.0" in text
