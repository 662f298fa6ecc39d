"""One transaction: its connection, its time, and what it will tell the outside.

What changed is collected by subject and written to the outbox once, just before the commit: however
many requests share a transaction, a SKU or a cart is announced once.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from sqlalchemy import Connection

from commerce.db.statement import Row, Statement, Write, json_list, run_together
from commerce.events import (
    CartChanged,
    CheckoutChanged,
    CommerceEvent,
    StockChanged,
    payload_of,
)
from commerce.kits import NO_KITS, Kits

_STOCK = Statement(
    """SELECT i.sku, s.product_id, i.on_hand - i.held, i.version
    FROM inventory AS i JOIN skus AS s ON s.sku = i.sku
    WHERE i.sku IN (LIST ?) ORDER BY i.sku"""
)

_NEXT_VERSION = Statement("UPDATE inventory SET version = version + 1 WHERE sku = ?")

_quoted = json.encoder.encode_basestring_ascii

GATHERED_ROWS_MAX = 8
"""Rows for one table that become a part of one statement each; more go by themselves, so that there
are not too many different statements."""

UNNUMBERED = 0
"""Number of an event that is not in the outbox yet."""


class ConcurrentChangeError(Exception):
    """Another process changed a row between our reading and our writing it."""


@dataclass(slots=True)
class Unit:
    """A write transaction under way."""

    connection: Connection
    now_ms: int
    kits: Kits = NO_KITS
    stock_changed: set[str] = field(default_factory=set)
    carts_changed: set[str] = field(default_factory=set)
    checkouts_changed: dict[str, str] = field(default_factory=dict)
    events: list[CommerceEvent] = field(default_factory=list)
    _writes: list[Write] = field(default_factory=list)
    _gathering: bool = False

    def gather(self) -> None:
        """From here on, until the end, nothing is read that is written, no row is written twice,
        and what others may want is locked already: so `run` waits, and everything is written
        together."""
        self._gathering = True

    def run(self, statement: Statement, *parameters: Any, changes: int | None = None) -> None:
        """Run a statement, now or with the others. Raises ConcurrentChangeError, now or then,
        unless it `changes` as many rows."""
        self._writes.append(Write(statement, parameters, changes))
        if not self._gathering:
            self._write()

    def run_many(self, statement: Statement, rows: Sequence[Row]) -> None:
        """Run a statement for each of these rows of parameters, now or with the others."""
        if self._gathering and len(rows) <= GATHERED_ROWS_MAX:
            self._writes += [Write(statement, row, 1) for row in rows]
            return
        self._write()
        statement.run_many(self.connection, rows)

    def _write(self) -> None:
        writes, self._writes = self._writes, []
        if writes and not run_together(self.connection, writes):
            raise ConcurrentChangeError

    def flush(self) -> bool:
        """Write what was gathered, and the outbox rows; whether there were any of these."""
        events: list[CommerceEvent] = [*self._stock_events()]
        events += [CartChanged(UNNUMBERED, cart_id) for cart_id in sorted(self.carts_changed)]
        events += [
            CheckoutChanged(UNNUMBERED, cart_id, checkout_id)
            for checkout_id, cart_id in sorted(self.checkouts_changed.items())
        ]
        # What happened comes last: who hears of an order can already see the stock and the cart.
        events += self.events
        rows = [(type(event).__name__, _payload(event), self.now_ms) for event in events]
        if self._gathering and 0 < len(rows) <= GATHERED_ROWS_MAX:
            # One statement of many rows numbers them in their order; many statements need not.
            values = [value for row in rows for value in row]
            self.run(_tell(len(rows)), *values, changes=len(rows))
            self._write()
        else:
            self._write()
            _tell(1).run_many(self.connection, rows)
        return bool(events)

    def _stock_events(self) -> list[StockChanged]:
        if not self.stock_changed:
            return []
        kits = self.kits.concerned(self.stock_changed)
        # A kit has a version of its own. Counting it up makes other transactions wait that change
        # something else in it, so what is read now is right until the commit.
        _NEXT_VERSION.run_many(self.connection, [(kit,) for kit in kits])
        wanted = self.stock_changed.union(kits, *(self.kits.pieces(kit) for kit in kits))
        rows = _STOCK.rows(self.connection, json_list(sorted(wanted)))
        left = {sku: available for sku, _, available, _ in rows}
        return [
            StockChanged(UNNUMBERED, sku, product_id, self.kits.available(sku, left), version)
            for sku, product_id, _, version in rows
            if sku in self.stock_changed or sku in self.kits.components
        ]


@cache
def _tell(count: int) -> Statement:
    """Writes so many events."""
    rows = ", ".join(["(?, ?, ?)"] * count)
    return Statement(f"INSERT INTO outbox (kind, payload, created_ms) VALUES {rows}")  # noqa: S608


def _payload(event: CommerceEvent) -> str:
    """The JSON of an event. The commonest one is written without looking at its fields."""
    if type(event) is CartChanged:
        return f'{{"cart_id": {_quoted(event.cart_id)}}}'
    return json.dumps(payload_of(event))
