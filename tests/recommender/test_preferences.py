"""Stated wishes: checked, followed, and left alone where they say nothing."""

import pytest

from recommender import InvalidInteractionError
from recommender.preferences import WISHES_LIMIT, Preferences, wishes_over
from recommender.settings import PolicySettings
from tests.recommender.models import handmade
from tests.recommender.shop import shop

POLICY = PolicySettings()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("departments", ["lamps"]),
        ("brands", ("",)),
        ("tags", ("x" * 129,)),
        ("tags", ("a\nb",)),
        ("brands", (7,)),
        ("departments", ("x",) * (WISHES_LIMIT + 1)),
        ("price_limit_minor", -1),
        ("price_limit_minor", 1.5),
        ("price_limit_minor", True),
        ("price_limit_minor", 1 << 63),
    ],
)
def test_a_bad_field_is_named(field: str, value: object) -> None:
    with pytest.raises(InvalidInteractionError) as caught:
        Preferences(**{field: value})  # type: ignore[arg-type]
    assert caught.value.data["field"] == field


def test_wishes_add_up_and_are_named_in_the_words_of_the_catalogue() -> None:
    products = shop(12)
    model, known = handmade(products), {each.product_id: each for each in products}
    wishes = wishes_over(
        Preferences(departments=("LAMPS",), brands=("Brand1",)), model, known, POLICY
    )
    both = [n for n in range(12) if n % 6 == 0 and n % 3 == 1]
    assert both == []
    assert wishes.boosts[0] == pytest.approx(POLICY.preferred_weight)
    assert wishes.boosts[1] == pytest.approx(POLICY.preferred_weight)
    assert (wishes.named[0], wishes.named[1]) == ("lamps", "brand1")
    assert wishes.boosts[2] == 0.0
    assert 2 not in wishes.named


def test_a_price_above_the_limit_sinks_and_is_not_praised() -> None:
    products = shop(12)
    model, known = handmade(products), {each.product_id: each for each in products}
    wishes = wishes_over(Preferences(tags=("lamp",), price_limit_minor=1_003), model, known, POLICY)
    assert wishes.named.keys() == {0}
    assert wishes.boosts[6] == pytest.approx(POLICY.preferred_weight - POLICY.over_price_weight)
    assert wishes.boosts[5] == pytest.approx(-POLICY.over_price_weight)
    # A catalogue may have lost a product that the model still has.
    assert wishes_over(Preferences(tags=("lamp",)), model, {}, POLICY).named == {}


def test_empty_is_false() -> None:
    assert not Preferences()
    assert Preferences(price_limit_minor=0)
    assert Preferences(tags=("lamp",))
