"""`galleria replay FILE ...`: run the journals of rooms again."""

import argparse
import dataclasses
import json
from pathlib import Path

from rich.console import Console
from rich.table import Table

from server.replay import ReplayReport, replay


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE", help="journal of a room")
    parser.add_argument(
        "--check", action="store_true", help="fail unless every state hash in the file agrees"
    )
    parser.add_argument("--json", action="store_true", help="print a JSON object a line")


def run(arguments: argparse.Namespace) -> int:
    """Exit status 1 when `--check` is asked for and a journal does not agree."""
    agreed = True
    for path in arguments.files:
        report = replay(path)
        agreed &= report.ok
        if arguments.json:
            print(json.dumps({**dataclasses.asdict(report), "ok": report.ok}))
        else:
            Console().print(_table(report))
    return 1 if arguments.check and not agreed else 0


def _table(report: ReplayReport) -> Table:
    table = Table(title=f"Replay of {report.journal}", show_header=False)
    rows = {
        "room": report.room_id,
        "steps": f"{report.steps:,}",
        "commands": f"{report.commands:,}",
        "poses": f"{report.poses:,}",
        "room time": f"{report.duration_ms / 1_000:.1f} s",
        "checkpoints": str(report.checkpoints),
        "state hash": report.final_hash,
        "verdict": _verdict(report),
    }
    for name, value in rows.items():
        table.add_row(name, value)
    return table


def _verdict(report: ReplayReport) -> str:
    if report.mismatch_step is not None:
        return f"[red]the state differs from step {report.mismatch_step} on[/red]"
    if report.steps == 0:
        return "[green]nothing happened in it[/green]"
    if report.checkpoints == 0:
        return "[yellow]no checkpoint in the file: nothing to compare[/yellow]"
    return "[green]same state at every checkpoint[/green]"
