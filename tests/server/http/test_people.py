"""Somebody asks to be forgotten by HTTP: themselves, or by way of a host."""

import httpx

from server.services import Services
from tests.server.http.conftest import Shopper, problem
from tests.server.http.customers import locked, pay, person_of
from tests.server.running_shop import MUG

GONE = {"lines_removed": 1, "places_given_up": 0, "orders_kept": 0, "forfeited": []}


async def test_who_asks_is_forgotten_and_their_token_is_good_for_nothing(
    ada: httpx.AsyncClient, shopper: Shopper, services: Services
) -> None:
    assert (await ada.post("/cart/items", json={"sku": MUG})).status_code == 201
    person_id = await person_of(ada)
    erased = await ada.delete("/me")
    assert erased.status_code == 200, erased.text
    assert erased.json() == {"erased_ms": services.clock(), **GONE}
    assert await services.commerce.orders(person_id) == ()
    refused = problem(await ada.get("/cart"), 401, "TOKEN_EXPIRED")
    assert refused == {"reason": "erased"}
    problem(await ada.post("/cart/items", json={"sku": MUG}), 401, "TOKEN_EXPIRED")
    # Whoever has not heard the answer asks again, and hears the same.
    assert (await ada.delete("/me")).json() == erased.json()
    assert (await shopper("Ada").get("/cart")).json()["lines"] == []


async def test_orders_are_kept_without_a_name(
    ada: httpx.AsyncClient, host: httpx.AsyncClient, services: Services
) -> None:
    paid = await pay(ada, await locked(ada), "key-erase-1")
    erased = (await ada.delete("/me")).json()
    assert erased["orders_kept"] == 1
    assert (await host.get(f"/track/{paid['order_id']}")).json()["status"] == "paid"
    problem(await ada.get("/orders"), 401, "TOKEN_EXPIRED")
    assert (await services.commerce.audit()).ok


async def test_nobody_is_forgotten_at_the_till(ada: httpx.AsyncClient) -> None:
    checkout = await locked(ada)
    data = problem(await ada.delete("/me", params={"forfeit": "true"}), 409, "CART_LOCKED")
    assert [entry["checkout_id"] for entry in data["checkouts"]] == [checkout["id"]]
    assert (await ada.get(f"/checkout/{checkout['id']}")).json()["state"] == "locked"
    assert (await ada.delete(f"/checkout/{checkout['id']}")).status_code == 200
    assert (await ada.delete("/me")).status_code == 200


async def test_store_credit_is_given_up_only_when_it_is_said(
    ada: httpx.AsyncClient, host: httpx.AsyncClient
) -> None:
    grant = {"person_id": await person_of(ada), "amount_minor": 500, "currency": "EUR"}
    await host.post("/credit", json=grant, headers={"Idempotency-Key": "grant-key-1"})
    data = problem(await ada.delete("/me"), 409, "CREDIT_LEFT")
    assert data == {"credit": [{"currency": "EUR", "amount_minor": 500}]}
    erased = (await ada.delete("/me", params={"forfeit": "true"})).json()
    assert erased["forfeited"] == [{"currency": "EUR", "amount_minor": 500}]


async def test_hosts_have_somebody_forgotten(
    ada: httpx.AsyncClient, shopper: Shopper, host: httpx.AsyncClient
) -> None:
    await ada.post("/cart/items", json={"sku": MUG})
    person_id = await person_of(ada)
    problem(await shopper("Bert").delete(f"/people/{person_id}"), 403, "NOT_ALLOWED")
    assert (await ada.get("/cart")).status_code == 200
    erased = await host.delete(f"/people/{person_id}")
    assert (erased.status_code, erased.json()["lines_removed"]) == (200, 1)
    problem(await ada.get("/cart"), 401, "TOKEN_EXPIRED")
    assert (await ada.delete("/me")).json() == erased.json()
    problem(await host.delete("/people/%20"), 422, "INVALID_ID")


async def test_only_a_good_token_can_ask(client: httpx.AsyncClient) -> None:
    problem(await client.delete("/me"), 401, "TOKEN_MISSING")
    headers = {"Authorization": "Bearer forged"}
    problem(await client.delete("/me", headers=headers), 401, "TOKEN_INVALID")
    problem(await client.delete("/people/person-1"), 401, "TOKEN_MISSING")
