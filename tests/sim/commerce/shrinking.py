"""Tells what went wrong in a story in as few steps as can be found."""

from collections.abc import Sequence
from pathlib import Path

from tests.sim.commerce.story import Ending, steps_of, tell

TELLINGS_MAX = 150
"""A story takes about a tenth of a second."""


def shrunk(folder: Path, ending: Ending) -> tuple[Sequence[int], Ending]:
    """The numbers of steps without which nothing is wrong any more, and how they end.

    Steps are left out in pieces, which get smaller when nothing can be left out any more.
    """
    kept = list(range(len(steps_of(ending.seed))))
    best, tellings, size = ending, 0, len(kept) // 2
    while size and tellings < TELLINGS_MAX:
        start, smaller = 0, False
        while start < len(kept) and tellings < TELLINGS_MAX:
            tried = kept[:start] + kept[start + size :]
            tellings += 1
            told = tell(folder, ending.seed, tried)
            if told.wrongs:
                kept, best, smaller = tried, told, True
            else:
                start += size
        if not smaller or size > len(kept):
            size = min(size, len(kept)) // 2
    return kept, best


def report(folder: Path, ending: Ending) -> str:
    """What was wrong, what led to it, and how to see it again."""
    kept, best = shrunk(folder, ending)
    return "\n".join(
        (
            f"Seed {ending.seed}, as it was told:",
            *(f"  {wrong}" for wrong in ending.wrongs),
            f"In {len(kept)} of its steps ({', '.join(map(str, kept))}):",
            *(f"  {sentence}" for sentence in best.log),
            *(f"  {wrong}" for wrong in best.wrongs),
            f"Again: python -m tests.sim.commerce {ending.seed}",
            "Add it to tests/sim/commerce/seeds.txt when it is mended.",
        )
    )
