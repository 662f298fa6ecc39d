"""Stock: taking, giving back, selling; and the bulk reading and writing of the combiner.

Every change is one conditional UPDATE that the constraint `0 <= held <= on_hand` guards, always in
the order of the SKUs, so that two processes cannot wait for each other in a circle.
"""

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from commerce.cart import Cart, Line
from commerce.catalog import Catalogue
from commerce.db import carts as cart_rows
from commerce.db import drops, idempotency, purchases, warehouses
from commerce.db.statement import Statement, insert_many, json_list, update_many
from commerce.db.unit import ConcurrentChangeError, Unit
from commerce.holding import AddLine, Bench, HoldRequest, Stock
from commerce.kept_carts import KeptCarts
from commerce.ports import NewId
from commerce.settings import CommerceSettings
from commerce.validation import not_found
from commerce.warehouses import MAIN

_CHANGE_HELD = Statement(
    """UPDATE inventory SET held = held + ?, version = version + 1
    WHERE sku = ? AND held + ? >= 0 AND held + ? <= on_hand"""
)
_CHANGE_MANY = Statement(
    """UPDATE inventory SET held = held + CAST(FIELD 1 AS BIGINT), version = version + 1
    FROM LIST ? WHERE sku = FIELD 0
    AND held + CAST(FIELD 1 AS BIGINT) BETWEEN 0 AND on_hand"""
)
_SELL = Statement(
    """UPDATE inventory SET on_hand = on_hand - ?, held = held - ?, sold = sold + ?
    WHERE sku = ? AND held >= ?"""
)
_RECEIVE = Statement(
    """INSERT INTO inventory (sku, received, on_hand, held, sold, version)
    VALUES (?, ?, ?, 0, 0, 1)"""
)
_RESTOCK = Statement(
    """UPDATE inventory SET received = received + ?, on_hand = on_hand + ?, version = version + 1
    WHERE sku = ?"""
)
_BOOKED = Statement(
    "SELECT quantity FROM stock_movements WHERE sku = ? AND reason = ? AND reference = ?"
)
_BOOK = Statement(
    "INSERT INTO stock_movements (sku, reason, reference, quantity, at_ms) VALUES (?, ?, ?, ?, ?)"
)
_AVAILABLE = Statement("SELECT sku, on_hand - held FROM inventory WHERE sku IN (LIST ?)")
_STOCK = Statement(
    "SELECT sku, on_hand, held FROM inventory WHERE sku IN (LIST ?) ORDER BY sku LOCKED"
)
_INSERT_LINES = insert_many(
    "cart_lines",
    id="text",
    cart_id="text",
    sku="text",
    owner_id="text",
    quantity="integer",
    price_at_add_minor="bigint",
    position="integer",
    contributor_ids="json",
)
_UPDATE_QUANTITIES = update_many("cart_lines", "id", quantity="integer")
_UPDATE_LINES = update_many("cart_lines", "id", quantity="integer", contributor_ids="json")
_INSERT_HOLDS = insert_many(
    "holds",
    line_id="text",
    sku="text",
    quantity="integer",
    firm="boolean",
    expires_ms="bigint",
    cap_ms="bigint",
)
_UPDATE_HOLDS = update_many(
    "holds", "line_id", quantity="integer", expires_ms="bigint", cap_ms="bigint"
)


def _change_held_of_locked(unit: Unit, deltas: Mapping[str, int]) -> None:
    """The same for SKUs whose rows are locked already, in one statement."""
    changed = {sku: delta for sku, delta in deltas.items() if delta}
    rows = json_list([(sku, str(delta)) for sku, delta in sorted(changed.items())])
    if changed and _CHANGE_MANY.run(unit.connection, rows) != len(changed):
        raise ConcurrentChangeError
    unit.stock_changed.update(changed)


def change_held(unit: Unit, deltas: Mapping[str, int]) -> None:
    """Hold more (or, below 0, fewer) of these SKUs, of kits what is in them.

    Raises ConcurrentChangeError when there are not as many as we had read.
    """
    pieces = unit.kits.unpacked(deltas)
    for sku in sorted(pieces):
        if pieces[sku] and not _change(unit, sku, pieces[sku]):
            raise ConcurrentChangeError


