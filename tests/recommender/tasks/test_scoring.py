"""Metrics by hand, and the rules: repeats, candidates, missing lists."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.tasks.folders import DataError
from recommender.tasks.scoring import (
    Answer,
    cleaned,
    gini,
    interval,
    paired,
    read_answers,
    score,
)
from tests.recommender.tasks.data_folders import write_lines


def answer(*wanted: str, among: str | None = None) -> Answer:
    return Answer(frozenset(wanted), None if among is None else frozenset(among))


def test_metrics_by_hand() -> None:
    card = score({"q": answer("a", "b")}, {"q": ["x", "a", "y"]}, (2, 3), 6, {"a", "x"})
    found = {name: value.mean for name, value in card.metrics.items()}
    ideal = 1.0 + 1.0 / math.log2(3)
    assert found["NDCG@2"] == pytest.approx((1.0 / math.log2(3)) / ideal)
    assert (found["Recall@2"], found["HR@2"], found["MRR@3"]) == (0.5, 1.0, 0.5)
    assert card.coverage == 0.5
    assert card.cold_share == pytest.approx(1 / 3)


def test_a_missing_list_scores_nothing() -> None:
    card = score({"q": answer("a"), "r": answer("a")}, {"q": ["a"]}, (1,), 1, {"a"})
    assert (card.queries, card.answered) == (2, 1)
    assert card.metrics["HR@1"].mean == 0.5
    with pytest.raises(ValueError, match="judge"):
        score({}, {}, (1,), 1, ())


def test_repeats_and_foreign_candidates_do_not_count() -> None:
    assert cleaned(["a", "a", "b", "c"], answer("b", among="abc"), 2) == ["a", "b"]
    assert cleaned(["z", "a"], answer("a", among="ab"), 2) == ["a"]


def test_gini_of_one_and_of_all_alike() -> None:
    assert gini([5, 5, 5, 5], 4) == pytest.approx(0.0)
    assert gini([7], 10) == pytest.approx(0.9)
    assert gini([], 3) == 1.0


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=50))
def test_an_interval_holds_its_mean_and_repeats(values: list[float]) -> None:
    column = np.array(values)
    found = interval(column)
    assert min(values) - 1e-9 <= found.low <= found.high <= max(values) + 1e-9
    assert found.mean == pytest.approx(float(column.mean()))
    assert found == interval(column)


def test_pairing_takes_out_what_queries_share() -> None:
    answers = {f"q{number}": answer("a") for number in range(40)}
    better = score(answers, {q: ["a"] for q in answers}, (1,), 2, ())
    worse = score(answers, {q: ["b"] for q in answers}, (1,), 2, ())
    assert paired(better, worse, "NDCG@1").low == 1.0


def test_answers_are_read_or_refused(tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl.gz"
    write_lines(path, [{"q": 1, "truth": [2], "cands": [2, 3]}])
    assert read_answers(path) == {"1": Answer(frozenset("2"), frozenset("23"))}
    write_lines(path, [{"q": 1}])
    with pytest.raises(DataError):
        read_answers(path)
