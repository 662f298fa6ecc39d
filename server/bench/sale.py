"""The books of a sale: what shoppers asked for over HTTP, and what became of it."""

import asyncio
import time
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from server.bench.process import Memory
from server.bench.shoppers import Answer, Shoppers
from server.bots.personality import CARD_SUCCESS
from server.bots.report import Latencies

STEPS = ("add", "lock", "pay")


class Meter(Protocol):
    """The process that is measured."""

    def cpu_s(self) -> float:
        """Processor time so far, s."""

    def memory(self) -> Memory:
        """What it holds now."""


@dataclass(frozen=True, slots=True)
class Spent:
    """What something cost the server: processor time and growth of its memory."""

    cpu_s: float
    seconds: float
    memory_bytes: int

    def cpu_ms_each(self, count: int) -> float:
        """Processor time for one of so many, ms."""
        return round(self.cpu_s * 1_000 / max(1, count), 2)

    def memory_kb_each(self, count: int) -> float:
        """Growth for one of so many, kB; 0 when it shrank."""
        return round(max(0, self.memory_bytes) / 1_000 / max(1, count), 1)


@dataclass(slots=True)
class Sale:
    """People who buy at the same time. `decided_s` is when the last of them had a hold or a no.

    Each step has three times, ms: `latencies` as the shopper sees it, `door` from its arrival at
    the application until it was let in, and `till` from then until it was decided.
    """

    shoppers: Shoppers
    started: float = field(default_factory=time.perf_counter)
    sold: int = 0
    requests: int = 0
    server_errors: int = 0
    decided_s: float = 0.0
    refused: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    latencies: dict[str, Latencies] = field(default_factory=lambda: {s: Latencies() for s in STEPS})
    door: dict[str, Latencies] = field(default_factory=lambda: {s: Latencies() for s in STEPS})
    till: dict[str, Latencies] = field(default_factory=lambda: {s: Latencies() for s in STEPS})

    async def buy(self, token: str, sku: str) -> None:
        """One shopper, from the shelf to the receipt or to the first refusal."""
        locked = await self.lock(token, sku)
        if locked is None:
            return
        path = f"/checkout/{locked['id']}/payment"
        paid = self.note("pay", await self.call("pay", token, path, payment_of(locked)))
        if paid is None:
            return
        if paid["state"] == "paid":
            self.sold += 1
        else:
            self.failures[f"pay: {paid['state']}"] += 1

    async def lock(self, token: str, sku: str) -> dict[str, Any] | None:
        """A locked checkout with one piece; None when that was refused."""
        wish = {"sku": sku, "quantity": 1}
        added = self.note("add", await self.call("add", token, "/cart/items", wish))
        self.decided_s = time.perf_counter() - self.started
        if added is None:
            return None
        return self.note("lock", await self.call("lock", token, "/checkout", {}))

    async def call(
        self, step: str, token: str, path: str, body: dict[str, Any], key: str | None = None
    ) -> Answer | None:
        """One request with a fresh key; None when there was no answer."""
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key or str(uuid.uuid4())}
        started = time.perf_counter()
        try:
            answer = await self.shoppers.ask("POST", path, body, headers)
        except (OSError, EOFError) as error:
            self.failures[f"{step}: {type(error).__name__}"] += 1
            return None
        self.latencies[step].add((time.perf_counter() - started) * 1_000)
        for place, kept in (("door", self.door), ("till", self.till)):
            if place in answer.timing:
                kept[step].add(answer.timing[place])
        self.requests += 1
        return answer

    def note(self, step: str, answer: Answer | None) -> dict[str, Any] | None:
        """Count what came of a request; the body when it was done."""
        if answer is None:
            return None
        if answer.status < 300:
            body: dict[str, Any] = answer.body
            return body
        if answer.status >= 500:
            self.server_errors += 1
            self.failures[f"{step}: {answer.code}"] += 1
        else:
            self.refused[answer.code] += 1
        return None


def payment_of(locked: dict[str, Any]) -> dict[str, Any]:
    """The payment of a locked checkout."""
    return {"payment_method": CARD_SUCCESS, "expected_total_minor": locked["total_minor"]}


async def sell(
    shoppers: Shoppers, tokens: Sequence[str], skus: Sequence[str], meter: Meter
) -> tuple[Sale, Spent]:
    """Everybody at once, one SKU after the other."""
    before, held = meter.cpu_s(), meter.memory().private_bytes
    started = time.perf_counter()
    sale = Sale(shoppers)
    await asyncio.gather(
        *(sale.buy(token, skus[number % len(skus)]) for number, token in enumerate(tokens))
    )
    seconds = time.perf_counter() - started
    return sale, Spent(meter.cpu_s() - before, seconds, meter.memory().private_bytes - held)


async def ask_nothing(shoppers: Shoppers, count: int, meter: Meter) -> tuple[Latencies, Spent]:
    """So many requests at once for which the shop has nothing to do: what HTTP alone takes here."""
    latencies, before, started = Latencies(), meter.cpu_s(), time.perf_counter()

    async def ask() -> None:
        asked = time.perf_counter()
        await shoppers.ask("GET", "/healthz")
        latencies.add((time.perf_counter() - asked) * 1_000)

    await asyncio.gather(*(ask() for _ in range(count)))
    return latencies, Spent(meter.cpu_s() - before, time.perf_counter() - started, 0)
