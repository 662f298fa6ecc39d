"""Kits: SKUs that are sets of others and have no stock of their own.

A kit can be bought as long as every piece of it is there, and whoever holds a kit holds its pieces.
So kits that share a piece, and a kit beside its own pieces, are summed before anything is asked of
the stock. Pieces are counted in the same way against limits: ten kits of four mugs are forty mugs.

What a kit consists of never changes, because holds, orders and purchases of it would mean something
else afterwards. A kit does not contain kits.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

COMPONENTS_MAX = 16
"""Different SKUs in a kit."""

PIECES_MAX = 64
"""Pieces of all SKUs in a kit together."""


@dataclass(frozen=True, slots=True)
class Kits:
    """By the SKU of a kit: the SKUs in it, and how many pieces of each."""

    components: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.components)

    def pieces(self, sku: str, quantity: int = 1) -> dict[str, int]:
        """What is taken from the stock for so many of a SKU: itself, or what it consists of."""
        components = self.components.get(sku)
        if components is None:
            return {sku: quantity}
        return {name: count * quantity for name, count in components.items()}

    def unpacked(self, quantities: Mapping[str, int]) -> dict[str, int]:
        """Quantities of SKUs as pieces of the stock, each SKU summed over all it is part of."""
        found: dict[str, int] = {}
        for sku, quantity in quantities.items():
            for name, count in self.pieces(sku, quantity).items():
                found[name] = found.get(name, 0) + count
        return found

    def counted(self, sku: str, quantity: int = 1) -> dict[str, int]:
        """What so many of a SKU count as where rules are about SKUs: itself and what is in it."""
        return {sku: quantity, **self.pieces(sku, quantity)}

    def size(self, sku: str) -> int:
        """Pieces in one of a SKU."""
        return sum(self.pieces(sku).values())

    def available(self, sku: str, stock: Mapping[str, int]) -> int:
        """How many of a SKU can be had of these pieces."""
        return min(stock.get(name, 0) // count for name, count in self.pieces(sku).items())

    def concerned(self, skus: Collection[str]) -> Sequence[str]:
        """The kits that contain any of these SKUs, in their order."""
        return sorted(
            kit
            for kit, components in self.components.items()
            if any(name in skus for name in components)
        )


NO_KITS = Kits()
