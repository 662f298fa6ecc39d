"""Shoppers, parties and staff against the real shop, in virtual time and with accidents: whatever
breaks, nothing is oversold, charged twice, stranded or lost, and all books agree.

A seed is a story (see `story`). GALLERIA_TEST_COMMERCE_SEEDS says how many are told: 500 unless it
is set, 20,000 by `make soak`. A story that failed is told again for ever: its seed belongs into
seeds.txt. To look at one: `python -m tests.sim.commerce SEED`. These are told with SQLite under the
shop; `test_stories_at_a_server` tells some of them with PostgreSQL.
"""

import os
from collections import Counter
from pathlib import Path

import pytest

from commerce.service.faults import FaultPoint
from tests.sim.commerce.shrinking import report
from tests.sim.commerce.story import Ending, tell

SEEDS = int(os.environ.get("GALLERIA_TEST_COMMERCE_SEEDS", "500"))
BATCH = 50
RARE_POINTS_MAX = 6
KNOWN = [
    int(line)
    for line in Path(__file__).with_name("seeds.txt").read_text(encoding="utf-8").splitlines()
    if line.isdigit()
]
STORIES = [*KNOWN, *range(SEEDS)]

pytestmark = [
    pytest.mark.timeout(600),
    # Time is virtual, and nobody else waits for the loop.
    pytest.mark.loop_slice(60_000),
]

_seen: Counter[str] = Counter()


def told(folder: Path, seed: int) -> Ending:
    ending = tell(folder, seed)
    if ending.wrongs:
        pytest.fail(report(folder, ending), pytrace=False)
    return ending


@pytest.mark.parametrize("first", range(0, len(STORIES), BATCH))
def test_whatever_breaks_the_books_agree(stage: Path, first: int) -> None:
    for seed in STORIES[first : first + BATCH]:
        _seen.update(told(stage, seed).seen)


def test_a_story_is_the_same_every_time(stage: Path) -> None:
    one, other = tell(stage, 7), tell(stage, 7)
    assert one == other
    assert one.log


EXPECTED = (
    "add ok", "add SOLD_OUT", "add WAIT_IN_LINE", "add LIMIT_REACHED", "set ok", "remove ok",
    "pass ok", "join ok", "leave ok", "give ok", "gift ok", "coupon ok", "buy ok", "lock ok",
    "lock CHECKOUT_PROBLEMS", "unlock ok", "split ok", "cover ok", "give_up ok", "hand_off ok",
    "phone ok", "pay ok", "pay TOTAL_CHANGED", "confirm ok", "refund ok", "refund REFUND_TOO_LARGE",
    "restock ok", "transfer ok", "prices ok", "limit ok", "drop ok", "grant ok", "card ok",
    "notice taken", "notice doubled", "erase ok", "erase CART_LOCKED", "answered paid",
    "answered locked", "answered paying",
)  # fmt: skip


@pytest.mark.skipif(SEEDS < 500, reason="Fewer stories do not have all in them.")
def test_the_stories_have_all_in_them() -> None:
    """Runs after the stories."""
    assert [what for what in EXPECTED if not _seen[what]] == []
    died = {point for point in FaultPoint if _seen[f"died {point}"]}
    # Each is hit for certain by the killing of real processes.
    assert len(set(FaultPoint) - died) <= RARE_POINTS_MAX
