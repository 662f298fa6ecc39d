"""The made-up people are the same for the same seed, and sensible."""

from dataclasses import replace

import pytest

from recommender.simulation.shoppers import articles, likeness, parties


def test_the_same_seed_gives_the_same_people_and_things() -> None:
    assert articles(20, 1) == articles(20, 1) != articles(20, 2)
    assert parties(5, 1) == parties(5, 1) != parties(5, 2)
    late = articles(5, 1, first=20)
    assert not {a.product.product_id for a in late} & {
        a.product.product_id for a in articles(20, 1)
    }


def test_worth_is_bounded_and_falls_with_the_price() -> None:
    shop = articles(60, 3)
    for members in parties(8, 3):
        assert 2 <= len(members) <= 4
        for shopper in members:
            worths = [shopper.worth(article) for article in shop]
            assert all(0 < worth < 1 for worth in worths)
            poor = replace(shopper, price_limit_minor=1)
            assert all(poor.worth(article) <= shopper.worth(article) for article in shop)


def test_likeness_is_that_of_tastes() -> None:
    shop = articles(60, 3)
    members = parties(1, 3)[0]
    assert likeness([members[0], members[0]], shop) == pytest.approx(1.0)
    assert -1.0 <= likeness(members, shop) < 1.0
