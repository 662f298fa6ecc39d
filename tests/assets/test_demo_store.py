"""The Grand Hall can be walked through, and every product has a place, a shape and a story."""

import itertools
import math
import re
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from assets.lod import build_lods
from assets.measure import measure
from assets.shapes.registry import build, checked, find
from tests.assets.demo_store import departments, layout, products, recipe

Corners = NDArray[np.float64]

AISLE_M = 1.5
FIXTURE_KINDS = {"table", "plinth", "shelf", "rail", "counter", "bench"}
COLOUR = re.compile(r"#[0-9a-f]{6}")
KEBAB = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def by_id(table: str) -> dict[Any, dict[str, Any]]:
    return {entry["id"]: entry for entry in layout()[table]}


def rectangle(x: float, z: float, width: float, depth: float, yaw_degrees: float) -> Corners:
    """Corners (4, 2) of a turned rectangle on the floor."""
    yaw = math.radians(yaw_degrees)
    right = np.array([math.cos(yaw), -math.sin(yaw)]) * width / 2
    ahead = np.array([math.sin(yaw), math.cos(yaw)]) * depth / 2
    middle = np.array([x, z])
    return np.array(
        [middle + a * right + b * ahead for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
    )


def footprint(fixture: dict[str, Any]) -> Corners:
    x, _, z = fixture["position"]
    width, _, depth = fixture["size_m"]
    return rectangle(x, z, width, depth, fixture["yaw_degrees"])


def to_edge(point: Corners, start: Corners, end: Corners) -> float:
    along = end - start
    share = np.clip((point - start) @ along / (along @ along), 0.0, 1.0)
    return float(np.linalg.norm(point - start - share * along))


def apart(first: Corners, second: Corners) -> float:
    """Distance of two rectangles that do not overlap; 0 when they do."""
    if overlap(first, second) > 0:
        return 0.0
    return min(
        to_edge(corner, other[k], other[(k + 1) % 4])
        for one, other in ((first, second), (second, first))
        for corner in one
        for k in range(4)
    )


def overlap(first: Corners, second: Corners) -> float:
    """How deep two rectangles are in one another, metres; negative when there is a gap.

    By separating axes: outlines that do not touch have a gap along some normal of an edge.
    """
    depth = math.inf
    for corners in (first, second):
        for k in range(2):
            edge = corners[k + 1] - corners[k]
            axis = np.array([-edge[1], edge[0]]) / np.linalg.norm(edge)
            a, b = first @ axis, second @ axis
            depth = min(depth, float(min(a.max(), b.max()) - max(a.min(), b.min())))
    return depth


def outside(point: tuple[float, float], fixture: dict[str, Any]) -> float:
    """How far a point on the floor is outside of a fixture, per side; negative inside."""
    x, _, z = fixture["position"]
    width, _, depth = fixture["size_m"]
    yaw = math.radians(fixture["yaw_degrees"])
    dx, dz = point[0] - x, point[1] - z
    along = dx * math.cos(yaw) - dz * math.sin(yaw)
    across = dx * math.sin(yaw) + dz * math.cos(yaw)
    return float(max(abs(along) - width / 2, abs(across) - depth / 2))


def test_the_room() -> None:
    room = layout()
    assert (room["id"], room["name"], room["capacity"]) == ("grand-hall", "Grand Hall", 64)
    width, height, depth = room["size_m"]
    assert 20 <= width <= 44
    assert 15 <= depth <= 32
    assert 3 <= height <= 10
    assert len(room["spawns"]) >= 12
    assert {entry["id"] for entry in room["waypoints"]} == {zone["id"] for zone in room["zones"]}


def test_ids_are_unique() -> None:
    for table in ("zones", "waypoints", "fixtures", "slots"):
        ids = [entry["id"] for entry in layout()[table]]
        assert len(ids) == len(set(ids)), table
    assert [slot["id"] for slot in layout()["slots"]] == list(range(1, len(layout()["slots"]) + 1))


def test_zones_lie_in_the_room_and_beside_one_another() -> None:
    width, height, depth = layout()["size_m"]
    for zone in layout()["zones"]:
        (x0, z0), (x1, z1) = zone["minimum"], zone["maximum"]
        assert -width / 2 <= x0 < x1 <= width / 2
        assert -depth / 2 <= z0 < z1 <= depth / 2
        assert COLOUR.fullmatch(zone["colour"])
        assert 2.2 <= zone["sign"][1] <= height
    for one, other in itertools.combinations(layout()["zones"], 2):
        shared = [
            min(one["maximum"][k], other["maximum"][k])
            - max(one["minimum"][k], other["minimum"][k])
            for k in (0, 1)
        ]
        assert min(shared) <= 0, (one["id"], other["id"])


def test_fixtures_stand_on_the_floor_and_leave_aisles() -> None:
    width, _, depth = layout()["size_m"]
    fixtures = layout()["fixtures"]
    for fixture in fixtures:
        assert fixture["kind"] in FIXTURE_KINDS
        assert fixture["position"][1] == 0
        assert COLOUR.fullmatch(fixture["colour"])
        reach = np.abs(footprint(fixture)).max(axis=0)
        for gap in (width / 2 - reach[0], depth / 2 - reach[1]):
            # By the wall, or so far from it that people pass.
            assert 0 <= gap <= 0.2 or gap >= AISLE_M, fixture["id"]
    for one, other in itertools.combinations(fixtures, 2):
        assert apart(footprint(one), footprint(other)) >= AISLE_M, (one["id"], other["id"])


def test_people_arrive_and_are_sent_to_free_floor() -> None:
    fixtures = layout()["fixtures"]
    spawns = [(s["position"][0], s["position"][2]) for s in layout()["spawns"]]
    stops = [(w["position"][0], w["position"][2]) for w in layout()["waypoints"]]
    for point in spawns + stops:
        assert min(outside(point, fixture) for fixture in fixtures) >= 0.6, point
    for one, other in itertools.combinations(spawns, 2):
        assert math.dist(one, other) >= 0.8


def test_people_arrive_looking_at_the_centre_piece() -> None:
    for spawn in layout()["spawns"]:
        x, _, z = spawn["position"]
        yaw = math.radians(spawn["yaw_degrees"])
        looking = np.array([-math.sin(yaw), -math.cos(yaw)])
        assert looking @ (np.array([-x, -z]) / math.hypot(x, z)) > 0.99


def test_slots_lie_on_their_fixtures_and_in_their_zones() -> None:
    zones, fixtures = by_id("zones"), by_id("fixtures")
    for slot in layout()["slots"]:
        x, y, z = slot["position"]
        zone, fixture = zones[slot["zone"]], fixtures[slot["fixture"]]
        assert y == fixture["size_m"][1], slot
        assert outside((x, z), fixture) < -0.1, slot
        assert zone["minimum"][0] <= x <= zone["maximum"][0]
        assert zone["minimum"][1] <= z <= zone["maximum"][1]
    for one, other in itertools.combinations(layout()["slots"], 2):
        assert math.dist(one["position"], other["position"]) >= 0.6, (one["id"], other["id"])


def test_the_store_is_large_enough() -> None:
    skus = [sku for product in products() for sku in product["skus"]]
    assert len(departments()) >= 8
    assert len(products()) >= 56
    assert len(skus) >= 110
    assert len({product["mesh"]["shape"] for product in products()}) >= 24


def test_products_and_skus_are_unique_and_each_slot_has_one() -> None:
    ids = [product["id"] for product in products()]
    skus = [sku["sku"] for product in products() for sku in product["skus"]]
    slots = [product["slot"] for product in products()]
    for values in (ids, skus, slots):
        assert len(values) == len(set(values))
    assert set(slots) == set(by_id("slots"))
    assert all(KEBAB.fullmatch(product_id) for product_id in ids)


def test_products_stand_in_their_department() -> None:
    slots = by_id("slots")
    for name, entries in departments().items():
        for product in entries:
            assert product["department"] == name
            assert slots[product["slot"]]["zone"] == name


def test_products_are_described() -> None:
    for product in products():
        assert 2 <= len(product["name"]) <= 60
        assert product["brand"]
        assert 40 <= len(product["description"]) <= 240
        assert 20 <= len(product["alt_text"]) <= 160
        assert product["description"].endswith(".")
        assert product["alt_text"].endswith(".")
        assert 3 <= len(product["tags"]) <= 8
        assert len(set(product["tags"])) == len(product["tags"])
        assert 10 <= product["weight_g"] <= 100_000
    texts = [product["description"] for product in products()]
    assert len(set(texts)) == len(texts)


def test_prices_stock_and_options() -> None:
    for product in products():
        assert product["currency"] == "EUR"
        assert product["skus"]
        options = [tuple(sorted(sku["options"].items())) for sku in product["skus"]]
        assert len(set(options)) == len(options), product["id"]
        for sku in product["skus"]:
            price = sku.get("price_minor", product["price_minor"])
            assert isinstance(price, int)
            assert 100 <= price <= 500_000
            stock = sku.get("stock", 0)
            assert isinstance(stock, int)
            # A kit has no stock of its own.
            assert (stock >= 1) != bool(sku.get("components"))
            assert COLOUR.fullmatch(sku["colour"])
            assert re.fullmatch(r"GH-[A-Z]+-\d{3}-[A-Z0-9-]+", sku["sku"])
            assert "colour" in sku["options"]


def test_there_is_one_of_one() -> None:
    stock = {product["id"]: [sku.get("stock") for sku in product["skus"]] for product in products()}
    rare = [product for product in products() if stock[product["id"]] == [1]]
    assert [product["id"] for product in rare] == ["opening-night-vase"]
    assert by_id("slots")[rare[0]["slot"]]["position"][0] == 0


@pytest.mark.parametrize("department", sorted(departments()))
def test_products_fit_their_places(department: str) -> None:
    """Nothing hangs over the edge by more than a hem, and neighbours do not touch."""
    slots, fixtures = by_id("slots"), by_id("fixtures")
    standing: dict[str, list[tuple[str, Corners]]] = {}
    for product in departments()[department]:
        made = recipe(product)
        assert checked(find(made.shape), made.parameters)
        mesh = build(made.shape, made.parameters, product["skus"][0]["colour"], 1)
        width, height, depth = measure(mesh).extents_m
        slot = slots[product["slot"]]
        assert slot["position"][1] + height < 2.4, product["id"]
        corners = rectangle(
            slot["position"][0], slot["position"][2], width, depth, slot["yaw_degrees"]
        )
        fixture = fixtures[slot["fixture"]]
        over = max(outside((float(x), float(z)), fixture) for x, z in corners)
        # Leaves and brims may hang over a little more than feet.
        assert over <= 0.25, (product["id"], over)
        standing.setdefault(fixture["id"], []).append((product["id"], corners))
    for neighbours in standing.values():
        for (one, first), (other, second) in itertools.combinations(neighbours, 2):
            assert overlap(first, second) < 0, (one, other)


@pytest.mark.parametrize("department", sorted(departments()))
def test_products_are_within_their_budgets(department: str) -> None:
    for product in departments()[department]:
        made = recipe(product)
        levels = build_lods(made.shape, made.parameters, product["skus"][0]["colour"])
        assert [lod.level for lod in levels] == [0, 1, 2]
