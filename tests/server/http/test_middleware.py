"""What every request goes through: ids, limits, headers."""

from collections.abc import AsyncIterator

import httpx
import pytest

from server.config import Settings
from server.http.application import open_http
from server.services import Services
from tests.server.http.conftest import open_client, problem


@pytest.fixture
def settings(request: pytest.FixtureRequest, settings: Settings) -> Settings:
    """The settings of the shop with the changes that a test asks for."""
    changes = getattr(request, "param", {})
    return settings.model_copy(
        update={
            group: getattr(settings, group).model_copy(update=values)
            for group, values in changes.items()
        }
    )


async def test_request_ids(client: httpx.AsyncClient) -> None:
    assert (await client.get("/rooms", headers={"X-Request-Id": "from-me.1"})).headers[
        "x-request-id"
    ] == "from-me.1"
    made = {(await client.get("/rooms")).headers["x-request-id"] for _ in range(5)}
    assert len(made) == 5
    for bad in (b"a b", b"x" * 65, b"", b'"', "é".encode()):
        answered = (await client.get("/rooms", headers=[(b"X-Request-Id", bad)])).headers
        assert len(answered["x-request-id"]) == 16


async def test_headers_of_every_answer(client: httpx.AsyncClient) -> None:
    for address in ("/rooms", "/nothing", "/healthz"):
        headers = (await client.get(address)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-frame-options"] == "DENY"
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert headers["cache-control"] == "no-store"
        assert "strict-transport-security" not in headers


async def test_announced_body(client: httpx.AsyncClient, services: Services) -> None:
    limit = services.settings.http.body_max_bytes
    response = await client.post("/session/guest", content=b"x" * (limit + 1))
    assert problem(response, 413, "BODY_TOO_LARGE") == {"body_max_bytes": limit}
    assert (
        'galleria_http_refused_total{reason="body_size"} 1.0' in (await client.get("/metrics")).text
    )


async def test_body_that_is_not_announced(client: httpx.AsyncClient) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 8_192

    response = await client.post(
        "/session/guest", content=endless(), headers={"Content-Type": "application/json"}
    )
    problem(response, 413, "BODY_TOO_LARGE")


@pytest.mark.parametrize(
    "settings", [{"http": {"requests_per_second": 1.0, "requests_burst": 3}}], indirect=True
)
async def test_rate_limit(client: httpx.AsyncClient, services: Services) -> None:
    for _ in range(3):
        assert (await client.get("/rooms")).status_code == 200
    response = await client.get("/rooms")
    assert problem(response, 429, "TOO_MANY_REQUESTS") == {"retry_after_ms": 1_000}
    assert response.headers["retry-after"] == "1"
    text = services.metrics.exposition().decode()
    assert 'galleria_http_refused_total{reason="rate"} 1.0' in text


@pytest.mark.parametrize(
    "settings",
    [{"listen": {"public_url": "https://shop.example"}}],
    indirect=True,
)
async def test_behind_tls(ada: httpx.AsyncClient) -> None:
    response = await ada.post("/seats", json={})
    assert response.json()["socket_url"] == "wss://shop.example/ws"
    assert response.headers["strict-transport-security"] == "max-age=31536000"


@pytest.mark.parametrize(
    "settings", [{"listen": {"allowed_origins": ("https://page.example",)}}], indirect=True
)
async def test_pages_of_other_origins(client: httpx.AsyncClient) -> None:
    for origin, allowed in (("https://page.example", True), ("https://evil.example", False)):
        answered = (await client.get("/rooms", headers={"Origin": origin})).headers
        assert (answered.get("access-control-allow-origin") == origin) == allowed
    asked = {
        "Origin": "https://page.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization, idempotency-key",
    }
    assert (await client.options("/cart/items", headers=asked)).status_code == 200


async def test_without_proxies_nobody_can_choose_an_address(services: Services) -> None:
    async with open_client(await open_http(services)) as client:
        headers = {"X-Forwarded-For": "192.0.2.1", "X-Forwarded-Proto": "https"}
        made = await client.post("/session/guest", json={"name": "Ada"}, headers=headers)
        token = {"Authorization": f"Bearer {made.json()['token']}", **headers}
        seat = await client.post("/seats", json={}, headers=token)
        assert seat.json()["socket_url"].startswith("ws://")
