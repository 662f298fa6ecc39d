"""The express lane answers as the application does, and leaves to it whatever is not usual."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, Query

from server.config import Settings
from server.http import carts, checkouts, sessions, system
from server.http.application import EXPRESS, ShopInterface, open_http
from server.http.dependencies import ServicesHere
from server.http.express import Express, ExpressRoutes
from server.http.rate_limit import AddressLimiter
from server.http.schemas import Cart
from server.services import Services
from tests.server.http.conftest import open_client, problem

TIMING = "server-timing"
"""The one thing that only the express lane tells."""


@pytest.fixture
def sku(services: Services) -> str:
    return services.store.seeds[0].skus[0].sku


@pytest.fixture
async def both(services: Services, app: ShopInterface, tmp_path: Path) -> list[ShopInterface]:
    """The application with its express lane, and without."""
    whole = await open_http(services, tmp_path / "static")
    whole.express = None
    return [app, whole]


Asked = tuple[str, str, dict[str, Any]]


def questions(sku: str) -> Iterator[Asked]:
    """Requests at the routes of the express lane, usual and not, that change nothing."""
    key = {"Idempotency-Key": "key-12345"}
    line = {"sku": sku, "quantity": 1}
    text = json.dumps(line)
    yield "GET", "/healthz", {}
    yield "GET", "/healthz?all=1", {}
    yield "GET", "/cart", {}
    yield "GET", "/checkout/checkout-none", {}
    yield "GET", f"/checkout/{'x' * 65}", {}
    yield "GET", "/checkout/a%20b", {}
    yield "GET", "/checkout/", {}
    yield "DELETE", "/checkout/checkout-none", {}
    yield "PATCH", "/cart", {}
    yield "POST", "/checkout", {}
    yield "POST", "/checkout", {"json": {}}
    yield "POST", "/checkout", {"json": None, "headers": key}
    yield "POST", "/checkout", {"content": b"null", "headers": {"Content-Type": "application/json"}}
    yield "POST", "/checkout", {"json": {"expected_total_minor": "1"}}
    yield "POST", "/checkout", {"json": {"expected_total_minor": 1}, "headers": key}
    yield "POST", "/checkout", {"json": {"unknown": 1}}
    yield "POST", "/cart/items", {}
    yield "POST", "/cart/items", {"json": {"sku": "none"}}
    yield "POST", "/cart/items", {"json": {"sku": sku, "quantity": 0}}
    yield "POST", "/cart/items", {"json": {"sku": sku, "quantity": 1.5}}
    yield "POST", "/cart/items", {"json": [line]}
    yield "POST", "/cart/items", {"json": line, "headers": {"Idempotency-Key": "short"}}
    yield "POST", "/cart/items", {"json": line, "headers": {"Idempotency-Key": ""}}
    yield "POST", "/cart/items", {"json": {"sku": sku, "quantity": 999}, "headers": key}
    yield "POST", "/cart/items", {"content": text}
    yield "POST", "/cart/items", {"content": text, "headers": {"Content-Type": "text/plain"}}
    yield (
        "POST",
        "/cart/items",
        {"content": text[:-1], "headers": {"Content-Type": "application/json"}},
    )
    yield (
        "POST",
        "/cart/items",
        {"content": b"\xff", "headers": {"Content-Type": "application/json"}},
    )
    yield (
        "POST",
        "/cart/items",
        {"content": b"[" * 9_000, "headers": {"Content-Type": "application/json"}},
    )
    yield "POST", "/cart/items", {"content": b"x" * 70_000}
    yield "PUT", "/cart/items/line-none", {"json": {"quantity": 2}, "headers": key}
    yield "DELETE", "/cart/items/line-none", {}
    payment = {"payment_method": "test:0000000000000001", "expected_total_minor": 1}
    yield "POST", "/checkout/checkout-none/payment", {"json": payment}
    yield "POST", "/checkout/checkout-none/payment", {"json": payment, "headers": key}
    unknown = {"payment_method": "beads", "expected_total_minor": 1}
    yield "POST", "/checkout/checkout-none/payment", {"json": unknown, "headers": key}
    answer = {"challenge_id": "challenge-none", "response": "approve"}
    yield "POST", "/checkout/checkout-none/payment/confirmation", {"json": answer}
    yield "POST", "/session/guest", {"json": {"name": "\u200b"}}
    yield "POST", "/session/guest", {"json": {"name": "x" * 65}}


async def test_both_ways_say_the_same(
    both: list[ShopInterface], services: Services, sku: str
) -> None:
    good = services.guests.issue("Ada").token
    usual = [("Authorization", f"Bearer {good}")]
    unusual: list[list[tuple[str, str]]] = [
        [],
        [("Authorization", f"bearer {good}")],
        [("Authorization", "Bearer ")],
        [("Authorization", "Basic abc")],
        [("Authorization", "Bearer forged")],
        [*usual, ("Authorization", "Bearer forged")],
    ]
    asked: list[tuple[list[tuple[str, str]], Asked]] = [(usual, q) for q in questions(sku)]
    for head in unusual:
        asked += [
            (head, ("GET", "/cart", {})),
            (
                head,
                ("POST", "/cart/items", {"json": {"sku": sku}, "headers": {"Idempotency-Key": ""}}),
            ),
            (head, ("POST", "/cart/items", {"json": {"sku": 1}})),
        ]
    ways = set()
    async with open_client(both[0]) as express, open_client(both[1]) as whole:
        for head, (method, path, rest) in asked:
            headers = [*head, *rest.get("headers", {}).items(), ("X-Request-Id", "from-a-test")]
            seen = []
            for client in (express, whole):
                answer = await client.request(method, path, **{**rest, "headers": headers})
                told = dict(answer.headers)
                ways.add((client is express, told.pop(TIMING, None) is not None))
                seen.append((answer.status_code, told, answer.content))
                # Nothing waits here, and others have to have their turn.
                await asyncio.sleep(0)
            assert seen[0] == seen[1], (method, path, head, rest)
    # With the express lane both ways were taken, without it one.
    assert ways == {(True, True), (True, False), (False, False)}


async def test_a_purchase_by_either_way(
    both: list[ShopInterface], services: Services, sku: str
) -> None:
    """The answers of a purchase, without what differs from one to the next."""
    seen = []
    for app in both:
        token = services.guests.issue("Ada").token
        async with open_client(app, headers={"Authorization": f"Bearer {token}"}) as client:
            added = await client.post("/cart/items", json={"sku": sku})
            locked = await client.post("/checkout", json={})
            payment = {
                "payment_method": "test:0000000000000001",
                "expected_total_minor": locked.json()["total_minor"],
            }
            key = {"Idempotency-Key": "one-payment"}
            path = f"/checkout/{locked.json()['id']}/payment"
            paid = [await client.post(path, json=payment, headers=key) for _ in range(2)]
        assert paid[0].json() == paid[1].json()
        assert paid[0].json()["state"] == "paid"
        answers = (added, locked, *paid)
        assert all((TIMING in answer.headers) is (app is both[0]) for answer in answers)
        seen.append([(a.status_code, list(a.json()), list(a.json()["lines"][0])) for a in answers])
    assert seen[0] == seen[1]


async def test_what_is_taken(app: ShopInterface) -> None:
    assert app.express is not None
    every = EXPRESS.holds | EXPRESS.others | EXPRESS.doorless
    assert len(app.express.templates) == len(every)
    paths = (await asyncio.to_thread(app.openapi))["paths"]
    assert all(method.lower() in paths[path] for method, path in app.express.templates)


async def test_the_server_tells_its_time(ada: httpx.AsyncClient, sku: str) -> None:
    for answer in (
        await ada.post("/cart/items", json={"sku": sku}),
        await ada.post("/cart/items", json={"sku": "none"}),
    ):
        door, till = answer.headers[TIMING].split(", ")
        assert door.startswith("door;dur=")
        assert till.startswith("till;dur=")
        assert all(float(part.partition("=")[2]) >= 0 for part in (door, till))


async def test_requests_are_counted_once(
    ada: httpx.AsyncClient, client: httpx.AsyncClient, services: Services
) -> None:
    await ada.get("/cart")
    await ada.get("/cart")
    await client.get("/cart")
    text = services.metrics.exposition().decode()
    assert 'http_requests_total{method="GET",route="/cart",status="200"} 2.0' in text
    assert 'http_requests_total{method="GET",route="/cart",status="401"} 1.0' in text
    assert 'http_request_seconds_count{route="/cart"} 3.0' in text
    assert 'galleria_http_problems_total{code="TOKEN_MISSING"} 1.0' in text


async def test_a_body_in_pieces(ada: httpx.AsyncClient, sku: str) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for piece in (b'{"sku": ', json.dumps(sku).encode(), b"}"):
            yield piece

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b" " * 8_192

    headers = {"Content-Type": "application/json"}
    added = await ada.post("/cart/items", content=pieces(), headers=headers)
    assert added.status_code == 201
    assert TIMING in added.headers
    problem(
        await ada.post("/cart/items", content=endless(), headers=headers), 413, "BODY_TOO_LARGE"
    )


@asynccontextmanager
async def _with(services: Services, group: str, values: dict[str, Any]) -> AsyncIterator[Any]:
    settings: Settings = services.settings
    changed = getattr(settings, group).model_copy(update=values)
    services.settings = settings.model_copy(update={group: changed})
    async with open_client(await open_http(services)) as client:
        yield client


async def test_a_request_takes_one_from_the_limit_of_its_address(services: Services) -> None:
    limits = {"requests_per_second": 1.0, "requests_burst": 3}
    async with _with(services, "http", limits) as client:
        # The first is taken by the express lane, the second goes the whole way after it was read.
        assert (await client.get("/healthz")).status_code == 200
        problem(await client.post("/session/guest", json={}), 422, "REQUEST_INVALID")
        assert (await client.get("/rooms")).status_code == 200
        problem(await client.get("/healthz"), 429, "TOO_MANY_REQUESTS")


async def test_pages_of_other_origins_go_the_whole_way(services: Services) -> None:
    origin = "https://page.example"
    async with _with(services, "listen", {"allowed_origins": (origin,)}) as client:
        answer = await client.get("/healthz", headers={"Origin": origin})
        assert answer.headers["access-control-allow-origin"] == origin
        assert TIMING not in answer.headers
        assert TIMING in (await client.get("/healthz")).headers


async def test_a_fault_of_ours_is_a_plain_500(
    ada: httpx.AsyncClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_token: str) -> None:
        raise RuntimeError("a secret")

    monkeypatch.setattr(services.guests, "verify", broken)
    answer = await ada.get("/cart")
    assert problem(answer, 500, "INTERNAL_ERROR") == {}
    assert "secret" not in answer.text


async def test_what_cannot_be_had_here_is_said_at_the_start(services: Services) -> None:
    router = APIRouter()

    @router.get("/page")
    async def page(services: ServicesHere, number: Annotated[int, Query()]) -> Cart:
        raise AssertionError((services, number))

    limiter = AddressLimiter(1, 1, 1, services.clock)
    wanted = ExpressRoutes(others=frozenset({page}))
    with pytest.raises(TypeError, match="number"):
        Express(services, [router], wanted, limiter, secure=False)
    routers = (carts.router, checkouts.router, sessions.router, system.router)
    assert Express(services, routers, ExpressRoutes(), limiter, secure=False).templates == []
