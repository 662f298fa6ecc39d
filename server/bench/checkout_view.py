"""What a person sees of `galleria bench checkout`: the sale in facts, and the bars beside them."""

from collections.abc import Mapping

from rich.table import Table

from server.bench.checkout import CheckoutResult

LEGEND = (
    "✓ within its bar, ✗ beyond it. A hold takes as long as its shopper waits for the answer when "
    "all ask at once on one core; an empty request under the same load says how much of that is "
    "HTTP alone. In the till is the part from being let in at the door until it is decided."
)


def sale_table(result: CheckoutResult) -> Table:
    """The sale in facts."""
    table = Table(title=f"Flash sale of {result.sku} on {result.database}", show_header=False)
    refused = ", ".join(f"{code} {count}" for code, count in result.refused.items()) or "nobody"
    rows = {
        "shoppers, stock": f"{result.shoppers}, {result.stock}",
        "sold, left, stranded": f"{result.sold}, {result.left}, {result.stranded}",
        "refused": refused,
        "5xx": str(result.server_errors),
        "failures": ", ".join(f"{k} {n}" for k, n in result.failures.items()) or "none",
        "paid K times at once": ", ".join(
            f"{count}: {'one payment' if once else '[red]wrong[/red]'}"
            for count, once in result.clicks.items()
        ),
        "time": f"{result.seconds:.2f} s, {result.checkouts_per_second:.0f} checkouts a second",
        "memory": f"{result.memory_kb_per_checkout:.1f} kB a checkout, "
        f"{result.memory_kb_per_refusal:.1f} kB a refusal",
    }
    if result.nothing:
        rows["an empty request"] = f"CPU {result.nothing['cpu_ms']:.2f} ms"
    if result.holds:
        rows["holds a second"] = (
            f"{result.holds['together_per_second']:.0f} together, "
            f"{result.holds['one_at_a_time_per_second']:.0f} one at a time, "
            f"{result.holds['first_per_second']:.0f} by newcomers; "
            f"rows alone {result.holds['written_per_second']:.0f}"
        )
    rows["audit"] = "the books are right" if result.audit_ok else "[red]the books are wrong[/red]"
    for name, value in rows.items():
        table.add_row(name, value)
    return table


def times_table(result: CheckoutResult) -> Table:
    """How long each step took, and where: p50 and p99 in ms."""
    table = Table(title="Latencies in the flash sale, p50 / p99 in ms")
    for column in ("what", "count", "for the shopper", "at the door", "in the till"):
        table.add_column(column, justify="left" if column == "what" else "right", no_wrap=True)
    for step, seen in result.latencies.items():
        parts = (result.door.get(step), result.till.get(step))
        table.add_row(step, f"{seen['count']:.0f}", _both(seen), *(_both(part) for part in parts))
    if result.nothing:
        count = f"{result.nothing['count']:.0f}"
        table.add_row("an empty request", count, _both(result.nothing), "", "")
    return table


def _both(latency: Mapping[str, float] | None) -> str:
    return f"{latency['p50_ms']:.0f} / {latency['p99_ms']:.0f}" if latency else ""


def bars_table(result: CheckoutResult) -> Table:
    """What was measured beside what it has to be."""
    table = Table(title="Bars", caption=LEGEND)
    for column in ("what", "measured", "bar", ""):
        table.add_column(column, justify="left" if column == "what" else "right", no_wrap=True)
    for bar in result.bars:
        sign = "≥" if bar.at_least else "≤"
        mark = "[green]✓[/green]" if bar.kept else "[red]✗[/red]"
        table.add_row(bar.name, f"{bar.measured:,.10g}", f"{sign} {bar.bar:,.10g}", mark)
    return table
