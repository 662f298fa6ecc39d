"""The yardstick delivers what it is sent, so that its cost is the cost of the same work."""

import asyncio

import msgpack
import pytest
from websockets.asyncio.client import ClientConnection, connect

from server.bench.cases import case_of
from server.bench.loops import loop_names, loop_of, quick_loop
from server.bench.process import free_port
from server.bench.realtime import RealtimeSpec, measure_yardstick
from server.bench.yardstick import open_yardstick
from server.wire.messages import BY_NAME, SUBPROTOCOL

POSE, POSES = BY_NAME["Pose"].number, BY_NAME["Poses"].number


def open_socket(url: str) -> connect:
    return connect(url, subprotocols=[SUBPROTOCOL], compression=None)  # type: ignore[list-item]


async def seen_by(client: ClientConnection, records: set[bytes]) -> None:
    """Until a client has seen exactly these."""
    seen: set[bytes] = set()
    while seen != records:
        number, head, body = msgpack.unpackb(await client.recv())
        assert number == POSES
        assert head > 1_600_000_000_000
        seen |= {body[at : at + 32] for at in range(0, len(body), 32)}
        assert seen <= records


async def test_everybody_of_a_room_gets_everybodys_newest_record() -> None:
    port = free_port()
    server, yardstick = await open_yardstick(port)
    ticking = asyncio.create_task(yardstick.tick())
    first, second, elsewhere = (bytes([n, 0]) + b"a" * 30 for n in (1, 2, 3))
    url = f"ws://127.0.0.1:{port}"
    async with (
        server,
        open_socket(f"{url}/0") as one,
        open_socket(f"{url}/0") as other,
        open_socket(f"{url}/1") as away,
    ):
        for client, record in ((one, first), (other, second), (away, elsewhere)):
            await client.send(msgpack.packb([POSE, 1, record]))
        await seen_by(one, {first, second})
        await seen_by(other, {first, second})
        await seen_by(away, {elsewhere})
    ticking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await ticking


async def test_a_short_measurement_of_rooms_counts_sensibly() -> None:
    spec = RealtimeSpec(seconds=1.0, warm_up_s=0.5)
    measured = await measure_yardstick(spec, case_of("2x3"), "asyncio")
    assert measured.updates > 2 * 3 * 2 * 5
    assert 5 < measured.rate_hz < 30
    assert 0 < measured.delivery_ratio <= 1.2
    assert 32 <= measured.payload_bytes_per_update <= measured.wire_bytes_per_update <= 64
    assert measured.cpu_us_per_update > 0
    assert measured.resident_mb > measured.private_mb > 1
    assert 0 < measured.p50_ms <= measured.p99_ms
    assert measured.load.processes == 1
    assert 0 < measured.load.sent_ratio <= 1.2


def test_asyncio_is_always_there() -> None:
    assert "asyncio" in loop_names()
    assert loop_of("asyncio") is None
    assert loop_of(loop_names()[0]) is quick_loop() or quick_loop() is None
