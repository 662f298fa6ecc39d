"""Projections of a party's cart and checkout, as commerce last told them.

The room never decides about stock or money: it keeps the newest version and shows it.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CartLine:
    """One line; `hold_state` is "held", "firm" or "expired", `hold_expires_ms` is server time."""

    line_id: str
    sku: str
    product_id: str
    name: str
    options: str
    quantity: int
    unit_price_minor: int
    owner_person_id: str
    owner_name: str
    hold_state: str
    hold_expires_ms: int


@dataclass(frozen=True, slots=True)
class Cart:
    """A party's cart. `version` grows with every change; `total_minor` is in `currency`."""

    cart_id: str
    version: int
    currency: str
    total_minor: int
    lines: tuple[CartLine, ...]
    checkout_id: str


@dataclass(frozen=True, slots=True)
class Checkout:
    """A party's locked checkout: "locked", "paying", "paid" or "released"."""

    checkout_id: str
    version: int
    state: str
    locked_by_person_id: str
    locked_by_name: str
    total_minor: int
    currency: str
    expires_ms: int
    payer_person_id: str
    challenge_id: str
    challenge_text: str
    in_doubt: bool
    failure_code: str
    failure_message: str
    order_id: str
