"""The picture: a bar for each program in each task, as long as its value, and words kept safe."""

import re

import numpy as np
import pytest

from recommender.tasks.evaluation import Result, Rival
from recommender.tasks.plot import results_as_svg
from recommender.tasks.scoring import Interval, Scorecard


def card(mean: float) -> Scorecard:
    found = {"NDCG@20": Interval(mean, mean * 0.9, mean * 1.1)}
    return Scorecard(5, 5, found, 0.5, 0.5, 0.0, {"NDCG@20": np.full(5, mean)})


def test_bars_are_as_long_as_their_values() -> None:
    rival = Rival("a <b>", card(0.2), {"NDCG@20": Interval(0.2, 0.1, 0.3)})
    drawn = results_as_svg([Result("or-all", "NDCG@20", card(0.4), [rival], 1.0, 100.0)] * 2)
    assert drawn.startswith("<svg ")
    assert drawn.endswith("</svg>\n")
    assert drawn.count("or-all: NDCG@20, 5 queries") == 2
    assert "a &lt;b&gt;" in drawn
    widths = [float(each) for each in re.findall(r'width="([0-9.]+)" height="18"', drawn)]
    assert len(widths) == 4
    assert widths[0] == pytest.approx(2 * widths[1], abs=0.2)


def test_nothing_but_zeros_is_drawn_too() -> None:
    assert "0.0000" in results_as_svg([Result("t", "NDCG@20", card(0.0), [], 0.0, 0.0)])


def test_a_long_name_does_not_run_out_of_the_picture() -> None:
    rival = Rival("the-very-best-of-all-rankers", card(0.2), {})
    drawn = results_as_svg([Result("t", "NDCG@20", card(0.4), [rival], 1.0, 100.0)])
    assert "the-very-best-of-al\u2026" in drawn
    assert "rankers" not in drawn
