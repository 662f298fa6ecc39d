"""Block, mute, bubble and retreat; who is hidden is hidden in everything."""

import math
import struct
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from rooms.avatars import POSE_DTYPE
from rooms.commands import (
    Block,
    CreateParty,
    Gather,
    Grab,
    JoinParty,
    Leave,
    LeaveParty,
    Mute,
    OfferProp,
    PartyCompleted,
    PutBack,
    Retreat,
    SetPersonalSpace,
    Spotlight,
    Unblock,
    Unmute,
)
from rooms.effects import RememberBlock
from rooms.events import (
    AvatarEntered,
    AvatarLeft,
    Error,
    GatherInvited,
    OfferEnded,
    PropChanged,
    RoomState,
    SpotlightChanged,
)
from rooms.room import Step
from rooms.settings import RoomSettings
from rooms.types import BlockedPerson
from rooms.views import HEAD_DTYPE, OUT_OF_SIGHT_MM
from tests.rooms.hall import MUG, Hall, answer_to, effects, heard, told

HEAD = struct.Struct("<H3hI")


def opened(*avatar_ids: int, **fields: Any) -> Hall:
    hall = Hall(**fields)
    for avatar_id in avatar_ids or (1, 2, 3):
        hall.enter(avatar_id)
    return hall


def ask(hall: Hall, kind: Any, avatar_id: int, *values: Any) -> Step:
    return hall.step(kind(avatar_id, hall.request_id(), *values))


def seen(hall: Hall, receiver: int) -> set[int]:
    """Ids whose poses a receiver is sent now, when everybody has moved."""
    for avatar_id in hall.room.avatar_ids:
        hall.room.needs_all(avatar_id)
    ids = set[int]()
    for view in hall.room.views():
        if receiver in view.receivers:
            ids |= set(np.frombuffer(view.records, POSE_DTYPE)["id"].tolist())
            heads = np.frombuffer(view.heads, HEAD_DTYPE)
            ids |= set(heads["id"][heads["head"][:, 0] != OUT_OF_SIGHT_MM].tolist())
    return ids


# --- block --------------------------------------------------------------------------------------


def test_a_block_hides_both_at_once_and_is_remembered() -> None:
    hall = opened()
    step = ask(hall, Block, 1, 2)
    assert answer_to(step, 1, 101 + 3).body == {"person_id": "p2"}  # type: ignore[attr-defined]
    assert heard(step, 1, AvatarLeft) == [AvatarLeft(2, "hidden")]
    assert heard(step, 2, AvatarLeft) == [AvatarLeft(1, "hidden")]
    assert heard(step, 3, AvatarLeft) == []
    assert effects(step, RememberBlock) == [RememberBlock("p1", "p2", "Person 2", blocked=True)]
    assert seen(hall, 1) == {1, 3}
    assert seen(hall, 2) == {2, 3}
    assert seen(hall, 3) == {1, 2, 3}


def test_a_block_taken_back_shows_both_again_without_a_pose() -> None:
    hall = opened()
    ask(hall, Block, 1, 2)
    step = ask(hall, Unblock, 1, "p2")
    assert [event.avatar.avatar_id for event in heard(step, 1, AvatarEntered)] == [2]
    assert [event.pose for event in heard(step, 2, AvatarEntered)] == [b""]
    assert effects(step, RememberBlock) == [RememberBlock("p1", "p2", "Person 2", blocked=False)]
    assert seen(hall, 1) == seen(hall, 2) == {1, 2, 3}


def test_who_was_blocked_by_both_stays_hidden_until_both_take_it_back() -> None:
    hall = Hall()
    hall.enter(1, blocked=(BlockedPerson("p2", "Two"),))
    hall.enter(2, blocked=(BlockedPerson("p1", "One"),))
    assert not told(ask(hall, Unblock, 1, "p2"), AvatarEntered)
    assert len(told(ask(hall, Unblock, 2, "p1"), AvatarEntered)) == 2