def try_change_held(unit: Unit, sku: str, delta: int) -> bool:
    """Hold `delta` more of a SKU, of a kit all that is in it; whether there were that many."""
    changed: dict[str, int] = {}
    for name, pieces in sorted(unit.kits.pieces(sku, delta).items()):
        if not _change(unit, name, pieces):
            for before, count in changed.items():
                _change(unit, before, -count)
            return False
        changed[name] = pieces
    return True


def _change(unit: Unit, sku: str, delta: int) -> bool:
    if _CHANGE_HELD.run(unit.connection, delta, sku, delta, delta) != 1:
        return False
    unit.stock_changed.add(sku)
    return True


def lock_for_kits(unit: Unit, skus: Collection[str]) -> None:
    """Lock all stock that these SKUs are about, when kits are among them: then what is in one kit
    can be changed after what is in another, whatever the order of their SKUs."""
    if any(sku in unit.kits.components for sku in skus):
        pieces = unit.kits.unpacked(dict.fromkeys(skus, 1))
        _STOCK.rows(unit.connection, json_list(sorted(pieces)))


def sell(unit: Unit, quantities: Mapping[str, int], order_id: str, checkout_id: str) -> None:
    """Take what is held out of the shop for an order, from the warehouses nearest to where it goes.

    What can be bought does not change.
    """
    pieces = unit.kits.unpacked(quantities)
    for sku in sorted(pieces):
        count = pieces[sku]
        if _SELL.run(unit.connection, count, count, count, sku, count) != 1:
            raise ConcurrentChangeError
    warehouses.ship(unit, pieces, order_id, checkout_id)
    _book(unit, {sku: -count for sku, count in pieces.items()}, "sale", order_id)


def receive(unit: Unit, sku: str, pieces: int, reason: str, reference: str) -> None:
    """Put the first pieces of a new SKU into the main warehouse."""
    _RECEIVE.run(unit.connection, sku, pieces, pieces)
    warehouses.put(unit, MAIN, sku, pieces)
    _book(unit, {sku: pieces}, reason, reference)
    unit.stock_changed.add(sku)


def open_kit(unit: Unit, sku: str) -> None:
    """A kit has no pieces of its own, but a row that counts the versions of its stock."""
    _RECEIVE.run(unit.connection, sku, 0, 0)
    unit.stock_changed.add(sku)


def restock(unit: Unit, sku: str, warehouse_id: str, pieces: int, reference: str) -> bool:
    """More pieces of a SKU arrive in a warehouse, once for one reference; whether it was new."""
    if not _STOCK.rows(unit.connection, json_list((sku,))):
        raise not_found("sku")
    if _BOOKED.rows(unit.connection, sku, "restock", reference):
        return False
    _RESTOCK.run(unit.connection, pieces, pieces, sku)
    warehouses.put(unit, warehouse_id, sku, pieces)
    _book(unit, {sku: pieces}, "restock", reference)
    unit.stock_changed.add(sku)
    return True


def _book(unit: Unit, quantities: Mapping[str, int], reason: str, reference: str) -> None:
    unit.run_many(
        _BOOK,
        [
            (sku, reason, reference, quantity, unit.now_ms)
            for sku, quantity in sorted(quantities.items())
        ],
    )


def available(unit: Unit, skus: Sequence[str]) -> dict[str, int]:
    """How many of these SKUs can be bought; those that are not there are left out."""
    pieces = unit.kits.unpacked(dict.fromkeys(skus, 1)) if unit.kits else skus
    left: dict[str, int] = dict(_AVAILABLE.rows(unit.connection, json_list(sorted(pieces))))
    if not unit.kits:
        return left
    return {
        sku: unit.kits.available(sku, left)
        for sku in skus
        if sku in left or sku in unit.kits.components
    }


def in_stock(unit: Unit, catalogue: Catalogue, sku: str, limit: int) -> list[str]:
    """At most `limit` SKUs that can be had instead of this one."""
    candidates = catalogue.alternatives(sku)
    counts = available(unit, candidates)
    return [name for name in candidates if counts.get(name, 0) > 0][:limit]


def alternatives(
    unit: Unit, catalogue: Catalogue, settings: CommerceSettings
) -> Callable[[str], list[str]]:
    """What can be had instead of a SKU; asked once for each SKU."""
    found: dict[str, list[str]] = {}

    def look(sku: str) -> list[str]:
        if sku not in found:
            found[sku] = in_stock(unit, catalogue, sku, settings.alternatives_max)
        return found[sku]

    return look


