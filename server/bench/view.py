"""What a person sees of a bench: one table a bench, the ratio to the yardstick beside it."""

import statistics
from collections import defaultdict
from collections.abc import Mapping, Sequence

from rich.table import Table

from server.bench.pose_frames import PERIOD_S
from server.bench.realtime import RealtimeResult, Verdict

LEGEND = (
    "✓ within its bar, ✗ beyond the bar that is shown. Bytes are of messages with poses, wire is "
    "all that came in. The ratio is to the quicker of the yardsticks: websockets' broadcast() on "
    "each event loop. The floor is the system calls alone, made by Python."
)
PARTS_LEGEND = (
    "Milliseconds of a core a second, from a run of its own with a watch on each part. Sockets are "
    "read and frames are sent by one system call each."
)
PROOF_LEGEND = (
    "A row counts only if the load used less than 85 % of a core and sent at most 5 ms late (p99)."
)


def cost_table(results: Sequence[RealtimeResult]) -> Table:
    """What a delivered update costs the server. A mark shows whether a bar is kept."""
    table = Table(title="What an avatar update costs", caption=LEGEND)
    for column in (
        "people",
        "µs",
        "yardsticks",
        "ratio",
        "floor",
        "core",
        "bytes",
        "wire",
        "RSS",
        "private",
    ):
        table.add_column(column, justify="right", no_wrap=True)
    for result in results:
        ours, marks = result.galleria, _marks(result)
        yardsticks = [f"{each.cpu_us_per_update:.3f}" for each in result.yardsticks.values()]
        table.add_row(
            result.case.name,
            f"{ours.cpu_us_per_update:.3f}{marks['cpu_us']}",
            " ".join(yardsticks) or "-",
            f"{result.ratio:.2f}{marks['ratio']}" if result.ratio else "-",
            f"{result.floor.cpu_us_per_update:.3f}" if result.floor is not None else "-",
            f"{ours.core_percent:.0f} %",
            f"{ours.payload_bytes_per_update:.1f}{marks['bytes_per_update']}",
            f"{ours.wire_bytes_per_update:.1f}",
            f"{ours.resident_mb:.0f} MB{marks['resident_mb']}",
            f"{ours.private_mb:.0f} MB",
        )
    return table


def time_table(results: Sequence[RealtimeResult]) -> Table:
    """How soon things are where they belong, and whether all of them are."""
    table = Table(title="How soon, and how much of it")
    for column in ("people", "Hz", "p50 ms", "p99 ms", "yardsticks p99", "answer p50", "answer p99",
                   "delivered", "to each"):  # fmt: skip
        table.add_column(column, justify="right", no_wrap=True)
    for result in results:
        ours, marks = result.galleria, _marks(result)
        yardsticks = [f"{each.p99_ms:.0f}" for each in result.yardsticks.values()]
        answered = bool(ours.commands)
        table.add_row(
            result.case.name,
            f"{ours.rate_hz:.1f}",
            f"{ours.p50_ms:.1f}",
            f"{ours.p99_ms:.1f}{marks['p99_ms']}",
            " ".join(yardsticks) or "-",
            f"{ours.command_p50_ms:.1f}" if answered else "-",
            f"{ours.command_p99_ms:.1f}{marks['command_p99_ms']}" if answered else "-",
            _delivered(result),
            f"{ours.receiver_bytes_per_s / 1_000:.0f} kB/s",
        )
    return table


def _delivered(result: RealtimeResult) -> str:
    """With tiers, how many others each sees, counted as if each were seen at the full rate."""
    if result.case.spread:
        others = result.galleria.rate_hz * PERIOD_S * (result.case.avatars - 1)
        return f"of {others:.1f}"
    return f"{100 * result.galleria.delivery_ratio:.1f} %"


def _marks(result: RealtimeResult) -> defaultdict[str, str]:
    """A mark for each bar of the row; nothing for what has no bar."""
    return defaultdict(str, {verdict.name: _mark(verdict) for verdict in result.verdicts})


def _mark(verdict: Verdict) -> str:
    return " [green]✓[/green]" if verdict.kept else f" [red]✗ {verdict.bar:g}[/red]"


def proof_table(results: Sequence[RealtimeResult]) -> Table:
    """How we know that the load was not what was measured, and that nothing was lost."""
    table = Table(title="The load itself", caption=PROOF_LEGEND)
    for column in (
        "people", "server", "core", "late p99", "sent", "valid", "events", "lost", "corrected",
        "refused", "closed",
    ):  # fmt: skip
        table.add_column(column, justify="right")
    for result in results:
        servers = {"Galleria": result.galleria, **result.yardsticks}
        if result.floor is not None:
            servers["floor"] = result.floor
        if result.beset is not None:
            servers["beset"] = result.beset
        for name, each in servers.items():
            table.add_row(
                result.case.name,
                name,
                f"{each.load.processes} x {each.load.cpu_percent:.0f} %",
                f"{each.load.lateness_p99_ms:.1f} ms",
                f"{100 * each.load.sent_ratio:.1f} %",
                "yes" if each.valid else "[red]load-bound[/red]",
                str(each.events),
                str(each.events_lost),
                _counts(each.corrections),
                _counts(each.errors),
                _counts(each.closes),
            )
    return table


def parts_table(results: Sequence[RealtimeResult]) -> Table:
    """Where the time of each row goes."""
    table = Table(title="Where the time goes", caption=PARTS_LEGEND)
    table.add_column("part")
    for result in results:
        table.add_column(f"{result.case.name}: ms/s", justify="right")
        table.add_column("%", justify="right")
    for part in dict.fromkeys(part for result in results for part in result.parts):
        cells = [part]
        for result in results:
            share = result.parts.get(part, 0.0)
            cells += [f"{share * result.galleria.core_percent * 10:.1f}", f"{100 * share:.0f}"]
        table.add_row(*cells)
    return table


def beset_table(results: Sequence[RealtimeResult]) -> Table:
    """What hostile clients do to everybody else, and what becomes of them."""
    table = Table(title="With a hostile tenth")
    for column in ("people", "p99 ms", "beset p99 ms", "events lost", "core", "RSS", "closed"):
        table.add_column(column, justify="right")
    for result in results:
        ours, beset, marks = result.galleria, result.beset, _marks(result)
        if beset is not None:
            table.add_row(
                result.case.name,
                f"{ours.p99_ms:.1f}",
                f"{beset.p99_ms:.1f}{marks['beset_p99_ms']}",
                f"{beset.events_lost} of {beset.events}{marks['beset_events_lost']}",
                f"{ours.core_percent:.0f} %, {beset.core_percent:.0f} %",
                f"{ours.resident_mb:.0f} MB, {beset.resident_mb:.0f} MB"
                f"{marks['beset_resident_mb']}",
                _counts(dict(sorted(beset.hostile_closes.items()))),
            )
    return table


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items()) or "-"


def typical_ratio(results: Sequence[RealtimeResult]) -> float:
    """The geometric mean of the ratios: the one mean that does not depend on who is the unit."""
    ratios = [result.ratio for result in results if result.ratio > 0]
    return statistics.geometric_mean(ratios) if ratios else 0.0
