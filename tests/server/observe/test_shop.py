"""What is counted of payments and of events."""

from dataclasses import replace

import pytest

from commerce.checkout import CheckoutState
from commerce.events import CartChanged, HoldExpired, OrderPaid
from commerce.views import ChallengeView, CheckoutView
from server.observe.metrics import Metrics
from server.observe.shop import count_event, count_payment

LOCKED = CheckoutView(
    id="checkout-1",
    cart_id="cart-1",
    version=1,
    state=CheckoutState.LOCKED,
    locked_by="person-1",
    total_minor=100,
    currency="EUR",
    expires_ms=1,
    quote_hash="ab",
    lines=(),
    order_id=None,
    payer_id=None,
    challenge=None,
    in_doubt=False,
    last_failure=None,
    released_reason=None,
)


@pytest.mark.parametrize(
    ("view", "outcome"),
    [
        (replace(LOCKED, order_id="order-1"), "paid"),
        (replace(LOCKED, in_doubt=True), "in_doubt"),
        (replace(LOCKED, challenge=ChallengeView("c", "Say yes.", None, 1)), "challenged"),
        (replace(LOCKED, state=CheckoutState.PAYING), "promised"),
        (LOCKED, "declined"),
    ],
)
def test_payments(view: CheckoutView, outcome: str) -> None:
    metrics = Metrics()
    count_payment(metrics, view)
    text = metrics.exposition().decode()
    assert f'galleria_payments_total{{outcome="{outcome}"}} 1.0' in text
    assert text.count("galleria_payments_total{") == 1


def test_events() -> None:
    metrics = Metrics()
    count_event(metrics, HoldExpired(1, "cart", "line", "sku", "product", 1))
    count_event(metrics, OrderPaid(2, "cart", "checkout", "order", "payer", (), (), 100, "EUR"))
    count_event(metrics, CartChanged(3, "cart"))
    text = metrics.exposition().decode()
    assert 'galleria_holds_total{outcome="expired"} 1.0' in text
    assert 'galleria_checkouts_total{outcome="paid"} 1.0' in text
    assert 'galleria_commerce_events_total{event="CartChanged"} 1.0' in text
