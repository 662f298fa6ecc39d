"""Carts that need not be read again, and those that have to be."""

from commerce.cart import Cart
from commerce.kept_carts import KeptCarts
from commerce.promotions import Coupon, CouponKind


def cart(name: str, version: int = 1) -> Cart:
    return Cart(name, version, None, None)


def test_who_takes_a_cart_has_it_alone() -> None:
    kept, one = KeptCarts(4), cart("a", 3)
    kept.keep([one])
    assert kept.take("a", 3) is one
    assert kept.take("a", 3) is None


def test_a_cart_that_changed_is_not_taken() -> None:
    kept = KeptCarts(4)
    kept.keep([cart("a", 3)])
    assert kept.take("a", 4) is None
    assert not len(kept)


def test_those_that_nobody_wants_make_room() -> None:
    kept = KeptCarts(2)
    kept.keep([cart("a"), cart("b")])
    taken = kept.take("a", 1)
    assert taken is not None
    kept.keep([taken, cart("c")])
    assert [name for name in "abc" if kept.take(name, 1)] == ["a", "c"]


def test_a_coupon_changes_without_its_cart() -> None:
    kept, one = KeptCarts(2), cart("a")
    one.coupon = Coupon("TENTH", CouponKind.PERCENT, 1_000, "EUR")
    kept.keep([one])
    assert not len(kept)


def test_forgetting() -> None:
    kept = KeptCarts(2)
    kept.keep([cart("a")])
    kept.forget()
    assert kept.take("a", 1) is None
