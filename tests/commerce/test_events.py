"""Events survive the way through the outbox."""

import json
from dataclasses import fields

import pytest

from commerce.drop_events import LineMoved
from commerce.events import (
    KINDS,
    CartChanged,
    CheckoutChanged,
    CommerceEvent,
    HoldExpired,
    OrderPaid,
    OrderPaidLine,
    OrderRefunded,
    PersonErased,
    StockChanged,
    event_from,
    payload_of,
)

SAMPLES = (
    LineMoved(9, "MUG-BLUE", ("ada",), 1_000, 3),
    StockChanged(1, "MUG", "mug", 3, 9),
    CartChanged(2, "cart-1"),
    CheckoutChanged(3, "cart-1", "checkout-1"),
    OrderPaid(
        4,
        "cart-1",
        "checkout-1",
        "order-1",
        "ada",
        ("ada", "bert"),
        (OrderPaidLine("MUG", "mug", 2, 1490),),
        2980,
        "EUR",
    ),
    OrderRefunded(6, "order-1", "refund-1", 2980, "EUR", "succeeded"),
    PersonErased(7, "ada"),
    HoldExpired(5, "cart-1", "line-1", "MUG", "mug", 2),
)


@pytest.mark.parametrize("event", SAMPLES, ids=lambda event: type(event).__name__)
def test_there_and_back(event: CommerceEvent) -> None:
    payload = json.loads(json.dumps(payload_of(event)))
    assert event_from(event.event_id, type(event).__name__, payload) == event


def test_every_kind_has_a_sample() -> None:
    assert {type(event) for event in SAMPLES} == set(KINDS.values())


def test_fields_of_a_newer_version_are_left_out() -> None:
    event = event_from(7, "CartChanged", {"cart_id": "cart-1", "colour": "green"})
    assert event == CartChanged(7, "cart-1")


def test_the_number_comes_first() -> None:
    for kind in KINDS.values():
        assert fields(kind)[0].name == "event_id"
