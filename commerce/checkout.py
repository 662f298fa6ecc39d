"""The locked checkout: its states, the table of what leads where, and the frozen quote.

Theory of operation
-------------------
A cart without a checkout is *open*. Somebody in the party locks it: the stock of every line is held
firmly, the prices are copied, and from then on nobody can change the cart. The lock has an end that
everybody sees.

* `locked` waits for a payer. It ends by payment, by its owner (`unlock`) or by time (`expire`).
* `paying` has at least one live payment attempt. Several people can pay a part each, and one person
  a part by store credit and the rest by card: every part is authorised first, and the money waits.
  - When the parts that are authorised sum to the total, all of them are captured, and only then.
    The last capture makes the order (`capture`). Decided once, this cannot be turned back.
  - When one part is declined or not answered, all parts are given back, and everybody sees whose it
    was. When the last is given back, the checkout is `locked` again while the lock lives
    (`decline`: take another card, or pay for somebody else), or it is released (`abandon`).
  - While a gateway has been asked, time does not end it: the stock stays held until the gateway
    has said yes or no, because money may already have moved. When all that is there only waits for
    parts that nobody has paid, the end of the lock gives it back.
* `paid` and `released` are ends. There is an order if and only if the checkout is `paid`.

What comes from outside (a challenge of the bank, an answer that did not come) changes the attempt,
not the state: a checkout in doubt is `paying`. The database knows how much of the total has been
asked for, and refuses to ask for more.

`advance` is the only way from one state to the next, and the database is told the state it must be
in (`UPDATE ... WHERE state = ...`), so two processes cannot both take one step.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from commerce.errors import ConflictError
from commerce.money import Money, total


class CheckoutState(StrEnum):
    """Where a checkout is. `open` is a cart without one and is never stored."""

    OPEN = "open"
    LOCKED = "locked"
    PAYING = "paying"
    PAID = "paid"
    RELEASED = "released"


class Trigger(StrEnum):
    """What happens to a checkout."""

    LOCK = "lock"
    UNLOCK = "unlock"
    EXPIRE = "expire"
    PAY = "pay"
    DECLINE = "decline"
    ABANDON = "abandon"
    CAPTURE = "capture"


class ReleaseReason(StrEnum):
    """Why a checkout was released."""

    UNLOCKED = "unlocked"
    EXPIRED = "expired"
    PAYMENT_FAILED = "payment_failed"


TRANSITIONS: Mapping[tuple[CheckoutState, Trigger], CheckoutState] = {
    (CheckoutState.OPEN, Trigger.LOCK): CheckoutState.LOCKED,
    (CheckoutState.LOCKED, Trigger.UNLOCK): CheckoutState.RELEASED,
    (CheckoutState.LOCKED, Trigger.EXPIRE): CheckoutState.RELEASED,
    (CheckoutState.LOCKED, Trigger.PAY): CheckoutState.PAYING,
    (CheckoutState.PAYING, Trigger.PAY): CheckoutState.PAYING,
    (CheckoutState.PAYING, Trigger.DECLINE): CheckoutState.LOCKED,
    (CheckoutState.PAYING, Trigger.ABANDON): CheckoutState.RELEASED,
    (CheckoutState.PAYING, Trigger.CAPTURE): CheckoutState.PAID,
}

LIVE = (CheckoutState.LOCKED, CheckoutState.PAYING)
"""States in which the cart is locked."""

_SENTENCES = {
    CheckoutState.OPEN: "The cart is not locked.",
    CheckoutState.LOCKED: "The checkout is locked and waits for a payer.",
    CheckoutState.PAYING: "The checkout is being paid just now.",
    CheckoutState.PAID: "The checkout is already paid.",
    CheckoutState.RELEASED: "The checkout has ended. The cart can be locked again.",
}


def advance(state: CheckoutState, trigger: Trigger) -> CheckoutState:
    """The state after `trigger`. Raises CHECKOUT_STATE when the table has no such step."""
    after = TRANSITIONS.get((state, trigger))
    if after is None:
        raise ConflictError(
            "CHECKOUT_STATE",
            _SENTENCES[state],
            {"state": str(state), "action": str(trigger)},
        )
    return after


@dataclass(frozen=True, slots=True)
class QuoteLine:
    """A line at the moment of the lock. `components` are what is in a kit; `discount_minor` is on
    the whole line, and no more than it costs."""

    line_id: str
    sku: str
    product_id: str
    name: str
    options: Mapping[str, str]
    quantity: int
    unit_price_minor: int
    owner_id: str
    gift_for: str | None = None
    components: Mapping[str, int] = field(default_factory=dict)
    discount_minor: int = 0

    @property
    def total_minor(self) -> int:
        """What the whole line costs."""
        return self.quantity * self.unit_price_minor - self.discount_minor


@dataclass(frozen=True, slots=True)
class Quote:
    """An immutable priced snapshot of a cart, until `expires_ms`. `coupon_code`: where the
    discounts of its lines come from."""

    cart_id: str
    currency: str
    lines: tuple[QuoteLine, ...]
    total_minor: int
    expires_ms: int
    quote_hash: str
    coupon_code: str | None = None


def total_of(lines: Sequence[QuoteLine], currency: str) -> int:
    """Sum of quantity times unit price less discounts, in minor units. Raises INVALID_AMOUNT above
    2^53 - 1."""
    whole = total(
        (Money(line.unit_price_minor, currency).times(line.quantity) for line in lines), currency
    )
    return Money(whole.minor - sum(line.discount_minor for line in lines), currency).minor


def quote(
    cart_id: str,
    currency: str,
    lines: Sequence[QuoteLine],
    expires_ms: int,
    coupon_code: str | None = None,
) -> Quote:
    """Freeze these lines; the hash covers everything in the quote."""
    total_minor = total_of(lines, currency)
    content = {
        "cart_id": cart_id,
        "currency": currency,
        "expires_ms": expires_ms,
        "total_minor": total_minor,
        "lines": [
            [
                line.line_id,
                line.sku,
                line.quantity,
                line.unit_price_minor,
                line.discount_minor,
                line.owner_id,
            ]
            for line in lines
        ],
        "coupon_code": coupon_code,
    }
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    return Quote(cart_id, currency, tuple(lines), total_minor, expires_ms, digest, coupon_code)
