"""`galleria recommender`: rank and evaluate on recorded behaviour, with the room's own models."""

import argparse
import dataclasses
import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from recommender.errors import RecommenderError
from recommender.simulation import command as simulate
from recommender.tasks.evaluation import Result, evaluate_task
from recommender.tasks.ranked_lists import write_lists
from recommender.tasks.registry import TASKS
from recommender.tasks.scale import measure_refit
from recommender.tasks.scoring import Interval, bar_line
from server.errors import GalleriaError

T = TypeVar("T")

BAR_WIDTH = 8


def add_arguments(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(dest="what", required=True, metavar="WHAT")
    rank = commands.add_parser(
        "rank", help="write ranked lists for everybody in the training files of a task"
    )
    rank.add_argument("--task", required=True, choices=sorted(TASKS))
    rank.add_argument("--data", required=True, type=Path, help="folder with or/, rr/ and group/")
    rank.add_argument("--out", required=True, type=Path, help="JSON lines; .gz packs them")
    evaluate = commands.add_parser(
        "evaluate", help="rank all tasks and judge the lists, beside popularity"
    )
    evaluate.add_argument("--data", required=True, type=Path)
    evaluate.add_argument(
        "--task", action="append", choices=sorted(TASKS), help="only this one; may be repeated"
    )
    evaluate.add_argument("--json", action="store_true", help="print the numbers as JSON")
    simulate.add_arguments(
        commands.add_parser("simulate", help="compare rules on simulated shoppers, with intervals")
    )
    scale = commands.add_parser(
        "scale", help="measure a refit of the room's model on a made-up store"
    )
    scale.add_argument("--products", type=int, default=100_000)
    scale.add_argument("--interactions", type=int, default=1_000_000)
    scale.add_argument("--json", action="store_true")


def run(arguments: argparse.Namespace) -> int:
    if arguments.what == "simulate":
        return simulate.run(arguments)
    try:
        return {"rank": _rank, "evaluate": _evaluate, "scale": _scale}[arguments.what](arguments)
    except RecommenderError as error:
        raise GalleriaError(error.code.upper(), error.message, error.data) from error
    except OSError as error:
        raise GalleriaError("FILE_UNUSABLE", f"{error.filename}: {error.strerror}.") from error


def _with_progress(title: str, work: Callable[[Callable[[str, float], None]], T]) -> T:
    columns = (
        TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn(),
    )  # fmt: skip
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        entry = progress.add_task(title, total=1.0)

        def report(what: str, share: float) -> None:
            progress.update(entry, description=f"{title}: {what}", completed=share)

        return work(report)


def _rank(arguments: argparse.Namespace) -> int:
    task = TASKS[arguments.task]
    count = _with_progress(
        arguments.task,
        lambda report: write_lists(arguments.out, task(arguments.data, report=report)),
    )
    print(f"{count} lists in {arguments.out}", file=sys.stderr)
    return 0


def _evaluate(arguments: argparse.Namespace) -> int:
    results = [
        _with_progress(name, partial(evaluate_task, name, arguments.data))
        for name in arguments.task or list(TASKS)
    ]
    if arguments.json:
        print(json.dumps({result.task: _plain(result) for result in results}))
        return 0
    console = Console()
    for result in results:
        console.print(_table(result))
    return 0


def _scale(arguments: argparse.Namespace) -> int:
    if arguments.products < 1 or arguments.interactions < 1:
        raise GalleriaError(
            "INVALID_SIZE", "A store needs at least one product and one interaction."
        )
    found = dataclasses.asdict(measure_refit(arguments.products, arguments.interactions))
    if arguments.json:
        print(json.dumps(found))
    else:
        for name, value in found.items():
            print(f"{name.replace('_', ' '):14} {value}")
    return 0


def _plain(result: Result) -> dict[str, object]:
    def card(name: str) -> dict[str, object]:
        found = getattr(result, name)
        return {
            "queries": found.queries,
            "answered": found.answered,
            "coverage": found.coverage,
            "gini": found.gini,
            "cold_share": found.cold_share,
            "metrics": {
                metric: dataclasses.asdict(value) for metric, value in found.metrics.items()
            },
        }

    return {
        "ours": card("ours"),
        "popular": card("popular"),
        "gain": {"metric": result.headline, **dataclasses.asdict(result.gain)},
        "cpu_seconds": round(result.cpu_seconds, 1),
    }


def _shown(value: Interval) -> str:
    return f"{value.mean:.4f} ({value.low:.4f} .. {value.high:.4f})"


def _table(result: Result) -> Table:
    ours, popular = result.ours, result.popular
    table = Table(
        title=f"{result.task}: {ours.queries} queries, {ours.answered} answered, "
        f"{result.cpu_seconds:.0f} s of processor time"
    )
    for column in ("metric", "Galleria (95 %)", "", "popularity", ""):
        table.add_column(column, no_wrap=True)
    for metric, value in ours.metrics.items():
        other = popular.metrics[metric]
        best = max(value.mean, other.mean)
        table.add_row(
            metric,
            _shown(value),
            bar_line(value.mean, best, BAR_WIDTH),
            f"{other.mean:.4f}",
            bar_line(other.mean, best, BAR_WIDTH),
        )
    for name, label in (("coverage", "coverage"), ("gini", "Gini"), ("cold_share", "cold share")):
        table.add_row(label, f"{getattr(ours, name):.3f}", "", f"{getattr(popular, name):.3f}", "")
    table.caption = f"{result.headline} above popularity, paired: {_shown(result.gain)}"
    return table
