"""What is done with a thing in the hand becomes a few counts, and nothing of how it was moved."""

import math
from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rooms.avatars import MM_PER_M, POSE_DTYPE, UNTRACKED
from rooms.behaviour import HANDLING_SAMPLE_MS, TRY_ON_MS
from rooms.commands import Detach, Grab, PutBack, Resume, SetConsent
from rooms.effects import RecordInteraction
from rooms.room import Step
from rooms.rotations import NO_ROTATION, pack_rotation
from tests.rooms.hall import MUG, Hall, effects, signals

MUG_PROP = 1
AWAY, AT_HEAD, NOWHERE = (200, -400, -300), (80, 60, -90), (UNTRACKED, 0, 0)
PRIVATE = {"person_id", "session_id", "party_id", "product_id", "signal", "consent"}


def turned(degrees: float) -> int:
    """A hand turned so far about the upright axis."""
    half = math.radians(degrees) / 2
    return pack_rotation(0, math.sin(half), 0, math.cos(half))


def holding(**said: object) -> tuple[Hall, int]:
    hall = Hall()
    hall.enter(1, **said)
    return hall, hall.grab(1, MUG_PROP)


def move(
    hall: Hall,
    hand: tuple[int, int, int],
    rotation: int = NO_ROTATION,
    after_ms: int = HANDLING_SAMPLE_MS,
) -> Step:
    """The right hand is there now, and a beat later the room has seen it."""
    head = [round(metres * MM_PER_M) for metres in hall.poses.position(1)]
    record = (1, head, NOWHERE, hand, (NO_ROTATION, NO_ROTATION, rotation))
    refused = hall.poses.accept(np.array([record], dtype=POSE_DTYPE), hall.now_ms).refused
    assert not refused
    return hall.step(after_ms=after_ms)


def put_back(hall: Hall, epoch: int, after_ms: int = 2_000) -> list[tuple[str, str, str, float]]:
    return signals(hall.step(PutBack(1, 9, MUG_PROP, epoch), after_ms=after_ms))


@pytest.mark.parametrize(
    ("angles", "looks"),
    [
        ((0, 0, 0), 1),
        ((0, 45, -40, 45), 1),  # trembling
        ((0, 100, 130, 100), 2),  # once to the other side
        ((0, 100, 200, 300, 400), 3),  # round and round: no more than three looks
    ],
)
def test_turns_in_the_hand_are_close_looks(angles: tuple[int, ...], looks: int) -> None:
    hall, epoch = holding()
    for angle in angles:
        assert signals(move(hall, AWAY, turned(angle))) == []
    assert put_back(hall, epoch) == [("p1", "inspect", MUG, looks)]


def test_a_hand_that_is_not_tracked_turns_nothing() -> None:
    hall, epoch = holding()
    move(hall, AWAY, turned(0))
    move(hall, NOWHERE, turned(180))
    move(hall, AWAY, turned(180))
    assert put_back(hall, epoch) == [("p1", "inspect", MUG, 1)]


def test_the_other_hand_turns_for_itself() -> None:
    hall, epoch = holding()
    move(hall, AWAY, turned(180))
    hall.body(Grab, 1, MUG_PROP, "left")
    hall.step(after_ms=5 * HANDLING_SAMPLE_MS)
    assert put_back(hall, epoch) == [("p1", "inspect", MUG, 1)]


def test_what_is_held_to_the_head_is_tried_on_once() -> None:
    hall, _ = holding()
    assert signals(move(hall, AT_HEAD)) == []
    assert signals(move(hall, AT_HEAD, after_ms=TRY_ON_MS)) == [("p1", "try_on", MUG, 1)]
    assert signals(move(hall, AT_HEAD, after_ms=TRY_ON_MS)) == []
    move(hall, AWAY)
    move(hall, AT_HEAD)
    assert signals(move(hall, AT_HEAD, after_ms=TRY_ON_MS)) == []


@pytest.mark.parametrize("meanwhile", [AWAY, NOWHERE])
def test_passing_the_head_is_no_try(meanwhile: tuple[int, int, int]) -> None:
    hall, _ = holding()
    for _ in range(4):
        assert signals(move(hall, AT_HEAD)) == []
        assert signals(move(hall, meanwhile, after_ms=TRY_ON_MS)) == []


def test_without_consent_nobody_looks() -> None:
    hall, epoch = holding(consent=())
    timers = {key for key, _, _ in hall.room._state.timers.pending()}
    assert "handling" not in timers
    assert signals(move(hall, AT_HEAD, after_ms=TRY_ON_MS)) == []
    assert signals(move(hall, AT_HEAD, after_ms=TRY_ON_MS)) == []
    assert put_back(hall, epoch) == []


def test_turns_fall_under_the_consent_of_their_time() -> None:
    hall, epoch = holding(consent=())
    for angle in (0, 100, 200):
        move(hall, AWAY, turned(angle))
    hall.step(SetConsent(1, 5, ("session",)))
    move(hall, AWAY, turned(200))
    assert put_back(hall, epoch) == [("p1", "inspect", MUG, 1)]


def test_who_is_away_turns_nothing_and_goes_on_when_back() -> None:
    hall, _ = holding()
    move(hall, AT_HEAD)
    hall.step(Detach(1, 0, "lost"))
    assert signals(hall.step(after_ms=TRY_ON_MS)) == []
    hall.step(Resume(1, 0))
    assert signals(move(hall, AT_HEAD, after_ms=TRY_ON_MS)) == [("p1", "try_on", MUG, 1)]


moves = st.lists(
    st.tuples(
        st.sampled_from([AWAY, AT_HEAD, NOWHERE, (-300, 10, 500)]),
        st.integers(0, (1 << 32) - 1),
        st.integers(0, 3_000),
    ),
    max_size=30,
)


@settings(deadline=None)
@given(moves, st.sampled_from([(), ("session",), ("aggregate",), ("personal", "session")]))
def test_only_counts_leave_the_room_and_only_within_consent(
    moved: list[tuple[tuple[int, int, int], int, int]], consent: tuple[str, ...]
) -> None:
    hall, epoch = holding(consent=consent)
    steps = [move(hall, hand, rotation, after_ms) for hand, rotation, after_ms in moved]
    steps.append(hall.step(PutBack(1, 9, MUG_PROP, epoch), after_ms=2_000))
    left = [effect for step in steps for effect in effects(step, RecordInteraction)]
    assert consent or not any(step.effects for step in steps)
    for effect in left:
        assert set(effect.consent) == set(consent)
        assert effect.signal in ("inspect", "try_on")
        numbers = {
            field.name: getattr(effect, field.name)
            for field in fields(effect)
            if field.name not in PRIVATE
        }
        assert set(numbers) == {"slot_id", "value", "occurred_ms"}
        assert numbers["value"] in (1.0, 2.0, 3.0)
        assert numbers["slot_id"] == 1
    assert [effect.signal for effect in left].count("try_on") <= 1


def test_the_same_moves_give_the_same_room() -> None:
    rooms = []
    for _ in range(2):
        hall, _ = holding()
        for angle in (0, 100, 200):
            move(hall, AT_HEAD, turned(angle))
        rooms.append(hall.room.state_hash())
    assert rooms[0] == rooms[1]
    other, _ = holding()
    for _ in range(3):
        move(other, AT_HEAD)
    assert other.room.state_hash() != rooms[0]
