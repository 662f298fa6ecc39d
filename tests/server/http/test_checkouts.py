"""The till over HTTP: lock, pay, decline, challenge, leave; and never twice."""

import asyncio
from typing import Any

import httpx
import pytest

from tests.server.http.conftest import Shopper, problem

PAYS, DECLINES, ASKS = (f"test:{number:016d}" for number in (1, 2, 3))


async def locked(client: httpx.AsyncClient, sku: str = "MUG-BLUE", quantity: int = 2) -> Any:
    added = await client.post("/cart/items", json={"sku": sku, "quantity": quantity})
    assert added.status_code == 201, added.text
    response = await client.post(
        "/checkout", json={"expected_total_minor": added.json()["total_minor"]}
    )
    assert response.status_code == 201, response.text
    return response.json()


async def pay(
    client: httpx.AsyncClient, checkout: Any, method: str = PAYS, key: str = "key-00000001"
) -> httpx.Response:
    return await client.post(
        f"/checkout/{checkout['id']}/payment",
        json={"payment_method": method, "expected_total_minor": checkout["total_minor"]},
        headers={"Idempotency-Key": key},
    )


async def test_lock_pay_order_track(ada: httpx.AsyncClient) -> None:
    checkout = await locked(ada)
    assert (checkout["state"], checkout["total"], checkout["currency"]) == (
        "locked",
        "29.80",
        "EUR",
    )
    assert (checkout["lines"][0]["unit_price"], checkout["lines"][0]["quantity"]) == ("14.90", 2)
    assert (await ada.get("/cart")).json()["checkout_id"] == checkout["id"]

    paid = (await pay(ada, checkout)).json()
    assert paid["state"] == "paid"
    assert (await ada.get(f"/checkout/{checkout['id']}")).json()["order_id"] == paid["order_id"]
    assert (await ada.get("/cart")).json()["lines"] == []

    (order,) = (await ada.get("/orders")).json()
    assert (order["id"], order["total"]) == (paid["order_id"], "29.80")
    assert (await ada.get("/metrics")).text.count(
        'galleria_payments_total{outcome="paid"} 1.0'
    ) == 1


async def test_decline_then_another_card(ada: httpx.AsyncClient) -> None:
    checkout = await locked(ada)
    declined = (await pay(ada, checkout, DECLINES, "key-declined")).json()
    assert declined["state"] == "locked"
    assert declined["last_failure"]["code"]
    assert declined["last_failure"]["message"]
    assert (await pay(ada, checkout, PAYS, "key-paid-now")).json()["state"] == "paid"


@pytest.mark.parametrize(("answer", "state"), [("approve", "paid"), ("reject", "locked")])
async def test_challenge(ada: httpx.AsyncClient, answer: str, state: str) -> None:
    checkout = await locked(ada)
    asked = (await pay(ada, checkout, ASKS)).json()
    assert asked["state"] == "paying"
    assert asked["challenge"]["instructions"]
    response = await ada.post(
        f"/checkout/{checkout['id']}/payment/confirmation",
        json={"challenge_id": asked["challenge"]["challenge_id"], "response": answer},
    )
    assert response.json()["state"] == state


async def test_many_clicks_pay_once(ada: httpx.AsyncClient) -> None:
    checkout = await locked(ada)
    answers = await asyncio.gather(*(pay(ada, checkout) for _ in range(8)))
    assert {answer.json()["order_id"] for answer in answers} == {answers[0].json()["order_id"]}
    assert len((await ada.get("/orders")).json()) == 1


async def test_payment_needs_a_key(ada: httpx.AsyncClient) -> None:
    checkout = await locked(ada)
    body = {"payment_method": PAYS, "expected_total_minor": checkout["total_minor"]}
    address = f"/checkout/{checkout['id']}/payment"
    problem(await ada.post(address, json=body), 400, "IDEMPOTENCY_KEY_MISSING")
    for key in ("", "short", "x" * 129, "tab\there-and-so"):
        response = await ada.post(address, json=body, headers={"Idempotency-Key": key})
        problem(response, 422, "INVALID_IDEMPOTENCY_KEY")
    assert (await ada.get("/orders")).json() == []


