"""Amounts: exact, of one currency, never negative."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commerce.errors import InvalidRequestError
from commerce.money import MINOR_MAX, Money, check_currency, exponent, total

amounts = st.integers(0, 10**9)
currencies = st.sampled_from(["EUR", "USD", "JPY", "KWD"])


@given(amounts, amounts, amounts)
def test_adding_is_exact_in_any_order(a: int, b: int, c: int) -> None:
    x, y, z = (Money(minor, "EUR") for minor in (a, b, c))
    assert (x + y) + z == x + (y + z) == Money(a + b + c, "EUR")
    assert total([x, y, z], "EUR") == total([z, x, y], "EUR")


@given(amounts, st.integers(0, 1_000))
def test_times_is_repeated_addition(minor: int, quantity: int) -> None:
    assert Money(minor, "EUR").times(quantity).minor == minor * quantity


@given(st.integers(0, MINOR_MAX), currencies)
def test_decimal_says_the_same_amount(minor: int, currency: str) -> None:
    money = Money(minor, currency)
    assert Decimal(money.decimal()).scaleb(exponent(currency)) == minor
    assert str(money) == f"{money.decimal()} {currency}"


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [(1290, "EUR", "12.90"), (5, "EUR", "0.05"), (1290, "JPY", "1290"), (1290, "KWD", "1.290")],
)
def test_decimal(minor: int, currency: str, text: str) -> None:
    assert Money(minor, currency).decimal() == text


@pytest.mark.parametrize("minor", [-1, 1.5, True, "1", None, MINOR_MAX + 1])
def test_wrong_amounts(minor: Any) -> None:
    with pytest.raises(InvalidRequestError) as raised:
        Money(minor, "EUR")
    assert raised.value.code == "INVALID_AMOUNT"


@pytest.mark.parametrize("currency", ["eur", "EU", "EURO", "", "E1R", None, 978, "ÄÖÜ"])
def test_wrong_currencies(currency: Any) -> None:
    with pytest.raises(InvalidRequestError) as raised:
        check_currency(currency)
    assert raised.value.code == "INVALID_CURRENCY"


def test_currencies_do_not_mix() -> None:
    with pytest.raises(InvalidRequestError) as raised:
        Money(1, "EUR") + Money(1, "USD")
    assert raised.value.data == {"currencies": ["EUR", "USD"]}
    assert total([], "JPY") == Money(0, "JPY")


@pytest.mark.parametrize("quantity", [-1, 1.5, True, None])
def test_wrong_quantities(quantity: Any) -> None:
    with pytest.raises(InvalidRequestError):
        Money(1, "EUR").times(quantity)


def test_a_sum_beyond_every_amount_is_refused() -> None:
    with pytest.raises(InvalidRequestError):
        Money(MINOR_MAX, "EUR") + Money(1, "EUR")
