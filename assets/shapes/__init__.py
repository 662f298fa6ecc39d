"""Mesh generators, one file per family, and `build`, which makes one by its name.

Importing this package registers every shape.
"""

from assets.shapes import clothing, footwear, headwear, lighting, tableware
from assets.shapes.registry import DETAILS, Shape, build, find, registered

__all__ = ["DETAILS", "Shape", "build", "find", "registered"]