async def test_another_total_than_agreed(ada: httpx.AsyncClient) -> None:
    checkout = await locked(ada)
    cheaper = {**checkout, "total_minor": checkout["total_minor"] - 1}
    response = await pay(ada, cheaper)
    assert response.status_code == 409
    assert (await ada.get("/orders")).json() == []
    await ada.delete(f"/checkout/{checkout['id']}")
    response = await ada.post("/checkout", json={"expected_total_minor": 1})
    problem(response, 409, "CHECKOUT_PROBLEMS")


async def test_the_means_of_payment_is_never_repeated(ada: httpx.AsyncClient) -> None:
    checkout = await locked(ada)
    for method in ("visa:secret-thing", "test:000000000000secret", "s" * 200):
        response = await pay(ada, checkout, method, f"key-for-{len(method)}-long")
        assert response.status_code in (400, 404, 422)
        assert "secret" not in response.text
        assert "sss" not in response.text


async def test_locked_cart_cannot_change(ada: httpx.AsyncClient) -> None:
    checkout = await locked(ada)
    added = await ada.post("/cart/items", json={"sku": "BOWL-WALNUT", "quantity": 1})
    problem(added, 409, "CART_LOCKED")
    released = (await ada.delete(f"/checkout/{checkout['id']}")).json()
    assert released["state"] == "released"
    again = await ada.post("/cart/items", json={"sku": "BOWL-WALNUT", "quantity": 1})
    assert again.status_code == 201


async def test_an_empty_cart_cannot_be_locked(ada: httpx.AsyncClient) -> None:
    data = problem(await ada.post("/checkout"), 409, "CHECKOUT_PROBLEMS")
    assert data["problems"]


async def test_checkouts_of_others(shopper: Shopper) -> None:
    checkout = await locked(shopper("Ada"))
    mallory = shopper("Mallory")
    address = f"/checkout/{checkout['id']}"
    for response in (
        await mallory.get(address),
        await mallory.delete(address),
        await pay(mallory, checkout),
    ):
        assert response.status_code in (403, 404)
        assert response.json()["code"] in ("NOT_ALLOWED", "CHECKOUT_NOT_FOUND")
    assert (await shopper("Ada").get("/checkout/nothing")).status_code == 404


BAD_PAYMENTS: tuple[dict[str, Any], ...] = (
    {},
    {"payment_method": PAYS},
    {"payment_method": PAYS, "expected_total_minor": "2980"},
    {"payment_method": PAYS, "expected_total_minor": 29.8},
    {"payment_method": PAYS, "expected_total_minor": -1},
    {"payment_method": PAYS, "expected_total_minor": 10**30},
    {"payment_method": "", "expected_total_minor": 2980},
    {"payment_method": PAYS, "expected_total_minor": 2980, "discount": 100},
)


async def test_bad_payments(ada: httpx.AsyncClient) -> None:
    checkout = await locked(ada)
    for body in BAD_PAYMENTS:
        response = await ada.post(
            f"/checkout/{checkout['id']}/payment",
            json=body,
            headers={"Idempotency-Key": "key-00000001"},
        )
        problem(response, 422, "REQUEST_INVALID")
        assert "test:0" not in response.text
    assert (await ada.get(f"/checkout/{checkout['id']}")).json()["state"] == "locked"


async def test_who_tries_out_cards_has_to_wait(
    ada: httpx.AsyncClient, client: httpx.AsyncClient
) -> None:
    checkout = await locked(ada)
    for number in range(12):
        await pay(ada, checkout, DECLINES, f"key-{number:08d}")
    refused = await pay(ada, checkout, PAYS, "key-of-the-last")
    data = problem(refused, 429, "TOO_MANY_PAYMENTS")
    assert data["counted"] == "person"
    assert int(refused.headers["retry-after"]) == -(-data["retry_after_ms"] // 1_000) > 60
    shown = (await client.get("/metrics")).text
    assert 'galleria_http_problems_total{code="TOO_MANY_PAYMENTS"} 1.0' in shown
    assert 'galleria_payments_total{outcome="refused"} 1.0' in shown
