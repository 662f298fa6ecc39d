"""The bench measures our own server as it measures the yardstick, on a real port."""

import time
from pathlib import Path

from rich.console import Console

from server.bench.cases import Bars, Case, case_of
from server.bench.door import galleria_door, spread_places
from server.bench.measurement import LoadProof, Measurement
from server.bench.realtime import (
    RealtimeResult,
    RealtimeSpec,
    has_yardstick,
    hostile_of,
    measure_through,
    room_settings,
    steps_of,
)
from server.bench.view import beset_table, cost_table, proof_table, time_table, typical_ratio
from server.bots.floor import Floor
from tests.server.running_shop import Shop, running_shop

QUICK = RealtimeSpec(seconds=1.5, warm_up_s=0.5)


async def measured(shop: Shop, spec: RealtimeSpec, name: str) -> Measurement:
    case = case_of(name)
    async with galleria_door(case, shop.url) as door:
        return await measure_through(door, spec, case, time.process_time)


async def test_everybody_gets_everybody_at_the_tick(tmp_path: Path) -> None:
    async with running_shop(tmp_path) as shop:
        ours = await measured(shop, QUICK, "4")
        assert shop.app.host.population(shop.app.services.store.room_id) == 0
    assert (ours.events_lost, ours.corrections, ours.closes) == (0, {}, {})
    assert 10 < ours.rate_hz <= 25
    assert 0.5 < ours.delivery_ratio <= 1.2
    assert 32 <= ours.payload_bytes_per_update <= 64
    assert ours.wire_bytes_per_update > ours.payload_bytes_per_update
    assert ours.cpu_us_per_update > 0
    assert 0 < ours.p50_ms <= ours.p99_ms
    # All four shop: grab, cart, put back, once a second.
    assert ours.commands >= 2
    assert 0 < ours.command_p50_ms <= ours.command_p99_ms


async def test_people_come_and_go(tmp_path: Path) -> None:
    # A twentieth of twenty is one each second.
    spec = RealtimeSpec(seconds=2.5, warm_up_s=0.2, churn=True)
    async with running_shop(tmp_path) as shop:
        ours = await measured(shop, spec, "20")
        assert shop.app.host.population(shop.app.services.store.room_id) == 0
    assert (ours.events_lost, ours.closes) == (0, {})
    # Everybody hears of comings and goings, twenty of each at least.
    assert ours.events >= 2 * 20
    assert ours.updates > 20 * 19 * 5


def test_spread_places_are_free_and_apart() -> None:
    layout = {"size_m": [40.0, 5.0, 28.0], "slots": [], "placements": [], "fixtures": [
        {"position": [0.0, 0.0, 0.0], "size_m": [10.0, 1.0, 10.0], "yaw_degrees": 30.0},
    ]}  # fmt: skip
    floor = Floor(layout)
    places = spread_places(floor, [40.0, 5.0, 28.0], 200)
    assert len(set(places)) == 200
    assert all(floor.is_free(place) for place in places)
    assert max(x for x, _ in places) - min(x for x, _ in places) > 34


def measurement(cpu_us: float, **rest: float) -> Measurement:
    return Measurement(updates=1_000, cpu_us_per_update=cpu_us, **rest)  # type: ignore[arg-type]


def test_ratios_are_to_the_quicker_yardstick() -> None:
    yardsticks = {"asyncio": measurement(4.0), "uvloop": measurement(2.0), "none": Measurement()}
    cheap = RealtimeResult(case_of("10"), measurement(1.0), yardsticks)
    dear = RealtimeResult(case_of("50"), measurement(8.0), {"asyncio": measurement(1.0)})
    alone = RealtimeResult(case_of("25"), measurement(8.0))
    assert (cheap.ratio, dear.ratio, alone.ratio) == (0.5, 8.0, 0.0)
    assert abs(typical_ratio([cheap, dear, alone]) - 2.0) < 1e-9
    assert cheap.as_json()["ratio"] == 0.5
    assert typical_ratio([alone]) == 0.0


def test_bars_are_judged_and_shown() -> None:
    case = Case("7", 7, bars=Bars(cpu_us=1.0, ratio=0.4, p99_ms=55))
    ours = measurement(0.9, p99_ms=56.0, payload_bytes_per_update=33.0)
    beset = measurement(0.9, p99_ms=60.0, events=9, events_lost=1, resident_mb=30.0)
    result = RealtimeResult(case, ours, {"asyncio": measurement(2.0)}, beset)
    kept = {verdict.name: verdict.kept for verdict in result.verdicts}
    assert kept == {
        "cpu_us": True, "ratio": False, "p99_ms": False, "bytes_per_update": True,
        "beset_p99_ms": True, "beset_events_lost": False, "beset_resident_mb": False,
    }  # fmt: skip
    quiet = RealtimeResult(case, ours, {}, measurement(0.9, p99_ms=60.0))
    assert "beset_events_lost" not in {verdict.name for verdict in quiet.verdicts}
    assert result.as_json()["bars"]["p99_ms"] == {"measured": 56.0, "bar": 55, "kept": False}
    console = Console(width=160)
    with console.capture() as captured:
        for table in (cost_table, time_table, proof_table, beset_table):
            console.print(table([result]))
    shown = captured.get()
    assert "0.900 ✓" in shown
    assert "56.0 ✗ 55" in shown


def test_a_load_that_is_the_bottleneck_makes_a_row_invalid() -> None:
    assert measurement(1.0).valid
    for proof in (LoadProof(cpu_percent=86.0), LoadProof(lateness_p99_ms=5.1)):
        bound = Measurement(updates=1, load=proof)
        assert not bound.valid
        assert bound.as_json()["valid"] is False


def test_the_server_takes_all_that_are_measured() -> None:
    assert room_settings(case_of("200"))["GALLERIA_ROOM__CAPACITY"] == str(
        200 + hostile_of(case_of("200"))
    )
    assert room_settings(case_of("40x10"))["GALLERIA_ROOM__CAPACITY"] == "10"


def test_every_step_is_announced() -> None:
    cases = [case_of("10"), case_of("spread")]
    assert not has_yardstick(RealtimeSpec(cases, churn=True), cases[0])
    assert not has_yardstick(RealtimeSpec(cases), cases[1])
    assert steps_of(RealtimeSpec(cases, yardstick=False)) == 2
    assert steps_of(RealtimeSpec(cases, hostile=True)) == 4