def test_nobody_can_be_blocked_who_is_not_there_to_be_seen() -> None:
    hall = opened()
    assert hall.code(Block, 1, 9) == "AVATAR_NOT_FOUND"
    assert hall.code(Block, 1, 1) == "AVATAR_NOT_FOUND"
    ask(hall, Block, 2, 1)
    unknown, hidden = (hall.ask(Block, 1, other) for other in (9, 2))
    assert isinstance(unknown, Error)
    assert isinstance(hidden, Error)
    assert (unknown.code, unknown.message) == (hidden.code, hidden.message)
    assert hall.code(Unblock, 1, "p2") == "BLOCK_NOT_FOUND"


def test_the_list_of_blocks_is_bounded() -> None:
    hall = opened(settings=RoomSettings(blocks_per_person=1))
    ask(hall, Block, 1, 2)
    assert hall.code(Block, 1, 3) == "BLOCKS_FULL"
    ask(hall, Mute, 2, 3)
    assert hall.body(Mute, 2, 3) == {}
    hall.enter(4)
    assert hall.code(Mute, 2, 4) == "BLOCKS_FULL"


def test_a_block_holds_for_who_comes_later() -> None:
    hall = Hall()
    hall.enter(1, blocked=(BlockedPerson("p2", "Ben"),))
    step = hall.enter(2)
    assert heard(step, 1, AvatarEntered) == []
    (state,) = heard(step, 2, RoomState)
    assert [view.avatar_id for view in state.avatars] == [2]
    assert state.poses == hall.poses.record(2)
    assert heard(ask(hall, Leave, 2), 1, AvatarLeft) == []
    (mine,) = heard(hall.enter(3, person_id="p1", party_id="party-of-1"), 3, RoomState)
    assert mine.blocked == (BlockedPerson("p2", "Ben"),)


def test_what_was_said_on_another_device_is_newer_than_what_was_stored() -> None:
    hall = opened(1, 2)
    ask(hall, Block, 1, 2)
    ask(hall, SetPersonalSpace, 1, 1.5)
    (state,) = heard(hall.enter(5, person_id="p1"), 5, RoomState)
    assert state.blocked == (BlockedPerson("p2", "Person 2"),)
    assert state.personal_space_m == 1.5
    assert seen(hall, 5) == {5}


def test_a_prop_of_somebody_hidden_is_away_and_nobody_has_it() -> None:
    hall = opened()
    hall.teleport(2, 0.0, 1.2)
    hall.grab(2, 1)
    (shown,) = heard(ask(hall, Block, 1, 2), 1, PropChanged)
    assert (shown.prop.owner_avatar_id, shown.prop.hand, shown.prop.away) == (0, "", True)
    taken = hall.ask(Grab, 1, 1, "left")
    assert isinstance(taken, Error)
    assert (taken.code, taken.data) == ("PROP_TAKEN", {"owner_avatar_id": 0})
    step = ask(hall, PutBack, 2, 1, shown.prop.epoch)
    assert [event.prop.away for event in heard(step, 1, PropChanged)] == [False]
    hall.grab(2, 1)
    (state,) = heard(hall.enter(4, blocked=(BlockedPerson("p2", ""),)), 4, RoomState)
    assert (state.props[0].owner_avatar_id, state.props[0].away) == (0, True)
    (back,) = heard(ask(hall, Unblock, 1, "p2"), 1, PropChanged)
    assert (back.prop.owner_avatar_id, back.prop.away) == (2, False)


def test_nothing_is_held_out_to_somebody_hidden() -> None:
    hall = opened()
    epoch = hall.grab(1, 1)
    hall.body(OfferProp, 1, 1, epoch, 2)
    step = ask(hall, Block, 2, 1)
    assert [event.outcome for event in heard(step, 1, OfferEnded)] == ["void"]
    assert hall.code(OfferProp, 1, 1, epoch, 2) == "AVATAR_NOT_FOUND"


