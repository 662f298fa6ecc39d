"""What routes ask for: tokens in one form, idempotency keys in a sane one."""

import httpx
import pytest

from server.http.dependencies import IDEMPOTENCY_KEY_LENGTH_MAX, IDEMPOTENCY_KEY_LENGTH_MIN
from server.services import Services
from tests.server.http.conftest import problem

MUG = {"sku": "MUG-BLUE", "quantity": 1}


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
async def test_scheme_in_any_case(
    client: httpx.AsyncClient, services: Services, scheme: str
) -> None:
    token = services.guests.issue("Ada").token
    response = await client.get("/cart", headers={"Authorization": f"{scheme} {token}"})
    assert response.status_code == 200


@pytest.mark.parametrize("value", ["", "Bearer", "Bearer ", "Basic abc", "token abc"])
async def test_no_token(client: httpx.AsyncClient, value: str) -> None:
    response = await client.get("/cart", headers={"Authorization": value})
    problem(response, 401, "TOKEN_MISSING")


async def test_a_token_in_the_address_is_no_token(
    client: httpx.AsyncClient, services: Services
) -> None:
    token = services.guests.issue("Ada").token
    problem(await client.get(f"/cart?token={token}"), 401, "TOKEN_MISSING")


@pytest.mark.parametrize(
    ("key", "good"),
    [
        ("k" * IDEMPOTENCY_KEY_LENGTH_MIN, True),
        ("k" * IDEMPOTENCY_KEY_LENGTH_MAX, True),
        ("3f0c1c0a-9d6e-4a53-b1d2-c3e4f5a6b7c8", True),
        ("k" * (IDEMPOTENCY_KEY_LENGTH_MIN - 1), False),
        ("k" * (IDEMPOTENCY_KEY_LENGTH_MAX + 1), False),
        ("", False),
        ("with\ttabs-inside", False),
    ],
)
async def test_keys(ada: httpx.AsyncClient, key: str, good: bool) -> None:
    response = await ada.post("/cart/items", json=MUG, headers={"Idempotency-Key": key})
    if good:
        assert response.status_code == 201
    else:
        problem(response, 422, "INVALID_IDEMPOTENCY_KEY")
        assert (await ada.get("/cart")).json()["lines"] == []


async def test_without_a_key_each_request_is_its_own(ada: httpx.AsyncClient) -> None:
    for quantity in (1, 2):
        response = await ada.post("/cart/items", json=MUG)
        assert sum(line["quantity"] for line in response.json()["lines"]) == quantity
