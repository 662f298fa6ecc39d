"""Holds on one SKU, in this process: all together through the combiner, and one at a time.

One at a time means what most shops do: a transaction of its own for each shopper, who waits for the
row of the SKU until the one before has committed. It does the same work (the line, the hold, the
key, the new version of the cart, the event), so what differs is the sharing.

Shoppers are there before the clock starts, and take more of what they hold already; the best of a
few rounds counts, for both. Beside these: holds of shoppers who come for the first time, for whom a
cart is made as well, and what is left when nothing is done but to write and commit the rows of the
same holds. Nothing that keeps its promises through a crash can be quicker than that.
"""

import asyncio
import dataclasses
import gc
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from commerce import Commerce, CommerceSettings, ProductSeed, SkuSeed
from commerce.db import catalog, inventory
from commerce.db.engine import Store
from commerce.db.unit import Unit
from commerce.holding import AddLine, Bench
from commerce.kept_carts import KeptCarts
from commerce.ports import random_id
from server.memory import settle

SKU = "BENCH-SKU"
STOCK = 1_000_000
TOGETHER = 4_096
"""Shoppers at the same time."""
TURNS = 2
"""Holds of each, one after the other."""
ONE_AT_A_TIME = 512
ROUNDS = 4
PIECES_MAX = 1_000


@dataclass(frozen=True, slots=True)
class HoldsResult:
    """Holds a second, and how many times as many the combiner takes.

    `first_per_second` are first holds of new shoppers, together. `written_per_second` is how
    quickly the rows of holds can be written and committed when nothing is decided or answered.
    """

    together_per_second: float
    one_at_a_time_per_second: float
    first_per_second: float
    written_per_second: float

    @property
    def ratio(self) -> float:
        return round(self.together_per_second / self.one_at_a_time_per_second, 1)


async def measure_holds(
    database_url: str | None = None, sqlite_synchronous: str = "FULL"
) -> HoldsResult:
    """Measure all in a shop with fresh data: an SQLite file of its own, or an empty database."""
    with tempfile.TemporaryDirectory(prefix="galleria-bench-") as folder:
        settings = CommerceSettings(
            database_url=database_url or f"sqlite+aiosqlite:///{Path(folder, 'shop.sqlite3')}",
            gateway_database_url=f"sqlite+aiosqlite:///{Path(folder, 'gateway.sqlite3')}",
            hold_queue_max=TOGETHER,
            sqlite_synchronous="NORMAL" if sqlite_synchronous == "NORMAL" else "FULL",
            quantity_per_line_max=PIECES_MAX,
            quantity_per_person_max=PIECES_MAX,
            quantity_per_cart_max=PIECES_MAX,
        )
        shop = await Commerce.open(settings, _now_ms)
        try:
            await shop.seed((_product(),))
            with _settled():
                first = await _hold(shop, "first", TOGETHER, 1)
                rounds = range(ROUNDS)
                together = [await _hold(shop, f"together-{n}", TOGETHER, TURNS) for n in rounds]
        finally:
            await shop.close()
        # A batch of one, without a window: each has a transaction of its own, and waits its turn.
        alone = dataclasses.replace(settings, combine_batch_max=1, combine_window_ms=0)
        shop = await Commerce.open(alone, _now_ms)
        try:
            with _settled():
                singly = [await _hold(shop, f"alone-{n}", ONE_AT_A_TIME, 1) for n in rounds]
        finally:
            await shop.close()
        with _settled():
            written = await _write(settings)
    return HoldsResult(round(max(together)), round(max(singly)), round(first), round(written))


async def _hold(shop: Commerce, name: str, shoppers: int, turns: int) -> float:
    """Holds a second of so many shoppers at once."""
    begin = asyncio.Event()

    async def shop_for(person_id: str) -> None:
        await begin.wait()
        for turn in range(turns):
            await shop.add_line(person_id, SKU, 1, idempotency_key=f"{name}-{turn}")

    waiting = [asyncio.create_task(shop_for(_person(number))) for number in range(shoppers)]
    await asyncio.sleep(0)
    started = time.perf_counter()
    begin.set()
    await asyncio.gather(*waiting)
    return shoppers * turns / (time.perf_counter() - started)


async def _write(settings: CommerceSettings) -> float:
    """Holds a second when only the time counts in which their rows are written and committed."""
    store = await Store.open(settings, _now_ms)
    try:
        catalogue = await store.read(catalog.load)
        kept, size = KeptCarts(settings.carts_kept_max), settings.combine_batch_max
        spent_s = began = 0.0
        for first in range(0, TOGETHER, size):
            requests = [_request(number) for number in range(first, min(first + size, TOGETHER))]

            def write(unit: Unit, requests: list[AddLine] = requests) -> Bench:
                nonlocal began
                bench = inventory.load_bench(
                    unit, requests, {}, catalogue, settings, random_id, kept
                )
                for request in requests:
                    bench.decide(request)
                began = time.perf_counter()
                inventory.save_bench(unit, bench)
                return bench

            await store.write(write)
            spent_s += time.perf_counter() - began
    finally:
        await store.close()
    return TOGETHER / spent_s


@contextmanager
def _settled() -> Iterator[None]:
    """As in a server (`server.memory`)."""
    before, interval_s = gc.get_threshold(), sys.getswitchinterval()
    settle()
    try:
        yield
    finally:
        gc.set_threshold(*before)
        sys.setswitchinterval(interval_s)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _person(number: int) -> str:
    return f"shopper-{number}"


def _request(number: int) -> AddLine:
    person_id = _person(number)
    return AddLine(person_id, f"add:{person_id}", "written", "of the bench", 1, SKU)


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