def test_a_hidden_host_gathers_and_pins_without_a_name() -> None:
    hall = Hall()
    hall.enter(1, role="host")
    for avatar_id in (2, 3):
        hall.enter(avatar_id)
    ask(hall, Block, 2, 1)
    step = ask(hall, Gather, 1)
    assert heard(step, 2, GatherInvited) == []
    assert len(heard(step, 3, GatherInvited)) == 1
    pinned = ask(hall, Spotlight, 1, MUG)
    assert heard(pinned, 2, SpotlightChanged) == [SpotlightChanged(MUG, 0)]
    assert heard(pinned, 3, SpotlightChanged) == [SpotlightChanged(MUG, 1)]
    assert SpotlightChanged(MUG, 1) in heard(ask(hall, Unblock, 2, "p1"), 2, SpotlightChanged)


# --- block and party ----------------------------------------------------------------------------


def test_a_member_of_ones_party_cannot_be_blocked() -> None:
    hall = Hall()
    for avatar_id in (1, 2):
        hall.enter(avatar_id, party_id="duo", party_code="CODE42")
    assert hall.code(Block, 1, 2) == "IN_YOUR_PARTY"


def test_a_party_with_somebody_hidden_cannot_be_joined() -> None:
    hall = Hall()
    hall.enter(1, party_id="duo", party_code="CODE42")
    hall.enter(2)
    ask(hall, Block, 1, 2)
    assert hall.code(JoinParty, 2, "code42") == "PARTY_NOT_FOUND"
    ask(hall, Unblock, 1, "p2")
    ask(hall, Block, 2, 1)
    assert hall.code(JoinParty, 2, "code42") == "BLOCKED_IN_PARTY"


def test_a_block_sleeps_in_a_party_and_both_are_told() -> None:
    hall = opened(1, 2)
    asked = hall.step(CreateParty(1, 900), JoinParty(2, 901, "CODE42"))
    assert len(asked.effects) >= 2
    ask(hall, Block, 1, 2)
    hall.step(PartyCompleted(1, 900, "duo", "CODE42"))
    met = hall.step(PartyCompleted(2, 901, "duo", "CODE42"))
    assert [event.avatar.avatar_id for event in heard(met, 1, AvatarEntered)] == [2]
    assert [event.avatar.avatar_id for event in heard(met, 2, AvatarEntered)] == [1]
    assert seen(hall, 1) == {1, 2}
    hall.step(LeaveParty(2, 902))
    parted = hall.step(PartyCompleted(2, 902, "party-of-2", ""))
    assert heard(parted, 1, AvatarLeft) == [AvatarLeft(2, "hidden")]
    assert seen(hall, 1) == {1}


# --- mute, bubble, retreat ----------------------------------------------------------------------


def test_a_mute_is_one_way_and_lasts_for_the_visit() -> None:
    hall = opened()
    assert hall.body(Mute, 1, 2) == {}
    assert not hall.room.may_hear(1, 2)
    assert hall.room.may_hear(2, 1)
    (state,) = heard(hall.enter(4, person_id="p1"), 4, RoomState)
    assert state.muted_avatar_ids == (2,)
    assert hall.body(Unmute, 4, 2) == hall.body(Unmute, 4, 2) == {}
    assert hall.room.may_hear(4, 2)
    ask(hall, Block, 3, 2)
    assert not hall.room.may_hear(2, 3)
    assert not hall.room.may_hear(2, 99)
    assert hall.code(Mute, 2, 3) == hall.code(Unmute, 2, 99) == "AVATAR_NOT_FOUND"


