"""Stock: taking, giving back, selling; and the bulk reading and writing of the combiner.

Every change is one conditional UPDATE that the constraint `0 <= held <= on_hand` guards, always in
the order of the SKUs, so that two processes cannot wait for each other in a circle.
"""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import bindparam, insert, select, update

from commerce.catalog import Catalogue
from commerce.db import carts as cart_rows
from commerce.db import idempotency
from commerce.db.schema import cart_lines, holds, inventory, stock_movements
from commerce.db.unit import ConcurrentChangeError, Unit
from commerce.holding import Bench, HoldRequest, Stock
from commerce.ports import NewId
from commerce.settings import CommerceSettings

_CHANGE_HELD = (
    update(inventory)
    .where(
        inventory.c.sku == bindparam("at_sku"),
        inventory.c.held + bindparam("delta") >= 0,
        inventory.c.held + bindparam("delta") <= inventory.c.on_hand,
    )
    .values(held=inventory.c.held + bindparam("delta"), version=inventory.c.version + 1)
)

_SELL = (
    update(inventory)
    .where(inventory.c.sku == bindparam("at_sku"), inventory.c.held >= bindparam("pieces"))
    .values(
        on_hand=inventory.c.on_hand - bindparam("pieces"),
        held=inventory.c.held - bindparam("pieces"),
        sold=inventory.c.sold + bindparam("pieces"),
    )
)


def change_held(unit: Unit, deltas: Mapping[str, int]) -> None:
    """Hold more (or, below 0, fewer) pieces of these SKUs.

    Raises ConcurrentChangeError when there are not as many as we had read.
    """
    for sku in sorted(deltas):
        if deltas[sku] and not try_change_held(unit, sku, deltas[sku]):
            raise ConcurrentChangeError


def try_change_held(unit: Unit, sku: str, delta: int) -> bool:
    """Hold `delta` more pieces of a SKU; whether there were that many."""
    changed = unit.connection.execute(_CHANGE_HELD, {"at_sku": sku, "delta": delta})
    if changed.rowcount != 1:
        return False
    unit.stock_changed.add(sku)
    return True


def sell(unit: Unit, pieces: Mapping[str, int], order_id: str) -> None:
    """Take held pieces out of the shop for an order. What can be bought does not change."""
    for sku in sorted(pieces):
        sold = unit.connection.execute(_SELL, {"at_sku": sku, "pieces": pieces[sku]})
        if sold.rowcount != 1:
            raise ConcurrentChangeError
    _book(unit, {sku: -count for sku, count in pieces.items()}, "sale", order_id)


def receive(unit: Unit, sku: str, pieces: int, reason: str, reference: str) -> None:
    """Put the first pieces of a new SKU into the shop."""
    unit.connection.execute(
        insert(inventory),
        {"sku": sku, "received": pieces, "on_hand": pieces, "held": 0, "sold": 0, "version": 1},
    )
    _book(unit, {sku: pieces}, reason, reference)
    unit.stock_changed.add(sku)


def _book(unit: Unit, quantities: Mapping[str, int], reason: str, reference: str) -> None:
    unit.connection.execute(
        insert(stock_movements),
        [
            {
                "sku": sku,
                "reason": reason,
                "reference": reference,
                "quantity": quantity,
                "at_ms": unit.now_ms,
            }
            for sku, quantity in sorted(quantities.items())
        ],
    )


def available(unit: Unit, skus: Sequence[str]) -> dict[str, int]:
    """Pieces that can be bought, by SKU."""
    rows = unit.connection.execute(
        select(inventory.c.sku, inventory.c.on_hand - inventory.c.held).where(
            inventory.c.sku.in_(skus)
        )
    )
    return {sku: count for sku, count in rows}  # noqa: C416 - rows are no pairs to the type checker


def in_stock(unit: Unit, catalogue: Catalogue, sku: str, limit: int) -> list[str]:
    """At most `limit` SKUs that can be had instead of this one."""
    candidates = catalogue.alternatives(sku)
    counts = available(unit, candidates)
    return [name for name in candidates if counts.get(name, 0) > 0][:limit]


def load_bench(
    unit: Unit,
    requests: Sequence[HoldRequest],
    skus: Iterable[str],
    catalogue: Catalogue,
    settings: CommerceSettings,
    new_id: NewId,
) -> Bench:
    """Everything that a batch can touch, in a handful of queries however large the batch."""
    people = sorted({request.person_id for request in requests})
    cart_of = cart_rows.ensure_current(unit, people, new_id)
    carts = cart_rows.load(unit.connection, sorted(set(cart_of.values())))
    wanted = set(skus) | {line.sku for cart in carts.values() for line in cart.lines.values()}
    rows = unit.connection.execute(
        select(inventory.c.sku, inventory.c.on_hand, inventory.c.held).where(
            inventory.c.sku.in_(sorted(wanted))
        )
    )
    found: dict[str, list[str]] = {}

    def alternatives(sku: str) -> list[str]:
        if sku not in found:
            found[sku] = in_stock(unit, catalogue, sku, settings.alternatives_max)
        return found[sku]

    return Bench(
        catalogue=catalogue,
        settings=settings,
        now_ms=unit.now_ms,
        new_id=new_id,
        carts=carts,
        cart_of=cart_of,
        stock={row.sku: Stock(row.on_hand, row.held) for row in rows},
        answered=idempotency.used(unit, [(entry.scope, entry.key) for entry in requests]),
        alternatives=alternatives,
    )


def save_bench(unit: Unit, bench: Bench) -> None:
    """Write what a batch changed, each table in one go; then the carts have their new versions."""
    change_held(unit, bench.deltas)
    connection = unit.connection
    if bench.lines_new:
        connection.execute(
            insert(cart_lines),
            [
                cart_rows.line_values(cart_id, bench.carts[cart_id].lines[line_id])
                for line_id, cart_id in bench.lines_new.items()
            ],
        )
    if bench.lines_changed:
        connection.execute(
            update(cart_lines).where(cart_lines.c.id == bindparam("at_line")),
            [
                {
                    "at_line": line_id,
                    "quantity": bench.carts[cart_id].lines[line_id].quantity,
                    "contributor_ids": list(bench.carts[cart_id].lines[line_id].contributor_ids),
                }
                for line_id, cart_id in bench.lines_changed.items()
            ],
        )
    new = [cart_rows.hold_values(bench.carts[c].lines[n]) for n, c in bench.holds_new.items()]
    if new:
        connection.execute(insert(holds), new)
    changed = [
        cart_rows.hold_values(bench.carts[c].lines[n]) for n, c in bench.holds_changed.items()
    ]
    if changed:
        connection.execute(
            update(holds).where(holds.c.line_id == bindparam("at_line")),
            [
                {
                    "at_line": values["line_id"],
                    "quantity": values["quantity"],
                    "expires_ms": values["expires_ms"],
                    "cap_ms": values["cap_ms"],
                }
                for values in changed
            ],
        )
    idempotency.remember(unit, bench.keys_used)
    for cart_id in sorted(bench.carts_changed):
        bench.carts[cart_id].version += 1
    cart_rows.save_versions(unit, [bench.carts[cart_id] for cart_id in sorted(bench.carts_changed)])
