"""Rules of carts: limits, one currency, what people see."""

from pathlib import Path

import pytest

from commerce.cart import (
    Cart,
    Hold,
    Line,
    check_limits,
    check_lines,
    check_same_currency,
    currency_of,
    hold_state,
    view_of,
)
from commerce.catalog import Catalogue, product_from
from commerce.errors import CommerceError
from commerce.settings import CommerceSettings
from commerce.views import HoldState
from tests.commerce.shops import BLUE, BOWL, LAMP, seeds, settings_in

CATALOGUE = Catalogue(tuple(product_from(seed) for seed in seeds()))


@pytest.fixture
def settings(tmp_path: Path) -> CommerceSettings:
    return settings_in(
        tmp_path,
        quantity_per_line_max=5,
        quantity_per_person_max=8,
        lines_per_person_max=2,
        lines_per_cart_max=3,
    )


def line(line_id: str, sku: str, owner_id: str, quantity: int, position: int = 1) -> Line:
    return Line(line_id, sku, owner_id, quantity, 1_000, position)


def cart_with(*lines: Line) -> Cart:
    return Cart("cart-1", 1, None, None, ["ada", "bert"], {entry.line_id: entry for entry in lines})


@pytest.mark.parametrize(
    ("cart", "quantity", "limit"),
    [
        (cart_with(), 6, "quantity_per_line_max"),
        (cart_with(line("1", BLUE, "ada", 5)), 4, "quantity_per_person_max"),
        (
            cart_with(line("1", BLUE, "ada", 1), line("2", BOWL, "ada", 1)),
            1,
            "lines_per_person_max",
        ),
        (
            cart_with(*(line(str(n), sku, "bert", 1) for n, sku in enumerate((BLUE, BOWL, LAMP)))),
            1,
            "lines_per_cart_max",
        ),
    ],
)
def test_limits(cart: Cart, quantity: int, limit: str, settings: CommerceSettings) -> None:
    with pytest.raises(CommerceError) as raised:
        check_limits(cart, "ada", None, quantity, settings)
    assert raised.value.code == "LIMIT_REACHED"
    assert raised.value.data == {"limit": limit, "maximum": getattr(settings, limit)}


def test_a_line_counts_once(settings: CommerceSettings) -> None:
    own = line("1", BLUE, "ada", 5)
    cart = cart_with(own, line("2", BOWL, "ada", 3))
    check_limits(cart, "ada", own, 5, settings)
    check_lines(3, settings)


def test_lines_of_a_cart() -> None:
    own = line("1", BLUE, "ada", 2, position=4)
    cart = cart_with(own, line("2", BLUE, "bert", 1, position=2))
    assert cart.line_of(BLUE, "ada") is own
    assert cart.line_of(BOWL, "ada") is None
    assert cart.owned_by("ada") == [own]
    assert cart.next_position() == 5
    with pytest.raises(CommerceError) as raised:
        cart.line("3")
    assert raised.value.code == "LINE_NOT_FOUND"


def test_locked_cart() -> None:
    cart = cart_with()
    cart.require_open()
    cart.checkout_id = "checkout-1"
    with pytest.raises(CommerceError) as raised:
        cart.require_open()
    assert raised.value.data == {"cart_id": "cart-1", "checkout_id": "checkout-1"}


def test_one_currency() -> None:
    check_same_currency(["EUR", "EUR"])
    check_same_currency([])
    with pytest.raises(CommerceError) as raised:
        check_same_currency(["EUR", "USD"])
    assert raised.value.code == "CURRENCY_MISMATCH"
    assert currency_of(cart_with(), CATALOGUE, "JPY") == "JPY"
    assert currency_of(cart_with(line("1", BLUE, "ada", 1)), CATALOGUE, "JPY") == "EUR"


def test_view(settings: CommerceSettings) -> None:
    held = line("1", BLUE, "ada", 2, position=2)
    held.hold = Hold(2, False, 5_000, 9_000)
    expired = line("2", BOWL, "bert", 1, position=1)
    view = view_of(cart_with(held, expired), CATALOGUE, settings)
    assert [entry.line_id for entry in view.lines] == ["2", "1"]
    assert view.total_minor == 2 * 1_490 + 3_000
    assert [entry.hold_state for entry in view.lines] == [HoldState.EXPIRED, HoldState.HELD]
    assert [entry.hold_expires_ms for entry in view.lines] == [None, 5_000]
    assert hold_state(Hold(1, True, 0, 0)) is HoldState.FIRM
