"""`galleria bench checkout`: an ordinary day, a flash sale, refusals, many clicks on one button.

Over real HTTP, at a server in a process of its own:

* an ordinary day: a hundred shoppers buy a hundred different SKUs
* a flash sale: everybody wants the same SKU at the same moment. Exactly the stock is sold,
  everybody else gets a typed refusal, nobody a 5xx
* refusals: once more the SKU that is sold out
* one checkout that is paid K times at once: K equal answers, one payment
* as many requests at once for which nothing has to be done: what HTTP alone takes here

Afterwards the books have to balance. Holds through the combiner are measured in this process.
"""

import asyncio
import dataclasses
import json
import secrets
import sys
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from server.bench import checkout_bars as bars
from server.bench.checkout_bars import Bar
from server.bench.holds import HoldsResult, measure_holds
from server.bench.process import Cores, MeasuredServer, galleria_server, pin
from server.bench.sale import Meter, Sale, ask_nothing, payment_of, sell
from server.bench.shoppers import Shoppers
from server.bots.report import Latencies
from server.errors import GalleriaError

CONNECTIONS_MAX = 1_000
REFUSALS = 500
CLICKS = (2, 5, 50)
ORDINARY_SHOPPERS = 100
ORDINARY_ROUNDS = 3
# Everybody comes from one address here; the limit by address is not what is measured.
SETTINGS = {
    "GALLERIA_HTTP__REQUESTS_PER_SECOND": "100000",
    "GALLERIA_HTTP__REQUESTS_BURST": "100000",
    "GALLERIA_COMMERCE__SQLITE_SYNCHRONOUS": "NORMAL",
}

Report = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class CheckoutSpec:
    """A sale of so many pieces to so many shoppers at once.

    `database_url`: an empty database; without one, an SQLite file of its own, whose commits are
    `sqlite_synchronous`: FULL or NORMAL.
    """

    shoppers: int = 1_000
    stock: int = 100
    database_url: str | None = None
    sqlite_synchronous: str = "NORMAL"

    @property
    def database(self) -> str:
        """Which kind of database it is."""
        return "postgresql" if (self.database_url or "").startswith("postgresql") else "sqlite"


