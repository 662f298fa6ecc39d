"""The laws of a shop, each a question to its books that has to find nothing.

They are written from what a merchant expects, in SQL of their own, so that they do not share a
mistake with the code. `LAWS` hold whenever one looks, `RESTING` when nobody is at work any more.
"""

import json
import sqlite3
from collections.abc import Mapping

VIEWS = (
    """CREATE TEMP VIEW at_till AS
    SELECT * FROM main.checkouts WHERE state IN ('locked', 'paying')""",
    # What is in a line, in pieces of the stock: itself, or what a kit consists of.
    """CREATE TEMP VIEW pieces_at_till AS
    SELECT l.checkout_id, l.line_id, l.owner_id, k.sku, l.quantity * k.pieces AS quantity
    FROM main.checkout_lines AS l JOIN main.kit_components AS k ON k.kit = l.sku
    UNION ALL SELECT l.checkout_id, l.line_id, l.owner_id, l.sku, l.quantity
    FROM main.checkout_lines AS l WHERE l.sku NOT IN (SELECT kit FROM main.kit_components)""",
    # What counts for limits: the pieces, and kits as what they are.
    """CREATE TEMP VIEW counted_at_till AS
    SELECT * FROM pieces_at_till
    UNION ALL SELECT l.checkout_id, l.line_id, l.owner_id, l.sku, l.quantity
    FROM main.checkout_lines AS l WHERE l.sku IN (SELECT kit FROM main.kit_components)""",
    """CREATE TEMP VIEW pieces_held AS
    SELECT k.sku, h.quantity * k.pieces AS quantity
    FROM main.holds AS h JOIN main.kit_components AS k ON k.kit = h.sku
    UNION ALL SELECT h.sku, h.quantity
    FROM main.holds AS h WHERE h.sku NOT IN (SELECT kit FROM main.kit_components)""",
    # What can be had, of a kit as often as all of it is there.
    """CREATE TEMP VIEW to_be_had AS
    SELECT i.sku, i.on_hand - i.held AS available FROM main.inventory AS i
    WHERE i.sku NOT IN (SELECT kit FROM main.kit_components)
    UNION ALL SELECT k.kit, MIN((i.on_hand - i.held) / k.pieces)
    FROM main.kit_components AS k JOIN main.inventory AS i ON i.sku = k.sku GROUP BY k.kit""",
)

