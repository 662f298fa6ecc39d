"""Coming, going, dropping out, coming back."""

import math

import pytest

from rooms.commands import Detach, Enter, Leave, Resume, Teleport
from rooms.effects import Recommend, ReleaseSeat
from rooms.events import (
    Answer,
    AvatarChanged,
    AvatarEntered,
    AvatarLeft,
    Error,
    OfferEnded,
    PartyChanged,
    PropChanged,
    RoomState,
)
from rooms.settings import RoomSettings
from tests.rooms.hall import Hall, effects, entering, heard, party_changed, told


def test_a_newcomer_gets_the_answer_first_and_then_the_room() -> None:
    hall = Hall()
    hall.enter(1, party_id="duo", party_code="CODE42")
    step = hall.step(entering(2, 7, party_id="duo", party_code="CODE42"))
    mine = [out.event for out in step.events if 2 in out.avatar_ids]
    assert isinstance(mine[0], Answer)
    assert mine[0] == Answer(7, {"room_id": "corner-shop", "avatar_id": 2})
    assert isinstance(mine[1], RoomState)
    assert [view.avatar_id for view in mine[1].avatars] == [1, 2]
    assert mine[1].poses == hall.poses.records([1, 2])
    assert len(mine[1].props) == 4
    assert (mine[1].party_id, mine[1].party_code) == ("duo", "CODE42")
    changed = party_changed("duo", "CODE42", 1, 2)
    assert heard(step, 1, PartyChanged) == heard(step, 2, PartyChanged) == [changed]
    (entered,) = heard(step, 1, AvatarEntered)
    assert entered.avatar.name == "Person 2"
    assert entered.pose == hall.poses.record(2)
    assert heard(step, 2, AvatarEntered) == []


def test_newcomers_get_recommendations_at_once() -> None:
    hall = Hall()
    step = hall.enter(1, consent=(), party_id="duo")
    assert effects(step, Recommend) == [Recommend(1, "p1", "duo", ())]
    step = hall.enter(2, consent=(), party_id="duo")
    assert effects(step, Recommend) == [
        Recommend(2, "p2", "duo", ()),
        Recommend(0, "", "duo", ("p1", "p2")),
    ]


def test_a_full_room_refuses_and_gives_the_seat_back() -> None:
    hall = Hall(RoomSettings(capacity=1))
    hall.enter(1)
    step = hall.step(entering(2, 5))
    (error,) = heard(step, 2, Error)
    assert (error.code, error.request_id, error.data["capacity"]) == ("ROOM_FULL", 5, 1)
    assert step.effects == (ReleaseSeat(2, "p2", "s2", "refused"),)
    assert hall.room.avatar_ids == (1,)


def test_an_id_beyond_the_pose_table_is_refused() -> None:
    hall = Hall(capacity=4)
    step = hall.step(entering(5, 9))
    assert [error.code for error in heard(step, 5, Error)] == ["ROOM_FULL"]


def test_an_avatar_cannot_enter_twice() -> None:
    hall = Hall()
    hall.enter(1)
    step = hall.step(entering(1, 9, person_id="somebody else"))
    assert [error.code for error in told(step, Error)] == ["ALREADY_IN_ROOM"]
    assert step.effects == ()
    assert hall.room.population == 1


def test_a_second_device_takes_over_even_in_a_full_room() -> None:
    hall = Hall(RoomSettings(capacity=2))
    hall.enter(1)
    hall.enter(2)
    hall.step(Teleport(1, 4, (0.6, 0.0, 1.2), 90.0))
    hall.grab(1, 1)
    stood = hall.poses.position(1)
    step = hall.step(entering(3, 9, person_id="p1", session_id="other"))
    assert heard(step, 1, AvatarLeft) == heard(step, 2, AvatarLeft) == [AvatarLeft(1, "moved")]
    assert heard(step, 3, AvatarLeft) == []
    assert effects(step, ReleaseSeat) == [ReleaseSeat(1, "p1", "s1", "moved")]
    assert isinstance(heard(step, 3, Answer)[0], Answer)
    assert hall.room.avatar_ids == (2, 3)
    (state,) = heard(step, 3, RoomState)
    # What they held goes along, in the same hand, and so does where they stood.
    assert all(prop.owner_avatar_id == 0 for prop in state.props)
    taken = heard(step, 3, PropChanged)[-1].prop
    assert heard(step, 2, PropChanged)[-1].prop == taken
    assert (taken.prop_id, taken.owner_avatar_id, taken.hand) == (1, 3, "right")
    assert hall.poses.position(3) == pytest.approx(stood)


