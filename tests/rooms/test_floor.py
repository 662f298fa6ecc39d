"""People are put where they can stand, apart from one another."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rooms.floor import Floor, yaw_towards
from rooms.settings import RoomSettings
from rooms.space import inside_footprint
from tests.rooms.hall import layout

SETTINGS = RoomSettings()
FLOOR = Floor(layout(), SETTINGS)
NOBODY = np.zeros((0, 2))
X, Z = st.floats(-7, 7), st.floats(-6, 6)


@given(X, Z)
def test_free_is_inside_the_walls_and_outside_all_fixtures(x: float, z: float) -> None:
    margin_m = SETTINGS.body_radius_m
    expected = (
        abs(x) <= 6 - margin_m
        and abs(z) <= 5 - margin_m
        and not any(inside_footprint(fixture, x, z, margin_m) for fixture in layout().fixtures)
    )
    assert bool(FLOOR.free(np.array([[x, z]]))[0]) is expected
    assert FLOOR.can_stand((x, 0.0, z)) is expected


def test_a_hall_without_fixtures_is_free() -> None:
    floor = Floor(replace(layout(), fixtures=()), SETTINGS)
    assert floor.can_stand((0.0, 0.0, 0.0))


@pytest.mark.parametrize(
    "position",
    [
        (math.nan, 0.0, 0.0),
        (0.0, math.nan, 3.0),
        (0.0, 0.0, math.inf),
        (-math.inf, 0.0, 0.0),
        (0.0, 1.0, 3.0),
        (0.0, -1.0, 3.0),
        (1e308, 0.0, 1e308),
    ],
)
def test_nobody_stands_nowhere(position: tuple[float, float, float]) -> None:
    assert not FLOOR.can_stand(position)


def test_newcomers_get_the_emptiest_spawn() -> None:
    assert FLOOR.spawn(NOBODY).position == (-1.2, 0.0, 1.8)
    assert FLOOR.spawn(np.array([[-1.2, 1.8]])).position == (1.2, 0.0, 1.8)
    assert FLOOR.spawn(np.array([[-1.2, 1.8], [1.2, 1.8]])).position == (0.0, 0.0, 1.8)


def test_when_all_spawns_are_taken_a_spot_beside_one_is_found() -> None:
    people = np.array([[x, 1.8] for x in (-1.2, 0.0, 1.2)])
    for _ in range(20):
        spawn = FLOOR.spawn(people)
        point = np.array([spawn.position[0], spawn.position[2]])
        assert FLOOR.can_stand(spawn.position)
        assert np.hypot(*(people - point).T).min() >= SETTINGS.personal_space_m
        people = np.vstack([people, point])


def test_a_hall_that_is_too_full_still_lets_people_in() -> None:
    side = np.linspace(-6, 6, 40)
    people = np.array([[x, z] for x in side for z in side])
    assert FLOOR.spawn(people) in layout().spawns


@given(X, Z, st.floats(-180, 180), st.integers(0, 63))
def test_spots_are_free_and_apart(x: float, z: float, yaw_degrees: float, count: int) -> None:
    people = np.array([[2.0, 3.0]])
    spots = FLOOR.spots_around(x, z, yaw_degrees, count, people)
    assert len(spots) <= count
    if not spots:
        return
    points = np.array(spots)
    assert FLOOR.free(points).all()
    all_points = np.vstack([points, people, [[x, z]]])
    apart = np.hypot(*(all_points[:, None] - all_points[None, :]).transpose(2, 0, 1))
    apart[len(points) :, len(points) :] = np.inf
    np.fill_diagonal(apart, np.inf)
    assert apart.min() >= SETTINGS.personal_space_m
    assert np.hypot(*(points - [x, z]).T).max() <= SETTINGS.gather_radius_m + 0.01


def test_those_before_the_eyes_come_first() -> None:
    floor = Floor(replace(layout(), fixtures=()), SETTINGS)
    (first,) = floor.spots_around(0.0, 0.0, 0.0, 1, NOBODY)
    assert first == (0.0, -SETTINGS.gather_first_ring_m)
    (first,) = floor.spots_around(0.0, 0.0, 90.0, 1, NOBODY)
    assert first == (-SETTINGS.gather_first_ring_m, 0.0)


@pytest.mark.parametrize(
    ("target", "yaw_degrees"), [((0, -1), 0), ((-1, 0), 90), ((0, 1), 180), ((1, 0), -90)]
)
def test_yaw_towards(target: tuple[int, int], yaw_degrees: float) -> None:
    assert abs(yaw_towards(0, 0, *target)) == abs(yaw_degrees)
    assert math.sin(math.radians(yaw_towards(0, 0, *target) - yaw_degrees)) == pytest.approx(0)
