"""The tables of warehouses, purchase limits and drops; they belong to `commerce.db.schema`.

* the pieces of a SKU in all warehouses are its pieces on hand; none has fewer than none
* a person never has more pieces of a SKU, bought or at the till, than its limit
* a person has one place in a line
* a kit consists of at least one piece of another SKU, whatever it is
* a region is told once by its country and the beginning of its postal codes
"""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
)

from commerce.db.schema import Id, metadata

kit_components = Table(
    "kit_components",
    metadata,
    Column("kit", Id, ForeignKey("skus.sku"), nullable=False),
    Column("sku", Id, ForeignKey("inventory.sku"), nullable=False),
    Column("pieces", Integer, nullable=False),
    PrimaryKeyConstraint("kit", "sku"),
    CheckConstraint("kit <> sku", name="kit"),
    CheckConstraint("pieces > 0", name="pieces"),
)

warehouses = Table(
    "warehouses",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", String(200), nullable=False),
    Column("position", Integer, nullable=False),
    Column("latitude_e6", Integer, nullable=True),
    Column("longitude_e6", Integer, nullable=True),
    CheckConstraint("latitude_e6 BETWEEN -90000000 AND 90000000", name="latitude"),
    CheckConstraint("longitude_e6 BETWEEN -180000000 AND 180000000", name="longitude"),
    CheckConstraint("(latitude_e6 IS NULL) = (longitude_e6 IS NULL)", name="place"),
)

warehouse_stock = Table(
    "warehouse_stock",
    metadata,
    Column("sku", Id, ForeignKey("inventory.sku"), nullable=False),
    Column("warehouse_id", Id, ForeignKey("warehouses.id"), nullable=False),
    Column("on_hand", BigInteger, nullable=False),
    PrimaryKeyConstraint("sku", "warehouse_id"),
    CheckConstraint("on_hand >= 0", name="on_hand"),
)

regions = Table(
    "regions",
    metadata,
    Column("country", String(2), nullable=False),
    Column("postal_prefix", String(32), nullable=False),
    Column("latitude_e6", Integer, nullable=False),
    Column("longitude_e6", Integer, nullable=False),
    PrimaryKeyConstraint("country", "postal_prefix"),
    CheckConstraint("latitude_e6 BETWEEN -90000000 AND 90000000", name="latitude"),
    CheckConstraint("longitude_e6 BETWEEN -180000000 AND 180000000", name="longitude"),
)

shipment_lines = Table(
    "shipment_lines",
    metadata,
    Column("order_id", Id, nullable=False),
    Column("warehouse_id", Id, ForeignKey("warehouses.id"), nullable=False),
    Column("sku", Id, ForeignKey("inventory.sku"), nullable=False),
    Column("quantity", BigInteger, nullable=False),
    PrimaryKeyConstraint("order_id", "warehouse_id", "sku"),
    CheckConstraint("quantity > 0", name="quantity"),
)

stock_transfers = Table(
    "stock_transfers",
    metadata,
    Column("id", Id, primary_key=True),
    Column("sku", Id, ForeignKey("inventory.sku"), nullable=False),
    Column("from_id", Id, ForeignKey("warehouses.id"), nullable=False),
    Column("to_id", Id, ForeignKey("warehouses.id"), nullable=False),
    Column("quantity", BigInteger, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    CheckConstraint("from_id <> to_id", name="places"),
    CheckConstraint("quantity > 0", name="quantity"),
)

purchase_limits = Table(
    "purchase_limits",
    metadata,
    Column("sku", Id, ForeignKey("skus.sku"), primary_key=True),
    Column("pieces_max", BigInteger, nullable=False),
    CheckConstraint("pieces_max > 0", name="pieces_max"),
)

purchases = Table(
    "purchases",
    metadata,
    Column("sku", Id, ForeignKey("purchase_limits.sku"), nullable=False),
    Column("person_id", Id, nullable=False),
    Column("pieces", BigInteger, nullable=False),
    Column("pieces_max", BigInteger, nullable=False),
    PrimaryKeyConstraint("sku", "person_id"),
    CheckConstraint("pieces BETWEEN 0 AND pieces_max", name="pieces"),
)

drops = Table(
    "drops",
    metadata,
    Column("sku", Id, ForeignKey("skus.sku"), primary_key=True),
    Column("admitted_max", BigInteger, nullable=False),
    Column("admission_ttl_ms", BigInteger, nullable=False),
    Column("opened_ms", BigInteger, nullable=False),
    Column("admitted", BigInteger, nullable=False),
    Column("next_number", BigInteger, nullable=False),
    CheckConstraint("admitted_max > 0", name="admitted_max"),
)

drop_places = Table(
    "drop_places",
    metadata,
    Column("sku", Id, ForeignKey("drops.sku"), nullable=False),
    Column("person_id", Id, nullable=False),
    Column("party_id", Id, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("network", String(64), nullable=False),
    Column("admitted_until_ms", BigInteger, nullable=True),
    PrimaryKeyConstraint("sku", "person_id"),
    Index("ix_drop_places_turn", "sku", "admitted_until_ms", "number"),
    Index("ix_drop_places_party", "sku", "party_id"),
    Index("ix_drop_places_network", "sku", "network"),
)
