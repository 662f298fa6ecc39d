"""The sale sells what there is, and its verdict is strict."""

import dataclasses
import time
from pathlib import Path

from server.bench.checkout import CheckoutResult, CheckoutSpec, hold_sale
from server.bench.checkout_bars import Bar
from server.bench.process import Memory
from tests.server.running_shop import running_shop

GOOD = CheckoutResult(
    sku="MUG",
    stock=5,
    shoppers=30,
    sold=5,
    refused={"SOLD_OUT": 25},
    server_errors=0,
    failures={},
    seconds=1.0,
    checkouts_per_second=5.0,
    requests=40,
    cpu_ms_per_checkout=1.0,
    cpu_ms_per_request=0.2,
    latencies={},
    left=0,
    audit_ok=True,
)


class Here:
    """Measures the process of the test itself, in which the shop runs as well."""

    def cpu_s(self) -> float:
        return time.process_time()

    def memory(self) -> Memory:
        resident = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        return Memory(resident * 4_096, resident * 4_096)


async def test_a_sale_sells_out_and_the_books_are_right(tmp_path: Path) -> None:
    told: list[str] = []
    async with running_shop(tmp_path) as shop:
        spec = CheckoutSpec(shoppers=20, stock=1)
        host_key = shop.app.services.settings.host_key()
        result = await hold_sale(spec, shop.url, host_key, Here(), told.append)
        audit = await shop.app.services.commerce.audit()
    assert audit.problems == ()
    assert dataclasses.replace(result, audit_ok=True).ok
    assert not result.ok
    assert result.sold == result.stock
    assert result.refused == {"SOLD_OUT": 20 - result.sold}
    assert result.requests == 20 + 2 * result.sold
    assert set(result.latencies) == {"add", "lock", "pay"}
    for parts in (result.door, result.till):
        assert {step: part["count"] for step, part in parts.items()} == {
            step: seen["count"] for step, seen in result.latencies.items()
        }
    assert told
    assert result.clicks == {2: True, 5: True, 50: True}
    assert result.ordinary["sold"] > 0
    assert result.nothing["count"] == 20


async def test_what_is_missing_arrives_before_the_sale(tmp_path: Path) -> None:
    async with running_shop(tmp_path) as shop:
        host_key = shop.app.services.settings.host_key()
        result = await hold_sale(CheckoutSpec(12, 30), shop.url, host_key, Here())
    assert (result.stock, result.sold, result.left) == (30, 12, 18)
    assert not result.failures


def test_the_verdict_is_strict() -> None:
    assert GOOD.ok
    assert GOOD.as_json()["ok"] is True
    for wrong in (
        {"sold": 4},
        {"left": 1},
        {"server_errors": 1},
        {"failures": {"pay: paying": 1}},
        {"audit_ok": False},
        {"clicks": {2: True, 5: False}},
        {"stranded": 1},
    ):
        assert not dataclasses.replace(GOOD, **wrong).ok


def test_bars_stand_beside_what_was_measured() -> None:
    latency = {"count": 30.0, "p50_ms": 5.0, "p99_ms": 101.0}
    holds = {"together_per_second": 60_000.0, "one_at_a_time_per_second": 4_000.0, "ratio": 15.0}
    measured = dataclasses.replace(
        GOOD,
        latencies={"add": latency},
        till={"add": {**latency, "p99_ms": 9.0}},
        holds=holds,
        ordinary={"checkouts_per_cpu_second": 200.0},
    )
    kept = {bar.name: bar.kept for bar in measured.bars}
    assert kept == {
        "holds decided, s": True,
        "hold p99, ms": False,
        "hold p99 in the till, ms": True,
        "CPU a checkout, ms": True,
        "CPU a refusal, ms": True,
        "ordinary checkouts a core": False,
        "holds a second": True,
        "times one at a time": False,
    }
    assert [entry["kept"] for entry in measured.as_json()["bars"]] == list(kept.values())
    on_postgresql = dataclasses.replace(measured, database="postgresql")
    assert Bar("ordinary checkouts a core", 200.0, 150.0, True) in on_postgresql.bars


def test_the_kind_of_database_is_told_by_its_address() -> None:
    assert CheckoutSpec().database == "sqlite"
    assert CheckoutSpec(database_url="sqlite+aiosqlite:///shop").database == "sqlite"
    assert CheckoutSpec(database_url="postgresql+asyncpg://shop@host/db").database == "postgresql"
