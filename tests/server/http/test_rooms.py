"""Rooms, seats and invites over HTTP."""

import httpx
import pytest

from server.services import Services
from server.store import Store
from tests.server.http.conftest import Shopper, TurnedClock, problem


async def test_rooms(client: httpx.AsyncClient) -> None:
    room = {
        "room_id": "corner-shop",
        "name": "Corner shop",
        "population": 0,
        "reserved": 0,
        "capacity": 2,
    }
    assert (await client.get("/rooms")).json() == [room]
    assert (await client.get("/rooms/corner-shop")).json() == room
    problem(await client.get("/rooms/nowhere"), 404, "ROOM_NOT_FOUND")


async def test_layout_is_revalidated(client: httpx.AsyncClient, small_store: Store) -> None:
    first = await client.get("/rooms/corner-shop/layout")
    assert first.headers["content-type"] == "application/json"
    assert first.headers["cache-control"] == "no-cache"
    assert first.json()["placements"] == small_store.as_json()["placements"]
    assert first.json()["slots"][0]["id"] == 1
    known = {"If-None-Match": first.headers["etag"]}
    second = await client.get("/rooms/corner-shop/layout", headers=known)
    assert (second.status_code, second.content) == (304, b"")
    assert second.headers["etag"] == first.headers["etag"]
    problem(await client.get("/rooms/nowhere/layout"), 404, "ROOM_NOT_FOUND")


async def test_seat(ada: httpx.AsyncClient, services: Services, clock: TurnedClock) -> None:
    response = await ada.post("/seats", json={"room_id": "corner-shop"})
    assert response.status_code == 201
    body = response.json()
    assert body["room_id"] == "corner-shop"
    assert body["socket_url"] == "ws://shop.test/ws"
    assert body["expires_ms"] == clock.now_ms + services.settings.realtime.seat_reservation_ms
    assert (await ada.get("/rooms/corner-shop")).json()["reserved"] == 1
    clock.now_ms = body["expires_ms"]
    assert (await ada.get("/rooms/corner-shop")).json()["reserved"] == 0


async def test_full_room(shopper: Shopper) -> None:
    for name in ("Ada", "Bert"):
        assert (await shopper(name).post("/seats", json={})).status_code == 201
    data = problem(await shopper("Cem").post("/seats", json={}), 409, "ROOM_FULL")
    assert data == {"room_id": "corner-shop", "capacity": 2}


async def test_invite(shopper: Shopper, clock: TurnedClock) -> None:
    ada = shopper("Ada")
    made = await ada.post("/rooms/corner-shop/invites")
    assert made.status_code == 201
    invite = made.json()
    assert invite["url"] == f"http://shop.test/?invite={invite['invite']}"
    assert (invite["uses"], invite["room_id"]) == (2, "corner-shop")
    seat = {"invite": invite["invite"]}
    assert (await shopper("Bert").post("/seats", json=seat)).json()["room_id"] == "corner-shop"
    clock.now_ms = invite["expires_ms"]
    problem(await shopper("Cem").post("/seats", json=seat), 404, "INVITE_NOT_FOUND")
    problem(await ada.post("/rooms/nowhere/invites"), 404, "ROOM_NOT_FOUND")


async def test_seats_need_a_token(client: httpx.AsyncClient) -> None:
    problem(await client.post("/seats", json={}), 401, "TOKEN_MISSING")
    problem(await client.post("/rooms/corner-shop/invites"), 401, "TOKEN_MISSING")


@pytest.mark.parametrize("body", [{"room_id": "nowhere"}, {"invite": "guessed-1234"}])
async def test_unknown_room_or_invite(ada: httpx.AsyncClient, body: dict[str, str]) -> None:
    response = await ada.post("/seats", json=body)
    assert response.status_code == 404
    assert response.json()["code"] in ("ROOM_NOT_FOUND", "INVITE_NOT_FOUND")


async def test_no_seats_while_closing(ada: httpx.AsyncClient, services: Services) -> None:
    services.draining = True
    response = await ada.post("/seats", json={})
    problem(response, 503, "DRAINING")
    assert response.headers["retry-after"] == "1"


async def test_several_seats_are_reserved_together(
    ada: httpx.AsyncClient, shopper: Shopper
) -> None:
    answer = await ada.post("/seats", json={"seats": 2})
    body = answer.json()
    assert (answer.status_code, body["room_name"]) == (201, "Corner shop")
    mine, anybodys = body["seats"]
    assert mine["seat_token"] == body["seat_token"]
    assert anybodys["person_id"] is None
    assert (await ada.get("/rooms/corner-shop")).json()["reserved"] == 2
    problem(await shopper("Bert").post("/seats", json={"seats": 2}), 409, "ROOM_FULL")
    data = problem(await ada.post("/seats", json={"seats": 4}), 422, "TOO_MANY_SEATS")
    assert data == {"seats": 4, "seats_max": 3}
    problem(await ada.post("/seats", json={"seats": 0}), 422, "REQUEST_INVALID")


async def test_a_party_sits_together_or_not_at_all(shopper: Shopper, services: Services) -> None:
    ada, bert, cem = shopper("Ada"), shopper("Bert"), shopper("Cem")
    people = [person_of(client, services) for client in (ada, bert, cem)]
    for person_id in people[:2]:
        await services.commerce.join_cart("party-1", person_id)
    body = (await ada.post("/seats", json={"party": True})).json()
    assert [seat["person_id"] for seat in body["seats"]] == people[:2]
    await services.commerce.join_cart("party-1", people[2])
    problem(await bert.post("/seats", json={"party": True}), 409, "ROOM_FULL")
    # What they had is still theirs.
    assert (await ada.get("/rooms/corner-shop")).json()["reserved"] == 2


async def test_the_room_itself_or_nothing(ada: httpx.AsyncClient) -> None:
    wanted = {"room_id": "corner-shop-2"}
    assert (await ada.post("/seats", json=wanted)).json()["room_id"] == "corner-shop"
    refused = await ada.post("/seats", json={**wanted, "overflow": False})
    problem(refused, 404, "ROOM_NOT_FOUND")


def person_of(client: httpx.AsyncClient, services: Services) -> str:
    token = client.headers["Authorization"].removeprefix("Bearer ")
    return services.guests.verify(token).person_id
