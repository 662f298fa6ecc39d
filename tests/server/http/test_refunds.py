"""Refunds: by hosts, once for a key, never more than was paid."""

import httpx

from tests.server.http.conftest import Shopper, problem
from tests.server.http.customers import locked, pay


async def test_refunds_are_for_hosts(ada: httpx.AsyncClient, host: httpx.AsyncClient) -> None:
    order_id = (await pay(ada, await locked(ada), "key-00000001"))["order_id"]
    address, key = f"/orders/{order_id}/refunds", {"Idempotency-Key": "refund-key-1"}
    problem(await ada.post(address, json={}, headers=key), 403, "NOT_ALLOWED")
    problem(await ada.get(address), 403, "NOT_ALLOWED")
    for _ in range(2):
        made = await host.post(address, json={"amount_minor": 490}, headers=key)
        assert made.status_code == 201, made.text
        (refund,) = made.json()
        assert (refund["state"], refund["amount_minor"]) == ("succeeded", 490)
    assert (await host.get(address)).json() == [refund]
    for amount in (0, -1, 1.5, "490"):
        wrong = await host.post(
            address, json={"amount_minor": amount}, headers={"Idempotency-Key": "refund-key-2"}
        )
        assert wrong.status_code == 422
    left = await host.post(address, json={}, headers={"Idempotency-Key": "refund-key-3"})
    assert sorted(entry["amount_minor"] for entry in left.json()) == [490, 1_000]
    again = await host.post(address, json={}, headers={"Idempotency-Key": "refund-key-4"})
    problem(again, 409, "REFUND_TOO_LARGE")


async def test_orders_and_keys_that_are_none(host: httpx.AsyncClient, shopper: Shopper) -> None:
    key = {"Idempotency-Key": "refund-key-1"}
    problem(
        await host.post("/orders/order-1/refunds", json={}, headers=key), 404, "ORDER_NOT_FOUND"
    )
    problem(await host.post("/orders/order-1/refunds", json={}), 400, "IDEMPOTENCY_KEY_MISSING")
    ada = shopper("Ada")
    problem(await ada.post("/orders/order-1/refunds", content=b"{"), 403, "NOT_ALLOWED")
