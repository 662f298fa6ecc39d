"""Coupons over a real port: made by hosts, looked at again when the cart is locked."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.server.http.conftest import problem
from tests.server.http.customers import OpenShop, open_shop, pay
from tests.server.running_shop import MUG

QUARTER_OFF = {"code": "SPRING25", "kind": "percent", "value": 2_500, "currency": "EUR"}


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[OpenShop]:
    async with open_shop(tmp_path) as opened:
        yield opened


async def with_coupon(shop: OpenShop) -> tuple[httpx.AsyncClient, httpx.AsyncClient]:
    """A host who has made a coupon, and a shopper who has put it into a cart with a mug."""
    host, ada = await shop.enter("Hanna", "host"), await shop.enter("Ada")
    made = await host.post("/coupons", json=QUARTER_OFF)
    assert made.status_code == 201, made.text
    await ada.post("/cart/items", json={"sku": MUG})
    cart = (await ada.put("/cart/coupon", json={"code": "spring 25"})).json()
    assert cart["coupon"]["code"] == "SPRING25"
    assert cart["total_minor"] + cart["coupon"]["discount_minor"] == 1_490
    return host, ada


async def test_a_quarter_off(shop: OpenShop) -> None:
    host, ada = await with_coupon(shop)
    checkout = (await ada.post("/checkout")).json()
    assert (checkout["coupon_code"], checkout["total_minor"]) == ("SPRING25", 1_490 - 372)
    assert checkout["lines"][0]["discount_minor"] == 372
    assert (await pay(ada, checkout, "key-00000001"))["state"] == "paid"
    assert (await host.get("/coupons")).json()[0]["used"] == 1


async def test_a_coupon_that_ended_is_a_problem_of_the_checkout(shop: OpenShop) -> None:
    host, ada = await with_coupon(shop)
    assert (await host.delete("/coupons/SPRING25")).json()["withdrawn"] is True
    data = problem(await ada.post("/checkout"), 409, "CHECKOUT_PROBLEMS")
    assert [entry["code"] for entry in data["problems"]] == ["COUPON_ENDED"]
    cart = (await ada.delete("/cart/coupon")).json()
    assert (cart["coupon"], cart["total_minor"]) == (None, 1_490)
    assert (await ada.post("/checkout")).status_code == 201


async def test_coupons_that_are_none(shop: OpenShop) -> None:
    host, ada = await shop.enter("Hanna", "host"), await shop.enter("Ada")
    problem(await ada.post("/coupons", json=QUARTER_OFF), 403, "NOT_ALLOWED")
    problem(await ada.get("/coupons"), 403, "NOT_ALLOWED")
    problem(await ada.put("/cart/coupon", json={"code": "GUESSED"}), 404, "COUPON_NOT_FOUND")
    for wrong in ({"value": 0}, {"value": 10_001}, {"kind": "gift"}, {"currency": "eu"}):
        refused = await host.post("/coupons", json={**QUARTER_OFF, **wrong})
        assert refused.status_code == 422, wrong
    await host.post("/coupons", json=QUARTER_OFF)
    problem(await host.post("/coupons", json=QUARTER_OFF), 409, "COUPON_EXISTS")
    problem(await host.delete("/coupons/NOTHING"), 404, "COUPON_NOT_FOUND")
