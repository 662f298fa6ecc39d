"""From interactions to numbers: fading, and a limited influence of one person."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.interactions import Signal
from recommender.settings import FitSettings, LiveSettings
from recommender.training import LogBuilder, limited_rows, popularity, preferences
from tests.recommender.shop import NOW_MS, Row, log_of, shop

PRODUCTS = shop(4)
LIVE, FIT = LiveSettings(), FitSettings()


def popular(rows: list[Row], now_ms: int = NOW_MS) -> tuple[list[float], list[int]]:
    log = log_of(rows, PRODUCTS)
    matrix = preferences(log, 4, LIVE, FIT, now_ms)
    values, supporters = popularity(log, matrix, LIVE, FIT, now_ms)
    return values.tolist(), supporters.tolist()


def test_a_thousand_clicks_of_one_are_worth_less_than_three_people() -> None:
    flood: list[Row] = [("bot", "p0", Signal.BUY, NOW_MS) for _ in range(1_000)]
    people: list[Row] = [(f"u{number}", "p1", Signal.BUY, NOW_MS) for number in range(3)]
    values, supporters = popular(flood + people)
    assert values[1] == 1.0 > values[0] > 0
    assert supporters == [1, 3, 0, 0]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from(Signal)), max_size=40))
def test_one_persons_influence_is_bounded_whatever_they_do(
    deeds: list[tuple[int, Signal]],
) -> None:
    log = log_of([("bot", f"p{place}", signal, NOW_MS) for place, signal in deeds], PRODUCTS)
    matrix = preferences(log, 4, LIVE, FIT, NOW_MS)
    assert matrix.toarray().max(initial=0.0) <= FIT.person_product_limit
    assert matrix.toarray().min(initial=0.0) >= 0.0
    rows = limited_rows(matrix, 2.0).toarray()
    assert np.linalg.norm(rows, axis=1).max(initial=0.0) <= 2.0 + 1e-9
    _, supporters = popularity(log, matrix, LIVE, FIT, NOW_MS)
    assert supporters.max(initial=0) <= 1


def test_rows_without_an_id_count_together_as_one_person() -> None:
    limit = LIVE.anonymous_rows_limit
    anonymous: list[Row] = [(None, "p0", Signal.BUY, NOW_MS) for _ in range(limit)]
    values, supporters = popular([*anonymous, ("ann", "p1", Signal.BUY, NOW_MS)])
    assert values[0] == pytest.approx(values[1])
    assert supporters[:2] == [1, 1]


def test_old_behaviour_fades_and_the_future_counts_as_now() -> None:
    log = log_of(
        [
            ("a", "p0", Signal.ADD, NOW_MS - FIT.half_life_ms),
            ("b", "p1", Signal.ADD, NOW_MS),
            ("c", "p2", Signal.ADD, NOW_MS + 10**9),
        ],
        PRODUCTS,
    )
    weights = log.faded_weights(LIVE.signal_weights, FIT.half_life_ms, NOW_MS)
    assert weights == pytest.approx([1.0, 2.0, 2.0])


def test_unknown_products_and_signals_are_left_out_but_counted_as_read() -> None:
    builder = LogBuilder(["p0"])
    builder.add(1, "ann", "p0", "add", 1.0, NOW_MS)
    builder.add(2, "ann", "gone", "add", 1.0, NOW_MS)
    builder.add(9, None, "p0", "unheard_of", 1.0, NOW_MS)
    log = builder.build()
    assert (len(log), log.people, log.through_id) == (1, 1, 9)


def test_nothing_at_all_is_fine() -> None:
    assert popular([]) == ([0.0] * 4, [0] * 4)
    empty = LogBuilder([]).build()
    assert preferences(empty, 0, LIVE, FIT, NOW_MS).shape == (0, 0)
