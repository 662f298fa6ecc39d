"""Groups of receivers by the squares they stand in, and how far everybody is from each."""

import math
import random

import numpy as np
import pytest

from rooms.cells import Cells, cells_of
from rooms.settings import InterestSettings
from rooms.views import NO_PAIRS, Members, Pairs

SETTINGS = InterestSettings(cell_m=4, hysteresis_m=0.5)


def members(count: int, *, away: tuple[int, ...] = (), blocked: Pairs = NO_PAIRS) -> Members:
    ids = np.arange(1, count + 1)
    return Members(
        ids=ids,
        party=ids,
        is_host=np.zeros(count, dtype=bool),
        receiving=~np.isin(ids, away),
        blocked=blocked,
    )


def cells(of: list[tuple[int, int]], here: Members) -> Cells:
    return cells_of(np.array(of, dtype=np.int32), here, SETTINGS, middle_every=2, far_every=5)


@pytest.mark.parametrize("seed", range(20))
def test_distances_are_those_to_the_grown_square(seed: int) -> None:
    chance = random.Random(seed)
    count = chance.randrange(1, 40)
    points_m = [(chance.uniform(-20, 20), chance.uniform(-20, 20)) for _ in range(count)]
    of = [(math.floor(x / 4), math.floor(z / 4)) for x, z in points_m]
    groups = cells(of, members(count))
    squares = groups.square_distances(np.array(points_m, dtype=np.float32).T)
    assert squares.shape == (len(set(of)), count)
    for row, (column, line) in enumerate(of):
        for other, point_m in enumerate(points_m):
            centre_m = (4 * column + 2, 4 * line + 2)
            aside = (max(0.0, abs(a - b) - 2.5) for a, b in zip(point_m, centre_m, strict=True))
            expected = sum(part * part for part in aside)
            assert squares[groups.of[row], other] == pytest.approx(expected, abs=1e-3)


def test_a_cell_is_a_group_of_those_who_receive() -> None:
    groups = cells([(0, 0), (0, 0), (-1, 3), (0, 0)], members(4, away=(2,)))
    assert sorted(groups.receivers) == [(1, 4), (3,)]
    assert groups.of[0] == groups.of[3] != groups.of[2]
    assert groups.allowed is None is groups.known


def test_who_must_not_see_somebody_has_a_group_of_their_own() -> None:
    blocked = frozenset({(1, 4), (4, 1), (2, 4), (4, 2)})
    groups = cells([(0, 0)] * 4, members(4, blocked=blocked))
    assert sorted(groups.receivers) == [(1, 2), (3,), (4,)]
    assert groups.allowed is not None
    assert groups.allowed[groups.of[0]].tolist() == [True, True, True, False]
    assert groups.allowed[groups.of[3]].tolist() == [False, False, True, True]


def test_each_group_has_one_turn_and_neighbours_another() -> None:
    of = [(x, z) for x in range(-3, 3) for z in range(-3, 3)]
    groups = cells(of, members(len(of)))
    for turns in (groups.middle_turns, groups.far_turns):
        assert sorted(group for turn in turns for group in turn.tolist()) == list(range(len(of)))
        turn_of = {int(group): n for n, turn in enumerate(turns) for group in turn}
        for row, (x, z) in enumerate(of[:-1]):
            if of[row + 1] == (x, z + 1):
                assert turn_of[int(groups.of[row])] != turn_of[int(groups.of[row + 1])]


def test_receivers_can_be_told_apart() -> None:
    groups = cells([(0, 0), (0, 0), (5, 5)], members(3))
    needy = frozenset({2, 3})
    assert groups.receivers_among(needy) == [(2,), (3,)]
    assert groups.receivers_but(needy) == [(1,), ()]


def test_nobody_who_receives_is_no_group() -> None:
    groups = cells([(0, 0), (1, 1)], members(2, away=(1, 2)))
    assert groups.receivers == []
