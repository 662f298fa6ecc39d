"""The catalogue in memory, and what a seed must be."""

from typing import Any

import pytest

from commerce.catalog import PRICE_MAX_MINOR, Catalogue, ProductSeed, check_unique, product_from
from commerce.errors import CommerceError
from commerce.views import StockView
from tests.commerce.shops import BLUE, BOWL, LAMP, LAST, product, seeds, sku_seed


@pytest.fixture
def catalogue() -> Catalogue:
    return Catalogue(tuple(product_from(seed) for seed in seeds()))


def test_lookups(catalogue: Catalogue) -> None:
    assert catalogue.product("oak-bowl").name == "Oak bowl"
    found, sku = catalogue.sku(LAST)
    assert (found.id, sku.options, sku.price_minor) == ("stoneware-mug", {"colour": "Last"}, 1_990)
    assert len(catalogue.department(None)) == 3
    assert [entry.id for entry in catalogue.department("lighting")] == ["reading-lamp"]
    assert catalogue.department("garden") == []


def test_unknown(catalogue: Catalogue) -> None:
    for ask, code in (
        (lambda: catalogue.product("nothing"), "PRODUCT_NOT_FOUND"),
        (lambda: catalogue.sku("NOTHING"), "SKU_NOT_FOUND"),
    ):
        with pytest.raises(CommerceError) as raised:
            ask()
        assert raised.value.code == code


def test_alternatives_come_from_near(catalogue: Catalogue) -> None:
    assert catalogue.alternatives(LAST) == [BLUE, BOWL]
    assert catalogue.alternatives(BOWL) == [BLUE, LAST]
    assert catalogue.alternatives(LAMP) == []
    assert catalogue.alternatives(LAST) is catalogue.alternatives(LAST), "looked for once"


def test_view_has_the_stock(catalogue: Catalogue) -> None:
    view = catalogue.product("stoneware-mug").view({BLUE: StockView(BLUE, "stoneware-mug", 7, 3)})
    assert [(sku.sku, sku.available, sku.version) for sku in view.skus] == [
        (BLUE, 7, 3),
        (LAST, 0, 0),
    ]
    assert (view.price_minor, view.currency, view.weight_g) == (1_490, "EUR", 400)


@pytest.mark.parametrize(
    "changes",
    [
        {"id": ""},
        {"id": None},
        {"id": "a\nb"},
        {"name": ""},
        {"name": "x" * 201},
        {"brand": None},
        {"description": "x" * 4_001},
        {"department": ""},
        {"price_minor": -1},
        {"price_minor": 14.9},
        {"price_minor": PRICE_MAX_MINOR + 1},
        {"currency": "euro"},
        {"weight_g": -1},
        {"weight_g": 1.5},
        {"skus": ()},
        {"skus": (sku_seed(BLUE, stock=-1),)},
        {"skus": (sku_seed(BLUE, stock=1.5),)},
        {"skus": (sku_seed(BLUE, price_minor=-1),)},
        {"skus": (sku_seed("x" * 65),)},
        {"skus": (sku_seed(""),)},
    ],
)
def test_wrong_seeds(changes: dict[str, Any]) -> None:
    with pytest.raises(CommerceError) as raised:
        product_from(product("mug", "Mug", "tableware", BLUE, **changes))
    assert raised.value.code == "SEED_INVALID"
    assert "product_id" in raised.value.data


@pytest.mark.parametrize(
    "doubled",
    [
        (product("mug", "Mug", "t", BLUE), product("mug", "Mug", "t", LAST)),
        (product("mug", "Mug", "t", BLUE), product("cup", "Cup", "t", BLUE)),
        (product("mug", "Mug", "t", BLUE, BLUE),),
    ],
)
def test_ids_and_skus_are_unique(doubled: tuple[ProductSeed, ...]) -> None:
    with pytest.raises(CommerceError) as raised:
        check_unique(product_from(seed) for seed in doubled)
    assert raised.value.code == "SEED_INVALID"
