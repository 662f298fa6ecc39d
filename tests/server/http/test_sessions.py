"""Coming in: guests with a name, hosts with a key."""

import httpx
import pytest

from server.config import Settings
from server.services import Services
from tests.server.http.conftest import TurnedClock, problem


async def test_guest(client: httpx.AsyncClient, services: Services, clock: TurnedClock) -> None:
    response = await client.post("/session/guest", json={"name": " Ada  Lovelace "})
    assert response.status_code == 201
    body = response.json()
    guest = services.guests.verify(body["token"])
    assert guest.person_id == body["person_id"]
    assert (guest.name, guest.role) == (body["name"], body["role"]) == ("Ada Lovelace", "shopper")
    assert body["expires_ms"] > clock.now_ms
    assert response.headers["cache-control"] == "no-store"


async def test_host(client: httpx.AsyncClient, services: Services, settings: Settings) -> None:
    body = {"name": "Grace", "host_key": settings.host_key()}
    response = await client.post("/session/host", json=body)
    assert response.status_code == 201
    assert services.guests.verify(response.json()["token"]).role == "host"


@pytest.mark.parametrize("key", ["", "x", "\N{SNOWMAN}" * 20])
async def test_wrong_host_key(client: httpx.AsyncClient, key: str) -> None:
    response = await client.post("/session/host", json={"name": "Mallory", "host_key": key})
    problem(response, 403, "HOST_KEY_WRONG")


async def test_bad_name(client: httpx.AsyncClient) -> None:
    for name in ("", "  ", "\u200b", "x" * 33):
        problem(await client.post("/session/guest", json={"name": name}), 422, "NAME_INVALID")


async def test_bad_body(client: httpx.AsyncClient) -> None:
    bodies: tuple[object, ...] = (
        {},
        {"name": 3},
        {"name": None},
        {"name": "Ada", "role": "host"},
        [],
        "Ada",
        None,
    )
    for body in bodies:
        response = await client.post("/session/guest", json=body)
        assert problem(response, 422, "REQUEST_INVALID")["problems"]


async def test_a_refused_key_is_not_repeated(client: httpx.AsyncClient) -> None:
    response = await client.post("/session/host", json={"name": "M", "host_key": "k" * 300})
    problem(response, 422, "REQUEST_INVALID")
    assert "kkk" not in response.text
