"""`galleria recommender simulate`: run the studies and print what came of them."""

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict

from recommender.simulation.studies import (
    EVERYBODY,
    MEASURES,
    Comparison,
    SimulationSettings,
    run_study,
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    usual = SimulationSettings()
    parser.add_argument(
        "--study", choices=tuple(MEASURES), action="append", help="which study; usually all"
    )
    parser.add_argument("--seed", type=int, default=usual.seed, help="another seed, other people")
    parser.add_argument("--parties", type=_count, default=usual.parties, help="parties a day")
    parser.add_argument("--days", type=_count, default=usual.days, help="days, a refit between")
    parser.add_argument("--rounds", type=_count, default=usual.rounds, help="shelves a visit")
    parser.add_argument("--places", type=_count, default=usual.places, help="places of a shelf")
    parser.add_argument(
        "--talk-lift",
        type=float,
        default=usual.talk_lift,
        help="how much more readily something is added that friends talked about (an assumption)",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print the table of each study; 0."""
    settings = SimulationSettings(
        seed=arguments.seed,
        parties=arguments.parties,
        days=arguments.days,
        rounds=arguments.rounds,
        places=arguments.places,
        talk_lift=arguments.talk_lift,
    )
    chosen = arguments.study or list(MEASURES)
    found = [row for study in chosen for row in asyncio.run(run_study(study, settings))]
    if arguments.json:
        text = json.dumps([asdict(row) for row in found], indent=2) + "\n"
    else:
        text = as_table(found)
    sys.stdout.write(text)
    return 0


def as_table(found: Sequence[Comparison]) -> str:
    """The comparisons as Markdown; a difference whose interval leaves out 0 has a star."""
    lines = [
        "| study | measure | arm | mean | against | difference | 95 % interval | |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in found:
        if row.among == EVERYBODY:
            change = f"{row.difference:+.3f}" if row.against else ""
            interval = f"{row.low:+.3f} .. {row.high:+.3f}" if row.against else ""
            lines.append(
                f"| {row.study} | {row.measure} | {row.arm} | {row.mean:.3f} | {row.against} |"
                f" {change} | {interval} | {_star(row)} |"
            )
    regimes: dict[tuple[str, str], list[Comparison]] = {}
    for row in found:
        if row.among != EVERYBODY:
            regimes.setdefault((row.study, row.measure), []).append(row)
    for (study, measure), rows in regimes.items():
        lines += ["", *_regimes(f"{study}: {measure}", rows)]
    return "\n".join(lines) + "\n"


def _regimes(title: str, rows: Sequence[Comparison]) -> list[str]:
    """One line for each kind of party: the last arm, and how much it is above each other one."""
    last = [row for row in rows if row.arm == rows[-1].arm]
    others = list(dict.fromkeys(row.against for row in last))
    lines = [
        f"| {title} | parties | " + " | ".join(f"above {other}" for other in others) + " |",
        "|---" * (2 + len(others)) + "|",
    ]
    for among in dict.fromkeys(row.among for row in last):
        cells = [row for row in last if row.among == among]
        shown = [f"{r.difference:+.3f} ({r.low:+.3f} .. {r.high:+.3f}){_star(r)}" for r in cells]
        lines.append(f"| {among} | {cells[0].parties} | " + " | ".join(shown) + " |")
    return lines


def _star(row: Comparison) -> str:
    return "*" if row.low > 0 or row.high < 0 else ""


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def main(arguments: Sequence[str] | None = None) -> int:
    """For `python -m recommender.simulation.command`."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_arguments(parser)
    return run(parser.parse_args(arguments))


if __name__ == "__main__":
    sys.exit(main())
