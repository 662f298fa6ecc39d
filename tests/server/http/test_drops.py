"""The waiting line of a drop over a real port: fair, and only who is let in can hold."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.server.http.conftest import problem
from tests.server.http.customers import OpenShop, open_shop, person_of
from tests.server.running_shop import LAST, MUG

PLACE = f"/drops/{MUG}/place"


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[OpenShop]:
    async with open_shop(tmp_path) as opened:
        yield opened


async def add(client: httpx.AsyncClient) -> httpx.Response:
    return await client.post("/cart/items", json={"sku": MUG})


async def test_one_after_the_other(shop: OpenShop) -> None:
    host = await shop.enter("Hanna", "host")
    ada, bert, cleo = [await shop.enter(name) for name in ("Ada", "Bert", "Cleo")]
    assert (await host.put(f"/drops/{MUG}", json={"admitted_max": 1})).status_code == 204
    refused = problem(await add(ada), 409, "WAIT_IN_LINE")
    assert refused["sku"] == MUG
    first, second, third = [(await c.put(PLACE)).json() for c in (ada, bert, cleo)]
    assert first["admitted_until_ms"] > 0
    assert (second["ahead"], second["admitted_until_ms"]) == (0, None)
    assert third["ahead"] == 1
    assert (await bert.put(PLACE)).json()["ahead"] == 0, "asking again keeps the place"
    problem(await add(bert), 409, "WAIT_IN_LINE")
    assert (await add(ada)).status_code == 201
    assert (await ada.delete(PLACE)).status_code == 204
    assert (await bert.get(PLACE)).json()["admitted_until_ms"] is not None
    assert (await cleo.get(PLACE)).json()["ahead"] == 0
    problem(await ada.get(PLACE), 404, "PLACE_NOT_FOUND")
    assert (await host.delete(f"/drops/{MUG}")).status_code == 204
    problem(await cleo.get(PLACE), 404, "DROP_NOT_FOUND")
    assert (await add(cleo)).status_code == 201


async def test_a_party_is_let_in_together(shop: OpenShop) -> None:
    host = await shop.enter("Hanna", "host")
    ada, bert = [await shop.enter(name) for name in ("Ada", "Bert")]
    for client in (ada, bert):
        await shop.app.services.commerce.join_cart("party-1", await person_of(client))
    await host.put(f"/drops/{MUG}", json={"admitted_max": 2})
    places = [(await client.put(PLACE)).json() for client in (ada, bert)]
    assert places[0]["admitted_until_ms"] == places[1]["admitted_until_ms"]


async def test_one_network_gets_a_few_places(shop: OpenShop) -> None:
    host = await shop.enter("Hanna", "host")
    await host.put(f"/drops/{MUG}", json={"admitted_max": 1})
    bots = [await shop.enter(f"Bot {number}") for number in range(9)]
    answers = [await bot.put(PLACE) for bot in bots]
    assert [answer.status_code for answer in answers] == [200] * 8 + [409]
    data = problem(answers[-1], 409, "LIMIT_REACHED")
    assert data["limit"] == "line_places_per_network_max"


async def test_only_hosts_open_drops_and_a_drop_has_rules(shop: OpenShop) -> None:
    ada, host = await shop.enter("Ada"), await shop.enter("Hanna", "host")
    problem(await ada.put(f"/drops/{MUG}", json={"admitted_max": 1}), 403, "NOT_ALLOWED")
    problem(await ada.delete(f"/drops/{MUG}"), 403, "NOT_ALLOWED")
    problem(await ada.put(PLACE), 404, "DROP_NOT_FOUND")
    problem(await host.put("/drops/NOTHING", json={"admitted_max": 1}), 404, "SKU_NOT_FOUND")
    problem(await host.delete(f"/drops/{LAST}"), 404, "DROP_NOT_FOUND")
    for wrong in (0, -1, 1.5, "1", 10**9, True):
        refused = await host.put(f"/drops/{MUG}", json={"admitted_max": wrong})
        problem(refused, 422, "REQUEST_INVALID")
    nobody = await shop.enter("", role="")
    problem(await nobody.put(PLACE), 401, "TOKEN_MISSING")
