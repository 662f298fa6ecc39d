"""`galleria serve`: run the server until Ctrl-C."""

import argparse

from rich.console import Console

from server.cli.running import run_server
from server.config import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", help="address to listen on")
    parser.add_argument("--port", type=int, help="port to listen on")
    parser.add_argument("--workers", type=int, help="processes that run rooms, about one a core")


def run(arguments: argparse.Namespace) -> int:
    """Serve; settings come from the environment, a file, and these options."""
    settings = Settings.load(host=arguments.host, port=arguments.port, workers=arguments.workers)
    console = Console(stderr=True)
    return run_server(
        settings, console, lambda url: console.print(f"Galleria is open at [bold]{url}[/bold]")
    )
