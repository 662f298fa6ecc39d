"""Coupons: discounts that sum up to the minor unit, and windows that end."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commerce.errors import InvalidRequestError
from commerce.promotions import (
    Coupon,
    CouponEnd,
    CouponKind,
    coupon_code,
    ended,
    not_applicable,
    spread,
)

AMOUNTS = st.lists(st.integers(0, 10**9), max_size=12)


def percent(value: int = 1_000, **changes: Any) -> Coupon:
    return Coupon("SPRING", CouponKind.PERCENT, value, "EUR", **changes)


def amount(value: int = 500, **changes: Any) -> Coupon:
    return Coupon("FIVE", CouponKind.AMOUNT, value, "EUR", **changes)


def test_a_part_of_each_line() -> None:
    assert percent(1_000).discounts([1_490, 999, 0]) == [149, 99, 0]
    assert percent(10_000).discounts([1_490]) == [1_490]


def test_an_amount_over_all_lines() -> None:
    assert amount(500).discounts([1_000, 1_000, 1_000]) == [167, 167, 166]
    assert amount(500).discounts([100, 200]) == [100, 200], "never more than it costs"
    assert amount(500).discounts([]) == []
    # Nobody can tell the price of their gift from what the others save.
    assert amount(500).discounts([1_000, 9_000], [False, True]) == [500, 0]
    assert amount(500).discounts([300, 9_000], [False, True]) == [300, 200]


@given(AMOUNTS, st.integers(0, 10**10))
def test_what_is_spread_sums_up(amounts: list[int], discount_minor: int) -> None:
    if discount_minor > sum(amounts):
        with pytest.raises(ValueError, match="a discount of"):
            spread(discount_minor, amounts)
        return
    parts = spread(discount_minor, amounts)
    assert sum(parts) == discount_minor
    assert all(0 <= part <= price for part, price in zip(parts, amounts, strict=True))
    whole = sum(amounts) or 1
    for part, price in zip(parts, amounts, strict=True):
        assert abs(part - discount_minor * price / whole) < 1 + 1e-6


@given(AMOUNTS, st.integers(1, 10_000), st.booleans(), st.data())
def test_no_line_costs_less_than_nothing(
    amounts: list[int], value: int, is_percent: bool, data: st.DataObject
) -> None:
    gifts = data.draw(st.lists(st.booleans(), min_size=len(amounts), max_size=len(amounts)))
    coupon = percent(value) if is_percent else amount(value)
    discounts = coupon.discounts(amounts, gifts)
    assert all(0 <= part <= price for part, price in zip(discounts, amounts, strict=True))
    if not is_percent:
        assert sum(discounts) == min(value, sum(amounts))


@given(
    st.lists(st.integers(1, 10**6), min_size=1, max_size=6),
    st.integers(0, 10**6),
    st.integers(0, 10**6),
    st.integers(1, 10_000),
)
def test_the_others_discounts_do_not_tell_what_a_gift_costs(
    own: list[int], gift: int, other_gift: int, value: int
) -> None:
    gifts = [False] * len(own) + [True]
    for coupon in (percent(value), amount(min(value, sum(own)))):
        seen = [coupon.discounts([*own, price], gifts)[:-1] for price in (gift, other_gift)]
        assert seen[0] == seen[1]


@pytest.mark.parametrize(
    ("changes", "now_ms", "end"),
    [
        ({}, 0, None),
        ({"starts_ms": 10}, 9, CouponEnd.NOT_STARTED),
        ({"starts_ms": 10}, 10, None),
        ({"ends_ms": 10}, 9, None),
        ({"ends_ms": 10}, 10, CouponEnd.OVER),
        ({"uses_max": 2, "used": 1}, 0, None),
        ({"uses_max": 2, "used": 2}, 0, CouponEnd.USED_UP),
        ({"ends_ms": 10, "withdrawn": True}, 10, CouponEnd.WITHDRAWN),
    ],
)
def test_when_it_works(changes: dict[str, Any], now_ms: int, end: CouponEnd | None) -> None:
    assert amount(**changes).end(now_ms) is end


def test_which_carts_it_fits() -> None:
    coupon = amount(minimum_minor=2_000)
    assert coupon.fits(2_000, "EUR")
    assert not coupon.fits(1_999, "EUR")
    assert not coupon.fits(2_000, "USD")
    refusal = not_applicable(coupon)
    assert (refusal.code, refusal.data["minimum_minor"]) == ("COUPON_NOT_APPLICABLE", 2_000)
    assert "20.00 EUR" in refusal.message


def test_every_end_has_a_sentence() -> None:
    for why in CouponEnd:
        refusal = ended("FIVE", why)
        assert (refusal.code, refusal.data) == (
            "COUPON_ENDED",
            {"coupon": "FIVE", "reason": str(why)},
        )
        assert "FIVE" in refusal.message
        assert refusal.message.endswith(".")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("code", "AB"),
        ("code", "spring"),
        ("code", "A" * 33),
        ("kind", "percent"),
        ("value", 0),
        ("value", 10_001),
        ("value", 1.5),
        ("minimum_minor", -1),
        ("uses_max", 0),
        ("uses_per_person_max", True),
        ("starts_ms", -1),
        ("ends_ms", 0),
    ],
)
def test_coupons_that_cannot_be(field: str, value: object) -> None:
    values: dict[str, Any] = {
        "code": "SPRING",
        "kind": CouponKind.PERCENT,
        "value": 1_000,
        "currency": "EUR",
    }
    with pytest.raises(InvalidRequestError) as raised:
        Coupon(**(values | {field: value}))
    assert (raised.value.code, raised.value.data) == ("INVALID_COUPON", {"field": field})


def test_codes_as_they_are_typed() -> None:
    assert coupon_code(" spring-25 ") == "SPRING25"
    for text in ("", "ab", "a b", "ümlaut!", "x" * 65, None, 7):
        with pytest.raises(InvalidRequestError):
            coupon_code(text)
