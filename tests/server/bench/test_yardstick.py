"""The yardstick delivers what it is sent, so that its cost is the cost of the same work."""

import asyncio

import msgpack
import pytest

from server.bench.load import NUMBERS, open_socket
from server.bench.process import free_port
from server.bench.realtime import RealtimeSpec, measure_yardstick
from server.bench.yardstick import open_yardstick


async def test_everybody_gets_everybodys_newest_record() -> None:
    port = free_port()
    server, yardstick = await open_yardstick(port)
    ticking = asyncio.create_task(yardstick.tick())
    first, second = b"\x01\x00" + b"a" * 30, b"\x02\x00" + b"b" * 30
    url = f"ws://127.0.0.1:{port}/"
    async with server, await open_socket(url) as one, await open_socket(url) as other:
        await one.send(msgpack.packb([NUMBERS["Pose"], 1, first]))
        await other.send(msgpack.packb([NUMBERS["Pose"], 1, second]))
        for client in (one, other):
            seen: set[bytes] = set()
            while seen != {first, second}:
                number, head, records = msgpack.unpackb(await client.recv())
                assert number == NUMBERS["Poses"]
                assert head > 1_600_000_000_000
                seen |= {records[at : at + 32] for at in range(0, len(records), 32)}
    ticking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await ticking


async def test_a_short_measurement_counts_sensibly() -> None:
    measured = await measure_yardstick(RealtimeSpec(seconds=1.0, warm_up_s=0.5), 3)
    assert measured.updates > 3 * 2 * 5
    assert 5 < measured.rate_hz < 30
    assert 32 <= measured.bytes_per_update <= 64
    assert measured.cpu_us_per_update > 0
    assert 0 < measured.p50_ms <= measured.p99_ms
