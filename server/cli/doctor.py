"""`galleria doctor`: what is wrong here, and how to mend it."""

import argparse
import dataclasses
import json

from rich.console import Console
from rich.table import Table

from server.config import Settings
from server.doctor import Finding, run_examination

MARKS = {"good": "[green]✓[/green]", "warning": "[yellow]![/yellow]", "bad": "[red]✗[/red]"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--audit", action="store_true", help="add up stock, orders, payments and holds"
    )
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Exit status 1 when something is bad."""
    findings = run_examination(Settings.load(), audit=arguments.audit)
    bad = any(finding.verdict == "bad" for finding in findings)
    if arguments.json:
        entries = [dataclasses.asdict(finding) for finding in findings]
        print(json.dumps({"ok": not bad, "findings": entries}))
    else:
        Console().print(_table(findings))
    return 1 if bad else 0


def _table(findings: list[Finding]) -> Table:
    table = Table(title="Galleria doctor")
    for column in ("", "check", "finding", "mend"):
        table.add_column(column)
    for finding in findings:
        facts = ", ".join(f"{name} {value:,}" for name, value in finding.data.items())
        text = finding.message + (f"\n[dim]{facts}[/dim]" if finding.check == "audit" else "")
        table.add_row(MARKS[finding.verdict], finding.check, text, finding.mend)
    return table
