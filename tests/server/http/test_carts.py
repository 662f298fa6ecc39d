"""The cart over HTTP: the same cart and the same holds as in a room."""

from typing import Any

import httpx
import pytest

from server.services import Services
from tests.server.http.conftest import Shopper, problem


async def add(client: httpx.AsyncClient, sku: str, quantity: int = 1) -> httpx.Response:
    return await client.post("/cart/items", json={"sku": sku, "quantity": quantity})


async def available(client: httpx.AsyncClient, sku: str) -> int:
    mug = (await client.get("/products/stoneware-mug")).json()
    return int(next(entry["available"] for entry in mug["skus"] if entry["sku"] == sku))


async def test_an_empty_cart(ada: httpx.AsyncClient) -> None:
    cart = (await ada.get("/cart")).json()
    assert (cart["lines"], cart["total_minor"], cart["checkout_id"]) == ([], 0, None)


async def test_add_change_remove(ada: httpx.AsyncClient) -> None:
    added = await add(ada, "MUG-BLUE", 2)
    assert added.status_code == 201
    cart = added.json()
    (line,) = cart["lines"]
    assert (line["quantity"], line["unit_price"], cart["total"]) == (2, "14.90", "29.80")
    assert line["hold_state"] == "held"
    assert await available(ada, "MUG-BLUE") == 18

    changed = await ada.put(f"/cart/items/{line['line_id']}", json={"quantity": 5})
    assert changed.json()["total_minor"] == 5 * 1490
    assert await available(ada, "MUG-BLUE") == 15

    removed = await ada.delete(f"/cart/items/{line['line_id']}")
    assert removed.json()["lines"] == []
    assert await available(ada, "MUG-BLUE") == 20
    assert (await ada.get("/cart")).json()["version"] == removed.json()["version"]

    assert (await add(ada, "MUG-BLUE")).status_code == 201
    assert (await ada.delete("/cart")).json()["lines"] == []
    assert await available(ada, "MUG-BLUE") == 20


async def test_sold_out(shopper: Shopper) -> None:
    assert (await add(shopper("Ada"), "MUG-LAST")).status_code == 201
    data = problem(await add(shopper("Bert"), "MUG-LAST"), 409, "SOLD_OUT")
    assert (data["sku"], data["available"]) == ("MUG-LAST", 0)
    assert "MUG-BLUE" in data["alternatives"]


async def test_twins_with_one_key_add_once(ada: httpx.AsyncClient) -> None:
    key = {"Idempotency-Key": "add-one-mug"}
    body = {"sku": "MUG-BLUE", "quantity": 1}
    first = await ada.post("/cart/items", json=body, headers=key)
    second = await ada.post("/cart/items", json=body, headers=key)
    assert first.json() == second.json()
    assert (await ada.get("/cart")).json()["total_minor"] == 1490
    other = {"sku": "MUG-BLUE", "quantity": 2}
    response = await ada.post("/cart/items", json=other, headers=key)
    assert response.json()["code"] == "IDEMPOTENCY_KEY_REUSED"


async def test_unknown_things(ada: httpx.AsyncClient) -> None:
    problem(await add(ada, "NOTHING"), 404, "SKU_NOT_FOUND")
    problem(await ada.put("/cart/items/nothing", json={"quantity": 1}), 404, "LINE_NOT_FOUND")
    problem(await ada.delete("/cart/items/nothing"), 404, "LINE_NOT_FOUND")


async def test_lines_of_others_are_not_there(shopper: Shopper) -> None:
    cart = (await add(shopper("Ada"), "MUG-BLUE")).json()
    line_id = cart["lines"][0]["line_id"]
    mallory = shopper("Mallory")
    problem(await mallory.delete(f"/cart/items/{line_id}"), 404, "LINE_NOT_FOUND")
    response = await mallory.put(f"/cart/items/{line_id}", json={"quantity": 9})
    problem(response, 404, "LINE_NOT_FOUND")


