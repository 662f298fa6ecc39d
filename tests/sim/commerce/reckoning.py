"""Compares the shop's books with what is outside of it: the bank, what people asked, what they
were told."""

import sqlite3
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from tests.sim.commerce.shop import CREDIT
from tests.sim.commerce.world import World

Wrong = Callable[[str], None]

OURS = ("credit", "gift")
"""Providers whose books are the shop's own."""

MOVED = ("capturing", "voiding", "captured")
"""States of an attempt whose money may have moved."""


def reckon(world: World, books: sqlite3.Connection) -> list[str]:
    """What can be said at any time."""
    wrongs: list[str] = []
    _bank(world, books, wrongs.append)
    _keys(world, books, wrongs.append)
    _arrivals(world, books, wrongs.append)
    known = dict(books.execute("SELECT id, checkout_id FROM orders"))
    wrongs += [
        f"Somebody was told of order {order_id}, which there is not."
        for order_id, checkout_id in world.orders.items()
        if known.get(order_id) != checkout_id
    ]
    return wrongs


def watch_capture(world: World, key: str) -> None:
    """Just before money moves: every part of its checkout has been promised."""
    with world.books() as books:
        parts = books.execute(
            """SELECT a.id, a.provider, a.amount_minor, c.total_minor, c.state, x.state
            FROM payment_attempts AS me JOIN checkouts AS c ON c.id = me.checkout_id
            JOIN payment_attempts AS a ON a.checkout_id = c.id
            LEFT JOIN credit_charges AS x ON x.key = a.id AND x.account_id IS NOT NULL
            WHERE me.id = ?""",
            (key,),
        ).fetchall()
    known = set[str]().union(*(provider.promised() for provider in world.outside))
    promised = sum(
        amount
        for attempt, provider, amount, _, _, credit in parts
        if attempt in known or (provider in OURS and credit != "declined")
    )
    if not parts or promised < parts[0][3]:
        world.wrongs.append(f"Money of {key} moves before every part is promised: {parts}.")


def _bank(world: World, books: sqlite3.Connection, wrong: Wrong) -> None:
    attempts = {
        row[0]: row[1:]
        for row in books.execute(
            """SELECT a.id, a.state, a.amount_minor, a.checkout_id, c.total_minor,
              CASE WHEN p.order_id IS NULL THEN COALESCE(p.refunded_minor, 0) ELSE 0 END
            FROM payment_attempts AS a JOIN checkouts AS c ON c.id = a.checkout_id
            LEFT JOIN payments AS p ON p.attempt_id = a.id"""
        )
    }
    taken: dict[str, int] = defaultdict(int)
    totals: dict[str, int] = {}
    for key, (amount, _) in world.captured().items():
        state, asked, checkout_id, total, back = attempts.get(key, ("missing", 0, "", 0, 0))
        if state not in MOVED or asked != amount:
            wrong(f"The bank took {amount} for {key}, which is {state} and asked for {asked}.")
        taken[checkout_id] += amount - back
        totals[checkout_id] = total
    for checkout_id, amount in taken.items():
        if amount > totals[checkout_id]:
            wrong(f"{checkout_id} costs {totals[checkout_id]} and {amount} were taken for it.")


def _keys(world: World, books: sqlite3.Connection, wrong: Wrong) -> None:
    """One key, one deed at most."""
    asked = world.asked
    tries = "SELECT payer_id, COUNT(*) FROM payment_attempts GROUP BY payer_id"
    locks = "SELECT locked_by, COUNT(*) FROM checkouts GROUP BY locked_by"
    for what, query, keys in (
        ("payments", tries, asked.pay_keys),
        ("checkouts", locks, asked.lock_keys),
    ):
        for person, count in books.execute(query):
            if count > len(keys[person]):
                wrong(f"{person} has {count} {what} by {len(keys[person])} keys.")
    back = books.execute(
        """SELECT order_id, SUM(amount_minor) FROM refunds
        WHERE order_id IS NOT NULL GROUP BY order_id"""
    )
    for order_id, amount in back.fetchall():
        wanted = list(asked.refunds[order_id].values())
        if None not in wanted and amount > sum(part or 0 for part in wanted):
            wrong(f"{amount} of {order_id} go back, asked were {wanted}.")
    granted = books.execute(
        """SELECT a.owner_id, SUM(e.amount_minor) FROM credit_entries AS e
        JOIN credit_accounts AS a ON a.id = e.account_id
        WHERE e.reason = 'grant' GROUP BY a.owner_id"""
    )
    for person, amount in granted.fetchall():
        wanted_minor = asked.credited.get(person, 0) + CREDIT.get(person, 0)
        if amount > wanted_minor:
            wrong(f"{person} was granted {amount}, not {wanted_minor}, by as many keys.")


