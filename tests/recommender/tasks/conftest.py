"""What the tests of the tasks share."""

from collections.abc import Iterator

import pytest

from recommender.ranker import TreeShape
from recommender.tasks import learning


@pytest.fixture(scope="module", autouse=True)
def small_learners() -> Iterator[None]:
    """Learners of a few trees, so that these tests are quick."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(learning, "TREES_OF_FEW", TreeShape(seeds=1, iterations_few_rows=10))
        yield
