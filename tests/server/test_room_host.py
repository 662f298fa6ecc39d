"""The beat of the rooms: quick answers, poses packed once, ids that rest, poses that stay put."""

import struct
from typing import Any

import msgpack
import pytest

from rooms import commands
from rooms.avatars import PoseTable
from rooms.effects import Effect, RecordInteraction, ReleaseSeat
from rooms.room import Room
from rooms.settings import RoomSettings
from rooms.space import layout_from
from server.hosted_room import HostedRoom, HostLimits, phase_for
from server.observe.metrics import Metrics
from server.room_host import RoomHost
from server.session import Session, SessionLimits
from server.wire.errors import CloseCode
from server.wire.messages import BY_NUMBER
from tests.server.test_replay import LAYOUT, PLACEMENTS, pose

START_MS = 1_700_000_000_000


class Ear:
    """The far end of a session: keeps what was written."""

    def __init__(self) -> None:
        self.session: Session | None = None
        self.payloads: list[bytes] = []
        self.pose_frames: list[bytes] = []
        self.closed: CloseCode | None = None
        self.deaf = False
        self.skipped = 0
        self.refusals: list[int] = []
        self.bad: list[bytes] = []

    def send(self, payload: bytes) -> None:
        self.payloads.append(payload)

    def send_reliable(self, payload: bytes) -> None:
        self.payloads.append(payload)

    def send_poses(self, websocket_frames: bytes) -> bool:
        if not self.deaf:
            self.pose_frames.append(websocket_frames)
        return not self.deaf

    def skip_poses(self) -> None:
        self.skipped += 1

    def refused(self, now_ms: int) -> None:
        self.refusals.append(now_ms)

    def read_now(self) -> None:
        pass

    def read_at_once(self) -> None:
        pass

    def keeps_up(self) -> bool:
        return not self.deaf

    def received(self, data: bytes) -> None:
        self.bad.append(data)

    def close(self, code: CloseCode) -> None:
        self.closed = code

    def heard(self, name: str) -> list[dict[str, Any]]:
        frames = [msgpack.unpackb(payload) for payload in self.payloads]
        return [body for number, _, body in frames if BY_NUMBER[number].name == name]


class House:
    """One room in a host, at a time that the test sets."""

    def __init__(self, avatars_max: int = 8, capacity: int = 8, tick_rate_hz: int = 0) -> None:
        self.now_ms = START_MS
        self.effects: list[Effect] = []
        self.released: list[ReleaseSeat] = []
        self.host = RoomHost(
            PoseTable(64), lambda: self.now_ms, HostLimits(avatars_max=avatars_max), Metrics()
        )
        self.host.connect(lambda _room, effect: self.effects.append(effect), self.released.append)
        room = Room(
            "hall",
            layout_from(LAYOUT),
            PLACEMENTS,
            self.host.poses,
            RoomSettings(capacity=capacity),
            START_MS,
            tick_rate_hz or 20,
        )
        answer = {"layout_url": "/rooms/hall/layout", "manifest_url": "/assets/manifest.json"}
        products = frozenset({"mug", "lamp"})
        self.host.add_room(HostedRoom(room, products, answer, None, tick_rate_hz))

    def enter(self, name: str, consent: tuple[str, ...] = ()) -> tuple[int, Ear]:
        session, ear = Session(f"session-{name}", f"person-{name}", SessionLimits()), Ear()
        session.connection = ear

        def command(avatar_id: int) -> commands.Enter:
            return commands.Enter(
                avatar_id, 1, session.person_id, session.session_id, name, "bot", "shopper",
                f"cart-{name}", "", consent,
            )  # fmt: skip

        avatar_id = self.host.enter("hall", session, command)
        self.beat()
        return avatar_id, ear

    def beat(self, after_ms: int = 10) -> None:
        self.now_ms += after_ms
        self.host.beat(self.now_ms)


