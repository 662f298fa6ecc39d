"""`galleria bench`: measure rooms and checkout, beside a yardstick."""

import argparse
import asyncio
import json

from rich.console import Console

from server.bench.checkout import CheckoutSpec, run_checkout
from server.bench.loops import quick_loop
from server.bench.realtime import AVATARS, RealtimeSpec, run_realtime, typical_ratio
from server.bench.view import checkout_table, realtime_table

CPU_NOTE = "CPU is of the server's process alone. Ratios travel between machines, numbers do not."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    kinds = parser.add_subparsers(dest="bench", required=True, metavar="BENCH")
    realtime = kinds.add_parser("realtime", help="CPU per delivered avatar update")
    realtime.add_argument(
        "--avatars", type=int, nargs="+", default=list(AVATARS), help="sizes of the room"
    )
    realtime.add_argument("--seconds", type=float, default=8.0, help="time that is measured")
    checkout = kinds.add_parser("checkout", help="a flash sale over HTTP")
    checkout.add_argument("--shoppers", type=int, default=300)
    checkout.add_argument(
        "--stock", type=int, default=50, help="sell the SKU whose stock is nearest to this"
    )
    for kind in (realtime, checkout):
        kind.add_argument("--json", action="store_true", help="print the result as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Exit status 1 when a sale went wrong; a bench itself never judges speed."""
    console = Console(stderr=True, quiet=arguments.json)
    with asyncio.Runner(loop_factory=quick_loop()) as runner:
        if arguments.bench == "realtime":
            return runner.run(_realtime(arguments, console))
        return runner.run(_checkout(arguments, console))


async def _realtime(arguments: argparse.Namespace, console: Console) -> int:
    spec = RealtimeSpec(tuple(arguments.avatars), arguments.seconds)
    with console.status("Starting") as status:
        results = await run_realtime(spec, status.update)
    if arguments.json:
        entries = [result.as_json() for result in results]
        print(json.dumps({"results": entries, "ratio": round(typical_ratio(results), 3)}))
    else:
        Console().print(realtime_table(results), CPU_NOTE)
    return 0


async def _checkout(arguments: argparse.Namespace, console: Console) -> int:
    with console.status("Starting") as status:
        result = await run_checkout(
            CheckoutSpec(arguments.shoppers, arguments.stock), status.update
        )
    if arguments.json:
        print(json.dumps(result.as_json()))
    else:
        Console().print(checkout_table(result), CPU_NOTE)
    return 0 if result.ok else 1
