"""One transaction: its connection, its time, and what it will tell the outside.

What changed is collected by subject and written to the outbox once, just before the commit: however
many requests share a transaction, a SKU or a cart is announced once.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from commerce.db.statement import (
    ManyRows,
    Row,
    Statement,
    Write,
    insert_many,
    json_list,
    one_by_one,
    run_together,
)
from commerce.events import CheckoutChanged, CommerceEvent, StockChanged, payload_of
from commerce.kits import NO_KITS, Kits

_STOCK = Statement(
    """SELECT i.sku, s.product_id, i.on_hand - i.held, i.version
    FROM inventory AS i JOIN skus AS s ON s.sku = i.sku
    WHERE i.sku IN (LIST ?) ORDER BY i.sku"""
)

_TELL = insert_many("outbox", kind="text", payload="json", created_ms="bigint")
# Of these a batch has as many as requests. SQLite, asked by nobody over a network, makes them.
_TELL_OF_CARTS = Statement(
    "INSERT INTO outbox (kind, payload, created_ms)"
    " SELECT 'CartChanged', json_object('cart_id', value), ? FROM LIST ?"
)
_NEXT_VERSION = Statement("UPDATE inventory SET version = version + 1 WHERE sku = ?")

_quoted = json.encoder.encode_basestring_ascii

GATHERED_ROWS_MAX = 8
"""Rows for one table that become a part of one statement each; more go by themselves, so that there
are not too many different statements."""

MADE_HERE_MAX = 8
"""Events of carts that go with the others; of more SQLite makes the rows."""

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
        """Run a statement for each of these rows of parameters, now or with the others. Raises
        ConcurrentChangeError, now or then, unless each changes a row."""
        if isinstance(statement, ManyRows):
            self._run_at_once(statement, rows)
        elif self._gathering and len(rows) <= GATHERED_ROWS_MAX:
            self._writes += [Write(statement, row, 1) for row in rows]
        else:
            self._write()
            statement.run_many(self.connection, rows)

    def _run_at_once(self, statement: ManyRows, rows: Sequence[Row]) -> None:
        if not rows:
            return
        if self._gathering and not one_by_one(self.connection):
            columns = tuple(zip(*rows, strict=True))
            self._writes.append(Write(statement.arrays, columns, len(rows)))
            return
        self._write()
        if statement.change(self.connection, rows) != len(rows):
            raise ConcurrentChangeError

    def _write(self) -> None:
        writes, self._writes = self._writes, []
        if writes and not run_together(self.connection, writes):
            raise ConcurrentChangeError

    def flush(self) -> bool:
        """Write what was gathered, and the outbox rows; whether there were any of these."""
        rows = [_row(event, self.now_ms) for event in self._stock_events()]
        carts = sorted(self.carts_changed)
        if len(carts) > MADE_HERE_MAX and one_by_one(self.connection):
            self.run_many(_TELL, rows)
            _TELL_OF_CARTS.run(self.connection, self.now_ms, json_list(carts))
            rows = []
        else:
            rows += [
                ("CartChanged", f'{{"cart_id": {_quoted(cart_id)}}}', self.now_ms)
                for cart_id in carts
            ]
        rows += [
            _row(CheckoutChanged(UNNUMBERED, cart_id, checkout_id), self.now_ms)
            for checkout_id, cart_id in sorted(self.checkouts_changed.items())
        ]
        # What happened comes last: who hears of an order can already see the stock and the cart.
        rows += [_row(event, self.now_ms) for event in self.events]
        # One statement of many rows numbers them in their order; many statements need not.
        self.run_many(_TELL, rows)
        self._write()
        return bool(rows or carts)

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


def _row(event: CommerceEvent, now_ms: int) -> Row:
    return type(event).__name__, json.dumps(payload_of(event)), now_ms
