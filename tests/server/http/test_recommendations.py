"""Recommendations over HTTP."""

import httpx

from recommender.impressions import Surface
from rooms.effects import RecordInteraction, RecordShowing
from server import translate
from server.services import Services
from tests.server.http.conftest import Shopper, TurnedClock, problem


async def test_for_you_and_your_party(ada: httpx.AsyncClient) -> None:
    for scope in ("you", "party"):
        response = await ada.get("/recommendations", params={"scope": scope})
        entries = response.json()
        assert {entry["product_id"] for entry in entries} <= {"stoneware-mug", "walnut-bowl"}
        assert entries
        assert all(entry["reason"] and entry["reason_code"] for entry in entries)
    one = await ada.get("/recommendations", params={"count": 1})
    assert len(one.json()) == 1


async def test_bad_questions(ada: httpx.AsyncClient, client: httpx.AsyncClient) -> None:
    for query in ("scope=everybody", "count=0", "count=51"):
        problem(await ada.get(f"/recommendations?{query}"), 422, "REQUEST_INVALID")
    problem(await client.get("/recommendations"), 401, "TOKEN_MISSING")


async def test_a_shelf_that_fills_itself(ada: httpx.AsyncClient) -> None:
    response = await ada.get("/recommendations/display", params={"places": 2})
    cells = response.json()
    assert response.status_code == 200
    assert [cell["place"] for cell in cells] == list(range(len(cells)))
    assert cells
    assert all(cell["shared_with"] == 0 and cell["suggestion"]["reason"] for cell in cells)
    for query in ("places=0", "places=25"):
        problem(await ada.get(f"/recommendations/display?{query}"), 422, "REQUEST_INVALID")


async def test_friends_share_places_of_their_shelf(shopper: Shopper, services: Services) -> None:
    friends = shopper("Ada"), shopper("Bert")
    for client in friends:
        person_id = (await client.get("/cart")).json()["members"][0]
        await services.commerce.join_cart("party-1", person_id)
    shelves = []
    for client in friends:
        response = await client.get("/recommendations/display", params={"places": 2})
        shelves.append({cell["place"]: cell for cell in response.json()})
    shared = [
        {
            place: cell["suggestion"]["product_id"]
            for place, cell in shelf.items()
            if cell["shared_with"]
        }
        for shelf in shelves
    ]
    assert shared[0]
    assert shared[0] == shared[1]
    assert {shelves[0][place]["suggestion"]["reason_code"] for place in shared[0]} == {"together"}


async def test_wishes_are_stored_followed_and_taken_back(ada: httpx.AsyncClient) -> None:
    nothing: dict[str, object] = {
        "departments": [],
        "brands": [],
        "tags": [],
        "price_limit_minor": None,
    }
    assert (await ada.get("/recommendations/preferences")).json() == nothing
    first = (await ada.get("/recommendations", params={"count": 2})).json()
    last = first[-1]["product_id"]
    product = (await ada.get(f"/products/{last}")).json()
    wishes = {**nothing, "brands": [product["brand"]], "price_limit_minor": 10**9}
    response = await ada.put("/recommendations/preferences", json=wishes)
    assert (response.status_code, response.json()) == (200, wishes)
    assert (await ada.get("/recommendations/preferences")).json() == wishes
    reasons = [e["reason_code"] for e in (await ada.get("/recommendations")).json()]
    assert "wish" in reasons
    await ada.put("/recommendations/preferences", json={})
    assert (await ada.get("/recommendations")).json()[: len(first)] == first


async def test_bad_wishes(ada: httpx.AsyncClient, client: httpx.AsyncClient) -> None:
    for body in (
        {"tags": ["a\nb"]},
        {"tags": [""]},
        {"brands": ["x"] * 33},
        {"price_limit_minor": -1},
        {"price_limit_minor": 1.5},
        {"colour": "red"},
    ):
        problem(await ada.put("/recommendations/preferences", json=body), 422, "REQUEST_INVALID")
    for path in ("preferences", "display"):
        problem(await client.get(f"/recommendations/{path}"), 401, "TOKEN_MISSING")


async def test_a_like_counts_and_is_kept_only_when_allowed(
    ada: httpx.AsyncClient, services: Services
) -> None:
    path = "/recommendations/likes"
    for remember in (False, True):
        body = {"product_id": "stoneware-mug", "remember": remember}
        assert (await ada.post(path, json=body)).status_code == 204
        await services.recommender.flush()
        assert services.recommender.numbers()["stored"] == float(remember)
    problem(await ada.post(path, json={"product_id": "elephant"}), 404, "PRODUCT_NOT_FOUND")
    problem(await ada.post(path, json={"product_id": "x\ny"}), 404, "PRODUCT_NOT_FOUND")
    problem(await ada.post(path, json={}), 422, "REQUEST_INVALID")


async def test_what_was_shown_in_a_room_is_in_the_metrics(
    client: httpx.AsyncClient, services: Services, clock: TurnedClock
) -> None:
    """From the effect of a room to `/metrics`: shown, added, by place."""
    consent = ("session", "personal")
    shown = RecordShowing(
        "ada", "s1", "duo", "you", (("walnut-bowl", "popular"), ("stoneware-mug", "new")),
        clock.now_ms, consent,
    )  # fmt: skip
    recommender = services.recommender
    assert recommender.show(translate.showing(shown))
    clock.now_ms += 5_000
    added = RecordInteraction(
        "ada", "s1", "duo", "stoneware-mug", 1, "add", 1.0, clock.now_ms, consent
    )
    assert recommender.observe(translate.interaction(added))
    recommender.end_session("ada")
    text = (await client.get("/metrics")).text
    assert 'galleria_recommender{number="slot_02_shown"} 1.0' in text
    assert 'galleria_recommender{number="slot_02_add"} 1.0' in text
    assert 'galleria_recommender{number="slot_01_seconds"} 5.0' in text


def test_the_words_of_a_showing() -> None:
    effect = RecordShowing("p1", "", "", "party", (("mug", "new"), ("bowl", "popular")), 7, ())
    showing = translate.showing(effect)
    assert (showing.surface, showing.product_ids) == (Surface.PARTY, ("mug", "bowl"))
    assert showing.explored == {"mug"}
    assert (showing.party_id, showing.session_id, showing.consent) == (None, None, frozenset())
