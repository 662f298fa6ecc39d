"""`galleria bench checkout`: a flash sale. Many shoppers, few pieces, one moment.

Every shopper adds the same SKU to a cart, locks and pays, over real HTTP. What must come out:
exactly the stock is sold, everybody else gets a typed refusal, nobody a 5xx, the audit adds up.
"""

import asyncio
import dataclasses
import json
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from server.bench.process import MeasuredServer, galleria_server
from server.bots.personality import CARD_SUCCESS
from server.bots.report import Latencies
from server.errors import GalleriaError

CONNECTIONS_MAX = 100
REQUEST_TIME_LIMIT_S = 30.0
# Everybody comes from one address here; the limit by address is not what is measured.
SETTINGS = {
    "GALLERIA_HTTP__REQUESTS_PER_SECOND": "100000",
    "GALLERIA_HTTP__REQUESTS_BURST": "100000",
}
STEPS = ("add", "lock", "pay")


@dataclass(frozen=True, slots=True)
class CheckoutSpec:
    """A sale: `stock` is a wish; the SKU of the demo store with the nearest stock is taken."""

    shoppers: int = 300
    stock: int = 50


@dataclass(frozen=True, slots=True)
class CheckoutResult:
    """What the sale came to. Latencies are as the shopper sees them, ms."""

    sku: str
    stock: int
    shoppers: int
    sold: int
    refused: dict[str, int]
    server_errors: int
    failures: dict[str, int]
    seconds: float
    checkouts_per_second: float
    requests: int
    cpu_ms_per_checkout: float
    cpu_ms_per_request: float
    latencies: dict[str, dict[str, float]]
    left: int
    audit_ok: bool

    @property
    def ok(self) -> bool:
        """Sold out to the last piece, nothing oversold, no 5xx, and the books are right."""
        return (
            self.sold == min(self.stock, self.shoppers)
            and self.left == self.stock - self.sold
            and self.server_errors == 0
            and not self.failures
            and self.audit_ok
        )

    def as_json(self) -> dict[str, Any]:
        return {**dataclasses.asdict(self), "ok": self.ok}


@dataclass(slots=True)
class _Sale:
    """The books of the bench itself."""

    http: httpx.AsyncClient
    sku: str
    sold: int = 0
    requests: int = 0
    server_errors: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    latencies: dict[str, Latencies] = field(default_factory=lambda: {s: Latencies() for s in STEPS})

    async def buy(self, token: str) -> None:
        """One shopper, from the shelf to the receipt or to the first refusal."""
        added = await self._call("add", token, "/cart/items", {"sku": self.sku, "quantity": 1})
        if added is None:
            return
        locked = await self._call("lock", token, "/checkout", {})
        if locked is None:
            return
        payment = {"payment_method": CARD_SUCCESS, "expected_total_minor": locked["total_minor"]}
        paid = await self._call("pay", token, f"/checkout/{locked['id']}/payment", payment)
        if paid is None:
            return
        if paid["state"] == "paid":
            self.sold += 1
        else:
            self.failures[f"pay: {paid['state']}"] += 1

    async def _call(
        self, step: str, token: str, path: str, body: dict[str, Any]
    ) -> dict[str, Any] | None:
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": str(uuid.uuid4())}
        started = time.perf_counter()
        try:
            response = await self.http.post(path, json=body, headers=headers)
        except httpx.HTTPError as error:
            self.failures[f"{step}: {type(error).__name__}"] += 1
            return None
        self.latencies[step].add((time.perf_counter() - started) * 1_000)
        self.requests += 1
        answer: dict[str, Any] = response.json()
        if response.is_success:
            return answer
        if response.is_server_error:
            self.server_errors += 1
            self.failures[f"{step}: {answer.get('code', response.status_code)}"] += 1
        else:
            self.refused[str(answer.get("code", response.status_code))] += 1
        return None


async def run_checkout(
    spec: CheckoutSpec, report: Callable[[str], object] = lambda _line: None
) -> CheckoutResult:
    """Start a server with fresh data, hold the sale, stop it, and audit its books."""
    async with galleria_server(SETTINGS) as server:
        result = await hold_sale(spec, server.base_url, server.process.cpu_s, report)
        report("Auditing the books")
        await server.process.end()
        return dataclasses.replace(result, audit_ok=await _audit(server))


async def hold_sale(
    spec: CheckoutSpec,
    base_url: str,
    cpu_s: Callable[[], float],
    report: Callable[[str], object] = lambda _line: None,
) -> CheckoutResult:
    """The sale alone, at a running server; its books are not audited yet, so it is not `ok`."""
    limits = httpx.Limits(
        max_connections=CONNECTIONS_MAX, max_keepalive_connections=CONNECTIONS_MAX
    )
    async with httpx.AsyncClient(
        base_url=base_url, limits=limits, timeout=REQUEST_TIME_LIMIT_S
    ) as http:
        sku, stock = await _choose_sku(http, spec.stock)
        report(f"Letting {spec.shoppers} shoppers in")
        tokens = await asyncio.gather(*(_guest(http, n) for n in range(spec.shoppers)))
        sale = _Sale(http, sku)
        report(f"Selling {stock} x {sku} to {spec.shoppers} shoppers at once")
        spent_s, started = cpu_s(), time.perf_counter()
        await asyncio.gather(*(sale.buy(token) for token in tokens))
        seconds, spent_s = time.perf_counter() - started, cpu_s() - spent_s
        left = (await _stock(http))[sku]
    return CheckoutResult(
        sku=sku,
        stock=stock,
        shoppers=spec.shoppers,
        sold=sale.sold,
        refused=dict(sale.refused),
        server_errors=sale.server_errors,
        failures=dict(sale.failures),
        seconds=round(seconds, 3),
        checkouts_per_second=round(sale.sold / seconds, 1),
        requests=sale.requests,
        cpu_ms_per_checkout=round(spent_s * 1_000 / max(1, sale.sold), 2),
        cpu_ms_per_request=round(spent_s * 1_000 / max(1, sale.requests), 2),
        latencies={step: latencies.summary() for step, latencies in sale.latencies.items()},
        left=left,
        audit_ok=False,
    )


async def _guest(http: httpx.AsyncClient, number: int) -> str:
    response = await http.post("/session/guest", json={"name": f"Shopper {number}"})
    response.raise_for_status()
    return str(response.json()["token"])


async def _choose_sku(http: httpx.AsyncClient, wanted: int) -> tuple[str, int]:
    stock = await _stock(http)
    if not stock:
        raise GalleriaError("BENCH_NO_STOCK", "The demo store has nothing to sell.")
    return min(stock.items(), key=lambda entry: (abs(entry[1] - wanted), entry[0]))


async def _stock(http: httpx.AsyncClient) -> dict[str, int]:
    """What can still be bought of every SKU."""
    stock: dict[str, int] = {}
    page = 1
    while True:
        response = await http.get("/products", params={"page": page, "size": 100})
        response.raise_for_status()
        products = response.json()
        stock |= {sku["sku"]: sku["available"] for p in products for sku in p["skus"]}
        if len(products) < 100:
            return stock
        page += 1


async def _audit(server: MeasuredServer) -> bool:
    """Whether `galleria doctor --audit` finds the books in order."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "server",
        "doctor",
        "--audit",
        "--json",
        env=server.environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    output, _ = await process.communicate()
    try:
        findings = json.loads(output)["findings"]
    except (ValueError, KeyError):
        return False
    return any(f["check"] == "audit" and f["verdict"] == "good" for f in findings)
