"""What routes ask for: tokens in one form, idempotency keys in a sane one."""

import httpx

from server.http.dependencies import IDEMPOTENCY_KEY_LENGTH_MAX, IDEMPOTENCY_KEY_LENGTH_MIN
from server.services import Services
from tests.server.http.conftest import problem

MUG = {"sku": "MUG-BLUE", "quantity": 1}


async def test_scheme_in_any_case(client: httpx.AsyncClient, services: Services) -> None:
    token = services.guests.issue("Ada").token
    for scheme in ("Bearer", "bearer", "BEARER"):
        response = await client.get("/cart", headers={"Authorization": f"{scheme} {token}"})
        assert response.status_code == 200


async def test_no_token(client: httpx.AsyncClient) -> None:
    for value in ("", "Bearer", "Bearer ", "Basic abc", "token abc"):
        response = await client.get("/cart", headers={"Authorization": value})
        problem(response, 401, "TOKEN_MISSING")


async def test_a_token_in_the_address_is_no_token(
    client: httpx.AsyncClient, services: Services
) -> None:
    token = services.guests.issue("Ada").token
    problem(await client.get(f"/cart?token={token}"), 401, "TOKEN_MISSING")


async def test_good_keys(ada: httpx.AsyncClient) -> None:
    for length in (IDEMPOTENCY_KEY_LENGTH_MIN, IDEMPOTENCY_KEY_LENGTH_MAX):
        headers = {"Idempotency-Key": "k" * length}
        assert (await ada.post("/cart/items", json=MUG, headers=headers)).status_code == 201


async def test_bad_keys_do_nothing(ada: httpx.AsyncClient) -> None:
    shortest, longest = IDEMPOTENCY_KEY_LENGTH_MIN, IDEMPOTENCY_KEY_LENGTH_MAX
    for key in ("", "k" * (shortest - 1), "k" * (longest + 1), "with\ttabs-inside"):
        response = await ada.post("/cart/items", json=MUG, headers={"Idempotency-Key": key})
        problem(response, 422, "INVALID_IDEMPOTENCY_KEY")
    assert (await ada.get("/cart")).json()["lines"] == []


async def test_without_a_key_each_request_is_its_own(ada: httpx.AsyncClient) -> None:
    for quantity in (1, 2):
        response = await ada.post("/cart/items", json=MUG)
        assert sum(line["quantity"] for line in response.json()["lines"]) == quantity
