"""Bots find their way around the fixtures."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.bots.floor import CELL_M, Floor, Point

LAYOUT: dict[str, Any] = {
    "size_m": [20.0, 4.0, 12.0],
    "fixtures": [
        {"position": [0.0, 0.5, 0.0], "size_m": [1.0, 1.0, 8.0], "yaw_degrees": 0.0},
        {"position": [5.0, 0.5, 2.0], "size_m": [3.0, 1.0, 1.0], "yaw_degrees": 30.0},
    ],
    "waypoints": [{"id": "west", "position": [-6.0, 0.0, 0.0]}],
    "slots": [{"id": 1, "position": [0.0, 1.0, 1.0], "yaw_degrees": 90.0}],
    "placements": [{"slot_id": 1, "product_id": "mug", "skus": ["MUG-RED"]}],
}
points = st.tuples(st.floats(-9.0, 9.0), st.floats(-5.0, 5.0))


@pytest.fixture(scope="module")
def floor() -> Floor:
    return Floor(LAYOUT)


def length(start: Point, way: list[Point]) -> float:
    return sum(math.dist(a, b) for a, b in zip([start, *way], way, strict=False))


def test_fixtures_and_walls_are_not_free(floor: Floor) -> None:
    assert not floor.is_free((0.0, 0.0))
    assert not floor.is_free((5.0, 2.0))
    assert not floor.is_free((9.99, 0.0))
    assert not floor.is_free((40.0, 0.0))
    assert floor.is_free((-5.0, 0.0))


def test_a_turned_fixture_is_turned_the_right_way(floor: Floor) -> None:
    """Counter-clockwise from above: its +X end goes to -Z."""
    assert not floor.is_free((6.2, 1.3))
    assert floor.is_free((6.4, 3.1))


def test_a_shelf_is_served_from_its_front(floor: Floor) -> None:
    (shelf,) = floor.shelves
    assert (shelf.product_id, shelf.skus) == ("mug", ("MUG-RED",))
    assert shelf.stand[0] > 0.8
    assert floor.is_free(shelf.stand)


def test_a_way_goes_around(floor: Floor) -> None:
    way = floor.way((-3.0, 0.0), (3.0, 0.0))
    assert way[-1] == (3.0, 0.0)
    assert length((-3.0, 0.0), way) > 9.5
    assert length((-3.0, 0.0), way) < 14.0


def test_a_clear_way_is_straight(floor: Floor) -> None:
    assert floor.way((-8.0, -4.0), (-3.0, 4.0)) == [(-3.0, 4.0)]


def test_where_no_way_leads_bots_go_straight() -> None:
    walled = {
        **LAYOUT,
        "fixtures": [{"position": [0.0, 0.5, 0.0], "size_m": [1.0, 1.0, 12.0]}],
    }
    assert Floor(walled).way((-3.0, 0.0), (3.0, 0.0)) == [(3.0, 0.0)]


@given(points, points)
def test_every_way_ends_at_its_goal_and_stays_free(start: Point, goal: Point) -> None:
    floor = Floor(LAYOUT)
    start = floor.nearest_free(start)
    way = floor.way(start, goal)
    assert math.dist(way[-1], floor.nearest_free(goal)) < 1e-9
    here = start
    for corner in way:
        for step in range(1, 40):
            share = step / 40
            point = (
                here[0] + (corner[0] - here[0]) * share,
                here[1] + (corner[1] - here[1]) * share,
            )
            # Half a cell is the precision of the grid.
            assert math.dist(floor.nearest_free(point), point) <= CELL_M
        here = corner
