"""Propensities: told from the places of explored products, found again when they are known."""

import random

import pytest

from recommender import Signal
from recommender.settings import ExposureSettings
from recommender.slots import PLACES, ShownBefore, SlotStatistics


def test_before_there_is_anything_the_assumption_holds() -> None:
    slots = SlotStatistics(ExposureSettings(), 10)
    assert [slots.propensity(place) for place in (0, 3)] == pytest.approx([1.0, 0.5])
    assert slots.propensity(500) == slots.propensity(PLACES - 1)


def test_true_propensities_are_found_from_explored_showings() -> None:
    chance = random.Random(3)
    true = [0.5, 1.0, 0.25, 0.25]
    slots = SlotStatistics(ExposureSettings(), 10)
    for _ in range(20_000):
        place = chance.randrange(4)
        slots.shown(place, 1_000, explored=True, answered=chance.random() < 0.4 * true[place])
    found = [slots.propensity(place) for place in range(4)]
    assert found == pytest.approx(true, abs=0.06)


def test_what_was_not_placed_by_chance_teaches_nothing_of_places() -> None:
    slots = SlotStatistics(ExposureSettings(), 10)
    before = [slots.propensity(place) for place in range(PLACES)]
    for _ in range(500):
        slots.shown(5, 1_000, explored=False, answered=True)
    assert [slots.propensity(place) for place in range(PLACES)] == before


def test_a_product_is_not_blamed_for_its_place() -> None:
    """The same wish on the first and on the fourth place, which is looked at half as often."""
    slots = SlotStatistics(ExposureSettings(), 10)
    for number in range(400):
        slots.count_product("first", 0, answered=number % 4 == 0)
        slots.count_product("fourth", 3, answered=number % 8 == 0)
    (one_looks, one), (other_looks, other) = slots.product("first"), slots.product("fourth")
    assert one / one_looks == pytest.approx(other / other_looks)
    assert slots.product("unknown") == (0.0, 0.0)


def test_numbers_by_place() -> None:
    slots = SlotStatistics(ExposureSettings(), 1)
    slots.shown(0, 2_500, explored=False, answered=True)
    slots.shown(40, 1_000, explored=False, answered=False)
    for signal in (Signal.DWELL, Signal.ADD, Signal.BUY, Signal.VOTE_UP):
        slots.answered(0, signal)
    numbers = slots.numbers()
    assert numbers["slot_01_seconds"] == 2.5
    assert [numbers[f"slot_01_{name}"] for name in ("answered", "dwell", "add", "buy")] == [1.0] * 4
    assert numbers["slot_12_shown"] == 1.0
    assert "slot_02_shown" not in numbers
    slots.count_product("p0", 0, answered=True)
    slots.count_product("p1", 0, answered=True)
    assert slots.product("p1") == (0.0, 0.0)


def test_of_what_was_shown_before_one_person_counts_so_often() -> None:
    slots = SlotStatistics(ExposureSettings(), 10)
    hour_ms = 3_600_000
    named = [ShownBefore("ann", "p0", 0, False, False, number) for number in range(50)]
    nameless = [
        ShownBefore(None, "p1", 0, False, True, number % 2 * hour_ms) for number in range(50)
    ]
    slots.restore(named + nameless, 20)
    assert slots.product("p0") == (20.0, 0.0)
    assert slots.product("p1") == (40.0, 40.0)
    assert slots.numbers() == {}