LAWS: Mapping[str, str] = {
    "no more is held than is there": """
        SELECT sku, held, on_hand FROM inventory WHERE held NOT BETWEEN 0 AND on_hand""",
    "what is held is the sum of the holds": """
        SELECT i.sku, i.held, COALESCE(SUM(h.quantity), 0) AS holds
        FROM inventory AS i LEFT JOIN pieces_held AS h ON h.sku = i.sku
        GROUP BY i.sku, i.held HAVING i.held <> COALESCE(SUM(h.quantity), 0)""",
    "what came in is there or is sold": """
        SELECT i.sku, i.on_hand, i.sold, SUM(m.quantity) AS came
        FROM inventory AS i JOIN stock_movements AS m ON m.sku = i.sku AND m.quantity > 0
        GROUP BY i.sku HAVING i.on_hand + i.sold <> SUM(m.quantity) OR i.on_hand < 0""",
    "what is sold is in orders": """
        SELECT i.sku, i.sold, COALESCE(SUM(l.quantity), 0) AS ordered FROM inventory AS i
        LEFT JOIN (SELECT l.sku, l.quantity FROM pieces_at_till AS l
                   JOIN orders AS o ON o.checkout_id = l.checkout_id) AS l ON l.sku = i.sku
        GROUP BY i.sku, i.sold HAVING i.sold <> COALESCE(SUM(l.quantity), 0)""",
    "every piece is in a warehouse": """
        SELECT i.sku, i.on_hand, SUM(w.on_hand) AS stored FROM inventory AS i
        JOIN warehouse_stock AS w ON w.sku = i.sku
        GROUP BY i.sku, i.on_hand HAVING i.on_hand <> SUM(w.on_hand) OR MIN(w.on_hand) < 0""",
    "what is ordered is shipped": """
        SELECT o.id, l.sku, SUM(l.quantity) AS ordered,
          (SELECT SUM(s.quantity) FROM shipment_lines AS s
           WHERE s.order_id = o.id AND s.sku = l.sku) AS shipped
        FROM orders AS o JOIN pieces_at_till AS l ON l.checkout_id = o.checkout_id
        GROUP BY o.id, l.sku HAVING shipped IS NOT ordered""",
    "what is at the till is held firmly": """
        SELECT c.id, l.sku, l.quantity, h.quantity AS held, h.firm FROM at_till AS c
        JOIN checkout_lines AS l ON l.checkout_id = c.id
        LEFT JOIN holds AS h ON h.line_id = l.line_id
        WHERE h.quantity IS NOT l.quantity OR h.firm IS NOT 1""",
    "a firm hold is of a cart at the till": """
        SELECT h.line_id, h.sku FROM holds AS h WHERE h.firm = 1 AND NOT EXISTS (
          SELECT 1 FROM checkout_lines AS l JOIN at_till AS c ON c.id = l.checkout_id
          WHERE l.line_id = h.line_id)""",
    "a cart is at one till": """
        SELECT cart_id, COUNT(*) FROM at_till GROUP BY cart_id HAVING COUNT(*) > 1""",
    "a locked cart is locked by its checkout": """
        SELECT k.id, k.checkout_id, c.id FROM carts AS k
        LEFT JOIN at_till AS c ON c.cart_id = k.id WHERE k.checkout_id IS NOT c.id""",
    "a line is bought once and is gone then": """
        SELECT l.line_id, COUNT(*), MAX(k.id) FROM orders AS o
        JOIN checkout_lines AS l ON l.checkout_id = o.checkout_id
        LEFT JOIN cart_lines AS k ON k.id = l.line_id
        GROUP BY l.line_id HAVING COUNT(*) > 1 OR MAX(k.id) IS NOT NULL""",
    "what is paid is one order, and only that": """
        SELECT c.id, c.state, COUNT(o.id) FROM checkouts AS c
        LEFT JOIN orders AS o ON o.checkout_id = c.id
        GROUP BY c.id, c.state HAVING COUNT(o.id) <> (c.state = 'paid')""",
    "a gift is given by whose line it is, to somebody else": """
        SELECT g.line_id, g.giver_id, g.receiver_id, l.owner_id FROM gifts AS g
        JOIN cart_lines AS l ON l.id = g.line_id
        WHERE g.giver_id <> l.owner_id OR g.receiver_id = l.owner_id OR g.cart_id <> l.cart_id""",
    "a checkout costs what its lines cost": """
        SELECT c.id, c.total_minor,
          SUM(l.quantity * l.unit_price_minor - l.discount_minor) AS lines
        FROM checkouts AS c JOIN checkout_lines AS l ON l.checkout_id = c.id
        GROUP BY c.id, c.total_minor HAVING c.total_minor <> lines OR MIN(l.discount_minor) < 0
          OR MIN(l.quantity * l.unit_price_minor - l.discount_minor) < 0""",
    "a coupon is used as often as it was taken, and no more than it may": """
        SELECT u.code, u.used, u.uses_max, COUNT(c.id) AS taken FROM coupons AS u
        LEFT JOIN checkout_coupons AS k ON k.code = u.code
        LEFT JOIN checkouts AS c ON c.id = k.checkout_id AND c.state <> 'released'
        GROUP BY u.code HAVING u.used <> COUNT(c.id) OR u.used > u.uses_max""",
    "an order costs what was paid for it": """
        SELECT o.id, o.total_minor, COALESCE(SUM(p.amount_minor), 0) AS paid FROM orders AS o
        LEFT JOIN payments AS p ON p.order_id = o.id AND p.currency = o.currency
        GROUP BY o.id, o.total_minor HAVING o.total_minor <> COALESCE(SUM(p.amount_minor), 0)""",
    "no more is asked or kept than a checkout costs": """
        SELECT c.id, c.total_minor, SUM(a.amount_minor) AS asked FROM checkouts AS c
        JOIN payment_attempts AS a ON a.checkout_id = c.id AND a.state <> 'failed'
        LEFT JOIN payments AS p ON p.attempt_id = a.id
        WHERE p.attempt_id IS NULL OR p.order_id IS NOT NULL OR p.refunded_minor = 0
        GROUP BY c.id, c.total_minor HAVING asked > c.total_minor""",
    "a code for the phone pays once, and what it is for": """
        SELECT h.checkout_id, h.amount_minor, h.used_ms, COUNT(*) AS times, MAX(a.amount_minor)
        FROM hand_offs AS h JOIN payment_tries AS t ON t.subject = h.code_hash AND t.failed = 0
        JOIN payment_attempts AS a ON a.id = t.try_id
        GROUP BY h.code_hash
        HAVING times > 1 OR MAX(a.amount_minor) <> h.amount_minor OR h.used_ms IS NULL""",
    "nobody pays more than their share": """
        SELECT c.id, a.payer_id, SUM(a.amount_minor) AS pays,
          (SELECT COALESCE(SUM(s.amount_minor), 0) FROM checkout_shares AS s
           WHERE s.checkout_id = c.id AND COALESCE(s.covered_by, s.person_id) = a.payer_id) AS part
        FROM checkouts AS c JOIN payment_attempts AS a ON a.checkout_id = c.id
        LEFT JOIN payments AS p ON p.attempt_id = a.id
        WHERE EXISTS (SELECT 1 FROM checkout_shares AS s WHERE s.checkout_id = c.id)
          AND a.state <> 'failed'
          AND (p.attempt_id IS NULL OR p.order_id IS NOT NULL OR p.refunded_minor = 0)
        GROUP BY c.id, a.payer_id HAVING pays > part""",
    "the shares sum to the total": """
        SELECT c.id, c.total_minor, SUM(s.amount_minor) AS shares FROM checkouts AS c
        JOIN checkout_shares AS s ON s.checkout_id = c.id
        GROUP BY c.id, c.total_minor HAVING c.total_minor <> shares OR MIN(s.amount_minor) < 0""",
    "no more is given back than was taken": """
        SELECT p.attempt_id, p.amount_minor, p.refunded_minor,
          COALESCE(SUM(r.amount_minor), 0) AS back
        FROM payments AS p
        LEFT JOIN refunds AS r ON r.attempt_id = p.attempt_id AND r.state <> 'failed'
        GROUP BY p.attempt_id
        HAVING back <> p.refunded_minor OR back > p.amount_minor""",
    "nobody buys beyond a limit and what they had before it": """
        SELECT l.sku, l.owner_id, SUM(l.quantity) AS pieces, m.pieces_max, h.value AS had
        FROM checkouts AS c
        JOIN counted_at_till AS l ON l.checkout_id = c.id
        JOIN purchase_limits AS m ON m.sku = l.sku
        LEFT JOIN json_each(:had) AS h ON h.key = l.sku || ' ' || l.owner_id
        WHERE c.state <> 'released'
        GROUP BY l.sku, l.owner_id HAVING pieces > MAX(m.pieces_max, COALESCE(had, 0))""",
    "what is bought or at the till counts for its limit": """
        SELECT m.sku, l.owner_id, SUM(l.quantity) AS pieces, b.pieces AS counted
        FROM purchase_limits AS m
        JOIN counted_at_till AS l ON l.sku = m.sku
        JOIN checkouts AS c ON c.id = l.checkout_id AND c.state <> 'released'
        LEFT JOIN purchases AS b ON b.sku = m.sku AND b.person_id = l.owner_id
        GROUP BY m.sku, l.owner_id HAVING b.pieces IS NOT SUM(l.quantity)""",
    "what counts for a limit is bought or at the till": """
        SELECT b.sku, b.person_id, b.pieces FROM purchases AS b
        WHERE b.pieces > 0 AND NOT EXISTS (
          SELECT 1 FROM counted_at_till AS l JOIN checkouts AS c ON c.id = l.checkout_id
          WHERE c.state <> 'released' AND l.sku = b.sku AND l.owner_id = b.person_id)""",
    "an account is the sum of its entries": """
        SELECT a.id, a.balance_minor, COALESCE(SUM(e.amount_minor), 0) AS entries
        FROM credit_accounts AS a LEFT JOIN credit_entries AS e ON e.account_id = a.id
        GROUP BY a.id HAVING a.balance_minor <> entries OR a.balance_minor < 0""",
    "what is reserved of an account is promised, and is there": """
        SELECT a.id, a.balance_minor, a.reserved_minor, COALESCE(SUM(c.amount_minor), 0) AS promised
        FROM credit_accounts AS a
        LEFT JOIN credit_charges AS c ON c.account_id = a.id AND c.state = 'authorised'
        GROUP BY a.id HAVING a.reserved_minor <> promised OR promised > a.balance_minor""",
    "no more parties are let in than a drop allows people": """
        SELECT d.sku, d.admitted_max, COUNT(DISTINCT p.number) AS inside FROM drops AS d
        JOIN drop_places AS p ON p.sku = d.sku AND p.admitted_until_ms > :now_ms
        GROUP BY d.sku HAVING inside > d.admitted_max""",
}