def records(frame: bytes) -> list[tuple[int, ...]]:
    """The pose records of a WebSocket frame from the server."""
    start = 4 if frame[1] == 126 else 2
    _, _, packed = msgpack.unpackb(frame[start:])
    return [struct.unpack_from("<H9h3I", packed, at) for at in range(0, len(packed), 32)]


def test_a_command_is_answered_in_the_next_beat() -> None:
    house = House()
    avatar_id, ear = house.enter("ann")
    house.host.submit("hall", commands.Grab(avatar_id, 2, 1, "left"))
    house.beat()
    answers = ear.heard("Answer")
    assert answers[0]["body"] == {
        "room_id": "hall",
        "avatar_id": avatar_id,
        "layout_url": "/rooms/hall/layout",
        "manifest_url": "/assets/manifest.json",
    }
    assert answers[1] == {"request_id": 2, "body": {"epoch": 1}}


def test_poses_of_a_tick_go_out_in_one_frame_and_only_when_something_moved() -> None:
    house = House()
    ann, ear = house.enter("ann")
    bob, other = house.enter("bob")
    house.beat(3_000)
    house.beat(3_000)
    ear.pose_frames.clear()
    other.pose_frames.clear()
    house.host.pose("hall", ann, pose(999, 100, 6_900))
    house.host.pose("hall", bob, pose(999, 300, 6_900))
    house.beat(50)
    assert [record[0] for record in records(ear.pose_frames[0])] == [ann, bob]
    assert ear.pose_frames[0] is other.pose_frames[0]
    for _ in range(100):
        house.beat(50)
    # Once more when they have come to rest, and then nothing: who is idle costs nothing.
    assert len(ear.pose_frames) <= 2


def test_a_pose_that_comes_between_ticks_waits_for_the_tick() -> None:
    house = House()
    ann, ear = house.enter("ann")
    house.beat(3_000)
    house.beat(3_000)
    ear.pose_frames.clear()
    house.beat(50)
    house.host.pose("hall", ann, pose(ann, 100, 6_900))
    house.host.submit("hall", commands.Look(ann, 0, "mug"))
    house.beat(10)
    assert ear.pose_frames == []
    house.beat(50)
    assert records(ear.pose_frames[0])[0][1] == 100


def test_a_refused_pose_is_answered_with_where_one_stands() -> None:
    house = House()
    ann, ear = house.enter("ann")
    house.host.pose("hall", ann, pose(ann, 30_000, 0))
    house.beat(50)
    (refused,) = ear.heard("PoseRefused")
    assert refused["code"] == "POSE_OUT_OF_BOUNDS"
    assert len(refused["pose"]) == 32


@pytest.mark.parametrize("tick_rate_hz", [10, 25, 60])
def test_a_room_ticks_at_its_own_rate(tick_rate_hz: int) -> None:
    house = House(tick_rate_hz=tick_rate_hz)
    ann, ear = house.enter("ann")
    x, z = standing(house, ann)
    for turn in range(200):
        house.host.pose("hall", ann, pose(ann, x + turn, z))
        house.beat(5)
    assert house.host.rooms["hall"].ticks == pytest.approx(tick_rate_hz, abs=1)
    assert len(ear.pose_frames) == pytest.approx(tick_rate_hz, abs=1)
    assert house.host.load().headroom <= 1


def test_refused_requests_are_counted() -> None:
    house = House()
    ann, ear = house.enter("ann")
    for request_id in range(2, 5):
        house.host.submit("hall", commands.PutBack(ann, request_id, 1, 7))
    house.beat()
    assert [error["code"] for error in ear.heard("Error")] == ["STALE_EPOCH"] * 3
    assert len(ear.refusals) == 3


def standing(house: House, avatar_id: int) -> tuple[int, int]:
    """Where an avatar is, mm."""
    x, _, z = house.host.poses.position(avatar_id)
    return round(x * 1_000), round(z * 1_000)


