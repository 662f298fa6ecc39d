"""Mesh generators, one file per family, and `build`, which makes one by its name.

Importing this package registers every shape.
"""

from assets.shapes import (
    audio,
    bags,
    books,
    clothing,
    footwear,
    headwear,
    lighting,
    plants,
    seating,
    tableware,
    toys,
    watches,
)
from assets.shapes.registry import DETAILS, Shape, build, find, registered

FAMILIES = (
    audio, bags, books, clothing, footwear, headwear, lighting, plants, seating, tableware, toys,
    watches,
)  # fmt: skip

__all__ = ["DETAILS", "FAMILIES", "Shape", "build", "find", "registered"]
