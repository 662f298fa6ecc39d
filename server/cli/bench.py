"""`galleria bench`: measure rooms and checkout, beside a yardstick."""

import argparse
import asyncio
import json
import signal

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from server.bench.cases import DEFAULT_NAMES, QUICK_NAMES, cases_of
from server.bench.checkout import CheckoutSpec, run_checkout
from server.bench.checkout_view import bars_table, sale_table, times_table
from server.bench.loops import quick_loop
from server.bench.realtime import (
    RealtimeResult,
    RealtimeSpec,
    run_realtime,
    steps_of,
)
from server.bench.view import (
    beset_table,
    cost_table,
    parts_table,
    proof_table,
    time_table,
    typical_ratio,
)

QUICK_S = 2.0
PROGRESS_COLUMNS = (
    TextColumn("{task.description}"),
    BarColumn(),
    MofNCompleteColumn(),
    TimeElapsedColumn(),
)
CPU_NOTE = "CPU is of the server's process alone. Ratios travel between machines, numbers do not."


COUNT_MAX = 100_000
CHECKOUT_HELP = """\
A server with fresh data in a process of its own, asked over HTTP:

  many clicks     one checkout, paid 2, 5 and 50 times at once: one payment, equal answers
  ordinary day    100 shoppers buy 100 different SKUs, three times
  nothing         an empty request from everybody at once: what HTTP alone takes on this machine
  flash sale      everybody wants the same SKU at the same moment: exactly the stock is sold
  refusals        500 more requests for what is sold out

Then the server is stopped, its books are audited, and holds are measured in this process: through
the combiner, and one transaction at a time. Bars stand beside what was measured. The exit status is
1 when something was sold twice, lost or left behind, and never because of speed.

A hold has three times: as its shopper sees it, on a connection of their own; at the door, where
those wait who come at the same moment; and in the till, from being let in until it is decided. The
last two are told by the server itself, in the Server-Timing of its answers.

SQLite runs with synchronous=NORMAL here. CPU is of the server's process; that of PostgreSQL is not
counted.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The kinds of benches, and what can be said to each."""
    kinds = parser.add_subparsers(dest="bench", required=True, metavar="BENCH")
    realtime = kinds.add_parser("realtime", help="CPU per delivered avatar update")
    realtime.add_argument(
        "--only",
        nargs="+",
        default=list(DEFAULT_NAMES),
        metavar="ROW",
        help="rows: people in one room (50), rooms x people (40x10), spread, tiers; "
        f"default {','.join(DEFAULT_NAMES)}",
    )
    realtime.add_argument("--seconds", type=float, default=8.0, help="time that is measured a row")
    realtime.add_argument(
        "--quick", action="store_true", help=f"rows {','.join(QUICK_NAMES)}, two seconds each"
    )
    realtime.add_argument(
        "--churn", action="store_true", help="a twentieth leaves each second, and as many come in"
    )
    realtime.add_argument(
        "--hostile", action="store_true", help="again with a hostile tenth, and no yardstick"
    )
    realtime.add_argument(
        "--no-yardstick", action="store_true", help="measure our own server alone"
    )
    realtime.add_argument(
        "--parts", action="store_true", help="each row again, to see where the time goes"
    )
    checkout = kinds.add_parser(
        "checkout",
        help="a flash sale over HTTP",
        description=CHECKOUT_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    checkout.add_argument(
        "--shoppers", type=_count, default=1_000, help="who all want it at once (1000)"
    )
    checkout.add_argument("--stock", type=_count, default=100, help="pieces there are (100)")
    checkout.add_argument(
        "--database-url",
        metavar="URL",
        help="an empty database, such as postgresql+asyncpg://user@host/database; without one, an "
        "SQLite file of its own",
    )
    for kind in (realtime, checkout):
        kind.add_argument("--json", action="store_true", help="print the result as JSON")


def _count(text: str) -> int:
    """A whole number from 1 up. Raises ArgumentTypeError."""
    if not text.isdecimal() or not 1 <= int(text) <= COUNT_MAX:
        raise argparse.ArgumentTypeError(f"a whole number from 1 to {COUNT_MAX} is wanted")
    return int(text)


def run(arguments: argparse.Namespace) -> int:
    """Exit status 1 when a sale went wrong; a bench itself never judges speed."""
    console = Console(stderr=True, quiet=arguments.json)
    # Ended politely, it ends what it has started as well.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with asyncio.Runner(loop_factory=quick_loop()) as runner:
        if arguments.bench == "realtime":
            return runner.run(_realtime(arguments, console))
        return runner.run(_checkout(arguments, console))


async def _realtime(arguments: argparse.Namespace, console: Console) -> int:
    spec = RealtimeSpec(
        cases_of(QUICK_NAMES if arguments.quick else arguments.only),
        seconds=QUICK_S if arguments.quick else arguments.seconds,
        churn=arguments.churn,
        hostile=arguments.hostile,
        parts=arguments.parts,
        yardstick=not arguments.no_yardstick,
    )
    results: list[RealtimeResult] = []
    try:
        await _measure_rows(spec, console, results)
    finally:
        # A row that could not be measured does not take those before it along.
        if arguments.json:
            entries = [result.as_json() for result in results]
            print(json.dumps({"results": entries, "ratio": round(typical_ratio(results), 3)}))
        elif results:
            tables = [cost_table(results), time_table(results), proof_table(results)]
            if spec.hostile:
                tables.append(beset_table(results))
            if spec.parts:
                tables.append(parts_table(results))
            Console().print(*tables, CPU_NOTE)
    return 0


async def _measure_rows(
    spec: RealtimeSpec, console: Console, results: list[RealtimeResult]
) -> None:
    with Progress(*PROGRESS_COLUMNS, console=console, transient=True) as progress:
        # The first step has only begun when it is reported.
        steps = progress.add_task("Starting", total=steps_of(spec), completed=-1)

        def report(step: str) -> None:
            progress.update(steps, description=step, advance=1)

        async for result in run_realtime(spec, report):
            results.append(result)  # noqa: PERF401 - those before a failure are kept


async def _checkout(arguments: argparse.Namespace, console: Console) -> int:
    with console.status("Starting") as status:
        spec = CheckoutSpec(arguments.shoppers, arguments.stock, arguments.database_url)
        result = await run_checkout(spec, status.update)
    if arguments.json:
        print(json.dumps(result.as_json()))
    else:
        Console().print(sale_table(result), times_table(result), bars_table(result), CPU_NOTE)
    return 0 if result.ok else 1
