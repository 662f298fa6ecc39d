"""Hosts show things and call people together."""

import math

import numpy as np

from rooms.commands import Detach, Gather, Leave, Spotlight
from rooms.events import Answer, GatherInvited, RoomState, SpotlightChanged
from rooms.settings import RoomSettings
from tests.rooms.hall import MUG, Hall, entering, heard, told


def show(guests: int = 2, settings: RoomSettings | None = None) -> Hall:
    """Avatar 1 is the host."""
    hall = Hall(settings)
    hall.enter(1, role="host")
    for avatar_id in range(2, 2 + guests):
        hall.enter(avatar_id)
    return hall


def test_a_spotlight_is_seen_by_all_and_by_who_comes_later() -> None:
    hall = show()
    step = hall.step(Spotlight(1, 5, MUG))
    assert heard(step, 2, SpotlightChanged) == [SpotlightChanged(MUG, 1)]
    assert heard(step, 1, Answer) == [Answer(5, {})]
    (state,) = heard(hall.step(entering(9)), 9, RoomState)
    assert state.spotlight_product_id == MUG
    assert told(hall.step(Spotlight(1, 6, MUG)), SpotlightChanged) == []
    step = hall.step(Spotlight(1, 7, ""))
    assert heard(step, 2, SpotlightChanged) == [SpotlightChanged("", 1)]


def test_a_spotlight_goes_with_its_host() -> None:
    hall = show()
    hall.step(Spotlight(1, 5, MUG))
    step = hall.step(Leave(1, 6))
    assert heard(step, 2, SpotlightChanged) == [SpotlightChanged("", 1)]
    (state,) = heard(hall.step(entering(9)), 9, RoomState)
    assert state.spotlight_product_id == ""


def test_shoppers_have_no_stage() -> None:
    hall = show()
    assert hall.code(Spotlight, 2, MUG) == "NOT_ALLOWED"
    assert hall.code(Gather, 2) == "NOT_ALLOWED"
    assert hall.code(Spotlight, 1, "elephant") == "PRODUCT_NOT_HERE"
    assert hall.code(Gather, 9) == "NOT_IN_ROOM"


def test_everybody_gets_a_free_spot_that_faces_the_host() -> None:
    hall = show(guests=20)
    hall.teleport(1, 0.0, 3.0, 0.0)
    step = hall.step(Gather(1, 5))
    assert heard(step, 1, Answer) == [Answer(5, {"invited": 20})]
    assert heard(step, 1, GatherInvited) == []
    points = []
    for avatar_id in range(2, 22):
        (invited,) = heard(step, avatar_id, GatherInvited)
        assert invited.by_avatar_id == 1
        x, y, z = invited.position
        assert y == 0
        # Whoever walks half a metre where they face is nearer to the host by half a metre.
        yaw = math.radians(invited.yaw_degrees)
        ahead = math.hypot(x - 0.5 * math.sin(yaw), z - 0.5 * math.cos(yaw) - 3.0)
        assert math.isclose(ahead, math.hypot(x, z - 3.0) - 0.5, abs_tol=0.01)
        points.append((x, z))
        hall.teleport(avatar_id, x, z, invited.yaw_degrees)
    spread = np.array([*points, (0.0, 3.0)])
    apart = np.hypot(*(spread[:, None] - spread[None, :]).transpose(2, 0, 1))
    np.fill_diagonal(apart, np.inf)
    assert apart.min() >= hall.settings.personal_space_m


def test_who_is_away_is_not_called_and_not_stood_on() -> None:
    hall = show(guests=2)
    hall.teleport(1, 0.0, 3.8, 0.0)
    hall.teleport(2, 0.0, 2.2, 0.0)
    hall.step(Detach(2, 0, "lost"))
    step = hall.step(Gather(1, 5))
    assert heard(step, 1, Answer) == [Answer(5, {"invited": 1})]
    (invited,) = heard(step, 3, GatherInvited)
    assert math.dist(invited.position, (0.0, 0.0, 2.2)) >= hall.settings.personal_space_m
    assert heard(step, 2, GatherInvited) == []


def test_who_finds_no_spot_is_not_invited() -> None:
    settings = RoomSettings(gather_first_ring_m=0.8, gather_radius_m=0.8)
    hall = show(guests=20, settings=settings)
    hall.teleport(1, 3.0, 3.0)
    step = hall.step(Gather(1, 5))
    count = len(told(step, GatherInvited))
    assert 0 < count < 20
    assert heard(step, 1, Answer) == [Answer(5, {"invited": count})]
