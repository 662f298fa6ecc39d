"""The Python client over a real socket: requests, events, drops, and the end."""

import asyncio
import random
from typing import Any

import msgpack
import pytest

from server.client.client import GalleriaClient
from server.client.errors import ConnectionLost, EventsMissed, HttpProblem, RequestRefused, TimedOut
from server.client.http import ShopHttp
from server.client.settings import ClientSettings
from server.connection_limits import ConnectionLimits
from server.wire.errors import CloseCode
from server.wire.pose import Pose, pack_pose
from tests.fuzz.echo_hub import EchoServer, echo_server

QUICK = ClientSettings(pulse_ms=20, retry_first_ms=5, request_timeout_ms=4_000)


async def client_of(server: EchoServer, name: str = "ada", **options: Any) -> GalleriaClient:
    return await GalleriaClient.connect(
        server.base_url, name=name, **{"settings": QUICK, "chance": random.Random(1), **options}
    )


async def vote(client: GalleriaClient, product_id: str = "mug") -> dict[str, Any]:
    return await client.request("Vote", product_id=product_id, choice=1)


async def test_requests_and_events() -> None:
    async with echo_server() as server, await client_of(server) as client:
        assert client.online
        assert client.person_id == "ada"
        assert await vote(client) == {"product_id": "mug", "choice": 1}
        waiting = asyncio.create_task(client.wait_for("SpotlightChanged"))
        with client.events() as events:
            await client.look("hat")
            event = await anext(events)
            assert (event.name, event.body["product_id"]) == ("SpotlightChanged", "hat")
        assert (await waiting)["product_id"] == "hat"
        assert client.room.spotlight_product_id == "hat"
        assert client.statistics.percentile_ms(50) > 0


async def test_many_requests_at_once_each_get_their_own_answer() -> None:
    async with echo_server() as server, await client_of(server) as client:
        names = [f"product-{number}" for number in range(40)]
        answers = await asyncio.gather(*(vote(client, name) for name in names))
        assert [answer["product_id"] for answer in answers] == names


async def test_a_refusal_is_an_exception_with_code_and_data() -> None:
    async with echo_server() as server, await client_of(server) as client:
        with pytest.raises(RequestRefused) as raised:
            await client.vote("mug", 5)
        assert raised.value.code == "FIELD_RANGE"
        assert raised.value.data == {"message": "Vote", "field": "choice"}
        assert client.statistics.errors == {"FIELD_RANGE": 1}


async def test_errors_without_a_request_are_events() -> None:
    async with echo_server() as server, await client_of(server) as client:
        waiting = asyncio.create_task(client.wait_for("Error"))
        await asyncio.sleep(0)
        await client.look("x" * 65)
        assert (await waiting)["code"] == "FIELD_TOO_LONG"


async def test_what_is_no_request_is_a_mistake_of_the_caller() -> None:
    async with echo_server() as server, await client_of(server) as client:
        with pytest.raises(ValueError, match="no request"):
            await client.request("Look", product_id="mug")


async def test_poses_go_to_everybody() -> None:
    async with (
        echo_server() as server,
        await client_of(server) as ada,
        await client_of(server, "bob") as bob,
    ):
        got: list[bytes] = []
        stop = bob.on("Poses", lambda body: got.append(body["records"]))
        seen = asyncio.create_task(bob.until(lambda: bob.room.pose(3) is not None))
        pose = Pose(3, (1.0, 1.6, 2.0))
        assert await ada.send_pose(pose)
        await ada.look("mug")  # conditions are looked at when something reliable happens
        await seen
        assert got == [pack_pose(pose)]
        assert bob.room.poses_time_ms > 0
        stop()


async def test_the_clock_is_synchronised() -> None:
    async with echo_server() as server, await client_of(server) as client:
        await client.until(lambda: client.clock.samples >= 3)
        assert abs(client.now_ms() - server.hub.now_ms()) < 100
        assert client.clock.round_trip_ms >= 0


