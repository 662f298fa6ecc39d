"""Orders: for their owners in full, for everybody with the id as a bare status."""

import httpx

from tests.server.http.conftest import Shopper, problem
from tests.server.http.test_checkouts import locked, pay


async def bought(client: httpx.AsyncClient) -> str:
    order_id = (await pay(client, await locked(client))).json()["order_id"]
    assert isinstance(order_id, str)
    return order_id


async def test_own_orders(ada: httpx.AsyncClient) -> None:
    assert (await ada.get("/orders")).json() == []
    order_id = await bought(ada)
    order = (await ada.get(f"/orders/{order_id}")).json()
    assert order == (await ada.get("/orders")).json()[0]
    assert order["lines"][0]["sku"] == "MUG-BLUE"
    assert order["timeline"]


async def test_orders_of_others(shopper: Shopper, client: httpx.AsyncClient) -> None:
    order_id = await bought(shopper("Ada"))
    mallory = shopper("Mallory")
    assert (await mallory.get("/orders")).json() == []
    problem(await mallory.get(f"/orders/{order_id}"), 404, "ORDER_NOT_FOUND")
    problem(await client.get(f"/orders/{order_id}"), 401, "TOKEN_MISSING")
    problem(await client.get("/orders"), 401, "TOKEN_MISSING")


async def test_track_tells_nothing_of_people(
    ada: httpx.AsyncClient, client: httpx.AsyncClient
) -> None:
    order_id = await bought(ada)
    response = await client.get(f"/track/{order_id}")
    tracked = response.json()
    assert (tracked["order_id"], bool(tracked["status"])) == (order_id, True)
    assert tracked["timeline"]
    assert "person" not in response.text
    assert "minor" not in response.text
    problem(await client.get("/track/order-guessed"), 404, "ORDER_NOT_FOUND")
    problem(await client.get("/track/" + "x" * 65), 422, "REQUEST_INVALID")
