"""Connections that do not come to the point are cut; all others never notice."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.server.running_shop import Shop, running_shop

TIMEOUT_MS = 300
REQUEST = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture
async def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Shop]:
    monkeypatch.setenv("GALLERIA_HTTP__REQUEST_TIMEOUT_MS", str(TIMEOUT_MS))
    monkeypatch.setenv("GALLERIA_HTTP__CONNECTIONS_MAX", "8")
    async with running_shop(tmp_path) as shop:
        yield shop


async def opened(shop: Shop) -> Line:
    return await asyncio.open_connection("127.0.0.1", int(shop.url.rpartition(":")[2]))


async def until_cut(line: Line) -> bytes:
    """What was answered before the other end closed."""
    answer = b""
    with suppress(ConnectionError):
        async with asyncio.timeout(20):
            while data := await line[0].read(65_536):
                answer += data
    line[1].close()
    return answer


async def answered(line: Line) -> bytes:
    line[1].write(REQUEST)
    return await line[0].readuntil(b"\r\n")


def cut(shop: Shop, reason: str) -> float:
    (value,) = (
        sample.value
        for metric in shop.app.services.metrics.http_connections_cut.collect()
        for sample in metric.samples
        if sample.name.endswith("_total") and sample.labels == {"reason": reason}
    )
    return float(value)


async def test_who_says_nothing_is_cut(shop: Shop) -> None:
    assert await until_cut(await opened(shop)) == b""
    assert cut(shop, "too_slow") == 1


@pytest.mark.parametrize(
    "beginning",
    [
        b"GET /ws HTTP/1.1\r\nHost: x\r\nX-Slow: ",
        b"POST /sessions HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n",
    ],
    ids=["headers", "body"],
)
async def test_who_trickles_is_cut(shop: Shop, beginning: bytes) -> None:
    line = await opened(shop)
    line[1].write(beginning)

    over = asyncio.Event()

    async def trickle() -> None:
        while not over.is_set():
            line[1].write(b"a")
            with suppress(TimeoutError):
                async with asyncio.timeout(0.02):
                    await over.wait()

    trickling = asyncio.create_task(trickle())
    await until_cut(line)
    over.set()
    await trickling
    assert cut(shop, "too_slow") == 1


async def test_who_asks_now_and_then_is_not(shop: Shop) -> None:
    line = await opened(shop)
    for _ in range(3):
        assert (await answered(line)).startswith(b"HTTP/1.1 200")
        await line[0].readuntil(b"\r\n\r\n")
        while await _more(line, 2 * TIMEOUT_MS):
            pass
    line[1].close()
    with pytest.raises(ValueError, match="not enough values"):
        cut(shop, "too_slow")


async def _more(line: Line, wait_ms: int) -> bool:
    """Whether something comes within so long; the end does not count as something."""
    try:
        async with asyncio.timeout(wait_ms / 1_000):
            assert await line[0].read(65_536), "it was cut"
    except TimeoutError:
        return False
    return True


async def test_when_full_the_newcomer_is_cut(shop: Shop) -> None:
    lines = [await opened(shop) for _ in range(8)]
    assert await until_cut(await opened(shop)) == b""
    assert cut(shop, "full") == 1
    assert (await answered(lines[0])).startswith(b"HTTP/1.1 200")
    for _, writer in lines:
        writer.close()


async def test_game_sockets_stay(shop: Shop) -> None:
    ada = await shop.enter("Ada")
    silent = await opened(shop)
    await until_cut(silent)
    assert cut(shop, "too_slow") == 1
    await ada.teleport((0.5, 0.0, -0.5), 0.0)
    assert ada.statistics.drops == 0