# --- drops ----------------------------------------------------------------------------------------


async def test_a_drop_loses_nothing() -> None:
    """Drops at any moment, requests under way, events meanwhile: everything exactly once."""
    chance = random.Random(7)
    async with echo_server(QUICK_LIMITS) as server, await client_of(server) as client:
        seen: list[str] = []
        client.on("SpotlightChanged", lambda body: seen.append(body["product_id"]))
        tasks = []
        for number in range(120):
            tasks.append(asyncio.create_task(vote(client, f"p{number}")))
            server.hub.spotlight(f"s{number}")
            if chance.random() < 0.15:
                client.drop()
            await asyncio.sleep(chance.random() * 0.004)
        answers = await asyncio.gather(*tasks)
        await client.until(lambda: len(seen) == 120)
        assert [answer["product_id"] for answer in answers] == [f"p{n}" for n in range(120)]
        assert seen == [f"s{number}" for number in range(120)]
        assert [entry[2] for entry in server.hub.executed] == list(range(1, 121))
        assert client.statistics.drops >= 3
        assert client.statistics.resumed == client.statistics.drops
        assert (client.statistics.gaps, client.statistics.fresh) == (0, 1)


QUICK_LIMITS = ConnectionLimits(requests_per_second=10_000, requests_burst=10_000)


async def test_requests_made_while_away_are_sent_later() -> None:
    async with echo_server() as server, await client_of(server) as client:
        dropped = asyncio.create_task(client.wait_for("Dropped"))
        resumed = asyncio.create_task(client.wait_for("Resumed"))
        await asyncio.sleep(0)
        client.drop()
        assert not client.online
        assert not await client.send_pose(Pose(1, (0.0, 1.6, 0.0)))
        assert (await vote(client))["product_id"] == "mug"
        assert (await dropped)["code"] == 1006
        await resumed


async def test_a_lost_session_is_said_plainly() -> None:
    async with echo_server() as server, await client_of(server) as client:
        await vote(client)
        fresh = asyncio.create_task(client.wait_for("Fresh"))
        await asyncio.sleep(0)
        server.hub.sessions._sessions.clear()
        client.drop()
        with pytest.raises(ConnectionLost) as raised:
            await vote(client)
        assert raised.value.code == "SESSION_LOST"
        assert (await fresh)["reason"] == "session_over"
        assert (await vote(client))["product_id"] == "mug"


async def test_a_gap_is_noticed_and_mended() -> None:
    async with echo_server() as server, await client_of(server) as client:
        (session,) = server.hub.members.values()
        connection, session.connection = session.connection, None
        server.hub.spotlight("lost on the way")
        session.connection = connection
        server.hub.spotlight("arrives")
        await client.until(lambda: client.room.spotlight_product_id == "arrives")
        assert client.statistics.gaps == 1
        assert client.statistics.events == 2


async def test_an_event_of_a_newer_server_is_counted_and_no_gap() -> None:
    async with echo_server() as server, await client_of(server) as client:
        (session,) = server.hub.members.values()
        session.deliver(9_999, msgpack.packb({"what": "is that"}))
        server.hub.spotlight("arrives")
        await client.until(lambda: client.room.spotlight_product_id == "arrives")
        assert (client.statistics.gaps, client.statistics.drops) == (0, 0)
        assert client.statistics.events == 1


async def test_a_server_that_goes_silent_is_left() -> None:
    settings = ClientSettings(pulse_ms=10, silence_max_ms=50, retry_first_ms=5)
    async with echo_server() as server, await client_of(server, settings=settings) as client:
        (connection,) = server.listener.connections
        connection.closing = True  # it neither listens nor speaks from now on
        await client.wait_for("Resumed")
        assert client.online


