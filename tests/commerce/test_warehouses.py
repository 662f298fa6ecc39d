"""Where pieces come from: the nearest first, and exactly as many as were ordered."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commerce.warehouses import (
    Parcel,
    Place,
    Warehouse,
    allocate,
    distance_m,
    nearest_first,
    postal_key,
)

HAMBURG, MUNICH, BERLIN = (
    Place(53_550_000, 10_000_000),
    Place(48_137_000, 11_575_000),
    Place(52_520_000, 13_405_000),
)
PLACES = st.builds(
    Place, st.integers(-90_000_000, 90_000_000), st.integers(-180_000_000, 180_000_000)
)
NAMES = ("north", "south", "west")
SKUS = ("MUG", "BOWL")


def test_distances() -> None:
    assert distance_m(HAMBURG, HAMBURG) == 0
    # The great-circle distance between the two cities is given as about 612 km.
    assert distance_m(HAMBURG, MUNICH) == pytest.approx(612_000, rel=0.01)


@given(PLACES, PLACES)
def test_distance_is_the_same_both_ways(one: Place, other: Place) -> None:
    assert distance_m(one, other) == pytest.approx(distance_m(other, one))
    assert 0 <= distance_m(one, other) <= 20_016_000


def test_the_nearest_comes_first() -> None:
    north = Warehouse("north", "North", 2, HAMBURG)
    south = Warehouse("south", "South", 1, MUNICH)
    somewhere = Warehouse("somewhere", "Somewhere", 0)
    found = nearest_first([somewhere, south, north], BERLIN)
    assert [entry.id for entry in found] == ["north", "south", "somewhere"]
    assert [entry.id for entry in nearest_first([north, south, somewhere])] == [
        "somewhere",
        "south",
        "north",
    ]


WAREHOUSES = st.lists(
    st.builds(Warehouse, st.uuids().map(str), st.just("W"), st.integers(0, 3), PLACES | st.none()),
    max_size=8,
    unique_by=lambda entry: entry.id,
)


@given(WAREHOUSES, PLACES | st.none(), st.randoms(use_true_random=False))
def test_nobody_nearer_comes_later(
    warehouses: list[Warehouse], destination: Place | None, chance: Random
) -> None:
    found = nearest_first(warehouses, destination)
    shuffled = list(warehouses)
    chance.shuffle(shuffled)
    assert nearest_first(shuffled, destination) == found, "whatever the order they are read in"
    known = [w for w in found if destination is not None and w.place is not None]
    assert found[: len(known)] == known, "those that are nowhere come last"
    metres = [distance_m(destination, w.place) for w in known if destination and w.place]
    assert metres == sorted(metres)
    rest = [(w.position, w.id) for w in found[len(known) :]]
    assert rest == sorted(rest)


def test_postal_codes_are_compared_without_their_dress() -> None:
    assert postal_key(" sw1a 1-aa ") == "SW1A1AA"


def test_the_remainder_comes_from_the_next() -> None:
    stock = {"north": {"MUG": 2}, "south": {"MUG": 5, "BOWL": 1}}
    assert allocate({"MUG": 4, "BOWL": 1}, stock, ["north", "south"]) == [
        Parcel("south", "BOWL", 1),
        Parcel("north", "MUG", 2),
        Parcel("south", "MUG", 2),
    ]
    with pytest.raises(ValueError, match="MUG"):
        allocate({"MUG": 8}, stock, ["north", "south"])


@given(
    st.fixed_dictionaries({sku: st.integers(0, 20) for sku in SKUS}),
    st.fixed_dictionaries(
        {name: st.fixed_dictionaries({sku: st.integers(0, 9) for sku in SKUS}) for name in NAMES}
    ),
    st.permutations(NAMES),
)
def test_parcels_are_the_order(
    pieces: dict[str, int], stock: dict[str, dict[str, int]], order: list[str]
) -> None:
    there = {sku: sum(entry[sku] for entry in stock.values()) for sku in SKUS}
    if any(pieces[sku] > there[sku] for sku in SKUS):
        with pytest.raises(ValueError, match="no warehouse"):
            allocate(pieces, stock, order)
        return
    parcels = allocate(pieces, stock, order)
    taken = {(parcel.warehouse_id, parcel.sku): parcel.quantity for parcel in parcels}
    assert len(taken) == len(parcels)
    for sku in SKUS:
        assert sum(count for (_, name), count in taken.items() if name == sku) == pieces[sku]
        counts = [(taken.get((name, sku), 0), stock[name][sku]) for name in order]
        assert all(0 <= took <= had for took, had in counts)
        # Nobody behind gives anything while somebody in front has some left.
        left_over = [number for number, (took, had) in enumerate(counts) if took < had]
        assert not left_over or all(took == 0 for took, _ in counts[left_over[0] + 1 :])
