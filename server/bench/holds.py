"""Holds on one SKU, in this process: all together through the combiner, and one at a time.

One at a time means what most shops do: a transaction of its own for each shopper, who waits for the
row of the SKU until the one before has committed. It does the same work (the line, the hold, the
key, the new version of the cart, the event), so what differs is the sharing.
"""

import asyncio
import dataclasses
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from commerce import Commerce, CommerceSettings, ProductSeed, SkuSeed

SKU = "BENCH-SKU"
STOCK = 1_000_000
TOGETHER = 4_096
ONE_AT_A_TIME = 512


@dataclass(frozen=True, slots=True)
class HoldsResult:
    """Holds a second, and how many times as many the combiner takes."""

    together_per_second: float
    one_at_a_time_per_second: float

    @property
    def ratio(self) -> float:
        return round(self.together_per_second / self.one_at_a_time_per_second, 1)


async def measure_holds(
    database_url: str | None = None, sqlite_synchronous: str = "FULL"
) -> HoldsResult:
    """Measure both in a shop with fresh data: an SQLite file of its own, or an empty database."""
    with tempfile.TemporaryDirectory(prefix="galleria-bench-") as folder:
        settings = CommerceSettings(
            database_url=database_url or f"sqlite+aiosqlite:///{Path(folder, 'shop.sqlite3')}",
            gateway_database_url=f"sqlite+aiosqlite:///{Path(folder, 'gateway.sqlite3')}",
            hold_queue_max=TOGETHER,
            sqlite_synchronous="NORMAL" if sqlite_synchronous == "NORMAL" else "FULL",
        )
        shop = await Commerce.open(settings, lambda: time.time_ns() // 1_000_000)
        try:
            await shop.seed((_product(),))
            for warm_up in range(2):
                await asyncio.gather(*(_add(shop, warm_up, n) for n in range(TOGETHER)))
            started = time.perf_counter()
            await asyncio.gather(*(_add(shop, 2, n) for n in range(TOGETHER)))
            together_s = time.perf_counter() - started
        finally:
            await shop.close()
        # A batch of one, without a window: each has a transaction of its own, and waits its turn.
        alone = dataclasses.replace(settings, combine_batch_max=1, combine_window_ms=0)
        shop = await Commerce.open(alone, lambda: time.time_ns() // 1_000_000)
        try:
            started = time.perf_counter()
            await asyncio.gather(*(_add(shop, 3, n) for n in range(ONE_AT_A_TIME)))
            single_s = time.perf_counter() - started
        finally:
            await shop.close()
    return HoldsResult(round(TOGETHER / together_s), round(ONE_AT_A_TIME / single_s))


async def _add(shop: Commerce, turn: int, number: int) -> None:
    await shop.add_line(f"shopper-{number}", SKU, 1, idempotency_key=f"turn-{turn}")


def _product() -> ProductSeed:
    return ProductSeed(
        id="bench",
        name="Bench",
        brand="",
        description="",
        department="bench",
        tags=(),
        price_minor=100,
        currency="EUR",
        alt_text="",
        weight_g=1,
        skus=(SkuSeed(SKU, {}, "#000000", 100, STOCK),),
    )