# --- the end --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "name"),
    [(CloseCode.REPLACED, "REPLACED"), (CloseCode.TOKEN_INVALID, "TOKEN_INVALID")],
)
async def test_some_closes_are_final(code: CloseCode, name: str) -> None:
    async with echo_server() as server, await client_of(server) as client:
        closed = asyncio.create_task(client.wait_for("Closed"))
        await asyncio.sleep(0)
        (connection,) = server.listener.connections
        connection.close(code)
        assert (await closed)["code"] == name
        assert client.closed
        with pytest.raises(ConnectionLost):
            await vote(client)


async def test_other_closes_are_not() -> None:
    async with echo_server() as server, await client_of(server) as client:
        resumed = asyncio.create_task(client.wait_for("Resumed"))
        await asyncio.sleep(0)
        (connection,) = server.listener.connections
        connection.close(CloseCode.SLOW)
        await resumed


async def test_a_token_that_is_not_good() -> None:
    async with echo_server() as server:
        with pytest.raises(ConnectionLost) as raised:
            await client_of(server, token="stranger")
        assert raised.value.code == "TOKEN_INVALID"


async def test_nobody_there() -> None:
    with pytest.raises(ConnectionLost) as raised:
        await GalleriaClient.connect("http://127.0.0.1:9", name="ada")
    assert raised.value.code == "CONNECT_FAILED"
    async with ShopHttp("http://127.0.0.1:9") as http:
        client = GalleriaClient(http, "guest:ada", name="ada")
        with pytest.raises(ConnectionLost):
            await client.open()


async def test_a_server_that_does_not_come_back() -> None:
    settings = ClientSettings(retry_first_ms=5, retry_max_ms=20, retry_total_ms=200)
    async with echo_server() as server:
        client = await client_of(server, settings=settings)
    with pytest.raises(ConnectionLost) as raised:
        await vote(client)
    assert raised.value.code in ("GAVE_UP", "CLOSED")
    await client.close()


async def test_close_ends_everything_that_waits() -> None:
    async with echo_server() as server:
        client = await client_of(server)
        stream = client.events()
        waiting = asyncio.create_task(client.wait_for("RoomState"))
        await asyncio.sleep(0)
        await client.close()
        assert [event.name async for event in stream] == ["Closed"]
        with pytest.raises(ConnectionLost):
            await waiting


async def test_time_limits() -> None:
    settings = ClientSettings(request_timeout_ms=50)
    async with echo_server() as server, await client_of(server, settings=settings) as client:
        with pytest.raises(TimedOut):
            await client.wait_for("RoomState", timeout_s=0.02)
        (session,) = server.hub.members.values()
        session.admit_request(99)  # so that the next one counts as sent before
        with pytest.raises(TimedOut):
            await vote(client)


async def test_a_slow_reader_is_told() -> None:
    settings = ClientSettings(event_queue_max=3)
    async with echo_server() as server, await client_of(server, settings=settings) as client:
        events = client.events()
        for number in range(6):
            server.hub.spotlight(f"s{number}")
        await client.until(lambda: client.room.spotlight_product_id == "s5")
        assert [(await anext(events)).body["product_id"] for _ in range(3)] == ["s0", "s1", "s2"]
        with pytest.raises(EventsMissed):
            await anext(events)


async def test_clients_may_share_http() -> None:
    async with echo_server() as server, ShopHttp(server.base_url) as http:
        async with await client_of(server, http=http), await client_of(server, "bob", http=http):
            assert await http.guest("eve") == {"token": "guest:eve"}
        with pytest.raises(HttpProblem) as raised:
            await http.rooms()
        assert (raised.value.status, raised.value.code) == (404, "HTTP_404")


async def test_join_waits_for_the_whole_room() -> None:
    async with echo_server() as server, await client_of(server) as client:
        answer = await client.join(consent=["session"])
        assert answer["avatar_id"] == client.avatar_id == 7
        assert client.room.room_id == answer["room_id"]
        assert client.room.pose(7) is not None
        await client.leave()
        assert client.avatar_id == 0
