"""The data files of the demo store, read as they are, and recipes made of them."""

import functools
import tomllib
from pathlib import Path
from typing import Any

from assets.recipe import ProductRecipe

FOLDER = Path(__file__).parents[2] / "server" / "demo" / "grand_hall"


@functools.cache
def layout() -> dict[str, Any]:
    return tomllib.loads((FOLDER / "layout.toml").read_text(encoding="utf-8"))


@functools.cache
def departments() -> dict[str, list[dict[str, Any]]]:
    """Products by the name of their file."""
    return {
        path.stem: tomllib.loads(path.read_text(encoding="utf-8"))["products"]
        for path in sorted((FOLDER / "departments").glob("*.toml"))
    }


def products() -> list[dict[str, Any]]:
    return [product for entries in departments().values() for product in entries]


def recipe(product: dict[str, Any]) -> ProductRecipe:
    parameters = dict(product["mesh"])
    return ProductRecipe(
        product_id=product["id"],
        alt_text=product["alt_text"],
        shape=parameters.pop("shape"),
        parameters=parameters,
        colours={sku["sku"]: sku["colour"] for sku in product["skus"]},
    )