@dataclass(frozen=True, slots=True)
class CheckoutResult:
    """What the sale came to. Latencies are as the shopper sees them, ms; `door` and `till` are the
    parts of them that the server tells: until a request was let in, and until it was decided.
    `nothing` has those of as many requests that ask for nothing, and what they cost."""

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
    database: str = "sqlite"
    stranded: int = 0
    holds_decided_s: float = 0.0
    cpu_ms_per_refusal: float = 0.0
    memory_kb_per_checkout: float = 0.0
    memory_kb_per_refusal: float = 0.0
    ordinary: dict[str, float] = field(default_factory=dict)
    clicks: dict[int, bool] = field(default_factory=dict)
    nothing: dict[str, float] = field(default_factory=dict)
    holds: dict[str, float] = field(default_factory=dict)
    door: dict[str, dict[str, float]] = field(default_factory=dict)
    till: dict[str, dict[str, float]] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Sold to the last piece, none twice or left held, no 5xx, and the books are right."""
        return (
            all(self.clicks.values())
            and self.sold == min(self.stock, self.shoppers)
            and self.left == self.stock - self.sold
            and self.server_errors == 0
            and self.stranded == 0
            and not self.failures
            and self.audit_ok
        )

    @property
    def bars(self) -> tuple[Bar, ...]:
        """What was measured beside what it has to be."""
        found = [
            Bar("holds decided, s", self.holds_decided_s, bars.DECIDED_MAX_S),
            Bar("CPU a checkout, ms", self.cpu_ms_per_checkout, bars.CHECKOUT_CPU_MAX_MS),
            Bar("CPU a refusal, ms", self.cpu_ms_per_refusal, bars.REFUSAL_CPU_MAX_MS),
        ]
        if "add" in self.latencies:
            p99_ms = self.latencies["add"]["p99_ms"]
            found.insert(1, Bar("hold p99, ms", p99_ms, bars.HOLD_P99_MAX_MS))
        if "add" in self.till:
            p99_ms = self.till["add"]["p99_ms"]
            found.insert(2, Bar("hold p99 in the till, ms", p99_ms, bars.HOLD_P99_MAX_MS))
        if self.ordinary:
            rate, least = "checkouts_per_cpu_second", bars.ORDINARY_MIN_PER_CPU_S[self.database]
            found.append(Bar("ordinary checkouts a core", self.ordinary[rate], least, True))
        if self.holds:
            together, ratio = self.holds["together_per_second"], self.holds["ratio"]
            found.append(Bar("holds a second", together, bars.HOLDS_MIN_PER_S, True))
            found.append(Bar("times one at a time", ratio, bars.HOLDS_RATIO_MIN, True))
        return tuple(found)

    def as_json(self) -> dict[str, Any]:
        """Everything, with the bars and whether they were kept."""
        judged = [{**dataclasses.asdict(bar), "kept": bar.kept} for bar in self.bars]
        return {**dataclasses.asdict(self), "bars": judged, "ok": self.ok}


async def run_checkout(spec: CheckoutSpec, report: Report = lambda _line: None) -> CheckoutResult:
    """Start a server with fresh data, hold the sale, stop it, and audit its books."""
    host_key = secrets.token_urlsafe(24)
    chosen = {
        **SETTINGS,
        "GALLERIA_AUTH__HOST_KEY": host_key,
        "GALLERIA_COMMERCE__SQLITE_SYNCHRONOUS": spec.sqlite_synchronous,
    }
    if spec.database_url is not None:
        chosen["GALLERIA_DATABASE_URL"] = spec.database_url
    cores = Cores.split()
    pin(0, cores.load)
    async with galleria_server(chosen, cores.server) as server:
        result = await hold_sale(spec, server.base_url, host_key, server.process, report)
        report("Auditing the books")
        await server.process.end()
        audit_ok, stranded = await _audit(server)
    report("Holding one SKU in this process")
    holds = await measure_holds(spec.database_url, spec.sqlite_synchronous)
    return dataclasses.replace(result, audit_ok=audit_ok, stranded=stranded, holds=_rates(holds))


def _rates(holds: HoldsResult) -> dict[str, float]:
    return {**dataclasses.asdict(holds), "ratio": holds.ratio}


async def hold_sale(
    spec: CheckoutSpec,
    base_url: str,
    host_key: str,
    meter: Meter,
    report: Report = lambda _line: None,
) -> CheckoutResult:
    """Everything at a running server; its books are not audited yet, so it is not `ok`."""
    async with Shoppers(base_url, min(CONNECTIONS_MAX, spec.shoppers)) as shoppers:
        sku, others = await _prepare(shoppers, spec, host_key)
        report(f"Letting {spec.shoppers} shoppers in")
        tokens = [await _guest(shoppers, number) for number in range(spec.shoppers)]
        report("Many clicks on one button")
        clicks = {count: await _click(shoppers, tokens[0], others[0], count) for count in CLICKS}
        report("An ordinary day")
        ordinary = await _ordinary(shoppers, tokens, others, meter)
        report("Asking for nothing")
        # Once before it counts, so that every shopper has a connection.
        await ask_nothing(shoppers, spec.shoppers, meter)
        nothing, idle = await ask_nothing(shoppers, spec.shoppers, meter)
        stock = (await _stock(shoppers))[sku]
        report(f"Selling {stock} x {sku} to {spec.shoppers} shoppers at once")
        sale, spent = await sell(shoppers, tokens, [sku], meter)
        left = (await _stock(shoppers))[sku]
        report("Refusing")
        # What is not sold out is refused to nobody.
        late = [] if left else (tokens * REFUSALS)[:REFUSALS]
        _, refusing = await sell(shoppers, late, [sku], meter)
    # What the refusals of the sale cost is known from those that came after it.
    per_refusal_ms = refusing.cpu_ms_each(REFUSALS)
    selling_ms = max(0.0, spent.cpu_s * 1_000 - sale.refused.total() * per_refusal_ms)
    return CheckoutResult(
        sku=sku,
        stock=stock,
        shoppers=spec.shoppers,
        sold=sale.sold,
        refused=dict(sale.refused),
        server_errors=sale.server_errors,
        failures=dict(sale.failures),
        seconds=round(spent.seconds, 3),
        checkouts_per_second=round(sale.sold / spent.seconds, 1),
        requests=sale.requests,
        cpu_ms_per_checkout=round(selling_ms / max(1, sale.sold), 2),
        cpu_ms_per_request=spent.cpu_ms_each(sale.requests),
        latencies=_summaries(sale.latencies),
        door=_summaries(sale.door),
        till=_summaries(sale.till),
        left=left,
        audit_ok=False,
        database=spec.database,
        holds_decided_s=round(sale.decided_s, 3),
        cpu_ms_per_refusal=per_refusal_ms,
        memory_kb_per_checkout=spent.memory_kb_each(sale.sold),
        memory_kb_per_refusal=refusing.memory_kb_each(REFUSALS),
        ordinary=ordinary,
        clicks=clicks,
        nothing={**nothing.summary(), "cpu_ms": idle.cpu_ms_each(spec.shoppers)},
    )


def _summaries(measured: Mapping[str, Latencies]) -> dict[str, dict[str, float]]:
    return {step: latencies.summary() for step, latencies in measured.items()}


async def _prepare(shoppers: Shoppers, spec: CheckoutSpec, host_key: str) -> tuple[str, list[str]]:
    """The SKU of the sale with exactly its stock, and the others, those with the most first.

    It is the one with the nearest stock below; more pieces arrive as the staff would have it.
    """
    stock = {sku: left for sku, left in (await _stock(shoppers)).items() if left}
    if len(stock) < 2:
        raise GalleriaError("BENCH_NO_STOCK", "The demo store has nothing to sell.")
    below = {sku: left for sku, left in stock.items() if left <= spec.stock}
    sku = max(below or stock, key=lambda name: (stock[name], name))
    missing = spec.stock - stock[sku]
    if missing > 0:
        staff = await shoppers.ask("POST", "/session/host", {"name": "H", "host_key": host_key})
        answer = await shoppers.ask(
            "POST",
            f"/stock/{sku}/arrivals",
            {"pieces": missing, "reference": f"bench-{uuid.uuid4()}"},
            {"Authorization": f"Bearer {staff.body['token']}"},
        )
        if answer.status >= 300:
            raise GalleriaError("BENCH_NO_STOCK", f"The stock cannot be made: {answer.code}.")
    others = sorted(stock.keys() - {sku}, key=lambda name: (-stock[name], name))
    return sku, others


async def _ordinary(
    shoppers: Shoppers, tokens: Sequence[str], skus: Sequence[str], meter: Meter
) -> dict[str, float]:
    """A hundred shoppers, each with another SKU as long as there are enough; a few rounds, because
    one is over in a moment."""
    crowd, goods = tokens[:ORDINARY_SHOPPERS], skus[:ORDINARY_SHOPPERS]
    sold, cpu_s, seconds = 0, 0.0, 0.0
    for _ in range(ORDINARY_ROUNDS):
        sale, spent = await sell(shoppers, crowd, goods, meter)
        sold, cpu_s, seconds = sold + sale.sold, cpu_s + spent.cpu_s, seconds + spent.seconds
    return {
        "sold": sold,
        "checkouts_per_second": round(sold / seconds, 1),
        "checkouts_per_cpu_second": round(sold / max(cpu_s, 0.001), 1),
        "cpu_ms_per_checkout": round(cpu_s * 1_000 / max(1, sold), 2),
    }


async def _click(shoppers: Shoppers, token: str, sku: str, count: int) -> bool:
    """Pay one checkout this many times at once, with one key: all get the one answer, and there is
    one payment."""
    sale = Sale(shoppers)
    locked = await sale.lock(token, sku)
    if locked is None:
        return False
    path, key = f"/checkout/{locked['id']}/payment", str(uuid.uuid4())
    clicking = (sale.call("pay", token, path, payment_of(locked), key) for _ in range(count))
    bodies = [answer.body for answer in await asyncio.gather(*clicking) if answer is not None]
    equal = len(bodies) == count and all(body == bodies[0] for body in bodies)
    if not equal or bodies[0].get("state") != "paid":
        return False
    headers = {"Authorization": f"Bearer {token}"}
    order = await shoppers.ask("GET", f"/orders/{bodies[0]['order_id']}", headers=headers)
    return len(order.body["payments"]) == 1


async def _guest(shoppers: Shoppers, number: int) -> str:
    answer = await shoppers.ask("POST", "/session/guest", {"name": f"Shopper {number}"})
    if answer.status >= 300:
        raise GalleriaError("BENCH_NO_GUEST", f"Nobody is let in: {answer.code}.")
    return str(answer.body["token"])


async def _stock(shoppers: Shoppers) -> dict[str, int]:
    """What can still be bought of every SKU."""
    stock: dict[str, int] = {}
    page = 1
    while True:
        products = (await shoppers.ask("GET", f"/products?page={page}&size=100")).body
        stock |= {sku["sku"]: sku["available"] for p in products for sku in p["skus"]}
        if len(products) < 100:
            return stock
        page += 1


async def _audit(server: MeasuredServer) -> tuple[bool, int]:
    """Whether `galleria doctor --audit` finds the books in order, and how many pieces are held."""
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
        findings = {entry["check"]: entry for entry in json.loads(output)["findings"]}
        audit = findings["audit"]
        return audit["verdict"] == "good", int(audit["data"]["held"])
    except (ValueError, KeyError):
        return False, 0
