"""What a product looks like, in words: a shape, its parameters, and a colour for every variant."""

from collections.abc import Mapping
from dataclasses import dataclass

ParameterValue = str | int | float | bool


@dataclass(frozen=True, slots=True)
class ProductRecipe:
    """How to make the meshes of one product.

    Attributes:
        product_id: the product, as the catalogue calls it.
        alt_text: one sentence for somebody who cannot see it.
        shape: name of a generator in `assets.shapes`.
        parameters: of that generator; lengths in metres, colours as "#rrggbb".
        colours: SKU, or another key of a variant, to "#rrggbb". Variants of a colour share a mesh.
    """

    product_id: str
    alt_text: str
    shape: str
    parameters: Mapping[str, ParameterValue]
    colours: Mapping[str, str]
