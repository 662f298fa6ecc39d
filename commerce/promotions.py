"""Coupons: a code that makes a cart cheaper, by a part of its price or by an amount.

A coupon is put into a cart and looked at again when the cart is locked: a coupon that has ended is
a problem of the checkout (`COUPON_ENDED`), never a silent change of the total. The lock freezes the
discount with the prices and counts the use, which comes back when the lock is released. A coupon
that runs out of time while the lock lives is honoured; one that the shop has withdrawn is not, so
the payment looks again.

A discount lies on lines, so that shares, gifts and refunds know whose it is, and the lines always
sum to the total. A percentage is taken from each line and rounded down to the minor unit. An amount
is spread over the lines by their price, to the minor unit (largest remainder: F. Pukelsheim,
"Proportional Representation", 2017, chapter 5). Gifts get of an amount only what is left: from what
others save nobody can tell what their gift has cost.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from commerce.codes import normal
from commerce.errors import JSON, ConflictError, InvalidRequestError
from commerce.money import MINOR_MAX, Money, check_currency

WHOLE_BP = 10_000
"""Basis points of a whole: 2500 are a quarter off."""

USES_MAX = 10**9

_CODE = re.compile(r"[A-Z0-9]{3,32}")


class CouponKind(StrEnum):
    """What the value of a coupon is: basis points of the price, or minor units."""

    PERCENT = "percent"
    AMOUNT = "amount"


class CouponEnd(StrEnum):
    """Why a coupon does not work, for everybody or for one person."""

    WITHDRAWN = "withdrawn"
    NOT_STARTED = "not_started"
    OVER = "over"
    USED_UP = "used_up"
    USED_BY_YOU = "used_by_you"


_SENTENCES = {
    CouponEnd.WITHDRAWN: "The coupon {code} is not valid any more.",
    CouponEnd.NOT_STARTED: "The coupon {code} is not valid yet.",
    CouponEnd.OVER: "The time of the coupon {code} is over.",
    CouponEnd.USED_UP: "The coupon {code} has been used up.",
    CouponEnd.USED_BY_YOU: "You have used the coupon {code} as often as you can.",
}


@dataclass(frozen=True, slots=True)
class Coupon:
    """A coupon. `value` is basis points (percent) or minor units (amount) of `currency`.

    `minimum_minor` is the least that a cart costs before the discount. It works from `starts_ms`
    until just before `ends_ms`; None: without such an end. `uses_max` counts orders of everybody,
    `uses_per_person_max` those of one person, both with what is at the till; None: any number.
    Raises INVALID_COUPON with the `field`.
    """

    code: str
    kind: CouponKind
    value: int
    currency: str
    minimum_minor: int = 0
    starts_ms: int | None = None
    ends_ms: int | None = None
    uses_max: int | None = None
    uses_per_person_max: int | None = None
    used: int = 0
    withdrawn: bool = False

    def __post_init__(self) -> None:
        if not (isinstance(self.code, str) and _CODE.fullmatch(self.code)):
            raise _invalid("code", "A code has 3 to 32 capital letters and digits.")
        check_currency(self.currency)
        if not isinstance(self.kind, CouponKind):
            raise _invalid("kind", "A coupon is one of percent or amount.")
        high = WHOLE_BP if self.kind is CouponKind.PERCENT else MINOR_MAX
        _check_number("value", self.value, 1, high)
        _check_number("minimum_minor", self.minimum_minor, 0, MINOR_MAX)
        for name in ("uses_max", "uses_per_person_max"):
            if getattr(self, name) is not None:
                _check_number(name, getattr(self, name), 1, USES_MAX)
        for name in ("starts_ms", "ends_ms"):
            if getattr(self, name) is not None:
                _check_number(name, getattr(self, name), 0, 2**53 - 1)
        if self.ends_ms is not None and self.ends_ms <= (self.starts_ms or 0):
            raise _invalid("ends_ms", "A coupon ends after it starts.")

    def end(self, now_ms: int) -> CouponEnd | None:
        """Why it does not work now for anybody; None: it works."""
        if self.withdrawn:
            return CouponEnd.WITHDRAWN
        if self.starts_ms is not None and now_ms < self.starts_ms:
            return CouponEnd.NOT_STARTED
        if self.ends_ms is not None and now_ms >= self.ends_ms:
            return CouponEnd.OVER
        if self.uses_max is not None and self.used >= self.uses_max:
            return CouponEnd.USED_UP
        return None

    def fits(self, total_minor: int, currency: str) -> bool:
        """Whether a cart that costs so much can have it."""
        return currency == self.currency and total_minor >= self.minimum_minor

    def discounts(self, amounts: Sequence[int], gifts: Sequence[bool] = ()) -> list[int]:
        """The discount on each of these lines, in minor units, never more than its amount."""
        if self.kind is CouponKind.PERCENT:
            return [amount * self.value // WHOLE_BP for amount in amounts]
        gifts = gifts or [False] * len(amounts)
        own = [0 if gift else amount for amount, gift in zip(amounts, gifts, strict=True)]
        given = [amount if gift else 0 for amount, gift in zip(amounts, gifts, strict=True)]
        first = spread(min(self.value, sum(own)), own)
        rest = spread(min(self.value - sum(first), sum(given)), given)
        return [one + other for one, other in zip(first, rest, strict=True)]


def spread(discount_minor: int, amounts: Sequence[int]) -> list[int]:
    """Spread a discount over amounts in proportion to them, by largest remainder: it sums up
    exactly, and no part is more than its amount. Of equal remainders the first lines win.

    Raises ValueError when the discount is more than all amounts.
    """
    whole = sum(amounts)
    if not 0 <= discount_minor <= whole:
        raise ValueError(f"a discount of {discount_minor} on {whole}")
    if not whole:
        return [0] * len(amounts)
    parts = [discount_minor * amount // whole for amount in amounts]
    by_remainder = sorted(
        range(len(amounts)), key=lambda place: -(discount_minor * amounts[place] % whole)
    )
    for place in by_remainder[: discount_minor - sum(parts)]:
        parts[place] += 1
    return parts


def coupon_code(text: object) -> str:
    """A code as it was meant: small letters, blanks and dashes do not matter. Raises
    INVALID_COUPON for what can be no code."""
    code = normal(text) if isinstance(text, str) and len(text) <= 64 else ""
    if not _CODE.fullmatch(code):
        raise InvalidRequestError(
            "INVALID_COUPON", "A code has 3 to 32 letters and digits.", {"field": "code"}
        )
    return code


def ended(code: str, why: CouponEnd) -> ConflictError:
    """COUPON_ENDED with the reason."""
    return ConflictError(
        "COUPON_ENDED", _SENTENCES[why].format(code=code), {"coupon": code, "reason": str(why)}
    )


def not_applicable(coupon: Coupon) -> ConflictError:
    """COUPON_NOT_APPLICABLE: the cart costs too little, or is in another currency."""
    minimum = Money(coupon.minimum_minor, coupon.currency)
    data: dict[str, JSON] = {
        "coupon": coupon.code,
        "minimum_minor": coupon.minimum_minor,
        "currency": coupon.currency,
    }
    sentence = f"The coupon {coupon.code} is for carts in {coupon.currency} of {minimum} or more."
    return ConflictError("COUPON_NOT_APPLICABLE", sentence, data)


def _check_number(name: str, value: object, low: int, high: int) -> None:
    if type(value) is not int or not low <= value <= high:
        raise _invalid(name, f"{name} is a whole number from {low} to {high}.")


def _invalid(name: str, message: str) -> InvalidRequestError:
    return InvalidRequestError("INVALID_COUPON", message, {"field": name})
