"""Warehouses over a real port: for hosts alone, and every delivery counts once."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.server.http.conftest import problem
from tests.server.http.customers import OpenShop, locked, open_shop, pay
from tests.server.running_shop import MUG

VIENNA = {
    "id": "vienna",
    "name": "Vienna",
    "place": {"latitude_e6": 48_208_000, "longitude_e6": 16_373_000},
}


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[OpenShop]:
    async with open_shop(tmp_path) as opened:
        yield opened


async def test_pieces_arrive_and_move_once(shop: OpenShop) -> None:
    host, stock = await shop.enter("Hanna", "host"), f"/stock/{MUG}"
    assert [entry["id"] for entry in (await host.get("/warehouses")).json()] == ["main"]
    added = await host.post("/warehouses", json=VIENNA)
    assert (added.status_code, added.json()["place"]) == (201, VIENNA["place"])
    problem(await host.post("/warehouses", json=VIENNA), 409, "WAREHOUSE_EXISTS")
    before = (await host.get(stock)).json()["warehouses"]["main"]
    delivery = {"warehouse_id": "vienna", "pieces": 4, "reference": "note-1"}
    answers = [await host.post(f"{stock}/arrivals", json=delivery) for _ in range(2)]
    assert [answer.json()["new"] for answer in answers] == [True, False]
    move = {"from_id": "main", "to_id": "vienna", "pieces": 1, "transfer_id": "move-1"}
    for _ in range(2):
        assert (await host.post(f"{stock}/transfers", json=move)).status_code == 204
    assert (await host.get(stock)).json()["warehouses"] == {"main": before - 1, "vienna": 5}
    problem(
        await host.post(f"{stock}/transfers", json={**move, "pieces": 2}),
        409,
        "IDEMPOTENCY_KEY_REUSED",
    )
    far = {**move, "pieces": 900, "transfer_id": "move-2"}
    assert problem(await host.post(f"{stock}/transfers", json=far), 409, "NOT_ENOUGH_STOCK")[
        "on_hand"
    ] == (before - 1)
    ada = await shop.enter("Ada")
    order_id = (await pay(ada, await locked(ada), "key-00000001"))["order_id"]
    parcels = (await host.get(f"/orders/{order_id}/parcels")).json()
    assert parcels == [{"warehouse_id": "main", "sku": MUG, "quantity": 1}]
    assert (await ada.get(f"/orders/{order_id}")).json()["parcels"] == parcels
    books = (await host.get(stock)).json()
    assert (books["sold"], books["held"], books["received"]) == (1, 0, before + 4)
    moved = (await host.get(f"{stock}/movements?limit=2")).json()
    assert [(entry["reason"], entry["pieces"]) for entry in moved] == [("sale", -1), ("restock", 4)]
    assert (await shop.app.services.commerce.audit()).ok


async def test_everything_is_for_hosts(shop: OpenShop) -> None:
    ada, nobody = await shop.enter("Ada"), await shop.enter("", role="")
    for method, address in (
        ("GET", "/warehouses"),
        ("POST", "/warehouses"),
        ("GET", f"/stock/{MUG}"),
        ("GET", f"/stock/{MUG}/movements"),
        ("POST", f"/stock/{MUG}/arrivals"),
        ("POST", f"/stock/{MUG}/transfers"),
        ("PUT", f"/stock/{MUG}/purchase-limit"),
        ("DELETE", f"/stock/{MUG}/purchase-limit"),
        ("GET", "/orders/order-1/parcels"),
    ):
        problem(await ada.request(method, address, json={}), 403, "NOT_ALLOWED")
        problem(await nobody.request(method, address, json={}), 401, "TOKEN_MISSING")


async def test_a_limit_of_purchases_holds_over_orders(shop: OpenShop) -> None:
    host, ada = await shop.enter("Hanna", "host"), await shop.enter("Ada")
    limit = await host.put(f"/stock/{MUG}/purchase-limit", json={"pieces_max": 1})
    assert limit.status_code == 204
    await pay(ada, await locked(ada), "key-00000001")
    refused = await ada.post("/buy-now", json={"sku": MUG})
    assert refused.status_code == 409
    assert "LIMIT_REACHED" in refused.text
    assert (await host.delete(f"/stock/{MUG}/purchase-limit")).status_code == 204
    problem(await host.delete(f"/stock/{MUG}/purchase-limit"), 404, "LIMIT_NOT_FOUND")
    assert (await ada.post("/buy-now", json={"sku": MUG})).status_code == 201


async def test_pieces_that_are_none(shop: OpenShop) -> None:
    host = await shop.enter("Hanna", "host")
    for pieces in (0, -1, 1.5, "1", 10**9, True, None):
        arrival = {"pieces": pieces, "reference": "note-1"}
        problem(await host.post(f"/stock/{MUG}/arrivals", json=arrival), 422, "REQUEST_INVALID")


async def test_things_that_are_not_there(shop: OpenShop) -> None:
    host = await shop.enter("Hanna", "host")
    arrival = {"pieces": 1, "reference": "note-1"}
    problem(await host.get("/stock/NOTHING"), 404, "SKU_NOT_FOUND")
    problem(await host.post("/stock/NOTHING/arrivals", json=arrival), 404, "SKU_NOT_FOUND")
    lost = {**arrival, "warehouse_id": "atlantis"}
    problem(await host.post(f"/stock/{MUG}/arrivals", json=lost), 404, "WAREHOUSE_NOT_FOUND")
    for wrong in ({"latitude_e6": 90_000_001, "longitude_e6": 0}, {"latitude_e6": 0}):
        refused = await host.post("/warehouses", json={**VIENNA, "place": wrong})
        assert refused.status_code == 422
