"""A game socket that came to the wrong worker is served by the right one, and nobody notices."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from server.wire import codec
from server.wire.messages import BY_NAME, SUBPROTOCOL
from server.workers.doors import REQUEST_MAX_BYTES, Doors, Porter, addressed_to, door_pairs
from tests.fuzz import echo_hub
from tests.fuzz.echo_hub import EchoServer, echo_server

HELLO = {
    "protocol_min": 1,
    "protocol_max": 1,
    "client": "test",
    "kind": "bot",
    "token": "guest:ada",
}


@pytest.fixture(autouse=True, params=["fast", "ordinary"])
def lane(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test here runs on both lanes."""
    monkeypatch.setattr(echo_hub, "FAST_LANE", request.param == "fast")
    monkeypatch.setattr(echo_hub, "TLS", False, raising=False)


@pytest.mark.parametrize(
    ("line", "worker", "rest"),
    [
        (b"GET /w/2/ws HTTP/1.1\r\n", 2, b"GET /ws HTTP/1.1\r\n"),
        (b"GET /w/12/ws?a=1 HTTP/1.1\r\n", 12, b"GET /ws?a=1 HTTP/1.1\r\n"),
        (b"GET /ws HTTP/1.1\r\n", 0, b"GET /ws HTTP/1.1\r\n"),
        (b"GET /w/2/wsx HTTP/1.1\r\n", 0, b"GET /w/2/wsx HTTP/1.1\r\n"),
        (b"GET /w/1000/ws HTTP/1.1\r\n", 0, b"GET /w/1000/ws HTTP/1.1\r\n"),
        (b"GET /w/-2/ws HTTP/1.1\r\n", 0, b"GET /w/-2/ws HTTP/1.1\r\n"),
        (b"GET /w//ws HTTP/1.1\r\n", 0, b"GET /w//ws HTTP/1.1\r\n"),
    ],
)
def test_the_path_says_to_whom(line: bytes, worker: int, rest: bytes) -> None:
    assert addressed_to(line) == (worker, rest)


@dataclass(slots=True)
class Neighbours:
    """Two servers in one loop; a connection to the first may be for the second."""

    first: EchoServer
    second: EchoServer
    doors: tuple[Doors, Doors]
    at_work: tuple[int, ...] = (1, 2)

    @asynccontextmanager
    async def guest(self, path: str, who: str = "guest:ada") -> AsyncIterator[ClientConnection]:
        """Somebody who has knocked at the first server and been greeted."""
        url = self.first.socket_url.removesuffix("/ws") + path
        protocols = [Subprotocol(SUBPROTOCOL)]
        async with connect(url, subprotocols=protocols, proxy=None, close_timeout=1) as client:
            body = HELLO | {"token": who}
            await client.send(codec.encode(BY_NAME["Hello"].number, 0, body))
            await client.recv()
            yield client


@asynccontextmanager
async def neighbours() -> AsyncIterator[Neighbours]:
    pairs = door_pairs(2)
    doors = Doors(1, pairs[1][0], {2: pairs[2][1]}), Doors(2, pairs[2][0], {1: pairs[1][1]})
    async with echo_server() as first, echo_server() as second:
        made = Neighbours(first, second, doors)
        porter = Porter(first.listener, doors[0], lambda worker: worker in made.at_work)
        first.server.config.ws_protocol_class = porter  # type: ignore[assignment]
        close = doors[1].open(second.listener, second.server.server_state)
        try:
            yield made
        finally:
            close()
            for door in doors:
                door.close()


async def test_a_socket_for_the_other_is_handed_on() -> None:
    async with neighbours() as both, both.guest("/w/2/ws"):
        assert len(both.second.hub.members) == 1
        assert not both.first.hub.members
        assert (both.doors[0].handed_on, both.doors[1].handed_in) == (1, 1)
        # It counts where it is served, and for nothing where it came in.
        assert len(both.second.listener.protocols) == 1
        assert not both.first.listener.protocols
        assert len(both.second.server.server_state.connections) == 1


async def test_its_end_is_noticed_where_it_is_served() -> None:
    async with neighbours() as both:
        async with both.guest("/w/2/ws"):
            pass
        await both.second.hub.until(lambda: both.second.hub.lost_reasons == ["left"])
        assert not both.second.listener.protocols


@pytest.mark.parametrize("path", ["/ws", "/w/1/ws"])
async def test_a_socket_for_us_stays(path: str) -> None:
    async with neighbours() as both, both.guest(path):
        assert len(both.first.hub.members) == 1
        assert both.doors[0].handed_on == 0


async def test_whoever_takes_the_call_answers_for_a_worker_that_is_gone() -> None:
    async with neighbours() as both:
        both.at_work = (1,)
        async with both.guest("/w/2/ws"), both.guest("/w/7/ws", "guest:bob"):
            assert len(both.first.hub.members) == 2


async def test_a_wrong_path_is_refused_here() -> None:
    async with neighbours() as both:
        with pytest.raises(InvalidStatus) as refused:
            async with both.guest("/w/2/other"):
                pass
        assert refused.value.response.status_code == 404
        assert both.doors[0].handed_on == 0


async def test_a_crowded_door_is_tried_again() -> None:
    async with neighbours() as both:
        plain = socket.socket()
        crowd = 0
        while both.doors[0].hand_on(2, b"x" * REQUEST_MAX_BYTES, plain.fileno()):
            crowd += 1
        plain.close()
        # The other worker reads its door when the loop comes round; nobody is turned away.
        async with both.guest("/w/2/ws"):
            assert len(both.second.hub.members) == 1
        assert both.doors[1].handed_in == crowd + 1
