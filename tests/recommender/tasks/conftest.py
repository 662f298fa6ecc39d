"""What the tests of the tasks share."""

from collections.abc import Iterator

import pytest

from recommender import ranker


@pytest.fixture(scope="module", autouse=True)
def small_learners() -> Iterator[None]:
    """Learners of a few trees, so that these tests are quick."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ranker, "TREES_SEEDS", 1)
        patch.setattr(ranker, "ITERATIONS_FEW_ROWS", 10)
        patch.setattr(ranker, "FOREST_SIZE", 10)
        yield
