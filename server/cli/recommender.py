"""`galleria recommender`: rank and evaluate on recorded behaviour, with the room's own models."""

import argparse
import dataclasses
import json
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from recommender import bench
from recommender.errors import RecommenderError
from recommender.simulation import command as simulate
from recommender.tasks.evaluation import evaluate_task
from recommender.tasks.plot import results_as_svg
from recommender.tasks.ranked_lists import read_lists, write_lists
from recommender.tasks.registry import TASKS
from recommender.tasks.scale import measure_refit
from server.cli.recommender_results import plain, tables
from server.errors import GalleriaError

T = TypeVar("T")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What can be asked of the recommender from a shell."""
    commands = parser.add_subparsers(dest="what", required=True, metavar="WHAT")
    bench.add_arguments(
        commands.add_parser("bench", help="how long lists take, at 3,500 and 100,000 products")
    )
    rank = commands.add_parser(
        "rank", help="write ranked lists for everybody in the training files of a task"
    )
    rank.add_argument("--task", required=True, choices=sorted(TASKS))
    rank.add_argument("--data", required=True, type=Path, help="folder with or/, rr/ and group/")
    rank.add_argument("--out", required=True, type=Path, help="JSON lines; .gz packs them")
    evaluate = commands.add_parser(
        "evaluate", help="rank all tasks and judge the lists, beside popularity and other programs"
    )
    evaluate.add_argument("--data", required=True, type=Path)
    evaluate.add_argument(
        "--task", action="append", choices=sorted(TASKS), help="only this one; may be repeated"
    )
    evaluate.add_argument(
        "--against",
        action="append",
        default=[],
        metavar="[TASK=]FILE",
        help="ranked lists of another program (as `rank` writes them); may be repeated",
    )
    evaluate.add_argument("--plot", type=Path, metavar="FILE", help="write bars as SVG")
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
    if arguments.what == "bench":
        return bench.run(arguments)
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

        if not console.is_terminal:
            console.print(f"{title} ...")
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
    tasks = arguments.task or list(TASKS)
    against = _rivals(arguments.against, tasks)
    if arguments.plot is not None and not arguments.plot.absolute().parent.is_dir():
        raise GalleriaError(
            "FOLDER_MISSING", f"There is no folder {arguments.plot.absolute().parent}."
        )
    for files in against.values():
        # Now, not after minutes of work: a file may be missing or hold something else.
        for path in files.values():
            read_lists(path)
    results = []
    for place, name in enumerate(tasks, start=1):
        title = f"{name} ({place} of {len(tasks)})"
        work = partial(evaluate_task, name, arguments.data, against=against.get(name))
        results.append(_with_progress(title, work))
    if arguments.plot is not None:
        arguments.plot.write_text(results_as_svg(results), encoding="utf-8")
    if arguments.json:
        print(json.dumps({result.task: plain(result) for result in results}))
        return 0
    console = Console()
    for table in tables(results):
        console.print(table)
        console.print()
    return 0


def _rivals(given: Sequence[str], tasks: Sequence[str]) -> dict[str, dict[str, Path]]:
    """Files by task and by the name to show them under, which is that of the file."""
    found: dict[str, dict[str, Path]] = {}
    for text in given:
        task, separator, name = text.partition("=")
        if not separator and len(tasks) == 1:
            task, name = tasks[0], text
        elif not separator or task not in tasks:
            raise GalleriaError(
                "UNKNOWN_TASK",
                f"--against {text}: say which of the tasks the lists are for, as TASK=FILE.",
                {"tasks": list(tasks)},
            )
        found.setdefault(task, {})[Path(name).name.split(".", 1)[0]] = Path(name)
    return found


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
