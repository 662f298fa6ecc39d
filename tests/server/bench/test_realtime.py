"""The bench measures our own server as it measures the yardstick."""

import time
from pathlib import Path

from server.bench.realtime import (
    Measurement,
    RealtimeResult,
    RealtimeSpec,
    measure_galleria,
    room_settings,
    typical_ratio,
)
from server.bench.view import realtime_table
from tests.server.running_shop import running_shop


def measurement(cpu_us: float) -> Measurement:
    return Measurement(1_000, 20.0, 1.0, cpu_us, 33.0, 20.0, 50.0, 0)


async def test_everybody_gets_everybody_at_the_tick(tmp_path: Path) -> None:
    async with running_shop(tmp_path) as shop:
        spec = RealtimeSpec(seconds=1.5, warm_up_s=0.5)
        measured = await measure_galleria(spec, shop.url, time.process_time, 4)
        assert shop.app.host.population(shop.app.services.store.room_id) == 0
    assert measured.refused == 0
    assert 10 < measured.rate_hz <= 25
    assert 32 <= measured.bytes_per_update <= 64
    assert measured.cpu_us_per_update > 0
    assert 0 < measured.p50_ms <= measured.p99_ms


def test_ratios_are_to_the_yardstick() -> None:
    cheap = RealtimeResult(10, measurement(1.0), measurement(2.0))
    dear = RealtimeResult(50, measurement(8.0), measurement(1.0))
    assert (cheap.ratio, dear.ratio) == (0.5, 8.0)
    assert abs(typical_ratio([cheap, dear]) - 2.0) < 1e-9
    assert cheap.as_json()["ratio"] == 0.5
    assert typical_ratio([]) == 0.0
    assert realtime_table([cheap, dear]).row_count == 2


def test_the_room_takes_all_that_are_measured() -> None:
    assert room_settings(200)["GALLERIA_ROOM__CAPACITY"] == "200"
    assert room_settings(10)["GALLERIA_ROOM__CAPACITY"] == "64"
