"""What hostile clients send over HTTP: a problem document each, and nothing has changed."""

from typing import Any

import httpx

from server.services import Services
from tests.server.http.conftest import Shopper, TurnedClock, problem

PAYS = "test:0000000000000001"
KEY = {"Idempotency-Key": "key-00000001"}
OTHER_KEY = {"Idempotency-Key": "key-00000002"}


async def left(services: Services) -> dict[str, int]:
    return {view.sku: view.available for view in await services.commerce.stock()}


async def locked(client: httpx.AsyncClient) -> Any:
    await client.post("/cart/items", json={"sku": "MUG-BLUE", "quantity": 2})
    return (await client.post("/checkout")).json()


def payment(expected_minor: object, **more: object) -> dict[str, object]:
    return {"payment_method": PAYS, "expected_total_minor": expected_minor, **more}


async def test_quantities_and_prices_of_ones_own(
    ada: httpx.AsyncClient, services: Services
) -> None:
    before = await left(services)
    for address in ("/cart/items", "/buy-now"):
        for quantity in (0, -1, 1.5, 10**30, "2", True, None):
            body = {"sku": "MUG-BLUE", "quantity": quantity}
            problem(await ada.post(address, json=body), 422, "REQUEST_INVALID")
        body = {"sku": "MUG-BLUE", "quantity": 11}
        problem(await ada.post(address, json=body), 409, "LIMIT_REACHED")
    for more in ({"price_minor": 1}, {"currency": "USD"}, {"discount_minor": 2_000}):
        body = {"sku": "MUG-BLUE", "quantity": 1, **more}
        problem(await ada.post("/cart/items", json=body), 422, "REQUEST_INVALID")
    assert await left(services) == before
    assert (await ada.get("/cart")).json()["lines"] == []


async def test_forged_totals_and_other_peoples_checkouts(
    shopper: Shopper, services: Services
) -> None:
    ada, mallory = shopper("Ada"), shopper("Mallory")
    checkout = await locked(ada)
    address = f"/checkout/{checkout['id']}"
    before = await left(services)
    for expected_minor, status, code in (
        (1, 409, "TOTAL_CHANGED"),
        (-1, 422, "REQUEST_INVALID"),
        (29.8, 422, "REQUEST_INVALID"),
        (10**30, 422, "REQUEST_INVALID"),
    ):
        response = await ada.post(f"{address}/payment", json=payment(expected_minor), headers=KEY)
        problem(response, status, code)
    too_much = payment(2_980, amount_minor=2_981)
    problem(await ada.post(f"{address}/payment", json=too_much, headers=KEY), 422, "INVALID_AMOUNT")
    for asked in (
        mallory.get(address),
        mallory.delete(address),
        mallory.post(f"{address}/payment", json=payment(2_980), headers=KEY),
        mallory.post(f"{address}/hand-off"),
        mallory.put(f"{address}/shares", json={"plan": "equal"}),
        mallory.delete(f"{address}/payment"),
    ):
        problem(await asked, 404, "CHECKOUT_NOT_FOUND")
    assert (await ada.get(address)).json() == checkout
    assert await left(services) == before
    paid = await ada.post(f"{address}/payment", json=payment(2_980), headers=KEY)
    assert paid.json()["state"] == "paid"


async def test_codes_and_keys_a_second_time(
    ada: httpx.AsyncClient, client: httpx.AsyncClient, clock: TurnedClock, services: Services
) -> None:
    checkout = await locked(ada)
    address = f"/checkout/{checkout['id']}"
    old = (await ada.post(f"{address}/hand-off")).json()["code"]
    code = (await ada.post(f"{address}/hand-off")).json()["code"]
    body = {"payment_method": PAYS}

    async def by(code: str, headers: dict[str, str]) -> httpx.Response:
        return await client.post(f"/hand-off/{code}/payment", json=body, headers=headers)

    problem(await by(old, KEY), 409, "HAND_OFF_ENDED")
    problem(await by("AAAAAAAAAA", KEY), 404, "HAND_OFF_NOT_FOUND")
    clock.now_ms += 121_000
    # Code and lock end together, when one person pays all.
    problem(await by(code, KEY), 409, "CHECKOUT_EXPIRED")
    assert (await ada.get("/orders")).json() == []
    await services.commerce.sweep()
    checkout = (await ada.post("/checkout")).json()
    code = (await ada.post(f"/checkout/{checkout['id']}/hand-off")).json()["code"]
    paid = await by(code, KEY)
    assert paid.json()["state"] == "paid", paid.text
    problem(await by(code, OTHER_KEY), 409, "HAND_OFF_ENDED")
    again = {"sku": "MUG-BLUE", "quantity": 1}
    assert (await ada.post("/cart/items", json=again, headers=KEY)).status_code == 201
    changed = {"sku": "MUG-BLUE", "quantity": 2}
    refused = await ada.post("/cart/items", json=changed, headers=KEY)
    problem(refused, 409, "IDEMPOTENCY_KEY_REUSED")
    assert len((await ada.get("/orders")).json()) == 1
