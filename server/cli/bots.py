"""`galleria bots`: send shoppers to a running server and report how they fared."""

import argparse
import asyncio
import json
import random
import signal
from contextlib import suppress

from rich.console import Console
from rich.live import Live

from server.bench.loops import quick_loop
from server.bots.progress import progress_view, verdict
from server.bots.report import BotReport
from server.bots.runner import run_bots
from server.client.errors import ClientError
from server.errors import GalleriaError

SHOPPERS_MAX = 2_000
HASTE_MAX = 10.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--url", default="http://127.0.0.1:8080", help="address of the server")
    parser.add_argument("--shoppers", type=_shoppers, default=12, help="how many bots")
    parser.add_argument("--minutes", type=float, default=2.0, help="how long; 0: until Ctrl-C")
    parser.add_argument("--haste", type=_haste, default=1.0, help="times quicker than people")
    parser.add_argument("--seed", type=int, default=None, help="same seed, same characters")
    parser.add_argument("--json", action="store_true", help="print the report as JSON at the end")
    parser.add_argument("--quiet", action="store_true", help="print nothing at all")


def run(arguments: argparse.Namespace) -> int:
    """Exit status 1 when something was lost or went as it must not."""
    if arguments.seed is None:
        arguments.seed = random.SystemRandom().randrange(1_000_000)
    with asyncio.Runner(loop_factory=quick_loop()) as runner:
        try:
            report = runner.run(_run(arguments))
        except ClientError as error:
            raise GalleriaError(error.code, error.message, error.data) from error
    if arguments.json:
        print(json.dumps(report.as_json()))
    elif not arguments.quiet:
        Console().print(verdict(report), f"Seed {arguments.seed}.")
    return 0 if report.ok else 1


async def _run(arguments: argparse.Namespace) -> BotReport:
    closing = asyncio.Event()
    with suppress(NotImplementedError):  # no signal handlers on Windows: Ctrl-C is less polite
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, closing.set)
    shown = Console(stderr=arguments.json, quiet=arguments.quiet)
    with Live(console=shown, auto_refresh=False) as live:

        def show(report: BotReport) -> None:
            live.update(progress_view(report, arguments.minutes), refresh=True)

        report = await run_bots(
            arguments.url,
            arguments.shoppers,
            arguments.minutes,
            arguments.seed,
            show,
            closing,
            haste=arguments.haste,
        )
        show(report)
    return report


def _shoppers(text: str) -> int:
    number = int(text)
    if not 1 <= number <= SHOPPERS_MAX:
        raise argparse.ArgumentTypeError(f"between 1 and {SHOPPERS_MAX:,}")
    return number


def _haste(text: str) -> float:
    number = float(text)
    if not 0.1 <= number <= HASTE_MAX:
        raise argparse.ArgumentTypeError(f"between 0.1 and {HASTE_MAX:g}")
    return number
