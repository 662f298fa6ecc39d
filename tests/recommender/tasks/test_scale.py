"""The made-up store: seeded, of the asked size, and good enough to learn from."""

from recommender.settings import FitSettings
from recommender.tasks.scale import made_up_log, made_up_products, measure_refit


def test_the_store_is_the_same_every_time() -> None:
    assert made_up_products(50) == made_up_products(50)
    one, other = made_up_log(300, 1_000), made_up_log(300, 1_000)
    assert (one.product == other.product).all()
    assert (len(one), one.people, one.through_id) == (1_000, 50, 1_000)
    assert int(one.product.max()) < 300
    assert (one.occurred_ms[:-1] <= one.occurred_ms[1:]).all()


def test_a_refit_is_measured() -> None:
    found = measure_refit(400, 4_000)
    assert (found.products, found.interactions, found.people) == (400, 4_000, 200)
    assert found.peak_mb > 0
    assert found.accepted


def test_the_head_is_bounded_whatever_the_store() -> None:
    # The dense matrix is what memory goes into: 4 bytes a pair of head products.
    assert 4 * FitSettings().head_limit ** 2 <= 64 << 20