def _arrivals(world: World, books: sqlite3.Connection, wrong: Wrong) -> None:
    came = books.execute(
        "SELECT reference, sku, quantity FROM stock_movements WHERE reason = 'restock'"
    )
    for reference, sku, quantity in came.fetchall():
        if world.asked.restocked.get(reference) != (sku, quantity):
            wrong(f"{quantity} {sku} came by {reference}, which nobody has sent.")


def settle_up(world: World, books: sqlite3.Connection) -> list[str]:
    """What has to be so when nobody is at work any more."""
    wrongs: list[str] = []
    _money(world, books, wrongs.append)
    _promises(world, wrongs.append)
    _told(world, books, wrongs.append)
    return wrongs


def _money(world: World, books: sqlite3.Connection, wrong: Wrong) -> None:
    """Money in is money out and money kept, payment by payment and all in all."""
    back_outside, taken_outside = world.refunded(), world.captured()
    refunds = _rows(
        books,
        """SELECT r.id, r.amount_minor, p.provider FROM refunds AS r
        JOIN payments AS p ON p.attempt_id = r.attempt_id WHERE r.state = 'succeeded'""",
    )
    back = {key: amount for key, amount, provider in refunds if provider not in OURS}
    if back != back_outside:
        wrong(f"The bank gave {back_outside} back, the books say {back}.")
    paid = {
        key: (amount, currency)
        for key, amount, currency, provider in books.execute(
            "SELECT attempt_id, amount_minor, currency, provider FROM payments"
        )
        if provider not in OURS
    }
    if paid != taken_outside:
        wrong(f"The bank took {taken_outside}, the books say {paid}.")
    credit_taken = _sum(
        books, "SELECT -SUM(amount_minor) FROM credit_entries WHERE reason = 'capture'"
    )
    credit_back = sum(amount for _, amount, provider in refunds if provider in OURS)
    money_in = sum(amount for amount, _ in taken_outside.values()) + credit_taken
    money_out = sum(back_outside.values()) + credit_back
    sold = _sum(books, "SELECT SUM(total_minor) FROM orders")
    returned = _sum(
        books,
        "SELECT SUM(amount_minor) FROM refunds WHERE order_id IS NOT NULL AND state = 'succeeded'",
    )
    if money_in - money_out != sold - returned:
        wrong(f"{money_in} came in, {money_out} went out, {sold} were sold, {returned} returned.")


def _promises(world: World, wrong: Wrong) -> None:
    """Nobody's money is kept from them for nothing."""
    for provider in world.outside:
        for key, state in provider.kept().items():
            wrong(f"The bank still has {key} as {state}.")


def _told(world: World, books: sqlite3.Connection, wrong: Wrong) -> None:
    written = world.place.events_written(books)
    missing = sorted(written - world.told_ids)
    if missing or len(world.told_ids) != len(written):
        wrong(f"{len(written)} events were written, of which {missing} were never told.")
    silent = {row[0] for row in books.execute("SELECT id FROM orders")} - set(world.told_orders)
    if silent:
        wrong(f"Nobody was told of the orders {sorted(silent)}.")
    for sku, available in books.execute("SELECT sku, available FROM to_be_had").fetchall():
        believed = world.available.get(sku, (0, None))[1]
        if believed != available:
            wrong(f"{available} {sku} can be had, but who listens believes {believed}.")


def _rows(books: sqlite3.Connection, query: str) -> list[tuple[Any, ...]]:
    return books.execute(query).fetchall()


def _sum(books: sqlite3.Connection, query: str) -> int:
    row = books.execute(query).fetchone()
    return 0 if row is None or row[0] is None else int(row[0])
