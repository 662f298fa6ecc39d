"""Carts that were loaded before and need not be read again.

Everybody who changes a cart, its lines, their holds or its members gives it another version, in the
same transaction. So a cart that is locked and still has the version that we know is as we know it,
whoever else writes to the database.
"""

from collections.abc import Iterable

from commerce.cart import Cart


class KeptCarts:
    """At most `maximum` carts, as the last transactions that were committed left them.

    Who takes a cart out may change it, and puts it back only when that is committed.
    """

    def __init__(self, maximum: int) -> None:
        self._maximum = maximum
        self._carts: dict[str, Cart] = {}

    def __len__(self) -> int:
        return len(self._carts)

    def take(self, cart_id: str, version: int) -> Cart | None:
        """Take a cart out; None when it is not here, or has changed since."""
        cart = self._carts.pop(cart_id, None)
        return cart if cart is not None and cart.version == version else None

    def keep(self, carts: Iterable[Cart]) -> None:
        """Put these back; the ones that nobody wanted for longest make room.

        What a coupon is worth changes without its cart, so those that have one are not kept.
        """
        kept = self._carts
        for cart in carts:
            if cart.coupon is None:
                kept[cart.cart_id] = cart
        while len(kept) > self._maximum:
            del kept[next(iter(kept))]

    def forget(self) -> None:
        """Know nothing any more."""
        self._carts.clear()
