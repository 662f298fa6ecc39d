"""Answers: what commerce shows, with money in both forms."""

from commerce.checkout import CheckoutState
from commerce.views import (
    CartLineView,
    CartView,
    ChallengeView,
    CheckoutView,
    FailureView,
    HoldState,
    QuoteLineView,
)
from server.http.schemas import Cart, Checkout, Sku

QUOTE_LINE = QuoteLineView(
    "line-1", "MUG", "mug", "Mug", {"colour": "Blue"}, 2, 1490, "EUR", "person-1"
)


def test_cart() -> None:
    line = CartLineView(
        "line-1", "MUG", "mug", "Mug", {}, 2, 500, "person-1", ("person-2",), HoldState.HELD, 7
    )
    view = CartView("cart-1", 3, "JPY", 1_000, ("person-1", "person-2"), (line,), None)
    shown = Cart.of(view).model_dump(mode="json")
    assert (shown["total"], shown["total_minor"], shown["currency"]) == ("1000", 1_000, "JPY")
    assert shown["lines"][0]["unit_price"] == "500"
    assert shown["lines"][0]["hold_state"] == "held"
    assert shown["members"] == ["person-1", "person-2"]


def test_checkout() -> None:
    view = CheckoutView(
        id="checkout-1",
        cart_id="cart-1",
        version=2,
        state=CheckoutState.PAYING,
        locked_by="person-1",
        total_minor=2_980,
        currency="EUR",
        expires_ms=1,
        quote_hash="ab",
        lines=(QUOTE_LINE,),
        order_id=None,
        payer_id="person-2",
        challenge=ChallengeView("challenge-1", "Say approve.", None, 9),
        in_doubt=False,
        last_failure=FailureView("CARD_DECLINED", "No."),
        released_reason=None,
    )
    shown = Checkout.model_validate(view).model_dump(mode="json")
    assert shown["state"] == "paying"
    assert type(Checkout.model_validate(view).state) is str
    assert shown["total"] == "29.80"
    assert shown["lines"][0]["unit_price"] == "14.90"
    assert shown["challenge"]["instructions"] == "Say approve."
    assert shown["last_failure"] == {
        "code": "CARD_DECLINED",
        "message": "No.",
        "person_id": None,
    }


def test_three_digits() -> None:
    sku = Sku(
        currency="KWD", sku="A", options={}, colour="#000000", price_minor=5, available=1, version=1
    )
    assert sku.price == "0.005"
