"""Tails: the head stays, nothing comes twice, more is shown."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.exposure_tail import has_room, with_tails


def test_the_head_stays_and_more_products_are_shown() -> None:
    ranked = [list(range(40))] * 20
    lists = with_tails(ranked, 40, 10, tail=2, pool=40)
    assert all(each[:8] == list(range(8)) for each in lists)
    assert len({product for each in lists for product in each}) == 40


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 1_000), st.integers(1, 8), st.integers(12, 30))
def test_no_product_comes_twice_in_a_list(seed: int, people: int, products: int) -> None:
    random = np.random.default_rng(seed)
    ranked = [random.permutation(products).tolist() for _ in range(people)]
    for each in with_tails(ranked, products, 10, tail=3, pool=products):
        assert len(set(each)) == len(each) == 10


def test_a_short_list_stays_as_it_is() -> None:
    assert with_tails([[4, 2], []], 5, 10) == [[4, 2], []]


def test_tails_need_room() -> None:
    assert has_room(100, 20, 400)
    assert not has_room(100, 20, 401)
    assert not has_room(0, 20, 0)
