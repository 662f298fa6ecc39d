"""What `galleria recommender evaluate` found: tables for people, numbers for programs."""

import dataclasses
from collections.abc import Sequence

from rich import box
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


def tables(results: Sequence[Result]) -> list[Table]:
    """For each task its metrics and its rivals, then all tasks together; 80 columns are enough."""
    shown = [table for result in results for table in (_metrics_of(result), _rivals_of(result))]
    return [*shown, _overview(results)]


def _metrics_of(result: Result) -> Table:
    """Every metric of one task, with the paired difference to the best rival."""
    ours, rival = result.ours, best_rival(result)
    cost = f"{result.cpu_seconds:.0f} s of processor time, {result.peak_mb:.0f} MB"
    table = _table(
        f"{result.task}: {ours.queries} queries, {ours.answered} answered, {cost}",
        ("metric", "Galleria (95 %)", rival.name, "above it, paired (95 %)"),
    )
    for metric, value in ours.metrics.items():
        table.add_row(
            metric,
            _shown(value),
            f"{rival.card.metrics[metric].mean:.4f}",
            _shown(rival.gains[metric], sign="+"),
        )
    for name, label in SPREAD:
        table.add_row(label, f"{getattr(ours, name):.3f}", f"{getattr(rival.card, name):.3f}", "")
    return table


def _rivals_of(result: Result) -> Table:
    """One line a rival, best first."""
    columns = ("rival", result.headline, "Galleria above it (95 %)", *(s[1] for s in SPREAD))
    table = _table(f"{result.task}: who else was asked", columns)
    metric = result.headline
    for rival in sorted(result.rivals, key=lambda each: -each.card.metrics[metric].mean):
        table.add_row(
            rival.name,
            f"{rival.card.metrics[metric].mean:.4f}",
            _shown(rival.gains[metric], sign="+"),
            *(f"{getattr(rival.card, name):.3f}" for name, _ in SPREAD),
        )
    return table


def _overview(results: Sequence[Result]) -> Table:
    """One line a task: the headline metric beside the best rival."""
    cpu_seconds = sum(result.cpu_seconds for result in results)
    peak_mb = max((result.peak_mb for result in results), default=0.0)
    table = _table(
        f"All tasks: {cpu_seconds / 60:.1f} min of processor time, at most {peak_mb:.0f} MB",
        ("task", "metric", "ours", "best rival", "above it, paired (95 %)"),
    )
    for result in results:
        rival, metric = best_rival(result), result.headline
        table.add_row(
            result.task,
            metric,
            f"{result.ours.metrics[metric].mean:.4f}",
            f"{rival.card.metrics[metric].mean:.4f} {rival.name}",
            _shown(rival.gains[metric], sign="+"),
        )
    return table


def _table(title: str, columns: Sequence[str]) -> Table:
    table = Table(
        title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=0, show_edge=False
    )
    for column in columns:
        table.add_column(column, no_wrap="95" in column, overflow="fold")
    return table


def _shown(value: Interval, sign: str = "") -> str:
    digits = f"{sign}.4f"
    return f"{value.mean:{digits}} ({value.low:{digits}}..{value.high:{digits}})"
