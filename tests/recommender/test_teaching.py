"""The room's second stage: learned by the ranker, believed as numbers, refused without proof."""

from dataclasses import replace

import numpy as np

from recommender.evaluate import Case, cases_after, evaluate
from recommender.live_evidence import COLUMNS
from recommender.model import Model
from recommender.ranker import Lesson, Ranker
from recommender.settings import FitSettings, LiveSettings
from recommender.teaching import (
    LIVE_TREES,
    as_numbers,
    better_stage,
    question_of,
    taught_stage,
)
from tests.recommender.models import handmade
from tests.recommender.shop import NOW_MS, log_of, paired_rows, shop

PRODUCTS = shop(24)
LIVE, FIT = LiveSettings(), FitSettings(second_stage_cases_minimum=60)
PAIRS = [(0, 13), (2, 15), (4, 17)]
"""What people take second is neither alike nor known to go together: only its price tells."""

CUT_MS = NOW_MS - 10**9 + 10**6


def asked(people: int) -> list[Case]:
    ids = [product.product_id for product in PRODUCTS]
    return cases_after(log_of(paired_rows(people, PAIRS), PRODUCTS), ids, CUT_MS, LIVE, FIT)


def blind() -> Model:
    """A model that ranks what people want in the middle, with one trait that would tell."""
    model = handmade(PRODUCTS)
    traits = model.traits.copy()
    traits[3, [13, 15, 17]] = 1.0
    return replace(model, traits=traits)


def test_it_learns_what_the_first_stage_cannot_say() -> None:
    model, cases = blind(), asked(120)
    stage = better_stage(model, cases[::2], cases[1::2], LIVE, FIT)
    assert stage is not None
    before = evaluate(model, cases, LIVE, 10)
    after = evaluate(replace(model, second=stage), cases, LIVE, 10)
    assert after.ndcg > before.ndcg + 0.2
    again = better_stage(model, cases[::2], cases[1::2], LIVE, FIT)
    assert again is not None
    rows = np.ones((len(COLUMNS), 5), dtype=np.float32)
    assert (again.scores(rows) == stage.scores(rows)).all()


def test_what_is_no_better_is_not_taken() -> None:
    # Everything wanted is first already: there is nothing left to be better at.
    model = handmade(PRODUCTS, dict.fromkeys(PAIRS, 1.0))
    cases = asked(120)
    assert evaluate(model, cases, LIVE, 10).ndcg == 1.0
    assert better_stage(model, cases[::2], cases[1::2], LIVE, FIT) is None


def test_few_people_teach_nothing() -> None:
    model, cases = blind(), asked(40)
    assert better_stage(model, cases[::2], cases[1::2], LIVE, FIT) is None
    assert taught_stage(model, [], LIVE, FIT) is None
    assert question_of(model, [], LIVE) is None


def lessons(seed: int, rows: int) -> Lesson:
    random = np.random.default_rng(seed)
    columns = random.normal(size=(rows, len(COLUMNS))).astype(np.float32)
    wanted = columns[:, 2] * columns[:, 5] + 0.5 * random.normal(size=rows) > 0.5
    return Lesson(columns, wanted, np.ones(rows))


def test_the_numbers_say_what_the_learners_say() -> None:
    lesson = lessons(1, 3_000)
    for mix in (("line",), ("trees",), ("trees", "line")):
        ranker = Ranker([lesson], mix, LIVE_TREES)
        stage = as_numbers(ranker, lesson.rows)
        assert stage is not None
        other = lessons(2, 500).rows
        expected = ranker.scores(other) / len(mix)
        assert np.allclose(stage.scores(np.ascontiguousarray(other.T)), expected, atol=1e-3)
        assert (stage.trees is not None, stage.line is not None) == ("trees" in mix, "line" in mix)
