"""What `galleria recommender evaluate` found: tables for people, numbers for programs."""

import dataclasses
from collections.abc import Sequence

from rich.table import Table

from recommender.tasks.evaluation import Result, Rival
from recommender.tasks.scoring import Interval, Scorecard

SPREAD = (("coverage", "coverage"), ("gini", "Gini"), ("cold_share", "cold share"))


def best_rival(result: Result) -> Rival:
    """Who is ahead of the other rivals in the headline metric."""
    return max(result.rivals, key=lambda rival: rival.card.metrics[result.headline].mean)


def plain(result: Result) -> dict[str, object]:
    """All numbers of a task as JSON values."""
    rivals = {
        rival.name: {
            **_card(rival.card),
            "gains": {metric: dataclasses.asdict(gain) for metric, gain in rival.gains.items()},
        }
        for rival in result.rivals
    }
    return {
        "headline": result.headline,
        "ours": _card(result.ours),
        "rivals": rivals,
        "cpu_seconds": round(result.cpu_seconds, 1),
        "peak_mb": round(result.peak_mb),
    }


def _card(card: Scorecard) -> dict[str, object]:
    return {
        "queries": card.queries,
        "answered": card.answered,
        "coverage": card.coverage,
        "gini": card.gini,
        "cold_share": card.cold_share,
        "metrics": {metric: dataclasses.asdict(value) for metric, value in card.metrics.items()},
    }


def task_table(result: Result) -> Table:
    """Every metric of one task, with the paired difference to the best rival."""
    ours, rival = result.ours, best_rival(result)
    table = Table(
        title=f"{result.task}: {ours.queries} queries, {ours.answered} answered, {_cost(result)}"
    )
    table.add_column("metric", no_wrap=True)
    table.add_column("Galleria (95 %)", no_wrap=True)
    for each in result.rivals:
        table.add_column(each.name, overflow="fold")
    table.add_column(f"above {rival.name}, paired (95 %)", overflow="fold")
    for metric, value in ours.metrics.items():
        table.add_row(
            metric,
            _shown(value),
            *(f"{each.card.metrics[metric].mean:.4f}" for each in result.rivals),
            _shown(rival.gains[metric], sign="+"),
        )
    for name, label in SPREAD:
        cards = (ours, *(each.card for each in result.rivals))
        table.add_row(label, *(f"{getattr(card, name):.3f}" for card in cards), "")
    return table


def overview(results: Sequence[Result]) -> Table:
    """One line a task: the headline metric, the best rival, and what it cost."""
    cpu_seconds = sum(result.cpu_seconds for result in results)
    table = Table(title=f"All tasks, {cpu_seconds / 60:.1f} min of processor time")
    for column in ("task", "metric", "Galleria (95 %)", "best rival", "paired (95 %)"):
        table.add_column(column, no_wrap=column == "Galleria (95 %)", overflow="fold")
    for column in ("s", "MB"):
        table.add_column(column, justify="right")
    for result in results:
        rival = best_rival(result)
        table.add_row(
            result.task,
            result.headline,
            _shown(result.ours.metrics[result.headline]),
            f"{rival.card.metrics[result.headline].mean:.4f} {rival.name}",
            _shown(rival.gains[result.headline], sign="+"),
            f"{result.cpu_seconds:.0f}",
            f"{result.peak_mb:.0f}",
        )
    return table


def _cost(result: Result) -> str:
    return f"{result.cpu_seconds:.0f} s of processor time, {result.peak_mb:.0f} MB"


def _shown(value: Interval, sign: str = "") -> str:
    digits = f"{sign}.4f"
    return f"{value.mean:{digits}} ({value.low:{digits}} .. {value.high:{digits}})"
