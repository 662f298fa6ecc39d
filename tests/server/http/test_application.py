"""The application on a real port: keep-alive, large files, bodies that never end, clean goodbye."""

import asyncio
import socket
import sys
from collections.abc import AsyncIterator

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from tests.server.http.conftest import problem
from tests.server.http.test_assets import first_url


@pytest.fixture
async def port(app: FastAPI) -> AsyncIterator[int]:
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, ws="none"))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        # Listening already: who connects before the server is up waits in the line of the kernel.
        task = asyncio.create_task(server.serve([listening]), name="server under test")
        yield listening.getsockname()[1]
        server.should_exit = True
        await task


@pytest.fixture
async def live(port: int) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        yield client


async def test_the_first_request_finds_its_routes_made(client: httpx.AsyncClient) -> None:
    calls = 0

    def count(*_: object) -> None:
        nonlocal calls
        calls += 1

    sys.setprofile(count)
    try:
        answer = await client.get("/healthz")
    finally:
        sys.setprofile(None)
    assert answer.status_code == 200
    # Making them takes some 330,000 entries and exits of functions, and the rooms wait.
    assert calls < 50_000


async def test_assets_over_the_wire(live: httpx.AsyncClient) -> None:
    url = await first_url(live, ".glb")
    whole = await live.get(url)
    assert whole.status_code == 200
    part = await live.get(url, headers={"Range": "bytes=1-10"})
    assert (part.status_code, part.content) == (206, whole.content[1:11])
    head = await live.head(url)
    assert head.headers["content-length"] == str(len(whole.content))
    # The connection is still good after an answer without a body.
    assert (await live.get("/healthz")).status_code == 200


async def test_too_much_and_then_business_as_usual(live: httpx.AsyncClient) -> None:
    async def large() -> AsyncIterator[bytes]:
        for _ in range(64):
            yield b"x" * 4_096

    headers = {"Content-Type": "application/json"}
    response = await live.post("/session/guest", content=large(), headers=headers)
    problem(response, 413, "BODY_TOO_LARGE")
    assert (await live.post("/session/guest", json={"name": "Ada"})).status_code == 201


async def test_nonsense_on_the_line(port: int, live: httpx.AsyncClient) -> None:
    for nonsense in (b"\x00\xff\x16\x03\x01\r\n\r\n", b"GET /" + b"a" * 70_000, b"GET"):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(nonsense)
        writer.write_eof()
        await asyncio.wait_for(reader.read(), 5)
        writer.close()
        await writer.wait_closed()
    assert (await live.get("/healthz")).status_code == 200
