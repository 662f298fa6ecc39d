"""A room's journal brings the room back: same commands, same times, same state."""

import struct
from pathlib import Path

import msgpack
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rooms import commands
from rooms.avatars import POSE_DTYPE, PoseTable
from rooms.journal import header_of
from rooms.room import Room
from rooms.settings import RoomSettings
from rooms.space import Placement, layout_from
from server.errors import GalleriaError
from server.recorder import Journal, Recorder, RecorderLimits
from server.replay import replay

LAYOUT = {
    "id": "hall",
    "name": "Hall",
    "size_m": [20.0, 4.0, 20.0],
    "zones": [{"id": "z", "name": "Z", "minimum": [-9.0, -9.0], "maximum": [9.0, 9.0]}],
    "spawns": [{"position": [float(x), 0.0, 7.0], "yaw_degrees": 0.0} for x in range(-2, 3, 2)],
    "waypoints": [],
    "fixtures": [
        {"id": "f", "kind": "table", "position": [0.5, 0.0, 5.0], "size_m": [3.0, 1.0, 0.6],
         "yaw_degrees": 0.0},
    ],
    "slots": [
        {"id": 1, "zone": "z", "fixture": "f", "position": [0.0, 1.0, 5.0], "yaw_degrees": 0.0},
        {"id": 2, "zone": "z", "fixture": "f", "position": [1.0, 1.0, 5.0], "yaw_degrees": 0.0},
    ],
}  # fmt: skip
PLACEMENTS = (Placement(1, "mug", ("MUG-RED",)), Placement(2, "lamp", ("LAMP",)))


def open_room(now_ms: int) -> Room:
    return Room("hall", layout_from(LAYOUT), PLACEMENTS, PoseTable(64), RoomSettings(), now_ms)


def pose(avatar_id: int, x_mm: int, z_mm: int) -> bytes:
    hands = (-32_768, 0, 0) * 2
    return struct.pack("<H9h3I", avatar_id, x_mm, 1_600, z_mm, *hands, 3 << 30, 3 << 30, 3 << 30)


class Recording:
    """A room that is recorded as the host does it."""

    def __init__(self, folder: Path, limits: RecorderLimits | None = None) -> None:
        self.now_ms = 1_700_000_000_000
        self.room = open_room(self.now_ms)
        self.recorder = Recorder(folder, limits or RecorderLimits(checkpoint_steps=3))
        self.journal = self.recorder.open("hall", header_of(self.room), self.now_ms)

    def step(self, *asked: commands.Command, poses: bytes = b"", wait_ms: int = 50) -> None:
        self.now_ms += wait_ms
        if poses:
            refused = self.room.poses.accept(np.frombuffer(poses, POSE_DTYPE), self.now_ms).refused
            self.room.refuse_poses(refused, self.now_ms)
        self.room.step(asked, self.now_ms)
        self.room.changed_poses()
        self.journal.step(self.now_ms, asked, poses, self.room.state_hash)

    async def close(self) -> Path:
        self.journal.close(self.room.state_hash())
        await self.recorder.flush()
        return self.journal.path


def enter(avatar_id: int, role: str = "shopper") -> commands.Enter:
    person = f"person-{avatar_id}"
    return commands.Enter(
        avatar_id, 1, person, f"session-{avatar_id}", person, "vr", role, f"cart-{avatar_id}", "",
        ("session",),
    )  # fmt: skip


async def test_a_visit_replays_to_the_same_state(tmp_path: Path) -> None:
    recording = Recording(tmp_path)
    recording.step(enter(1, "host"), enter(2))
    recording.step(commands.Grab(1, 2, 1, "left"), poses=pose(1, 100, 6_900))
    recording.step(commands.OfferProp(1, 3, 1, 1, 2), poses=pose(2, 0, 6_500))
    recording.step(commands.AcceptOffer(2, 2, 1))
    recording.step(commands.Look(1, 0, "lamp"))
    recording.step(commands.Pay(1, 4, "checkout", 100, "key", "test:secret"))
    recording.step(commands.Detach(2, 0, "closed"), wait_ms=6_000)
    recording.step(wait_ms=20_000)
    report = replay(await recording.close())
    assert report.ok, report
    assert report.final_hash == recording.room.state_hash()
    assert (report.steps, report.poses, report.truncated) == (9, 2, False)
    assert report.checkpoints == 3


async def test_a_room_that_nobody_entered_agrees(tmp_path: Path) -> None:
    recording = Recording(tmp_path)
    report = replay(await recording.close())
    assert report.ok
    assert (report.steps, report.checkpoints) == (0, 0)


async def test_the_payment_method_is_not_in_the_file(tmp_path: Path) -> None:
    recording = Recording(tmp_path)
    recording.step(enter(1))
    recording.step(commands.Pay(1, 4, "checkout", 100, "key", "test:secret"))
    assert b"test:secret" not in (await recording.close()).read_bytes()


async def test_a_changed_journal_is_found_out(tmp_path: Path) -> None:
    recording = Recording(tmp_path)
    recording.step(enter(1))
    recording.step(commands.Grab(1, 2, 1, "left"))
    recording.step()
    path = await recording.close()
    changed = path.read_bytes().replace(b"Grab\x01\x02\x01", b"Grab\x01\x02\x02")
    assert changed != path.read_bytes()
    path.write_bytes(changed)
    report = replay(path)
    assert not report.ok
    assert report.mismatch_step == 3


async def test_a_journal_that_was_cut_off_replays_up_to_there(tmp_path: Path) -> None:
    recording = Recording(tmp_path)
    recording.step(enter(1))
    for _ in range(5):
        recording.step(poses=pose(1, 0, 6_900))
    path = await recording.close()
    path.write_bytes(path.read_bytes()[:-40])
    report = replay(path)
    assert report.truncated
    assert report.ok
    assert report.steps == 6


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=60))
def test_other_files_are_refused_with_a_sentence(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "any.journal"
    path.write_bytes(data)
    with pytest.raises(GalleriaError) as refused:
        replay(path)
    assert refused.value.code in ("JOURNAL_UNREADABLE", "JOURNAL_VERSION")


def test_a_journal_of_another_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "old.journal"
    path.write_bytes(msgpack.packb({"journal_version": 0}))
    with pytest.raises(GalleriaError) as refused:
        replay(path)
    assert refused.value.code == "JOURNAL_VERSION"


def test_a_full_journal_stops_and_the_room_goes_on(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "x.journal", {}, RecorderLimits(journal_max_bytes=100))
    for step in range(50):
        journal.step(step, (), b"p" * 32, lambda: "hash")
    assert journal.full
    assert len(journal.take()) < 250


def journals(folder: Path) -> list[Path]:
    return list(folder.glob("*.journal"))


async def test_only_the_newest_journals_are_kept(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, RecorderLimits(journals_kept=3))
    for number in range(6):
        recorder.open("hall", {}, number)
        await recorder.flush()
    assert [path.name for path in sorted(journals(tmp_path))] == [
        "hall-3.journal",
        "hall-4.journal",
        "hall-5.journal",
    ]