def test_who_leaves_is_answered_and_gone() -> None:
    hall = Hall()
    hall.enter(1)
    hall.enter(2)
    hall.grab(1, 1)
    step = hall.step(Leave(1, 9))
    assert heard(step, 1, Answer) == [Answer(9, {})]
    assert heard(step, 1, AvatarLeft) == []
    assert heard(step, 2, AvatarLeft) == [AvatarLeft(1, "left")]
    (back,) = heard(step, 2, PropChanged)
    assert (back.prop.owner_avatar_id, back.prop.hand, back.prop.epoch) == (0, "", 2)
    assert effects(step, ReleaseSeat) == [ReleaseSeat(1, "p1", "s1", "left")]
    assert hall.room.members("party-of-1") == ()
    assert hall.code(Leave, 1) == "NOT_IN_ROOM"


def test_a_drop_and_a_resume_lose_nothing() -> None:
    hall = Hall()
    hall.enter(1)
    hall.enter(2)
    epoch = hall.grab(1, 1)
    step = hall.step(Detach(1, 0, "lost"))
    (changed,) = heard(step, 2, AvatarChanged)
    assert changed.avatar.presence == "reconnecting"
    assert heard(step, 1, AvatarChanged) == []
    assert hall.step(Detach(1, 0, "again")).events == ()
    assert hall.step(after_ms=14_999).events == ()
    step = hall.step(Resume(1, 0))
    assert heard(step, 2, AvatarChanged)[0].avatar.presence == "here"
    assert hall.grab(1, 1) == epoch
    assert hall.step(after_ms=60_000).events == ()
    assert hall.room.population == 2


def test_who_resumes_in_the_last_moment_stays_though_the_step_comes_after_it() -> None:
    hall = Hall()
    hall.enter(1)
    hall.step(Detach(1, 0, "lost"))
    step = hall.step(Resume(1, 0), after_ms=hall.settings.grace_period_ms + 40)
    assert effects(step, ReleaseSeat) == []
    assert hall.room.avatar_ids == (1,)
    hall.step(Detach(1, 0, "lost"))
    assert effects(hall.step(after_ms=hall.settings.grace_period_ms), ReleaseSeat) != []


def test_after_the_grace_period_the_avatar_leaves() -> None:
    hall = Hall()
    for avatar_id in (1, 2):
        hall.enter(avatar_id)
    hall.grab(1, 1)
    hall.step(Detach(1, 0, "lost"))
    step = hall.step(after_ms=15_000)
    assert heard(step, 2, AvatarLeft) == [AvatarLeft(1, "grace_over")]
    # The session may be resuming at this very moment: it must learn that its avatar is gone.
    assert heard(step, 1, AvatarLeft) == [AvatarLeft(1, "grace_over")]
    assert heard(step, 2, PropChanged)[0].prop.owner_avatar_id == 0
    assert effects(step, ReleaseSeat) == [ReleaseSeat(1, "p1", "s1", "grace_over")]
    assert hall.step(Resume(1, 0)).events == ()
    assert hall.step(Detach(1, 0, "late")).events == ()


def test_an_empty_room_has_nothing_left_to_do() -> None:
    hall = Hall()
    empty = hall.room.state_hash()
    hall.enter(1)
    hall.step(Detach(1, 0, "lost"))
    hall.step(after_ms=15_000)
    assert hall.room.empty
    assert hall.room.state_hash() == empty


def test_a_teleport_is_a_jump_to_free_floor() -> None:
    hall = Hall()
    hall.enter(1)
    hall.room.changed_poses()
    hall.teleport(1, -3.0, 4.0, 90.0)
    assert hall.poses.position(1) == (-3.0, 1.6, 4.0)
    assert hall.room.changed_poses() == hall.poses.record(1)


@pytest.mark.parametrize(
    ("position", "yaw_degrees"),
    [
        ((0.0, 0.0, 0.0), 0.0),
        ((5.9, 0.0, 4.0), 0.0),
        ((0.0, 2.0, 3.0), 0.0),
        ((math.nan, 0.0, 3.0), 0.0),
        ((0.0, 0.0, math.inf), 0.0),
        ((0.0, 0.0, 3.0), math.nan),
    ],
)
def test_a_teleport_elsewhere_is_refused(
    position: tuple[float, float, float], yaw_degrees: float
) -> None:
    hall = Hall()
    hall.enter(1)
    assert hall.code(Teleport, 1, position, yaw_degrees) == "OUT_OF_BOUNDS"


def test_offers_of_who_leaves_are_void() -> None:
    from rooms.commands import OfferProp

    for leaver in (1, 2):
        hall = Hall()
        hall.enter(1)
        hall.enter(2)
        epoch = hall.grab(1, 1)
        hall.body(OfferProp, 1, 1, epoch, 2)
        step = hall.step(Leave(leaver, 9))
        assert heard(step, 3 - leaver, OfferEnded)[0].outcome == "void"


def test_the_answer_to_enter_needs_a_request() -> None:
    hall = Hall()
    step = hall.step(entering(1, 0))
    assert isinstance(entering(1), Enter)
    assert told(step, Answer) == []
    assert len(told(step, RoomState)) == 1
