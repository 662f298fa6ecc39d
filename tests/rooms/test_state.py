"""Who hears what, and what waits for an answer."""

import pytest

from rooms.avatars import PoseTable
from rooms.effects import ReleaseSeat
from rooms.errors import RefusalError
from rooms.events import Audience, AvatarLeft
from rooms.settings import RoomSettings
from rooms.state import Avatar, Party, Pending, State, Turn
from tests.rooms.hall import PLACEMENTS, layout


def state(requests: int = 2) -> State:
    settings = RoomSettings(requests_pending_per_avatar=requests)
    made = State("room", layout(), PLACEMENTS, PoseTable(8), settings)
    for avatar_id in (3, 1, 2):
        party_id = "duo" if avatar_id < 3 else "solo"
        avatar = Avatar(avatar_id, f"p{avatar_id}", "s", "N", "vr", "shopper", party_id, ())
        made.add(avatar)
        made.parties.setdefault(party_id, Party(party_id)).members.append(avatar_id)
    return made


@pytest.mark.parametrize(
    ("audience", "ids"),
    [
        (Audience(), (1, 2, 3)),
        (Audience(except_avatar_id=2), (1, 3)),
        (Audience(party_id="duo"), (1, 2)),
        (Audience(party_id="duo", except_avatar_id=1), (2,)),
        (Audience(party_id="nobody's"), ()),
        (Audience(avatar_id=7), (7,)),
    ],
)
def test_audiences(audience: Audience, ids: tuple[int, ...]) -> None:
    assert state().audience(audience) == ids


def test_an_event_is_heard_by_those_who_are_there_when_it_happens() -> None:
    made = state()
    turn = Turn(made, 5)
    turn.tell_all(AvatarLeft(9, "left"))
    made.discard(made.avatars[2])
    turn.tell_all(AvatarLeft(2, "left"))
    turn.tell_party("nobody's", AvatarLeft(2, "left"))
    assert [out.avatar_ids for out in turn.events] == [(1, 2, 3), (1, 3)]
    assert made.person("p2") is None
    assert made.person("p1") is made.avatars[1]


def test_what_waits_is_bounded() -> None:
    made = state(requests=2)
    turn, avatar, effect = Turn(made, 5), made.avatars[1], ReleaseSeat(1, "p1", "s", "left")
    turn.ask(avatar, 11, Pending("cart"), effect)
    turn.ask(avatar, 12, Pending("cart"), effect)
    with pytest.raises(RefusalError, match="Too many"):
        turn.ask(avatar, 13, Pending("cart"), effect)
    assert turn.effects == [effect, effect]
    assert turn.take_pending(1, 11) == Pending("cart")
    assert turn.take_pending(1, 11) is None
    assert turn.take_pending(9, 11) is None
    with pytest.raises(RefusalError):
        turn.ask(avatar, 12, Pending("cart"), effect)


def test_nobody_waits_for_request_zero() -> None:
    turn = Turn(state(), 5)
    turn.answer(1, 0)
    assert turn.events == []
    turn.answer(1, 4, epoch=2, avatar_id=1)
    assert turn.events[0].event.body == {"epoch": 2, "avatar_id": 1}  # type: ignore[attr-defined]
