"""What becomes of what somebody has in the shop who asks to be forgotten, decided without a
database.

What only was for this person goes: lines, holds, places in lines, offers, addresses, codes. What
books need stays (orders, payments, refunds, uses of coupons, the ledger of credit), under a name
that was made up for it and is kept nowhere beside the old one.

Nothing is taken from somebody in the middle of paying, and no money without their saying so: then
the answer is a refusal, and nothing has changed.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from commerce.cart import Cart, Line
from commerce.checkout import CheckoutState
from commerce.errors import ConflictError

NAME_PREFIX = "erased-"
"""How the names of people begin who are not known any more."""


@dataclass(frozen=True, slots=True)
class LiveCheckout:
    """A checkout that has not come to its end, in which the person has a part."""

    checkout_id: str
    state: str
    expires_ms: int


@dataclass(frozen=True, slots=True)
class CreditLeft:
    """Store credit in one currency; `reserved_minor` of it is promised to a payment."""

    account_id: str
    currency: str
    balance_minor: int
    reserved_minor: int


@dataclass(frozen=True, slots=True)
class Estate:
    """All of a person that is to be decided about. `carts` have something of theirs, `offers` are
    lines that they give or are given and nobody has bought, `lined_up` the SKUs they wait for."""

    person_id: str
    carts: tuple[Cart, ...]
    live: tuple[LiveCheckout, ...]
    credit: tuple[CreditLeft, ...]
    offers: tuple[str, ...]
    lined_up: tuple[str, ...]
    orders: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What is done. `lines` go with their holds; `shared` stay, without the person among those who
    changed them; `personal` is the person's own cart, and `touched` are those of others."""

    lines: tuple[Line, ...]
    shared: tuple[Line, ...]
    personal: str | None
    touched: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Forfeit:
    """Store credit that was given up."""

    currency: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Erasure:
    """What came of it; the same whenever it is asked for again. `orders_kept` stay in the books
    without a name."""

    erased_ms: int
    lines_removed: int
    places_given_up: int
    orders_kept: int
    forfeited: tuple[Forfeit, ...]


@dataclass(frozen=True, slots=True)
class OpenErasure:
    """An erasure that has still to be carried out elsewhere."""

    person_id: str
    erased_ms: int


def subject_of(person_id: str) -> str:
    """What is kept of the id of somebody who was erased, so that they can be told from others.

    Ids of people are random; a hash of one says nothing to whoever does not have it.
    """
    return hashlib.sha256(f"erased:{person_id}".encode()).hexdigest()


def decide(estate: Estate, *, forfeit: bool) -> Plan:
    """What is to be done. Raises CART_LOCKED while the person is at a till, CREDIT_LEFT when they
    have store credit and did not say that they `forfeit` it."""
    _require_no_payment(estate)
    left = [entry for entry in estate.credit if entry.balance_minor > 0]
    if left and not forfeit:
        raise ConflictError(
            "CREDIT_LEFT",
            "There is store credit left. Spend it first, or say that you give it up.",
            {"credit": [_amount(entry) for entry in left]},
        )
    person_id = estate.person_id
    lines = [line for cart in estate.carts for line in cart.owned_by(person_id)]
    shared = [
        line
        for cart in estate.carts
        for line in cart.lines.values()
        if line.owner_id != person_id and person_id in line.contributor_ids
    ]
    offers = set(estate.offers)
    return Plan(
        lines=tuple(lines),
        shared=tuple(shared),
        personal=next((c.cart_id for c in estate.carts if c.personal_of == person_id), None),
        touched=tuple(
            cart.cart_id
            for cart in estate.carts
            if cart.personal_of != person_id and _concerned(cart, person_id, offers)
        ),
    )


def _require_no_payment(estate: Estate) -> None:
    paying = any(live.state != CheckoutState.LOCKED for live in estate.live)
    if any(entry.reserved_minor for entry in estate.credit) or paying:
        sentence = "A payment is under way. Wait for its end, or give it up, and ask again."
    elif estate.live:
        sentence = "You are at the till. Pay, or release the lock, and ask again."
    else:
        return
    raise ConflictError(
        "CART_LOCKED",
        f"{sentence} Nothing was erased.",
        {
            "checkouts": [
                {
                    "checkout_id": live.checkout_id,
                    "state": live.state,
                    "expires_ms": live.expires_ms,
                }
                for live in estate.live
            ]
        },
    )


def _concerned(cart: Cart, person_id: str, offers: set[str]) -> bool:
    """Whether others can see in this cart that somebody is gone."""
    lines: Sequence[Line] = tuple(cart.lines.values())
    return person_id in cart.members or any(
        line.owner_id == person_id or person_id in line.contributor_ids or line.line_id in offers
        for line in lines
    )


def _amount(entry: CreditLeft) -> dict[str, str | int]:
    return {"currency": entry.currency, "amount_minor": entry.balance_minor}
