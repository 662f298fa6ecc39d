"""The command `galleria`: one subcommand a file, imported only when it is called."""

import argparse
import importlib
import sys
from collections.abc import Sequence
from types import ModuleType

from server.errors import GalleriaError

COMMANDS = {
    "serve": "run the server",
    "demo": "seed a demo store, run the server and let bots in",
    "bots": "send shoppers to a running server and report how they fared",
    "replay": "replay the journal of a room",
    "doctor": "check settings, database, port and page; audit stock and money",
    "recommender": "rank and evaluate recommendations on recorded behaviour",
    "bench": "measure rooms and checkout, beside a yardstick",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a subcommand; the return value is the exit status (2: the call was wrong)."""
    parser = argparse.ArgumentParser(prog="galleria", description=__doc__)
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    chosen = list(sys.argv[1:] if arguments is None else arguments)
    for name, summary in COMMANDS.items():
        subparser = subparsers.add_parser(
            name, help=summary, description=summary.capitalize() + "."
        )
        # Only the chosen module is imported: `galleria replay` must not pay for scikit-learn.
        if name in chosen[:1]:
            module = _module(name)
            module.add_arguments(subparser)
            subparser.set_defaults(run=module.run)
    parsed = parser.parse_args(chosen)
    try:
        return int(parsed.run(parsed))
    except GalleriaError as error:
        print(f"{error.code}: {error.message}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _module(name: str) -> ModuleType:
    return importlib.import_module(f"server.cli.{name}")
