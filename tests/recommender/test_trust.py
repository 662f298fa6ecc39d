"""A farm of fresh accounts counts for little; those who buy, and those who came first, for all."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender import Signal
from recommender.features import tfidf_neighbours
from recommender.fit import build_model
from recommender.training import InteractionLog, popularity, preferences
from recommender.trust import PROVEN_MINIMUM, SLACK, UNPROVEN_FLOOR, _medians_of_others, trusted
from recommender.weighting import SIGNAL_NUMBER
from tests.recommender.shop import NOW_MS, Row, fit_job, log_of, shop

PRODUCTS = shop(24)
DAY_MS = 86_400_000
ADDED, VOTE_DOWN = SIGNAL_NUMBER[Signal.ADD], SIGNAL_NUMBER[Signal.VOTE_DOWN]


def people(name: str, count: int, products: list[int], signal: Signal, days_ago: int) -> list[Row]:
    return [
        (f"{name}{number}", f"p{product}", signal, NOW_MS - days_ago * DAY_MS + number)
        for number in range(count)
        for product in products
    ]


def honest_rows(bought: bool) -> list[Row]:
    """Fewer people for each next product: p0 is the most popular."""
    rows: list[Row] = []
    for product in range(12):
        rows += people(f"browser{product}-", 30 - 2 * product, [product], Signal.PICK_UP, 9)
        if bought:
            rows += people(f"buyer{product}-", 15 - product, [product], Signal.BUY, 8)
    return rows


def ranking(log: InteractionLog) -> list[int]:
    job = fit_job()
    matrix = preferences(log, len(PRODUCTS), job.live, job.fit, NOW_MS)
    popular, _ = popularity(log, matrix, job.live, job.fit, NOW_MS)
    return [int(place) for place in np.argsort(-popular, kind="stable")]


def people_saying(log: InteractionLog) -> list[float]:
    """What people say of each product: at most 1 each."""
    weights = np.minimum(1.0, log.weights(fit_job().live.signal_weights))
    return [float(weights[log.product == place].sum()) for place in range(12)]


@pytest.mark.parametrize("bought", [True, False])
@pytest.mark.parametrize("bots", [50, 2_000])
def test_a_bot_farm_does_not_lift_a_product(bought: bool, bots: int) -> None:
    honest = honest_rows(bought)
    farm = people("bot", bots, [11], Signal.ADD, 1)
    before = ranking(trusted(log_of(honest, PRODUCTS), 3)).index(11)
    after = trusted(log_of(honest + farm, PRODUCTS), 3)
    # Untrusted it would be first; so it is without this rule.
    assert ranking(log_of(honest + farm, PRODUCTS))[0] == 11
    if bought:
        # From the last place up to the middle at most, and never to the top.
        assert before == 11
        assert ranking(after).index(11) >= 5
    else:
        # A store that has sold nothing cannot tell: what it says is as much as of the middle one.
        said = people_saying(after)
        assert said[11] <= SLACK * np.median([said[place] for place in range(11)]) + 1
    few = trusted(log_of(honest + farm[:50], PRODUCTS), 3)
    assert (few.product == 11).sum() == (after.product == 11).sum()


@pytest.mark.parametrize("bots", [20, 60, 2_000])
def test_a_bot_farm_does_not_sink_a_product(bots: int) -> None:
    """Early blame of many must not use up what people may say for a product."""
    blame = people("bot", bots, [0], Signal.VOTE_DOWN, 20)
    honest = honest_rows(bought=True)
    for named in (True, False):
        farm = blame if named else [(None, *row[1:]) for row in blame]
        log = trusted(log_of(farm + honest, PRODUCTS), 3)
        after = ranking(log).index(0)
        assert after == 0 if named else after <= 5
        assert len(log) == len(honest) + (log.signal == VOTE_DOWN).sum()
        assert (log.signal == VOTE_DOWN).sum() <= UNPROVEN_FLOOR * (1 if named else 3)


def test_blame_does_not_make_room_for_praise() -> None:
    honest = honest_rows(bought=True)
    praise = people("bot", 200, [11], Signal.ADD, 1)
    both = people("bot", 200, [11], Signal.VOTE_DOWN, 2) + praise
    alone = trusted(log_of(honest + praise, PRODUCTS), 3)
    after = trusted(log_of(honest + both, PRODUCTS), 3)
    assert (after.signal == ADDED).sum() == (alone.signal == ADDED).sum()


def visitors(count: int, days: int, buyers: int = 0) -> list[Row]:
    """People who pick up four of 24 products, the first ones by far most often."""
    rng = np.random.default_rng(1)
    odds = 1.0 / np.arange(2, len(PRODUCTS) + 2)
    rows: list[Row] = []
    for person, share in enumerate(np.sort(rng.random(count))):
        at_ms = NOW_MS - int((1.0 - share) * days * DAY_MS)
        for place in rng.choice(len(PRODUCTS), 4, replace=False, p=odds / odds.sum()):
            rows.append((f"visitor{person}", f"p{place}", Signal.PICK_UP, at_ms))
            if person % 5 == 0 and person < 5 * buyers:
                rows.append((f"visitor{person}", f"p{place}", Signal.BUY, at_ms + 1))
    return rows


@pytest.mark.parametrize("bots", [50, 1_000])
def test_a_bot_farm_does_not_lift_a_product_of_a_store_that_has_sold_nothing(bots: int) -> None:
    honest = visitors(300, 30)
    farm = people("bot", bots, [0, 23], Signal.ADD, 0)
    log = log_of(honest + farm, PRODUCTS)
    assert ranking(log).index(23) < 5
    assert ranking(trusted(log, 3)).index(23) >= 10


def test_who_has_been_here_for_a_week_is_believed_in_a_store_that_has_sold_nothing() -> None:
    log = log_of(visitors(300, 30), PRODUCTS)
    assert trusted(log, 3) is log


@pytest.mark.parametrize("bots", [50, 1_000])
@pytest.mark.parametrize("buyers", [0, 60])
def test_a_bot_farm_does_not_make_products_go_together(bots: int, buyers: int) -> None:
    """The pair of a popular product and one that nobody wants, in what is said beside the first."""

    def beside_the_first(rows: list[Row]) -> int:
        job = fit_job()
        log = trusted(log_of(rows, PRODUCTS), 3)
        text = tfidf_neighbours(PRODUCTS, job.fit.neighbours_limit)
        together = build_model(log, PRODUCTS, text, None, job).together
        return int((together[0] > together[0, 23]).sum())

    honest = visitors(300, 30, buyers)
    farm = people("bot", bots, [0, 23], Signal.ADD, 0)
    assert beside_the_first(honest + farm) >= 5


@given(st.lists(st.integers(0, 9), min_size=1, max_size=9))
def test_the_median_of_the_others(values: list[int]) -> None:
    counts = np.array(values, dtype=np.float64)
    found = _medians_of_others(counts, counts > 0)
    for place in range(len(values)):
        others = [v for n, v in enumerate(values) if v > 0 and n != place]
        assert found[place] == (np.median(others) if others else 0.0)


def test_a_farm_on_a_product_that_nobody_bought_counts_as_the_middle_product() -> None:
    honest = honest_rows(bought=True)
    farm = people("bot", 5_000, [20], Signal.ADD, 1)
    log = trusted(log_of(honest + farm, PRODUCTS), 3)
    # The middle product has 12 at full weight.
    assert (log.product == 20).sum() <= SLACK * 12
    assert ranking(log).index(20) >= 4


def test_honest_logs_are_left_alone() -> None:
    log = log_of(honest_rows(bought=True), PRODUCTS)
    assert trusted(log, 3) is log
    empty = log_of([], PRODUCTS)
    assert trusted(empty, 3) is empty


def test_those_who_came_first_and_those_who_bought_are_kept() -> None:
    rows = people("buyer", PROVEN_MINIMUM, [0], Signal.BUY, 5)
    rows += people("early", 5, [7], Signal.ADD, 4)
    rows += people("bot", 500, [7], Signal.ADD, 1)
    rows += people("buyer", 3, [7], Signal.PICK_UP, 0)
    rows += people("someone", 2, [3, 4, 5], Signal.PICK_UP, 3)
    log = trusted(log_of(rows, PRODUCTS), 3)
    kept = log.occurred_ms[log.product == 7]
    assert (kept < NOW_MS - 2 * DAY_MS).sum() == UNPROVEN_FLOOR
    assert (kept > NOW_MS - DAY_MS // 2).sum() == 3
    assert len(kept) == UNPROVEN_FLOOR + 3
    assert (log.product == 0).sum() == PROVEN_MINIMUM


def test_one_person_says_no_more_by_saying_it_again() -> None:
    rows = people("buyer", PROVEN_MINIMUM, [0], Signal.BUY, 5)
    rows += [("fan", "p7", Signal.ADD, NOW_MS - number) for number in range(400)]
    log = log_of(rows, PRODUCTS)
    assert trusted(log, 3) is log


def test_rows_without_an_id_are_limited_alike() -> None:
    rows = people("buyer", PROVEN_MINIMUM, [0], Signal.BUY, 5)
    rows += [(None, "p7", Signal.ADD, NOW_MS - number) for number in range(600)]
    log = trusted(log_of(rows, PRODUCTS), 3)
    assert (log.product == 7).sum() == 3 * UNPROVEN_FLOOR
