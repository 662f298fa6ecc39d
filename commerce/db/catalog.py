"""Products, SKUs and their stock, as rows."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from commerce.catalog import Catalogue, Product, Sku, check_kits
from commerce.db.carts import touch
from commerce.db.inventory import open_kit, receive
from commerce.db.purchases import limits
from commerce.db.schema import cart_lines, inventory, products, skus
from commerce.db.schema_stock import kit_components
from commerce.db.unit import Unit
from commerce.errors import InvalidRequestError
from commerce.kits import NO_KITS, Kits
from commerce.views import SeedReport, StockView


def load(connection: Connection) -> Catalogue:
    """The whole catalogue, in its order."""
    of_product: dict[str, list[Sku]] = {}
    known = kits(connection).components
    for row in connection.execute(select(skus).order_by(skus.c.product_id, skus.c.position)):
        sku = Sku(
            row.sku,
            row.options,
            row.colour,
            row.price_minor,
            row.discontinued,
            known.get(row.sku, {}),
        )
        of_product.setdefault(row.product_id, []).append(sku)
    rows = connection.execute(select(products).order_by(products.c.position, products.c.id))
    found = tuple(_product(row, of_product.get(row.id, [])) for row in rows)
    return Catalogue(found, limits(connection))


def kits(connection: Connection) -> Kits:
    """What all kits consist of."""
    found: dict[str, dict[str, int]] = {}
    for row in connection.execute(
        select(kit_components).order_by(kit_components.c.kit, kit_components.c.sku)
    ):
        found.setdefault(row.kit, {})[row.sku] = row.pieces
    return Kits(found)


def _product(row: Row[Any], of_product: list[Sku]) -> Product:
    return Product(
        id=row.id,
        name=row.name,
        brand=row.brand,
        description=row.description,
        department=row.department,
        tags=tuple(row.tags),
        price_minor=row.price_minor,
        currency=row.currency,
        alt_text=row.alt_text,
        weight_g=row.weight_g,
        skus=tuple(of_product),
    )


def stock(
    connection: Connection, wanted: Sequence[str] | None = None, kits: Kits = NO_KITS
) -> dict[str, StockView]:
    """Stock by SKU; of all SKUs when `wanted` is None. How many of the `kits` can be had follows
    from what is in them."""
    query = select(
        inventory.c.sku,
        skus.c.product_id,
        (inventory.c.on_hand - inventory.c.held).label("available"),
        inventory.c.version,
    ).join(skus, skus.c.sku == inventory.c.sku)
    if wanted is not None:
        pieces = kits.unpacked(dict.fromkeys(wanted, 1))
        query = query.where(inventory.c.sku.in_({*wanted, *pieces}))
    rows = connection.execute(query.order_by(inventory.c.sku)).all()
    left = {row.sku: row.available for row in rows}
    return {
        row.sku: StockView(row.sku, row.product_id, kits.available(row.sku, left), row.version)
        for row in rows
        if wanted is None or row.sku in wanted
    }


def seed(unit: Unit, seeded: Sequence[Product], pieces: Mapping[str, int]) -> SeedReport:
    """Insert what is new, update what changed; stock is only set for a SKU that is new.

    A SKU that its product does not have any more is discontinued. Raises SEED_INVALID when a SKU
    belongs to another product already, or a kit does not consist of what it can.
    """
    known = load(unit.connection)
    check_kits(seeded, known)
    counts = {"new": 0, "changed": 0, "unchanged": 0}
    for position, product in enumerate(seeded):
        _refuse_moved(known, product)
        old = known.by_id.get(product.id)
        if old is None:
            counts["new"] += 1
            place = len(known.products) + position
            unit.connection.execute(insert(products), {**_values(product), "position": place})
        elif _same(old, product):
            counts["unchanged"] += 1
            continue
        else:
            counts["changed"] += 1
            unit.connection.execute(
                update(products).where(products.c.id == product.id), _values(product)
            )
        _seed_skus(unit, old, product, pieces)
    _seed_kits(unit, known, seeded)
    return SeedReport(
        counts["new"],
        counts["changed"],
        counts["unchanged"],
        sum(len(product.skus) for product in seeded),
    )


def _seed_skus(
    unit: Unit, old: Product | None, product: Product, pieces: Mapping[str, int]
) -> None:
    before = {sku.sku: sku for sku in old.skus} if old else {}
    connection = unit.connection
    for position, sku in enumerate(product.skus):
        values = {
            "position": position,
            "options": dict(sku.options),
            "colour": sku.colour,
            "price_minor": sku.price_minor,
            "discontinued": False,
        }
        if sku.sku in before:
            connection.execute(update(skus).where(skus.c.sku == sku.sku), values)
            if before[sku.sku].price_minor != sku.price_minor:
                _carts_changed(unit, sku.sku)
        else:
            connection.execute(insert(skus), {**values, "sku": sku.sku, "product_id": product.id})
            if not sku.components:
                receive(unit, sku.sku, pieces[sku.sku], "seed", sku.sku)
    gone = before.keys() - {sku.sku for sku in product.skus}
    for name in sorted(gone):
        connection.execute(update(skus).where(skus.c.sku == name), {"discontinued": True})
        _carts_changed(unit, name)


def _seed_kits(unit: Unit, known: Catalogue, seeded: Sequence[Product]) -> None:
    """Write what is in new kits, now that all that can be in them is there."""
    new = {
        sku.sku: sku.components
        for product in seeded
        for sku in product.skus
        if sku.components and sku.sku not in known.by_sku
    }
    for kit, components in new.items():
        open_kit(unit, kit)
        unit.connection.execute(
            insert(kit_components),
            [{"kit": kit, "sku": sku, "pieces": pieces} for sku, pieces in components.items()],
        )
    unit.kits = Kits({**known.kits.components, **new})


def _carts_changed(unit: Unit, sku: str) -> None:
    """The carts that have this SKU show something else now."""
    rows = unit.connection.execute(
        select(cart_lines.c.cart_id).where(cart_lines.c.sku == sku).distinct()
    )
    for row in rows.all():
        touch(unit, row.cart_id)


def _same(old: Product, product: Product) -> bool:
    current = tuple(sku for sku in old.skus if not sku.discontinued)
    return _values(old) == _values(product) and current == product.skus


def _values(product: Product) -> dict[str, Any]:
    values = {
        column.name: getattr(product, column.name)
        for column in products.columns
        if column.name != "position"
    }
    values["tags"] = list(product.tags)
    return values


def _refuse_moved(known: Catalogue, product: Product) -> None:
    for sku in product.skus:
        found = known.by_sku.get(sku.sku)
        if found is not None and found[0].id != product.id:
            raise InvalidRequestError(
                "SEED_INVALID",
                f"The SKU {sku.sku} belongs to {found[0].id} already.",
                {"product_id": product.id},
            )
