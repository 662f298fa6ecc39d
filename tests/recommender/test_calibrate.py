"""The learned blend: it finds what tells wanted from unwanted, and is never negative."""

from recommender.calibrate import better_blend, fitted_blend
from recommender.evaluate import Case, cases_after
from recommender.settings import FitSettings, LiveSettings
from tests.recommender.models import handmade
from tests.recommender.shop import NOW_MS, log_of, paired_rows, shop

PRODUCTS = shop(24)
LIVE = LiveSettings()
PAIRS = [(0, 1), (2, 3), (4, 5)]


def cases(people: int, pairs: list[tuple[int, int]]) -> list[Case]:
    rows = paired_rows(people, pairs)
    ids = [product.product_id for product in PRODUCTS]
    return cases_after(log_of(rows, PRODUCTS), ids, NOW_MS - 10**9 + 10**6, LIVE, FitSettings())


def test_behaviour_gets_the_weight_when_behaviour_tells() -> None:
    model = handmade(PRODUCTS, dict.fromkeys(PAIRS, 1.0))
    blend = fitted_blend(model, cases(60, PAIRS), LIVE, FitSettings())
    assert blend is not None
    assert blend.together > 1.0
    assert blend.together > blend.text >= 0.0
    assert blend.bias < 0.0


def test_what_counts_against_is_left_out() -> None:
    # Everybody ends with what goes worst and is most unlike: both weights would be negative.
    model = handmade(PRODUCTS, {(0, place): 1.0 for place in range(1, 24) if place != 3})
    blend = fitted_blend(model, cases(40, [(0, 3)]), LIVE, FitSettings())
    assert blend is None or min(blend.together, blend.text, blend.popular) >= 0.0
    assert blend is None or blend.together == 0.0


def test_no_blend_without_enough_people_or_any_difference() -> None:
    flat = handmade(PRODUCTS[:2])
    assert fitted_blend(flat, [], LIVE, FitSettings()) is None
    model = handmade(PRODUCTS, dict.fromkeys(PAIRS, 1.0))
    few = FitSettings(calibration_cases_minimum=100)
    assert better_blend(model, cases(60, PAIRS), LIVE, few) is None


def test_a_blend_that_is_not_better_is_not_taken() -> None:
    model = handmade(PRODUCTS, dict.fromkeys(PAIRS, 1.0))
    assert better_blend(model, cases(80, PAIRS), LIVE, FitSettings()) is None