RESTING: Mapping[str, str] = {
    "nothing is held for anybody": "SELECT sku, held FROM inventory WHERE held <> 0",
    "no cart is at a till": "SELECT id, state FROM at_till",
    "no payment is under way": """
        SELECT id, state, in_doubt FROM payment_attempts
        WHERE state NOT IN ('captured', 'failed')""",
    "no refund is under way": "SELECT id, state FROM refunds WHERE state = 'pending'",
    "what was paid bought something or was given back": """
        SELECT attempt_id, amount_minor, refunded_minor FROM payments
        WHERE order_id IS NULL AND refunded_minor <> amount_minor""",
    "nothing of an account is reserved": """
        SELECT id, reserved_minor FROM credit_accounts WHERE reserved_minor <> 0""",
}


HAD = """SELECT l.sku || ' ' || l.owner_id, SUM(l.quantity) FROM checkouts AS c
    JOIN counted_at_till AS l ON l.checkout_id = c.id
    WHERE c.state <> 'released' AND l.sku = ? GROUP BY l.sku, l.owner_id"""
"""What people have of a SKU, by its name and theirs."""


def broken(
    books: sqlite3.Connection, laws: Mapping[str, str], now_ms: int, had: Mapping[str, int]
) -> list[str]:
    """Which laws are broken, each with what breaks it. `had`: what people have had of a SKU when it
    was limited."""
    sentences = []
    facts = {"now_ms": now_ms, "had": json.dumps(dict(had))}
    for law, question in laws.items():
        rows = books.execute(question, facts).fetchall()
        if rows:
            sentences.append(f"Broken: {law}. {rows[:5]}")
    return sentences
