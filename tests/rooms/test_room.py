"""The room as a whole: dispatch, time, audiences, poses, the state hash."""

import inspect

import numpy as np
import pytest

import rooms.room
from rooms import commands
from rooms.avatars import POSE_DTYPE, UNTRACKED, PoseTable
from rooms.commands import Grab, Leave, Look, Teleport, Vote
from rooms.events import Audience, Error, PoseRefused, PropChanged
from rooms.room import AVATAR_HANDLERS, ROOM_HANDLERS, TIMER_HANDLERS, Room
from rooms.rotations import NO_ROTATION
from rooms.settings import RoomSettings
from rooms.space import LayoutError, Placement
from tests.rooms.hall import MUG, NOW_MS, PLACEMENTS, Hall, entering, heard, layout, told


def walk(hall: Hall, avatar_id: int, x_mm: int, z_mm: int) -> list[tuple[int, str]]:
    """Offer a pose to the table, as the host does before a step."""
    hands = (UNTRACKED, 0, 0)
    record = (avatar_id, (x_mm, 1_600, z_mm), hands, hands, (NO_ROTATION,) * 3)
    return hall.poses.accept(np.array([record], dtype=POSE_DTYPE), hall.now_ms).refused


def test_every_command_has_one_handler() -> None:
    assert not set(AVATAR_HANDLERS) & set(ROOM_HANDLERS)
    assert set(AVATAR_HANDLERS) | set(ROOM_HANDLERS) == set(commands.COMMANDS.values())


def test_every_timer_that_is_set_has_a_handler() -> None:
    assert set(TIMER_HANDLERS) == {
        "grace", "offer", "gaze", "handling", "recommend_avatar", "recommend_party", "line",
            "admission",
    }  # fmt: skip


def test_a_room_reads_no_clock_and_draws_no_lots() -> None:
    source = inspect.getsource(rooms.room)
    assert not any(word in source for word in ("import time", "import random", "import asyncio"))


def test_a_placement_without_a_slot_opens_no_room() -> None:
    with pytest.raises(LayoutError):
        Room("x", layout(), [Placement(9, "x", ())], PoseTable(8), RoomSettings(), NOW_MS)


def test_who_is_not_in_the_room_is_told_so() -> None:
    hall = Hall()
    step = hall.step(Grab(7, 5, 1, "left"), Look(7, 0, MUG))
    assert [(e.request_id, e.code) for e in heard(step, 7, Error)] == [
        (5, "NOT_IN_ROOM"),
        (0, "NOT_IN_ROOM"),
    ]


def test_commands_are_done_in_order() -> None:
    hall = Hall()
    step = hall.step(entering(1), Grab(1, 2, 1, "left"), Leave(1, 3), Grab(1, 4, 1, "left"))
    assert [e.prop.owner_avatar_id for e in told(step, PropChanged)] == [1, 0]
    assert [e.code for e in told(step, Error)] == ["NOT_IN_ROOM"]
    assert hall.room.empty


def test_audiences_are_those_of_the_moment() -> None:
    hall = Hall()
    step = hall.step(entering(1), Grab(1, 2, 1, "left"), entering(2))
    grabbed = next(out for out in step.events if isinstance(out.event, PropChanged))
    assert grabbed.avatar_ids == (1,)
    assert hall.room.audience(grabbed.audience) == (1, 2)
    assert hall.room.audience(Audience(party_id="party-of-2")) == (2,)
    assert hall.room.avatar_ids == (1, 2)
    assert (hall.room.population, hall.room.empty) == (2, False)


def test_time_that_goes_back_stands_still() -> None:
    hall = Hall()
    hall.enter(1)
    hall.step(Look(1, 0, MUG), after_ms=1_000)
    hall.step(after_ms=-5_000)
    step = hall.step(Look(1, 0, ""), after_ms=5_400)
    assert step.effects == ()


def test_an_idle_room_does_nothing() -> None:
    hall = Hall()
    hall.enter(1)
    hall.step(after_ms=2_000)
    hall.room.changed_poses()
    hash_before = hall.room.state_hash()
    for _ in range(100):
        step = hall.step(after_ms=50)
        assert (step.events, step.effects) == ((), ())
    assert hall.room.state_hash() == hash_before


# --- poses --------------------------------------------------------------------------------------


def test_poses_of_this_room_only_and_once() -> None:
    poses, rooms_of = PoseTable(8), []
    for room_id, avatar_id in (("a", 1), ("b", 2)):
        room = Room(room_id, layout(), PLACEMENTS, poses, RoomSettings(), NOW_MS)
        room.step([entering(avatar_id)], NOW_MS)
        rooms_of.append(room)
    assert [room.changed_poses() for room in rooms_of] == [poses.record(1), poses.record(2)]
    assert [room.changed_poses() for room in rooms_of] == [b"", b""]


def test_a_pose_through_the_wall_is_refused_and_corrected_now_and_then() -> None:
    hall = Hall()
    hall.enter(1)
    hall.step(Teleport(1, 2, (5.0, 0.0, 4.0), 0.0))
    refused = walk(hall, 1, 6_100, 4_000)
    assert refused == [(1, "POSE_OUT_OF_BOUNDS")]
    (told_now,) = hall.room.refuse_poses(refused, hall.now_ms)
    assert told_now.avatar_ids == (1,)
    assert told_now.event == PoseRefused("POSE_OUT_OF_BOUNDS", hall.poses.record(1))
    assert hall.room.refuse_poses(refused, hall.now_ms + 249) == ()
    assert len(hall.room.refuse_poses(refused, hall.now_ms + 250)) == 1
    assert hall.room.refuse_poses([(9, "POSE_UNKNOWN_AVATAR")], hall.now_ms) == ()


def test_reach_follows_the_head() -> None:
    hall = Hall()
    hall.enter(1)
    hall.teleport(1, 0.0, 3.9)
    assert hall.code(Grab, 1, 1, "left") == "OUT_OF_REACH"
    assert walk(hall, 1, -1_000, 1_000) == []
    hall.grab(1, 1)


# --- state --------------------------------------------------------------------------------------


def test_the_hash_tells_rooms_apart() -> None:
    first, second = Hall(), Hall()
    hashes = {first.room.state_hash()}
    assert second.room.state_hash() in hashes
    for change in (
        entering(1),
        Grab(1, 2, 1, "left"),
        Vote(1, 3, MUG, 1),
        Look(1, 0, MUG),
        commands.AddToCart(1, 4, "LAMP", 1),
        commands.StockUpdated("LAMP", "lamp", 3, 1),
        commands.Detach(1, 0, "lost"),
    ):
        first.step(change)
        second.step(change)
        assert first.room.state_hash() == second.room.state_hash()
        assert first.room.state_hash() not in hashes
        hashes.add(first.room.state_hash())
    walk(second, 1, -1_000, 1_900)
    assert first.room.state_hash() != second.room.state_hash()


def test_the_properties_say_what_it_was_opened_with() -> None:
    hall = Hall()
    assert hall.room.room_id == "corner-shop"
    assert hall.room.opened_ms == NOW_MS
    assert hall.room.placements == PLACEMENTS
    assert hall.room.settings is hall.settings
    assert hall.room.poses is hall.poses
    assert hall.room.layout == layout()
