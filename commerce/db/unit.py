"""One transaction: its connection, its time, and what it will tell the outside.

What changed is collected by subject and written to the outbox once, just before the commit: however
many requests share a transaction, a SKU or a cart is announced once.
"""

from dataclasses import dataclass, field

from sqlalchemy import Connection, insert, select

from commerce.db.schema import inventory, outbox, skus
from commerce.events import (
    CartChanged,
    CheckoutChanged,
    CommerceEvent,
    StockChanged,
    payload_of,
)

UNNUMBERED = 0
"""Number of an event that is not in the outbox yet."""


class ConcurrentChangeError(Exception):
    """Another process changed a row between our reading and our writing it."""


@dataclass(slots=True)
class Unit:
    """A write transaction under way."""

    connection: Connection
    now_ms: int
    stock_changed: set[str] = field(default_factory=set)
    carts_changed: set[str] = field(default_factory=set)
    checkouts_changed: dict[str, str] = field(default_factory=dict)
    events: list[CommerceEvent] = field(default_factory=list)

    def flush(self) -> bool:
        """Write the outbox rows; whether there were any."""
        events: list[CommerceEvent] = [*self._stock_events()]
        events += [CartChanged(UNNUMBERED, cart_id) for cart_id in sorted(self.carts_changed)]
        events += [
            CheckoutChanged(UNNUMBERED, cart_id, checkout_id)
            for checkout_id, cart_id in sorted(self.checkouts_changed.items())
        ]
        # What happened comes last: who hears of an order can already see the stock and the cart.
        events += self.events
        if not events:
            return False
        self.connection.execute(
            insert(outbox),
            [
                {
                    "kind": type(event).__name__,
                    "payload": payload_of(event),
                    "created_ms": self.now_ms,
                }
                for event in events
            ],
        )
        return True

    def _stock_events(self) -> list[StockChanged]:
        if not self.stock_changed:
            return []
        rows = self.connection.execute(
            select(
                inventory.c.sku,
                skus.c.product_id,
                (inventory.c.on_hand - inventory.c.held).label("available"),
                inventory.c.version,
            )
            .join(skus, skus.c.sku == inventory.c.sku)
            .where(inventory.c.sku.in_(sorted(self.stock_changed)))
            .order_by(inventory.c.sku)
        )
        return [
            StockChanged(UNNUMBERED, row.sku, row.product_id, row.available, row.version)
            for row in rows
        ]