def test_who_is_in_the_bubble_is_not_seen_and_does_not_see_its_owner() -> None:
    hall = opened()
    hall.body(SetPersonalSpace, 1, 1.5)
    for avatar_id, x in ((1, 0.0), (2, 1.4), (3, 4.0)):
        hall.teleport(avatar_id, x, 3.0)
    assert seen(hall, 1) == {1, 3}
    assert seen(hall, 2) == {2, 3}
    assert seen(hall, 3) == {1, 2, 3}
    hall.teleport(2, 1.7, 3.0)
    assert seen(hall, 1) == {1, 3}, "a little further out is not out"
    hall.teleport(2, 1.9, 3.0)
    assert seen(hall, 1) == {1, 2, 3}
    hall.teleport(2, 1.7, 3.0)
    assert seen(hall, 1) == {1, 2, 3}
    hall.body(SetPersonalSpace, 1, 2.0)
    assert seen(hall, 1) == {1, 3}
    hall.body(SetPersonalSpace, 1, 0)
    assert seen(hall, 1) == {1, 2, 3}


def test_entering_a_bubble_is_told_to_the_two_alone() -> None:
    hall = opened()
    hall.body(SetPersonalSpace, 1, 1.0)
    for avatar_id, x in ((1, 0.0), (2, 2.0), (3, 4.0)):
        hall.teleport(avatar_id, x, 3.0)
    hall.room.views()
    hall.teleport(2, 0.5, 3.0)
    gone = {
        receiver: [entry[:2] for entry in HEAD.iter_unpack(view.heads)]
        for view in hall.room.views()
        for receiver in view.receivers
    }
    lost = OUT_OF_SIGHT_MM
    assert gone[1] == [(2, lost)]
    assert gone[2] == [(1, lost)]
    assert gone[3] == []


def test_ones_party_and_hosts_may_come_close() -> None:
    hall = Hall()
    hall.enter(1, party_id="duo")
    hall.enter(2, party_id="duo")
    hall.enter(3, role="host")
    hall.body(SetPersonalSpace, 1, 2.0)
    for avatar_id, x in ((1, 0.0), (2, 1.0), (3, -1.0)):
        hall.teleport(avatar_id, x, 3.0)
    assert seen(hall, 1) == {1, 2, 3}


@pytest.mark.parametrize("radius_m", [-0.1, 2.1, math.nan, math.inf])
def test_a_bubble_has_a_sensible_radius(radius_m: float) -> None:
    assert opened().code(SetPersonalSpace, 1, radius_m) == "RADIUS_OUT_OF_RANGE"


def test_a_shop_may_give_everybody_a_bubble() -> None:
    hall = opened(settings=replace(RoomSettings(), bubble_radius_m=0.5))
    hall.teleport(1, 0.0, 3.0)
    hall.teleport(2, 0.4, 3.0)
    assert seen(hall, 1) == {1, 3}


def test_a_retreat_leads_away_from_people_in_the_same_step() -> None:
    hall = opened()
    for avatar_id, x in ((1, 0.0), (2, 0.5), (3, -0.5)):
        hall.teleport(avatar_id, x, 4.0, 90.0)
    body = hall.body(Retreat, 1)
    x, _y, z = hall.poses.position(1)
    assert body["position"] == (x, 0.0, z)
    assert body["yaw_degrees"] == pytest.approx(90.0, abs=0.5)
    people = hall.poses.floor_points((2, 3))
    assert np.hypot(*(people - [x, z]).T).min() >= RoomSettings().retreat_distance_m
    assert hall.room._state.floor.can_stand((x, 0.0, z))


def test_where_all_is_full_a_retreat_leads_to_the_emptiest_place() -> None:
    hall = opened(*range(1, 9), settings=replace(RoomSettings(), retreat_distance_m=30.0))
    hall.body(Retreat, 1)
    x, _, z = hall.poses.position(1)
    people = hall.poses.floor_points(range(2, 9))
    assert np.hypot(*(people - [x, z]).T).min() > 3


def test_all_of_it_is_part_of_the_state() -> None:
    hall = opened()
    seen_hashes = {hall.room.state_hash()}
    for kind, *values in (
        (Block, 1, 2), (Mute, 1, 3), (SetPersonalSpace, 1, 1.0), (Retreat, 1), (Unblock, 1, "p2"),
    ):  # fmt: skip
        hall.body(kind, *values)
        seen_hashes.add(hall.room.state_hash())
    assert len(seen_hashes) == 6
