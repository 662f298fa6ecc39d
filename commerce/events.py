"""What commerce tells others, out of the outbox: at least once, in order, numbered for dedupe.

An event says that something changed and enough to act on; the receiver fetches the view of a cart
or checkout when it needs more.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from functools import cache
from typing import Any


@dataclass(frozen=True, slots=True)
class CommerceEvent:
    """Base of all events. `event_id` grows and is never used twice."""

    event_id: int


@dataclass(frozen=True, slots=True)
class StockChanged(CommerceEvent):
    """How many of a SKU can be bought now. Ignore it when a larger `version` is known."""

    sku: str
    product_id: str
    available: int
    version: int


@dataclass(frozen=True, slots=True)
class CartChanged(CommerceEvent):
    """Lines, holds, members or the lock of a cart changed."""

    cart_id: str


@dataclass(frozen=True, slots=True)
class CheckoutChanged(CommerceEvent):
    """A checkout was locked, is being paid, was paid or released."""

    cart_id: str
    checkout_id: str


@dataclass(frozen=True, slots=True)
class OrderPaidLine:
    """What was bought, at the price of one piece."""

    sku: str
    product_id: str
    quantity: int
    unit_price_minor: int


@dataclass(frozen=True, slots=True)
class OrderPaid(CommerceEvent):
    """The money was captured and the order exists."""

    cart_id: str
    checkout_id: str
    order_id: str
    payer_id: str
    member_ids: tuple[str, ...]
    lines: tuple[OrderPaidLine, ...]
    total_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class OrderRefunded(CommerceEvent):
    """A refund came to its end. `state` is succeeded, failed, or manual: to be paid by hand."""

    order_id: str
    refund_id: str
    amount_minor: int
    currency: str
    state: str


@dataclass(frozen=True, slots=True)
class HoldExpired(CommerceEvent):
    """Stock that was held for a line is free again; the line stays in its cart."""

    cart_id: str
    line_id: str
    sku: str
    product_id: str
    quantity: int


@dataclass(frozen=True, slots=True)
class PersonErased(CommerceEvent):
    """Somebody asked to be forgotten, and the shop has forgotten them: now everybody else."""

    person_id: str


Consumer = Callable[[CommerceEvent], None]

KINDS: dict[str, type[CommerceEvent]] = {
    kind.__name__: kind
    for kind in (
        StockChanged,
        CartChanged,
        CheckoutChanged,
        OrderPaid,
        OrderRefunded,
        HoldExpired,
        PersonErased,
    )
}


@cache
def _names_of(kind: str) -> tuple[str, ...]:
    """The fields of an event, less its number."""
    return tuple(field.name for field in fields(KINDS[kind]) if field.name != "event_id")


def payload_of(event: CommerceEvent) -> dict[str, Any]:
    """The fields of an event as JSON-able values, less its number."""
    payload = {name: getattr(event, name) for name in _names_of(type(event).__name__)}
    if type(event) is OrderPaid:
        payload["lines"] = [asdict(line) for line in event.lines]
    return payload


def event_from(event_id: int, kind: str, payload: Mapping[str, Any]) -> CommerceEvent:
    """The event of a row of the outbox. Fields that a newer version wrote are left out."""
    event_type = KINDS[kind]
    values = {name: payload[name] for name in _names_of(kind) if name in payload}
    if event_type is OrderPaid:
        values["member_ids"] = tuple(values["member_ids"])
        values["lines"] = tuple(OrderPaidLine(**line) for line in values["lines"])
    return event_type(event_id=event_id, **values)
