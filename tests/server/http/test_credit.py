"""Store credit and gift cards: granted by hosts, spent by shoppers, by nobody twice."""

import httpx
import pytest

from tests.server.http.conftest import Shopper, problem
from tests.server.http.customers import locked, person_of

KEY = {"Idempotency-Key": "grant-key-1"}


async def test_credit_is_granted_by_hosts_and_spent_in_part(
    ada: httpx.AsyncClient, host: httpx.AsyncClient
) -> None:
    grant = {"person_id": await person_of(ada), "amount_minor": 500, "currency": "EUR"}
    problem(await ada.post("/credit", json=grant, headers=KEY), 403, "NOT_ALLOWED")
    problem(await host.post("/credit", json=grant), 400, "IDEMPOTENCY_KEY_MISSING")
    problem(await ada.get("/credit/EUR"), 404, "CREDIT_NOT_FOUND")
    for _ in range(2):
        granted = await host.post("/credit", json=grant, headers=KEY)
        assert (granted.status_code, granted.json()["balance_minor"]) == (201, 500)
    assert (await ada.get("/credit/EUR")).json()["available_minor"] == 500
    checkout = await locked(ada)
    part = await ada.post(
        f"/checkout/{checkout['id']}/payment",
        json={
            "payment_method": "credit:",
            "expected_total_minor": checkout["total_minor"],
            "amount_minor": 500,
        },
        headers={"Idempotency-Key": "key-credit-1"},
    )
    assert part.json()["due_minor"] == checkout["total_minor"] - 500
    assert (await ada.get("/credit/EUR")).json()["available_minor"] == 0


async def test_a_gift_card_tells_its_code_once(
    ada: httpx.AsyncClient, host: httpx.AsyncClient
) -> None:
    wish = {"amount_minor": 900, "currency": "EUR"}
    problem(await ada.post("/gift-cards", json=wish), 403, "NOT_ALLOWED")
    made = (await host.post("/gift-cards", json=wish)).json()
    shown = await ada.post("/gift-card", json={"code": made["code"]})
    assert shown.json() == made["credit"]
    assert made["code"] not in shown.text
    problem(await ada.post("/gift-card", json={"code": "GUESSED"}), 404, "CREDIT_NOT_FOUND")


@pytest.mark.parametrize("amount", [0, -1, 1.5, "500", 10**13])
async def test_amounts_that_are_none(host: httpx.AsyncClient, amount: object) -> None:
    grant = {"person_id": "person-1", "amount_minor": amount, "currency": "EUR"}
    problem(await host.post("/credit", json=grant, headers=KEY), 422, "REQUEST_INVALID")


async def test_currencies_that_are_none(shopper: Shopper) -> None:
    problem(await shopper("Ada").get("/credit/eu"), 422, "INVALID_CURRENCY")
