"""Recommendations over HTTP."""

import httpx

from tests.server.http.conftest import problem


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