def load_bench(
    unit: Unit,
    requests: Sequence[HoldRequest],
    answered: dict[tuple[str, str], str],
    catalogue: Catalogue,
    settings: CommerceSettings,
    new_id: NewId,
    kept: KeptCarts,
) -> Bench:
    """Everything that a batch can touch, in a handful of queries however large the batch.

    What is decided about is locked, in the order that everybody keeps: members, carts, stock.
    """
    people = sorted({request.person_id for request in requests})
    cart_of, carts = cart_rows.load_current(unit, people, new_id, kept)
    wanted = {request.sku for request in requests if isinstance(request, AddLine)}
    wanted |= {line.sku for cart in carts.values() for line in cart.lines.values()}
    # Rows of kits are never locked here: whoever changes something in a kit counts its row up last.
    pieces = catalogue.kits.unpacked(dict.fromkeys(wanted, 1))
    wanted |= pieces.keys()
    limits = {sku: catalogue.limits[sku] for sku in wanted if sku in catalogue.limits}
    rows = _STOCK.rows(unit.connection, json_list(sorted(pieces)))
    lined_up = wanted.intersection(drops.open_skus(unit.connection))
    # In a batch there are many people; who they are is asked only where it matters.
    owners = _owners(carts) if limits or lined_up else set()
    return Bench(
        catalogue=catalogue,
        settings=settings,
        now_ms=unit.now_ms,
        new_id=new_id,
        carts=carts,
        cart_of=cart_of,
        stock={sku: Stock(on_hand, held) for sku, on_hand, held in rows},
        answered=answered,
        admitted=drops.admitted(unit.connection, lined_up, owners, unit.now_ms) if lined_up else {},
        bought=purchases.bought(unit.connection, limits, owners) if limits else {},
        alternatives=alternatives(unit, catalogue, settings),
    )


def _owners(carts: Mapping[str, Cart]) -> set[str]:
    members = {person_id for cart in carts.values() for person_id in cart.members}
    return members | {line.owner_id for cart in carts.values() for line in cart.lines.values()}


def save_bench(unit: Unit, bench: Bench) -> None:
    """Write what a batch changed, each table in one go; then the carts have their new versions."""
    _change_held_of_locked(unit, bench.deltas)
    # Everything that follows is about rows of carts that are locked, each of them once.
    unit.gather()
    unit.run_many(_INSERT_LINES, [_line_row(*entry) for entry in bench.lines_new.values()])
    unit.run_many(
        _UPDATE_QUANTITIES,
        [(line.quantity, line_id) for line_id, line in bench.quantities_changed.items()],
    )
    unit.run_many(
        _UPDATE_LINES,
        [
            (line.quantity, _people(line.contributor_ids), line_id)
            for line_id, line in bench.lines_changed.items()
        ],
    )
    insert_holds(unit, bench.holds_new.values())
    unit.run_many(
        _UPDATE_HOLDS,
        [
            (hold.quantity, hold.expires_ms, hold.cap_ms, line_id)
            for line_id, line in bench.holds_changed.items()
            if (hold := line.hold) is not None
        ],
    )
    idempotency.remember(unit, bench.keys_used)
    cart_rows.save_versions(unit, bench.carts_changed)
    for cart_id in bench.carts_changed:
        bench.carts[cart_id].version += 1


def insert_holds(unit: Unit, lines: Iterable[Line]) -> None:
    """Write the holds of these lines, which have none in the database yet."""
    unit.run_many(
        _INSERT_HOLDS,
        [
            (line.line_id, line.sku, hold.quantity, hold.firm, hold.expires_ms, hold.cap_ms)
            for line in lines
            if (hold := line.hold) is not None
        ],
    )


def _line_row(cart_id: str, line: Line) -> tuple[object, ...]:
    return (
        line.line_id,
        cart_id,
        line.sku,
        line.owner_id,
        line.quantity,
        line.price_at_add_minor,
        line.position,
        _people(line.contributor_ids),
    )


def _people(person_ids: Sequence[str]) -> str:
    return json.dumps(person_ids) if person_ids else "[]"
