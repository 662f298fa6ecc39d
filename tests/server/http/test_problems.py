"""Every error is a problem document, also those that no route raises."""

import httpx
from fastapi import FastAPI

from server.errors import GalleriaError
from server.http.error_table import ERRORS
from server.http.problems import STATUS_CODES
from tests.server.http.conftest import problem


async def test_not_found(client: httpx.AsyncClient) -> None:
    for address in ("/nothing", "/products/", "/cart/items", "/docs/", "/%00"):
        response = await client.get(address)
        assert response.status_code in (404, 405), address
        assert response.headers["content-type"] == "application/problem+json"


async def test_wrong_method(client: httpx.AsyncClient) -> None:
    response = await client.delete("/products")
    problem(response, 405, "METHOD_NOT_ALLOWED")
    assert response.headers["allow"] == "GET"
    problem(await client.request("BREW", "/products"), 405, "METHOD_NOT_ALLOWED")


async def test_broken_bodies(client: httpx.AsyncClient) -> None:
    headers = {"Content-Type": "application/json"}
    bodies = (b"{", b"", b"\xff\xfe", b"[" * 30_000, b"nul", b'{"name": "\\ud800"}')
    for content in bodies:
        response = await client.post("/session/guest", content=content, headers=headers)
        assert response.status_code in (400, 422), content[:40]
        assert response.headers["content-type"] == "application/problem+json"
        assert response.json()["code"] in ("BODY_NOT_JSON", "BAD_REQUEST", "REQUEST_INVALID")


async def test_not_json(client: httpx.AsyncClient) -> None:
    headers = {"Content-Type": "application/json"}
    response = await client.post("/session/guest", content=b"{oops", headers=headers)
    problem(response, 400, "BODY_NOT_JSON")


async def test_another_media_type(client: httpx.AsyncClient) -> None:
    problem(await client.post("/session/guest", content=b"name=Ada"), 422, "REQUEST_INVALID")


async def test_field_problems_name_the_field_and_not_the_value(client: httpx.AsyncClient) -> None:
    body = {"name": ["a-secret-value"], "extra": "another-secret"}
    response = await client.post("/session/guest", json=body)
    data = problem(response, 422, "REQUEST_INVALID")
    assert {entry["field"] for entry in data["problems"]} == {"body.name", "body.extra"}
    assert all(entry["problem"].endswith(".") for entry in data["problems"])
    assert "secret" not in response.text


async def test_a_crash_tells_nothing(app: FastAPI, client: httpx.AsyncClient) -> None:
    @app.get("/crash")
    async def crash() -> None:
        raise RuntimeError("the password is hunter2")

    response = await client.get("/crash", headers={"X-Request-Id": "crash-1"})
    assert problem(response, 500, "INTERNAL_ERROR") == {}
    assert "hunter2" not in response.text
    assert response.headers["x-request-id"] == "crash-1"
    assert 'route="/crash",status="500"} 1.0' in (await client.get("/metrics")).text


async def test_typed_errors(app: FastAPI, client: httpx.AsyncClient) -> None:
    @app.get("/typed")
    async def typed() -> None:
        raise GalleriaError("DRAINING", "Closing.", {"retry_ms": 5}, 503)

    response = await client.get("/typed")
    assert problem(response, 503, "DRAINING") == {"retry_ms": 5}
    assert response.headers["retry-after"] == "1"


async def test_bad_tokens(client: httpx.AsyncClient) -> None:
    for token in ("nonsense", "a.b.c", "." * 40):
        headers = {"Authorization": f"Bearer {token}"}
        problem(await client.get("/cart", headers=headers), 401, "TOKEN_INVALID")


def test_status_codes_agree_with_the_table() -> None:
    for status, (code, _) in STATUS_CODES.items():
        if code in ERRORS:
            assert ERRORS[code].status == status
