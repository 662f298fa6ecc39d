"""The demo store: reads the data files of a store folder into the words of each package.

A store folder holds `layout.toml` and `departments/*.toml`. One file describes a product for the
catalogue (commerce), for its mesh (assets), for its place (rooms) and for ranking (recommender);
this module is where that one description is taken apart.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assets.recipe import ProductRecipe
from commerce import ProductSeed, SkuSeed
from recommender.interactions import Product
from rooms.space import Layout, Placement, layout_from
from server.config_groups import TICK_RATE_MAX_HZ, TICK_RATE_MIN_HZ
from server.errors import GalleriaError

DEMO_STORE = Path(__file__).parent / "demo" / "grand_hall"


@dataclass(frozen=True, slots=True)
class Store:
    """A store as described by its folder, taken apart for each package.

    `margins`: what is left of the price for the house, by product, -1 to 1, where the folder says.
    `tick_rate_hz` is that of its rooms; 0: as the settings say.
    """

    room_id: str
    name: str
    layout_mapping: Mapping[str, Any]
    layout: Layout
    placements: tuple[Placement, ...]
    seeds: tuple[ProductSeed, ...]
    recipes: tuple[ProductRecipe, ...]
    products: tuple[Product, ...]
    margins: Mapping[str, float]
    tick_rate_hz: int = 0

    def as_json(self) -> dict[str, Any]:
        """Layout and placements, as clients get them."""
        return {
            **self.layout_mapping,
            "placements": [
                {"slot_id": p.slot_id, "product_id": p.product_id, "skus": list(p.skus)}
                for p in self.placements
            ],
        }


def load_store(folder: Path = DEMO_STORE) -> Store:
    """Read a store folder.

    Raises STORE_DATA with the file and what is wrong with it; nothing is half loaded.
    """
    layout_mapping = _read(folder / "layout.toml")
    entries: list[Mapping[str, Any]] = []
    for path in sorted((folder / "departments").glob("*.toml")):
        entries.extend(_read(path)["products"])
    try:
        layout = layout_from(layout_mapping)
        departments = {zone.zone_id: zone.name for zone in layout.zones}
        return Store(
            room_id=layout_mapping["id"],
            name=layout_mapping["name"],
            layout_mapping=layout_mapping,
            layout=layout,
            placements=tuple(_placement(entry) for entry in entries),
            seeds=tuple(_seed(entry) for entry in entries),
            recipes=tuple(_recipe(entry) for entry in entries),
            products=tuple(_product(entry, departments) for entry in entries),
            margins={entry["id"]: _margin(entry) for entry in entries if "margin" in entry},
            tick_rate_hz=_tick_rate_hz(layout_mapping),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise GalleriaError(
            "STORE_DATA",
            f"The store data in {folder.name} is not right: {error!r}.",
            {"folder": folder.name},
        ) from error


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise GalleriaError(
            "STORE_DATA", f"{path.name} cannot be read: {error}.", {"file": path.name}
        ) from error


def _tick_rate_hz(layout_mapping: Mapping[str, Any]) -> int:
    rate_hz = layout_mapping.get("tick_rate_hz", 0)
    if rate_hz and not (type(rate_hz) is int and TICK_RATE_MIN_HZ <= rate_hz <= TICK_RATE_MAX_HZ):
        raise ValueError(
            f"tick_rate_hz must be from {TICK_RATE_MIN_HZ} to {TICK_RATE_MAX_HZ}, not {rate_hz!r}"
        )
    return int(rate_hz)


def _placement(entry: Mapping[str, Any]) -> Placement:
    return Placement(
        slot_id=entry["slot"],
        product_id=entry["id"],
        skus=tuple(sku["sku"] for sku in entry["skus"]),
    )


def _seed(entry: Mapping[str, Any]) -> ProductSeed:
    return ProductSeed(
        id=entry["id"],
        name=entry["name"],
        brand=entry["brand"],
        description=entry["description"],
        department=entry["department"],
        tags=tuple(entry["tags"]),
        price_minor=entry["price_minor"],
        currency=entry["currency"],
        alt_text=entry["alt_text"],
        weight_g=entry["weight_g"],
        skus=tuple(
            SkuSeed(
                sku=sku["sku"],
                options=dict(sku["options"]),
                colour=sku["colour"],
                price_minor=sku.get("price_minor", entry["price_minor"]),
                stock=sku.get("stock", 0),
                components=dict(sku.get("components", {})),
            )
            for sku in entry["skus"]
        ),
    )


def _recipe(entry: Mapping[str, Any]) -> ProductRecipe:
    parameters = dict(entry["mesh"])
    shape = parameters.pop("shape")
    return ProductRecipe(
        product_id=entry["id"],
        alt_text=entry["alt_text"],
        shape=shape,
        parameters=parameters,
        colours={sku["sku"]: sku["colour"] for sku in entry["skus"]},
    )


def _product(entry: Mapping[str, Any], departments: Mapping[str, str]) -> Product:
    return Product(
        product_id=entry["id"],
        name=entry["name"],
        brand=entry["brand"],
        # By its name: the reasons that people read are made of it.
        department=departments.get(entry["department"], entry["department"]),
        description=entry["description"],
        tags=tuple(entry["tags"]),
        price_minor=entry["price_minor"],
    )


def _margin(entry: Mapping[str, Any]) -> float:
    margin = entry["margin"]
    # Also what is no number fails here, as not a number does: it is in no range.
    if isinstance(margin, bool) or not -1 <= margin <= 1:
        raise ValueError(f"the margin of {entry['id']} must be a number from -1 to 1")
    return float(margin)
