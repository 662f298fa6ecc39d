"""The OpenAPI document: complete, with our errors, and without FastAPI's own error shapes."""

import json
import re
from typing import Any

import httpx
import pytest

from server.http.error_table import ERRORS
from server.http.openapi import EVERYWHERE, errors

MONEY = (
    "/cart",
    "/coupons",
    "/regions",
    "/checkout",
    "/hand-off",
    "/buy-now",
    "/gifts",
    "/credit",
    "/gift-card",
    "/drops",
    "/warehouses",
    "/stock",
    "/orders",
    "/webhooks",
    "/people",
)

METHODS = {"get", "post", "put", "delete", "head"}


@pytest.fixture
async def document(client: httpx.AsyncClient) -> Any:
    return (await client.get("/openapi.json")).json()


async def test_every_address(document: Any) -> None:
    assert set(document["paths"]) == {
        "/session/guest",
        "/session/host",
        "/me",
        "/people/{person_id}",
        "/rooms",
        "/rooms/{room_id}",
        "/rooms/{room_id}/layout",
        "/rooms/{room_id}/invites",
        "/seats",
        "/products",
        "/products/{product_id}",
        "/search",
        "/cart",
        "/cart/contact",
        "/cart/coupon",
        "/cart/items",
        "/cart/items/{line_id}",
        "/cart/items/{line_id}/owner",
        "/checkout",
        "/checkout/{checkout_id}",
        "/payment-methods",
        "/checkout/{checkout_id}/payment",
        "/checkout/{checkout_id}/payment/confirmation",
        "/checkout/{checkout_id}/shares",
        "/checkout/{checkout_id}/shares/{person_id}/cover",
        "/checkout/{checkout_id}/hand-off",
        "/hand-off/{code}",
        "/hand-off/{code}/payment",
        "/hand-off/{code}/qr.svg",
        "/checkout/{checkout_id}/challenge/qr.svg",
        "/buy-now",
        "/gifts",
        "/gifts/{line_id}",
        "/gifts/{line_id}/answer",
        "/credit",
        "/credit/{currency}",
        "/gift-card",
        "/gift-cards",
        "/drops/{sku}",
        "/drops/{sku}/place",
        "/warehouses",
        "/stock/{sku}",
        "/stock/{sku}/arrivals",
        "/stock/{sku}/transfers",
        "/stock/{sku}/purchase-limit",
        "/stock/{sku}/movements",
        "/stock/{sku}/nearest",
        "/regions",
        "/regions/{country}",
        "/coupons",
        "/coupons/{code}",
        "/webhooks/{provider}",
        "/orders",
        "/orders/{order_id}",
        "/orders/{order_id}/refunds",
        "/orders/{order_id}/parcels",
        "/track/{order_id}",
        "/recommendations",
        "/recommendations/display",
        "/recommendations/figures",
        "/recommendations/likes",
        "/recommendations/preferences",
        "/assets/manifest.json",
        "/assets/{name}",
        "/healthz",
        "/readyz",
        "/metrics",
    }


async def test_every_operation_is_described_and_its_errors_are_problems(document: Any) -> None:
    names = set()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert method in METHODS
            assert operation["description"], path
            assert operation["tags"], path
            names.add(operation["operationId"])
            assert {"429", "500"} <= set(operation["responses"])
            for status, response in operation["responses"].items():
                if status.startswith(("4", "5")) and path != "/readyz":
                    content = response["content"]["application/problem+json"]
                    assert content["schema"] == {"$ref": "#/components/schemas/Problem"}
                    for code, example in content["examples"].items():
                        assert str(ERRORS[code].status) == status
                        assert example["value"]["code"] == code
    assert len(names) == sum(len(operations) for operations in document["paths"].values())


async def test_every_route_of_money_says_how_it_can_fail(document: Any) -> None:
    """More than what every route can answer."""
    everywhere = {*EVERYWHERE, "REQUEST_INVALID"}
    for path, operations in document["paths"].items():
        if not path.startswith(MONEY):
            continue
        for method, operation in operations.items():
            codes = {
                code
                for status, response in operation["responses"].items()
                if status.startswith(("4", "5"))
                for code in response["content"]["application/problem+json"]["examples"]
            }
            assert codes - everywhere, f"{method} {path}"


async def test_references_lead_somewhere(document: Any) -> None:
    schemas = document["components"]["schemas"]
    text = json.dumps(document)
    for name in re.findall(r'"#/components/schemas/([^"]+)"', text):
        assert name in schemas
    assert "HTTPValidationError" not in schemas


async def test_signed_in_operations_say_so(document: Any) -> None:
    assert document["paths"]["/cart"]["get"]["security"]
    assert "security" not in document["paths"]["/products"]["get"]


def test_errors_with_one_status_share_a_response() -> None:
    responses = errors("ROOM_NOT_FOUND", "INVITE_NOT_FOUND", "ROOM_FULL")
    assert set(responses) == {404, 409}
    examples = responses[404]["content"]["application/problem+json"]["examples"]
    assert set(examples) == {"ROOM_NOT_FOUND", "INVITE_NOT_FOUND"}
