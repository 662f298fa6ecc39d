"""Questions about what lies in the cart, made up."""

import numpy as np

from recommender.evidence import Evidence
from recommender.ranker import Question
from recommender.tasks.habits import NEEDED

CANDIDATES = 20


def question(seed: int, people: int = 40, *, in_cart: bool = True) -> Question:
    """What lies in the cart is wanted (or, if not `in_cart`, nothing tells what is)."""
    random = np.random.default_rng(seed)
    rows = random.random((people, CANDIDATES, len(NEEDED))).astype(np.float32)
    wanted = random.integers(0, CANDIDATES, people)
    is_open = np.zeros((people, CANDIDATES), dtype=np.float32)
    is_open[np.arange(people), wanted if in_cart else 0] = 1.0
    rows[:, :, NEEDED.index("own_open")] = is_open
    rows[:, :, NEEDED.index("own_open_place")] = np.where(is_open > 0, 0.0, 999.0)
    rows[:, :, NEEDED.index("own_buy")] = 0.0
    places = np.tile(np.arange(CANDIDATES), (people, 1))
    allowed = np.ones(places.shape, dtype=np.bool_)
    evidence = Evidence(np.arange(people), places, allowed, rows.reshape(-1, len(NEEDED)), NEEDED)
    return Question(evidence, {row: frozenset({int(each)}) for row, each in enumerate(wanted)})
