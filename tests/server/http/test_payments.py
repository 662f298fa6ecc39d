"""Paid together, by phone and by credit over HTTP; refunds for hosts; webhooks."""

from typing import Any

import httpx

from server.services import Services
from tests.server.http.conftest import Shopper, open_client, problem

PAYS = "test:0000000000000001"
ADDRESS = {
    "email": "ada@example.org",
    "name": "Ada",
    "line1": "Some Street 1",
    "city": "Vienna",
    "postal_code": "1010",
    "country": "AT",
}


async def pay(
    client: httpx.AsyncClient, checkout: Any, expected_minor: int, key: str, **more: Any
) -> Any:
    response = await client.post(
        f"/checkout/{checkout['id']}/payment",
        json={"payment_method": PAYS, "expected_total_minor": expected_minor, **more},
        headers={"Idempotency-Key": key},
    )
    assert response.status_code == 200, response.text
    return response.json()


async def bought(client: httpx.AsyncClient, key: str = "key-00000001") -> Any:
    response = await client.post("/buy-now", json={"sku": "MUG-BLUE", "contact": ADDRESS})
    assert response.status_code == 201, response.text
    checkout = response.json()
    assert checkout["due_minor"] == checkout["total_minor"]
    return await pay(client, checkout, checkout["total_minor"], key)


async def test_paid_together(shopper: Shopper, services: Services) -> None:
    ada, bert = shopper("Ada"), shopper("Bert")
    for client in (ada, bert):
        me = (await client.get("/cart")).json()["members"][0]
        await services.commerce.join_cart("party-1", me)
        added = await client.post("/cart/items", json={"sku": "MUG-BLUE", "quantity": 1})
        assert added.status_code == 201, added.text
    checkout = (await ada.post("/checkout")).json()
    address = f"/checkout/{checkout['id']}"
    divided = (await ada.put(f"{address}/shares", json={"plan": "equal"})).json()
    half = divided["due_minor"]
    assert half * 2 == divided["total_minor"]
    ada_id, bert_id = (share["person_id"] for share in divided["shares"])
    waiting = await pay(ada, checkout, half, "key-of-ada-1")
    assert (waiting["state"], waiting["in_doubt"], waiting["due_minor"]) == ("paying", False, 0)
    given_up = (await ada.delete(f"{address}/payment")).json()
    assert given_up["state"] == "locked"
    covered = (await ada.put(f"{address}/shares/{bert_id}/cover")).json()
    assert covered["shares"][1]["covered_by"] == ada_id
    await ada.delete(f"{address}/shares/{bert_id}/cover")
    await pay(ada, checkout, half, "key-of-ada-2")
    code = (await bert.post(f"{address}/hand-off")).json()
    assert (code["amount_minor"], len(code["code"])) == (half, 10)
    async with open_client(ada._transport.app) as phone:  # type: ignore[attr-defined]
        shown = (await phone.get(f"/hand-off/{code['code']}")).json()
        assert shown["due_minor"] == half
        paid = await phone.post(
            f"/hand-off/{code['code']}/payment",
            json={"payment_method": PAYS},
            headers={"Idempotency-Key": "phone-key-1"},
        )
        assert paid.json()["state"] == "paid", paid.text
        gone = await phone.get(f"/hand-off/{code['code']}")
        assert (gone.status_code, gone.json()["code"]) == (409, "HAND_OFF_ENDED")


async def test_an_address_is_checked(ada: httpx.AsyncClient) -> None:
    await ada.post("/cart/items", json={"sku": "MUG-BLUE", "quantity": 1})
    response = await ada.post("/checkout", json={"contact": {**ADDRESS, "email": "secret"}})
    assert (response.status_code, response.json()["code"]) == (422, "INVALID_CONTACT")
    assert response.json()["data"] == {"fields": ["email"]}
    assert "secret" not in response.text
    locked = await ada.post("/checkout", json={"contact": ADDRESS})
    assert locked.status_code == 201


async def test_nothing_is_kept_where_nobody_keeps_anything(
    ada: httpx.AsyncClient, client: httpx.AsyncClient
) -> None:
    kept = await ada.get("/payment-methods")
    assert (kept.status_code, kept.json()) == (200, [])
    problem(await client.get("/payment-methods"), 401, "TOKEN_MISSING")
