"""A layout is read whole or not at all, and says what is wrong with it."""

import json
from copy import deepcopy
from typing import Any

import pytest

from rooms.space import (
    LayoutError,
    Placement,
    check_placements,
    inside_footprint,
    layout_from,
    placements_from,
    placements_to_mappings,
    to_mapping,
)
from tests.rooms.hall import PLACEMENTS, layout, layout_mapping


def test_a_layout_survives_its_mapping() -> None:
    read = layout()
    plain = json.loads(json.dumps(to_mapping(read)))
    assert layout_from(plain) == read
    assert read.bounds == ((-6.0, 0.0, -5.0), (6.0, 4.0, 5.0))
    assert read.slots[2].position == (1.0, 0.9, 0.0)


def test_placements_survive_their_mappings() -> None:
    plain = json.loads(json.dumps(placements_to_mappings(PLACEMENTS)))
    assert placements_from(plain) == PLACEMENTS


def test_keys_nobody_knows_are_ignored() -> None:
    mapping = {**layout_mapping(), "music": "calm"}
    assert layout_from(mapping) == layout()


def without(key: str) -> dict[str, Any]:
    mapping = layout_mapping()
    del mapping[key]
    return mapping


def changed(group: str, index: int, **fields: Any) -> dict[str, Any]:
    mapping = deepcopy(layout_mapping())
    mapping[group][index].update(fields)
    return mapping


@pytest.mark.parametrize(
    ("mapping", "where"),
    [
        (without("id"), "layout"),
        (without("spawns"), "spawns"),
        ({**layout_mapping(), "size_m": [12.0, 4.0]}, "layout.size_m"),
        ({**layout_mapping(), "size_m": [12.0, 0.0, 10.0]}, "layout.size_m"),
        ({**layout_mapping(), "size_m": [12.0, 4.0, 1e9]}, "layout.size_m"),
        ({**layout_mapping(), "slots": "none"}, "layout.slots"),
        ({**layout_mapping(), "slots": [1]}, "slots[0]"),
        ({**layout_mapping(), "name": ""}, "layout.name"),
        (changed("slots", 1, id=1), "slots"),
        (changed("slots", 1, id=0), "slots[1].id"),
        (changed("slots", 1, id=True), "slots[1].id"),
        (changed("slots", 2, zone="attic"), "slots[2].zone"),
        (changed("slots", 2, fixture="ghost"), "slots[2].fixture"),
        (changed("slots", 0, position=[0.0, float("nan"), 0.0]), "slots[0].position"),
        (changed("slots", 0, position=["a", 0, 0]), "slots[0].position"),
        (changed("slots", 0, position=[0, 0, 33]), "slots[0].position"),
        (changed("zones", 1, id="front"), "zones"),
        (changed("fixtures", 1, id="table"), "fixtures"),
        (changed("fixtures", 1, yaw_degrees="north"), "fixtures[1].yaw_degrees"),
        (changed("waypoints", 0, name=7), "waypoints[0].name"),
        (changed("spawns", 0, position=[0.0, 0.0, 0.2]), "spawns[0]"),
        (changed("spawns", 0, position=[3.5, 0.0, 0.5]), "spawns[0]"),
        (changed("spawns", 0, position=[6.5, 0.0, 0.0]), "spawns[0]"),
        (changed("spawns", 0, position=[-3.0, 1.0, 3.0]), "spawns[0]"),
    ],
)
def test_a_wrong_layout_says_where(mapping: dict[str, Any], where: str) -> None:
    with pytest.raises(LayoutError) as caught:
        layout_from(mapping)
    assert caught.value.where == where
    assert caught.value.code == "LAYOUT_INVALID"
    assert caught.value.problem in str(caught.value)


@pytest.mark.parametrize(
    "placements",
    [
        [Placement(9, "mug", ())],
        [Placement(1, "mug", ()), Placement(1, "lamp", ())],
        [Placement(1, "", ())],
        [Placement(1, "mug", ("A",)), Placement(2, "lamp", ("A",))],
    ],
)
def test_a_placement_that_cannot_be_is_refused(placements: list[Placement]) -> None:
    with pytest.raises(LayoutError):
        check_placements(layout(), placements)


def test_one_product_may_stand_on_two_slots() -> None:
    check_placements(layout(), [Placement(1, "mug", ("A",)), Placement(2, "mug", ("A",))])


@pytest.mark.parametrize("entry", [{}, {"slot_id": 1, "product_id": "mug", "skus": [1]}])
def test_a_wrong_placement_says_where(entry: dict[str, Any]) -> None:
    with pytest.raises(LayoutError, match=r"placements\[0\]"):
        placements_from([entry])


def test_a_footprint_turns_with_its_fixture() -> None:
    table, plinth, _ = layout().fixtures
    assert inside_footprint(table, 1.49, 0.49, 0.0)
    assert not inside_footprint(table, 1.51, 0.0, 0.0)
    assert inside_footprint(table, 1.51, 0.0, 0.2)
    # A square of 0.8 m turned by 45 degrees reaches 0.566 m along the axes.
    assert inside_footprint(plinth, 3.5, 0.55, 0.0)
    assert not inside_footprint(plinth, 3.85, 0.35, 0.0)