BAD_LINES: tuple[dict[str, Any], ...] = (
    {},
    {"sku": "MUG-BLUE", "quantity": 0},
    {"sku": "MUG-BLUE", "quantity": -1},
    {"sku": "MUG-BLUE", "quantity": 1_000},
    {"sku": "MUG-BLUE", "quantity": 1.5},
    {"sku": "MUG-BLUE", "quantity": "1"},
    {"sku": "MUG-BLUE", "quantity": True},
    {"sku": "MUG-BLUE", "quantity": None},
    {"sku": "", "quantity": 1},
    {"sku": "x" * 65, "quantity": 1},
    {"sku": ["MUG-BLUE"], "quantity": 1},
    {"sku": "MUG-BLUE", "quantity": 1, "price_minor": 1},
)


async def test_bad_lines_change_nothing(ada: httpx.AsyncClient) -> None:
    for body in BAD_LINES:
        problem(await ada.post("/cart/items", json=body), 422, "REQUEST_INVALID")
    assert (await ada.get("/cart")).json()["lines"] == []
    assert await available(ada, "MUG-BLUE") == 20


@pytest.mark.parametrize(
    ("method", "address"),
    [
        ("GET", "/cart"),
        ("POST", "/cart/items"),
        ("PUT", "/cart/items/1"),
        ("DELETE", "/cart/items/1"),
    ],
)
async def test_needs_a_token(client: httpx.AsyncClient, method: str, address: str) -> None:
    body = {"sku": "MUG-BLUE", "quantity": 1} if method == "POST" else {"quantity": 1}
    response = await client.request(
        method, address, json=body if method in ("POST", "PUT") else None
    )
    problem(response, 401, "TOKEN_MISSING")
    assert response.headers["www-authenticate"] == "Bearer"


async def test_holds_are_counted(shopper: Shopper) -> None:
    ada = shopper("Ada")
    await add(ada, "MUG-LAST")
    await add(shopper("Bert"), "MUG-LAST")
    text = (await ada.get("/metrics")).text
    assert 'galleria_holds_total{outcome="taken"} 1.0' in text
    assert 'galleria_holds_total{outcome="refused"} 1.0' in text


async def test_a_line_is_passed_on(shopper: Shopper, services: Services) -> None:
    ada, bert = shopper("Ada"), shopper("Bert")
    people = []
    for client in (ada, bert):
        people.append((await client.get("/cart")).json()["members"][0])
        await services.commerce.join_cart("party-1", people[-1])
    cart = (await ada.post("/cart/items", json={"sku": "MUG-BLUE"})).json()
    address = f"/cart/items/{cart['lines'][0]['line_id']}/owner"
    problem(await ada.put(address, json={"person_id": "person-x"}), 404, "MEMBER_NOT_FOUND")
    passed = (await ada.put(address, json={"person_id": people[1]})).json()
    assert [line["owner_id"] for line in passed["lines"]] == [people[1]]
    assert passed["lines"][0]["hold_state"] == "held"
    problem(await shopper("Cleo").put(address, json={"person_id": "x"}), 404, "LINE_NOT_FOUND")


async def test_an_address_is_kept_for_the_till(ada: httpx.AsyncClient) -> None:
    home = {
        "email": "ada@example.org",
        "name": "Ada",
        "line1": "Some Street 1",
        "line2": "",
        "city": "Vienna",
        "postal_code": "1010",
        "country": "AT",
    }
    problem(await ada.get("/cart/contact"), 404, "CONTACT_NOT_FOUND")
    wrong = await ada.put("/cart/contact", json={**home, "country": "at", "email": "ada"})
    assert problem(wrong, 422, "INVALID_CONTACT") == {"fields": ["email", "country"]}
    assert (await ada.put("/cart/contact", json=home)).status_code == 204
    assert (await ada.get("/cart/contact")).json() == home
    assert (await ada.delete("/cart/contact")).status_code == 204
    problem(await ada.get("/cart/contact"), 404, "CONTACT_NOT_FOUND")
