"""What a room hands to interest: who is here, in which party, and who can be sent something."""

import numpy as np

from rooms.commands import Leave, LeaveParty, PartyCompleted
from rooms.settings import InterestSettings, RoomSettings
from rooms.views import View
from tests.rooms.hall import Hall, entering

SHORT = RoomSettings(interest=InterestSettings(cell_m=1.0, near_m=2.0, middle_m=2.5, far_m=3.0))


def settled(hall: Hall) -> None:
    """Let everything be told that is to be told."""
    for _ in range(40):
        hall.step(after_ms=50)
        hall.room.views()


def receivers(views: list[View]) -> set[int]:
    return {receiver for view in views for receiver in view.receivers}


def test_newcomers_are_told_everything_and_idle_people_cost_nothing() -> None:
    hall = Hall()
    hall.enter(1)
    hall.enter(2)
    (view,) = hall.room.views()
    assert view == View((1, 2), hall.poses.records((1, 2)), b"")
    settled(hall)
    assert hall.room.views() == []
    hall.enter(3)
    assert receivers(hall.room.views()) == {1, 2, 3}


def test_an_empty_room_sends_nothing() -> None:
    hall = Hall()
    assert hall.room.views() == []
    assert hall.room.views(np.zeros(0, dtype=bool)) == []


def test_who_cannot_be_sent_anything_gets_all_of_it_later() -> None:
    hall = Hall()
    for avatar_id in (1, 2):
        hall.enter(avatar_id)
    settled(hall)
    away = np.array([True, False])
    hall.teleport(1, 0.0, 3.0)
    assert receivers(hall.room.views(away)) == {1}
    (view,) = hall.room.views()
    assert view == View((2,), hall.poses.records((1, 2)), b"")
    hall.room.needs_all(1)
    hall.room.needs_all(99)
    (view,) = hall.room.views()
    assert view.receivers == (1,)


def test_an_id_that_is_used_again_is_somebody_new() -> None:
    hall = Hall(SHORT)
    for avatar_id, x in ((1, -5.0), (2, 5.0)):
        hall.enter(avatar_id)
        hall.teleport(avatar_id, x, 4.0)
    settled(hall)
    hall.step(Leave(2, 0), entering(2, person_id="another"))
    assert any(view.receivers == (2,) for view in hall.room.views())


def test_a_member_of_the_party_is_near_however_far_and_no_more_after() -> None:
    hall = Hall(SHORT)
    for avatar_id, x in ((1, -5.0), (2, 5.0)):
        hall.enter(avatar_id, party_id="duo", party_code="CODE42")
        hall.teleport(avatar_id, x, 4.0)
    settled(hall)
    hall.teleport(2, 5.0, 3.5)
    assert receivers(hall.room.views()) == {1, 2}
    hall.step(LeaveParty(2, 700))
    hall.step(PartyCompleted(2, 700, "party-of-2", ""))
    told = [view for view in hall.room.views() if 1 in view.receivers]
    assert b"" not in [view.heads for view in told], "out of sight now"
    settled(hall)
    hall.teleport(2, 5.0, 4.0)
    assert receivers(hall.room.views()) == {2}