def test_every_refusal_is_told_sooner_or_later() -> None:
    house = House()
    ann, ear = house.enter("ann")
    x, z = standing(house, ann)
    for to in (30_000, x + 20, 30_000):
        house.host.pose("hall", ann, pose(ann, to, z))
        house.beat(50)
        assert len(ear.heard("PoseRefused")) == 1
    assert standing(house, ann) == (x + 20, z)
    for _ in range(10):
        house.beat(50)
    told = ear.heard("PoseRefused")
    assert len(told) == 2, "she stands still, and thinks that she is elsewhere"
    assert told[1]["pose"] == house.host.rooms["hall"].room.poses.record(ann)


def test_who_has_moved_on_is_not_put_back() -> None:
    house = House()
    ann, ear = house.enter("ann")
    x, z = standing(house, ann)
    for to in (30_000, x + 20, 30_000, x + 40):
        house.host.pose("hall", ann, pose(ann, to, z))
        house.beat(50)
    assert standing(house, ann) == (x + 40, z)
    for _ in range(10):
        house.beat(50)
    assert len(ear.heard("PoseRefused")) == 1


def test_ids_are_given_back_and_rest() -> None:
    house = House(avatars_max=2)
    ann, ear = house.enter("ann")
    house.host.submit("hall", commands.Leave(ann, 2))
    house.beat()
    assert ear.heard("Answer")[-1]["request_id"] == 2
    assert [effect.session_id for effect in house.released] == ["session-ann"]
    bob, _ = house.enter("bob")
    assert bob != ann
    assert house.host.population("hall") == 1


def test_somebody_refused_at_the_door_is_told_and_gives_the_id_back() -> None:
    house = House(avatars_max=2, capacity=1)
    house.enter("ann")
    _, ear = house.enter("bob")
    (error,) = ear.heard("Error")
    assert error["code"] == "ROOM_FULL"
    assert house.released[-1].reason == "refused"
    _, third = house.enter("cid")
    assert third.heard("Error")


def test_no_id_left_is_no_avatar() -> None:
    house = House(avatars_max=1)
    house.enter("ann")
    avatar_id, _ = house.enter("bob")
    assert avatar_id == 0


def test_an_inbox_that_is_full_has_no_space() -> None:
    house = House()
    ann, _ = house.enter("ann")
    for _ in range(HostLimits().inbox_max):
        assert house.host.has_space("hall")
        house.host.submit("hall", commands.Look(ann, 0, "mug"))
    assert not house.host.has_space("hall")
    house.beat()
    assert house.host.has_space("hall")
    assert not house.host.has_space("elsewhere")


def test_effects_are_handed_on_within_consent() -> None:
    house = House()
    ann, _ = house.enter("ann", consent=("session",))
    bob, _ = house.enter("bob")
    house.host.submit("hall", commands.Grab(ann, 2, 1, "left"))
    house.host.submit("hall", commands.Grab(bob, 2, 2, "left"))
    house.beat()
    people = [e.person_id for e in house.effects if isinstance(e, RecordInteraction)]
    assert people == ["person-ann"]
    assert list(house.host.rooms_with_product("mug")) == ["hall"]
    assert list(house.host.rooms_with_party("cart-ann")) == ["hall"]
    assert list(house.host.rooms_with_party("cart-nobody")) == []


def test_rooms_share_a_beat_until_it_is_full() -> None:
    def taken(count: int, capacity: int, beat_places: int) -> list[int]:
        limits, rooms = HostLimits(beat_places=beat_places), list[HostedRoom]()
        for number in range(count):
            settings = RoomSettings(capacity=capacity)
            room = Room(f"r{number}", layout_from(LAYOUT), (), PoseTable(8), settings, 0)
            hosted = HostedRoom(room, frozenset(), {}, None, tick_ms=50.0)
            hosted.phase = phase_for(hosted, rooms, limits)
            rooms.append(hosted)
        return [hosted.phase for hosted in rooms]

    assert taken(8, 10, 20) == [0, 0, 2, 2, 4, 4, 1, 1]
    # A room that is too large for a beat has one of its own, while there is one.
    assert taken(6, 50, 20) == [0, 2, 4, 1, 3, 0]
