"""The peak covers what was held in between."""

import numpy as np

from recommender.tasks.memory import forget_peak, peak_mb


def test_the_peak_holds_what_was_there() -> None:
    forget_peak()
    before = peak_mb()
    held = np.ones(8_000_000)
    assert held.sum() == 8_000_000
    del held
    assert peak_mb() >= before + 40
