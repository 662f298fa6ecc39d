"""Health, readiness and metrics."""

import httpx

from server.services import Services
from tests.server.http.conftest import TurnedClock


async def test_alive(client: httpx.AsyncClient) -> None:
    response = await client.get("/healthz")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


async def test_ready(client: httpx.AsyncClient) -> None:
    response = await client.get("/readyz")
    assert response.status_code == 200
    body = response.json()
    assert body["ready"] is True
    assert set(body["checks"]) == {"database", "tick", "draining", "rooms"}
    assert all(check["ok"] and check["detail"] for check in body["checks"].values())


async def failing(client: httpx.AsyncClient) -> set[str]:
    response = await client.get("/readyz")
    body = response.json()
    assert (response.status_code == 200) == body["ready"]
    assert (await client.get("/healthz")).status_code == 200
    return {name for name, check in body["checks"].items() if not check["ok"]}


async def test_stalled_and_not_started(
    client: httpx.AsyncClient, services: Services, clock: TurnedClock
) -> None:
    clock.now_ms += services.settings.realtime.tick_stall_ms
    assert await failing(client) == set()
    clock.now_ms += 1
    assert await failing(client) == {"tick"}
    services.last_beat_ms = lambda: 0
    assert await failing(client) == {"tick"}


async def test_closing(client: httpx.AsyncClient, services: Services) -> None:
    services.draining = True
    assert await failing(client) == {"draining"}


async def test_metrics(client: httpx.AsyncClient) -> None:
    await client.get("/rooms/corner-shop")
    await client.get("/rooms/nowhere")
    await client.get("/no/such/place")
    response = await client.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain; version=")
    text = response.text
    count = 'galleria_http_requests_total{method="GET",route="/rooms/{room_id}",status="%s"} 1.0'
    assert count % 200 in text
    assert count % 404 in text
    assert 'route="unmatched",status="404"} 1.0' in text
    assert "nowhere" not in text
    assert "galleria_rooms 1.0" in text
    assert 'galleria_avatars{room="corner-shop"} 0.0' in text
    assert 'galleria_recommender{number="' in text
