"""Projections of a party's cart and checkout, as commerce last told them.

The room never decides about stock or money: it keeps the newest version and shows it. What is new
in a later version has a default, which older recordings rely on.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CartLine:
    """A line. `hold_state`: "held", "firm", "expired" or "none"; `hold_expires_ms`: server time."""

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
    gift_for_person_id: str = ""
    price_hidden: bool = False


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
class Share:
    """Somebody's part of a checkout: "open", "paying", "authorised" or "paid".

    `amount_minor` is -1 when it would tell the price of a gift. `presence` is filled in when it is
    told: "here", "reconnecting" or "away".
    """

    person_id: str
    name: str
    amount_minor: int
    covered_by_person_id: str
    state: str
    presence: str = ""


@dataclass(frozen=True, slots=True)
class Checkout:
    """A party's locked checkout: "locked", "paying", "paid" or "released".

    `part_minor` is what the person it is told to pays in all, `due_minor` what is left of it.
    """

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
    challenge_person_id: str = ""
    failure_person_id: str = ""
    failure_name: str = ""
    released_reason: str = ""
    part_minor: int = 0
    due_minor: int = 0
    shares: tuple[Share, ...] = ()


@dataclass(frozen=True, slots=True)
class OwnCheckout:
    """A checkout as one person may see it, where that is not what everybody may see."""

    person_id: str
    checkout: Checkout


@dataclass(frozen=True, slots=True)
class Gift:
    """A line that its owner gives to another member of the party: "offered" or "accepted"."""

    line_id: str
    product_id: str
    name: str
    options: str
    quantity: int
    from_person_id: str
    from_name: str
    to_person_id: str
    to_name: str
    state: str


@dataclass(frozen=True, slots=True)
class Place:
    """A person's place in the waiting line of a drop: "waiting", "admitted", "left" or "over".

    `estimate_ms` is -1 as long as nobody can tell; `admitted_until_ms` is server time, 0: not yet.
    """

    sku: str
    product_id: str
    state: str
    ahead: int
    waiting: int
    estimate_ms: int
    admitted_until_ms: int
