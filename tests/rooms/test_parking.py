"""A parked room goes on elsewhere as it was, with everybody reconnecting."""

import json
import random
from typing import Any

import pytest

from rooms import commands
from rooms.journal import header_of, room_from_header
from rooms.plain import JournalError
from rooms.state import RECONNECTING
from tests.rooms.hall import LAMP, MUG, NOW_MS, Hall, entering
from tests.rooms.simulation import SETTINGS, action
from tests.rooms.test_invariants import opened

LATER_MS = 60_000


def parked(hall: Hall) -> dict[str, Any]:
    """The room as it comes out of a file."""
    plain: dict[str, Any] = json.loads(json.dumps(hall.room.park()))
    return plain


def unparked(plain: dict[str, Any]) -> Hall:
    hall = Hall(SETTINGS, capacity=5)
    hall.now_ms += LATER_MS
    hall.room.unpark(plain, hall.now_ms)
    return hall


def without_presence(plain: dict[str, Any]) -> dict[str, Any]:
    avatars = [
        [value for value in entry if value not in ("here", "reconnecting")]
        for entry in plain["avatars"]
    ]
    return {**plain, "avatars": avatars}


@pytest.mark.parametrize("seed", range(8))
def test_whatever_happened_before_it_goes_on_as_it_was(seed: int) -> None:
    lots, shell = random.Random(seed), opened()
    for _ in range(120):
        shell.play(action(lots.choice))
    before = parked(shell.hall)
    hall = unparked(before)
    assert without_presence(parked(hall)) == without_presence(before)
    state = hall.room._state
    assert {avatar.presence for avatar in state.avatars.values()} <= {RECONNECTING}
    assert state.hidden == shell.hall.room._state.hidden
    hall.now_ms += SETTINGS.grace_period_ms
    hall.room.step((), hall.now_ms)
    assert hall.room.empty
    assert not state.parties
    assert not state.hidden
    assert {prop.owner_avatar_id for prop in state.props.values()} == {0}


@pytest.mark.parametrize("seed", range(3))
def test_its_recording_replays(seed: int) -> None:
    lots, shell = random.Random(seed), opened()
    for _ in range(60):
        shell.play(action(lots.choice))
    hall = unparked(parked(shell.hall))
    header = json.loads(json.dumps(header_of(hall.room)))
    header["opened_ms"] = hall.now_ms
    _, twin = room_from_header(header)
    resume = [commands.Resume(avatar_id, 0) for avatar_id in hall.room.avatar_ids]
    for room in (hall.room, twin):
        room.step(resume, hall.now_ms + 10)
    assert twin.state_hash() == hall.room.state_hash()


def test_a_prop_is_still_in_the_hand_of_who_comes_back() -> None:
    hall = Hall(SETTINGS, capacity=5)
    hall.room.step([entering(1, 1)], NOW_MS)
    hall.room.step([commands.Grab(1, 2, 2, "left"), commands.Vote(1, 3, MUG, 1)], NOW_MS)
    twin = unparked(parked(hall))
    twin.room.step([commands.Resume(1, 0)], twin.now_ms)
    state = twin.room._state
    assert (state.props[2].product_id, state.props[2].owner_avatar_id) == (LAMP, 1)
    assert state.avatars[1].presence == "here"
    assert state.party_of(state.avatars[1]).tally(MUG).up == 1


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("parking_version", 2),
        ("avatars", [["x"]]),
        ("avatars", "nonsense"),
        ("poses", "zz"),
        ("poses", ""),
        ("parties", [{}]),
        ("props", [[1]]),
        ("spotlight", []),
    ],
)
def test_what_is_no_parked_room_is_refused(key: str, value: object) -> None:
    hall = Hall(SETTINGS, capacity=5)
    hall.room.step([entering(1, 1)], NOW_MS)
    plain = parked(hall)
    with pytest.raises(JournalError):
        unparked({**plain, key: value})
