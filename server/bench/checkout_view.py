"""What a person sees of `galleria bench checkout`: the sale in facts, and the bars beside them."""

from rich.table import Table

from server.bench.checkout import CheckoutResult

LEGEND = (
    "✓ within its bar, ✗ beyond it. Latencies are as the shopper sees them when all ask at once; "
    "an empty request under the same load says how much of them is HTTP alone."
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
        **{
            step: f"p50 {latency['p50_ms']:.0f} ms, p99 {latency['p99_ms']:.0f} ms "
            f"({latency['count']:.0f})"
            for step, latency in result.latencies.items()
        },
    }
    if result.nothing:
        rows["an empty request"] = (
            f"p50 {result.nothing['p50_ms']:.0f} ms, p99 {result.nothing['p99_ms']:.0f} ms, "
            f"CPU {result.nothing['cpu_ms']:.2f} ms"
        )
    rows["audit"] = "the books are right" if result.audit_ok else "[red]the books are wrong[/red]"
    for name, value in rows.items():
        table.add_row(name, value)
    return table


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
