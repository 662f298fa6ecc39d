"""Counts what happens in the shop, whichever way it came: HTTP, a room, or by itself."""

from commerce import CheckoutState, CheckoutView
from commerce.events import CommerceEvent, HoldExpired, OrderPaid
from server.observe.metrics import Metrics


def count_payment(metrics: Metrics, view: CheckoutView) -> None:
    """Count the answer to a try to pay, as the checkout shows it."""
    if view.order_id:
        outcome = "paid"
    elif view.in_doubt:
        outcome = "in_doubt"
    elif view.challenge is not None:
        outcome = "challenged"
    elif view.state is CheckoutState.PAYING:
        outcome = "promised"
    else:
        outcome = "declined"
    metrics.payments.labels(outcome).inc()


def count_event(metrics: Metrics, event: CommerceEvent) -> None:
    """Count what only the outbox tells: orders (those settled later too) and holds that ran out."""
    metrics.commerce_events.labels(type(event).__name__).inc()
    match event:
        case OrderPaid():
            metrics.checkouts.labels("paid").inc()
        case HoldExpired():
            metrics.holds.labels("expired").inc()
