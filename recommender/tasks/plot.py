"""Results as a picture: bars of the headline metric with their 95 % intervals, as SVG text."""

from collections.abc import Sequence
from html import escape

from recommender.tasks.evaluation import Result
from recommender.tasks.scoring import Interval

WIDTH = 760
LABEL_WIDTH = 150
VALUE_WIDTH = 190
BAR_HEIGHT = 18
GAP = 4
TITLE_HEIGHT = 34
MARGIN = 16
NAME_LENGTH = 20
"""Characters of a name that have room beside the bars."""
COLOURS = ("#3b5bdb", "#adb5bd", "#e8590c", "#2b8a3e", "#862e9c")
"""Ours, popularity, then whoever else is compared."""


def results_as_svg(results: Sequence[Result]) -> str:
    """One panel a task, each with a scale of its own: tasks are not equally hard."""
    parts: list[str] = []
    top = MARGIN
    for result in results:
        bars = [("Galleria", result.ours.metrics[result.headline])]
        bars += [(rival.name, rival.card.metrics[result.headline]) for rival in result.rivals]
        longest = max(each.high for _, each in bars) or 1.0
        parts.append(
            f'<text x="{MARGIN}" y="{top + 20}" font-weight="bold">{escape(result.task)}: '
            f"{escape(result.headline)}, {result.ours.queries} queries</text>"
        )
        top += TITLE_HEIGHT
        for place, (name, value) in enumerate(bars):
            parts += _bar(name, value, longest, top, COLOURS[place % len(COLOURS)])
            top += BAR_HEIGHT + GAP
        top += GAP
    height = top + MARGIN
    return "\n".join(
        [
            (
                f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
                f'width="{WIDTH}" height="{height}" font-family="sans-serif" font-size="13">'
            ),
            "<title>Ranking tasks: means with 95 % bootstrap intervals</title>",
            f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
            *parts,
            "</svg>\n",
        ]
    )


def _bar(name: str, value: Interval, longest: float, top: int, colour: str) -> list[str]:
    left = MARGIN + LABEL_WIDTH
    name = name if len(name) <= NAME_LENGTH else f"{name[: NAME_LENGTH - 1]}\u2026"
    span = WIDTH - left - VALUE_WIDTH - MARGIN
    mean, low, high = (left + span * each / longest for each in (value.mean, value.low, value.high))
    middle, base = top + BAR_HEIGHT / 2, top + 13
    return [
        f'<text x="{left - 8}" y="{base}" text-anchor="end">{escape(name)}</text>',
        (
            f'<rect x="{left}" y="{top}" width="{mean - left:.1f}" height="{BAR_HEIGHT}" '
            f'fill="{colour}"/>'
        ),
        (
            f'<path d="M{low:.1f} {middle}H{high:.1f}M{low:.1f} {middle - 4}v8M{high:.1f} '
            f'{middle - 4}v8" stroke="#212529" fill="none"/>'
        ),
        (
            f'<text x="{left + span + 10}" y="{base}">{value.mean:.4f} '
            f"({value.low:.4f} .. {value.high:.4f})</text>"
        ),
    ]
