"""What is said over HTTP moves the lists in the room where the person sits, over a real port."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from recommender.preferences import Preferences
from recommender.service import RecommenderService
from server.client.client import GalleriaClient
from server.workers.messages import TasteChanged
from tests.server.running_shop import Shop, running_shop
from tests.server.test_journey import party

LIKED = "walnut-bowl"


@pytest.fixture
async def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Shop]:
    monkeypatch.setenv("GALLERIA_RECOMMENDER__SHARED", "true")
    async with running_shop(tmp_path) as running:
        yield running


def asking(shop: Shop, client: GalleriaClient) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=shop.url, headers={"Authorization": f"Bearer {client.token}"})


def listed(client: GalleriaClient, scope: str = "you") -> list[str]:
    return [item["product_id"] for item in client.room.recommendations.get(scope, [])]


def reasons(client: GalleriaClient, scope: str = "you") -> set[str]:
    return {item["reason_code"] for item in client.room.recommendations.get(scope, [])}


async def test_a_wish_and_a_like_bring_a_new_list_to_the_room(shop: Shop) -> None:
    ann, bob = await party(shop)
    await ann.until(lambda: bool(listed(ann) and listed(ann, "party")))
    last = listed(ann)[-1]
    ann.room.recommendations.pop("party")
    async with asking(shop, ann) as http:
        brand = (await http.get(f"/products/{last}")).json()["brand"]
        await http.put("/recommendations/preferences", json={"brands": [brand]})
        await ann.until(lambda: "wish" in reasons(ann))
        await ann.until(lambda: bool(listed(ann, "party")))
        ann.room.recommendations.clear()
        bob.room.recommendations.clear()
        await http.post("/recommendations/likes", json={"product_id": LIKED})
        await ann.until(lambda: bool(listed(ann)))
        await bob.until(lambda: bool(listed(bob, "party")))


async def test_what_is_said_at_another_worker_reaches_the_room(shop: Shop) -> None:
    ann = await shop.enter("Ann")
    await ann.until(lambda: bool(listed(ann)))
    services = shop.app.services
    settings = services.settings.recommender_settings()
    other = await RecommenderService.open(replace(settings, fits=False), services.clock)
    department = services.store.products[0].department
    await other.set_preferences(ann.person_id, Preferences(departments=(department,)))
    await other.close()
    shop.app.tastes.heard(TasteChanged(ann.person_id, ""))
    await ann.until(lambda: "wish" in reasons(ann))
    before = services.recommender.numbers()["observed"]
    shop.app.tastes.heard(TasteChanged(ann.person_id, LIKED))
    shop.app.tastes.heard(TasteChanged("somebody who is not here", LIKED))
    assert services.recommender.numbers()["observed"] == before + 1


async def test_wishes_are_followed_after_a_restart(tmp_path: Path) -> None:
    async with running_shop(tmp_path) as shop:
        ann = await shop.connect("Ann")
        token = ann.token
        async with asking(shop, ann) as http:
            last = (await http.get("/recommendations")).json()[-1]["product_id"]
            brand = (await http.get(f"/products/{last}")).json()["brand"]
            await http.put("/recommendations/preferences", json={"brands": [brand]})
            wished = (await http.get("/recommendations")).json()
            shelf = (await http.get("/recommendations/display")).json()
    assert "wish" in {entry["reason_code"] for entry in wished}
    async with running_shop(tmp_path) as shop:
        headers = {"Authorization": f"Bearer {token}"}
        async with httpx.AsyncClient(base_url=shop.url, headers=headers) as http:
            assert (await http.get("/recommendations/display")).json() == shelf
            assert (await http.get("/recommendations")).json() == wished


async def test_lists_over_http_are_of_the_arm_of_the_party(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in the room, where somebody alone is the party of their own cart."""
    monkeypatch.setenv("GALLERIA_RECOMMENDER__POLICY__EXPERIMENT_NAME", "lean-on-words")
    monkeypatch.setenv("GALLERIA_RECOMMENDER__POLICY__EXPERIMENT_SETTING", "prior_weight")
    monkeypatch.setenv("GALLERIA_RECOMMENDER__POLICY__EXPERIMENT_VALUE", "100")
    async with running_shop(tmp_path) as shop:
        services = shop.app.services
        arms = set()
        for number in range(8):
            token = services.guests.issue(f"Guest {number}", "shopper").token
            person_id = services.guests.verify(token).person_id
            headers = {"Authorization": f"Bearer {token}"}
            async with httpx.AsyncClient(base_url=shop.url, headers=headers) as http:
                await http.post("/recommendations/likes", json={"product_id": LIKED})
                own = (await http.get("/recommendations")).json()
                shelf = (await http.get("/recommendations/display")).json()
            cart = await services.commerce.cart_of(person_id)
            ours, now_ms = services.recommender, services.clock()
            expected = ours.for_person(person_id, 8, now_ms, party_id=cart.id)
            scores = [entry["score"] for entry in own]
            assert scores == pytest.approx([entry.score for entry in expected], abs=1e-4)
            cells = ours.for_display(cart.id, [person_id], [1.0] * 8, now_ms)[person_id]
            shown = [entry["suggestion"]["score"] for entry in shelf]
            assert shown == pytest.approx([c.recommendation.score for c in cells], abs=1e-4)
            arms.add((round(max(scores), 3), round(max(shown), 3)))
    assert len(arms) == 2
    assert len({score for score, _ in arms}) == len({score for _, score in arms}) == 2


async def test_who_finds_no_place_on_the_shelf_of_a_large_party_has_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GALLERIA_RECOMMENDER__LIVE__PARTY_MEMBERS_LIMIT", "1")
    async with running_shop(tmp_path) as shop:
        for member in await party(shop):
            async with asking(shop, member) as http:
                answer = await http.get("/recommendations/display", params={"places": 2})
                assert answer.status_code == 200
                assert [cell["place"] for cell in answer.json()] == [0, 1]
