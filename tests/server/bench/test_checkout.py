"""The sale sells what there is, and its verdict is strict."""

import dataclasses
import time
from pathlib import Path

from server.bench.checkout import CheckoutResult, CheckoutSpec, hold_sale
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


async def test_a_sale_sells_out_and_the_books_are_right(tmp_path: Path) -> None:
    told: list[str] = []
    async with running_shop(tmp_path) as shop:
        spec = CheckoutSpec(shoppers=20, stock=1)
        result = await hold_sale(spec, shop.url, time.process_time, told.append)
        audit = await shop.app.services.commerce.audit()
    assert audit.problems == ()
    assert dataclasses.replace(result, audit_ok=True).ok
    assert not result.ok
    assert result.sold == result.stock
    assert result.refused == {"SOLD_OUT": 20 - result.sold}
    assert result.requests == 20 + 2 * result.sold
    assert set(result.latencies) == {"add", "lock", "pay"}
    assert told


def test_the_verdict_is_strict() -> None:
    assert GOOD.ok
    assert GOOD.as_json()["ok"] is True
    for wrong in (
        {"sold": 4},
        {"left": 1},
        {"server_errors": 1},
        {"failures": {"pay: paying": 1}},
        {"audit_ok": False},
    ):
        assert not dataclasses.replace(GOOD, **wrong).ok
