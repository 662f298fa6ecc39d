"""`galleria demo`: the Grand Hall, open on this machine, with bots to shop beside."""

import argparse
import asyncio
import sys
from dataclasses import replace

from rich.console import Console
from rich.panel import Panel

from server.cli.running import run_server
from server.config import Settings

DEMO_BOTS = 12
TRIES_PER_CARD_MAX = 1_000_000
"""Everybody in the demo pays with the same few test cards, bots and people alike."""
BOT_MINUTES_FOREVER = 0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=int, default=None, help="port to listen on (8080)")
    parser.add_argument("--bots", type=int, default=DEMO_BOTS, help="shoppers to let in")


def run(arguments: argparse.Namespace) -> int:
    """Serve the demo store; bots run as a process of their own, as real clients would."""
    settings = Settings.load(port=arguments.port)
    if "level" not in settings.log.model_fields_set:
        # What the panel says should stay in sight; every request of the bots would push it away.
        quiet = settings.log.model_copy(update={"level": "warning"})
        settings = settings.model_copy(update={"log": quiet})
    payment = settings.payment_settings()
    if payment.takes_test_cards:
        payment = replace(payment, tries_per_card_max=TRIES_PER_CARD_MAX)
        settings = settings.model_copy(update={"payment": payment})
    console = Console()

    async def bots(url: str) -> None:
        await _run_bots(url, arguments.bots)

    return run_server(
        settings,
        console,
        lambda url: console.print(_welcome(url, settings, arguments.bots)),
        bots if arguments.bots else None,
    )


def _welcome(url: str, settings: Settings, bots: int) -> Panel:
    host_key = settings.host_key()
    lines = (
        f"[bold]Open[/bold]  {url}/  in a browser, and again in a second window: shop together.",
        f"[bold]Host[/bold]  {url}/?host={host_key}  spotlights products and gathers people.",
        f"[bold]HTTP[/bold]  {url}/docs  the same shop as an API;  {url}/metrics  live numbers.",
        f"[bold]Pay[/bold]   {_ways_to_pay(settings)}",
        f"{bots} bots are walking in. Ctrl-C closes the store; its data stays.",
    )
    return Panel("\n".join(lines), title="Galleria · the Grand Hall is open", expand=False)


def _ways_to_pay(settings: Settings) -> str:
    payment = settings.payment_settings()
    if payment.takes_test_cards:
        return "with a test card: 0000000000000001 works, …2 declines, …3 challenges."
    return f"with what the shop is set up for: {', '.join(payment.providers)}."


async def _run_bots(url: str, shoppers: int) -> None:
    """Keep the bots going until the server stops."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "server",
        "bots",
        "--url",
        url,
        "--shoppers",
        str(shoppers),
        "--minutes",
        str(BOT_MINUTES_FOREVER),
        "--quiet",
        stdin=asyncio.subprocess.DEVNULL,
        # A group of its own: Ctrl-C is for us, and we end the bots before we close the door.
        start_new_session=True,
    )
    try:
        await process.wait()
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()
