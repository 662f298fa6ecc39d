"""What a person sees of a bench: one table a bench, the ratio to the yardstick beside it."""

from rich.table import Table

from server.bench.checkout import CheckoutResult
from server.bench.realtime import RealtimeResult


def realtime_table(results: list[RealtimeResult]) -> Table:
    """One row a size of the room."""
    table = Table(title="One room, everybody moves and sees everybody")
    for column in (
        "avatars", "Hz", "CPU µs an update", "yardstick µs", "ratio", "bytes an update",
        "p50 ms", "p99 ms", "yardstick p99 ms",
    ):  # fmt: skip
        table.add_column(column, justify="right")
    for result in results:
        ours, yardstick = result.galleria, result.yardstick
        table.add_row(
            str(result.avatars),
            f"{ours.rate_hz:.1f}",
            f"{ours.cpu_us_per_update:.3f}",
            f"{yardstick.cpu_us_per_update:.3f}",
            f"{result.ratio:.2f}",
            f"{ours.bytes_per_update:.1f}",
            f"{ours.p50_ms:.1f}",
            f"{ours.p99_ms:.1f}",
            f"{yardstick.p99_ms:.1f}",
        )
    return table


def checkout_table(result: CheckoutResult) -> Table:
    """The sale in facts."""
    table = Table(title=f"Flash sale of {result.sku}", show_header=False)
    refused = ", ".join(f"{code} {count}" for code, count in result.refused.items()) or "nobody"
    rows = {
        "shoppers, stock": f"{result.shoppers}, {result.stock}",
        "sold, left": f"{result.sold}, {result.left}",
        "refused": refused,
        "5xx": str(result.server_errors),
        "failures": ", ".join(f"{k} {n}" for k, n in result.failures.items()) or "none",
        "time": f"{result.seconds:.2f} s, {result.checkouts_per_second:.0f} checkouts a second",
        "CPU": f"{result.cpu_ms_per_checkout:.1f} ms a checkout, "
        f"{result.cpu_ms_per_request:.2f} ms a request",
        **{
            step: f"p50 {latency['p50_ms']:.0f} ms, p99 {latency['p99_ms']:.0f} ms "
            f"({latency['count']:.0f})"
            for step, latency in result.latencies.items()
        },
        "audit": "the books are right" if result.audit_ok else "[red]the books are wrong[/red]",
    }
    for name, value in rows.items():
        table.add_row(name, value)
    return table
