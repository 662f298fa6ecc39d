"""A cart and the rules of its lines, without a database.

A cart belongs to the people who share it; everybody has exactly one current cart. Each line has an
owner, whose purchase limits it counts for, and contributors, who changed it. Any member may change
or remove any line.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from commerce.catalog import Catalogue
from commerce.errors import ConflictError, PurchaseLimitError
from commerce.frozen import quickly
from commerce.kits import NO_KITS, Kits
from commerce.promotions import Coupon, ended, not_applicable
from commerce.settings import CommerceSettings
from commerce.validation import not_found
from commerce.views import CartLineView, CartView, CouponView, HoldState

_line_view = quickly(CartLineView)
_cart_view = quickly(CartView)


@dataclass(slots=True)
class Hold:
    """Stock kept for a line. A light hold is renewed until `cap_ms`; a firm one is a checkout's."""

    quantity: int
    firm: bool
    expires_ms: int
    cap_ms: int


@dataclass(slots=True)
class Line:
    """A line of a cart; without a hold its time ran out. `position` orders the lines."""

    line_id: str
    sku: str
    owner_id: str
    quantity: int
    price_at_add_minor: int
    position: int
    contributor_ids: tuple[str, ...] = ()
    hold: Hold | None = None


@dataclass(slots=True)
class Cart:
    """A cart as the database has it. `personal_of` is None for a shared one; `coupon` is what was
    put into it, whether or not it still works."""

    cart_id: str
    version: int
    personal_of: str | None
    checkout_id: str | None
    members: list[str] = field(default_factory=list)
    lines: dict[str, Line] = field(default_factory=dict)
    coupon: Coupon | None = None

    def line(self, line_id: str) -> Line:
        """Raises LINE_NOT_FOUND."""
        line = self.lines.get(line_id)
        if line is None:
            raise not_found("line")
        return line

    def line_of(self, sku: str, owner_id: str) -> Line | None:
        """The line of this person with this SKU."""
        for line in self.lines.values():
            if line.sku == sku and line.owner_id == owner_id:
                return line
        return None

    def owned_by(self, person_id: str) -> list[Line]:
        """Lines of this person."""
        return [line for line in self.lines.values() if line.owner_id == person_id]

    def next_position(self) -> int:
        """Behind the last line."""
        return 1 + max((line.position for line in self.lines.values()), default=0)

    def require_open(self) -> None:
        """Raises CART_LOCKED while a checkout is locked or being paid."""
        if self.checkout_id is not None:
            raise ConflictError(
                "CART_LOCKED",
                "The cart is at the till and cannot change. Pay, or release the lock first.",
                {"cart_id": self.cart_id, "checkout_id": self.checkout_id},
            )


def limit_reached(limit: str, maximum: int, message: str) -> ConflictError:
    """LIMIT_REACHED with the name of the setting and its value."""
    return ConflictError("LIMIT_REACHED", message, {"limit": limit, "maximum": maximum})


def check_limits(
    cart: Cart,
    owner_id: str,
    line: Line | None,
    quantity: int,
    settings: CommerceSettings,
    kits: Kits = NO_KITS,
    sku: str | None = None,
) -> None:
    """Check that `line` (None: a new one, of `sku`) of `owner_id` may have this quantity.

    What is in a kit counts piece by piece. Raises LIMIT_REACHED with the `limit` and its `maximum`.
    """
    name = line.sku if line is not None else sku
    wanted = quantity * kits.size(name) if kits and name is not None else quantity
    if quantity > settings.quantity_per_line_max:
        maximum = settings.quantity_per_line_max
        raise limit_reached(
            "quantity_per_line_max", maximum, f"One line can have {maximum} pieces at most."
        )
    own_lines, own, pieces = _counts(cart.lines.values(), owner_id, line, kits)
    if own + wanted > settings.quantity_per_person_max:
        maximum = settings.quantity_per_person_max
        raise limit_reached(
            "quantity_per_person_max", maximum, f"One person can have {maximum} pieces at most."
        )
    _check_pieces(pieces + wanted, settings)
    if line is not None:
        return
    if own_lines >= settings.lines_per_person_max:
        maximum = settings.lines_per_person_max
        raise limit_reached(
            "lines_per_person_max", maximum, f"One person can have {maximum} lines at most."
        )
    check_lines(len(cart.lines) + 1, settings)


def _counts(
    lines: Iterable[Line], owner_id: str | None, without: Line | None, kits: Kits
) -> tuple[int, int, int]:
    """Lines of an owner, their pieces and everybody's pieces, `without` one line."""
    own_lines = own = pieces = 0
    for line in lines:
        if line is without:
            continue
        count = line.quantity * kits.size(line.sku) if kits else line.quantity
        pieces += count
        if line.owner_id == owner_id:
            own_lines += 1
            own += count
    return own_lines, own, pieces


def check_purchase_limits(
    wanted: Mapping[str, int],
    others: Iterable[Line],
    bought: Mapping[str, int],
    limits: Mapping[str, int],
    kits: Kits = NO_KITS,
) -> None:
    """Check that a person may have what is `wanted` besides their `others` and what they bought.

    All by SKU, kits and what is in them. Raises LIMIT_REACHED for the first SKU beyond its limit.
    """
    limited = [sku for sku in wanted if sku in limits]
    if not limited:
        return
    in_cart: dict[str, int] = {}
    for line in others:
        for sku, count in kits.counted(line.sku, line.quantity).items():
            in_cart[sku] = in_cart.get(sku, 0) + count
    for sku in limited:
        if bought.get(sku, 0) + in_cart.get(sku, 0) + wanted[sku] > limits[sku]:
            raise PurchaseLimitError(sku, limits[sku])


def hand_over(
    cart: Cart, line: Line, to_id: str, settings: CommerceSettings, kits: Kits = NO_KITS
) -> Line:
    """Make somebody the owner of a line; the line that remains.

    Somebody who has this SKU already gets one line of both, whose hold runs as long as the shorter
    of the two: nobody gains time by passing things around. Raises LIMIT_REACHED.
    """
    other = cart.line_of(line.sku, to_id)
    quantity = line.quantity + (other.quantity if other else 0)
    # The pieces are in the cart already: they must not be counted twice.
    del cart.lines[line.line_id]
    try:
        check_limits(cart, to_id, other, quantity, settings, kits, line.sku)
    finally:
        cart.lines[line.line_id] = line
    people = (*line.contributor_ids, line.owner_id, *(other.contributor_ids if other else ()))
    contributors = tuple(dict.fromkeys(person for person in people if person != to_id))
    if other is None:
        line.owner_id, line.contributor_ids = to_id, contributors
        return line
    del cart.lines[line.line_id]
    other.quantity, other.contributor_ids = quantity, contributors
    if line.hold is not None and other.hold is not None:
        other.hold.expires_ms = min(line.hold.expires_ms, other.hold.expires_ms)
        other.hold.cap_ms = min(line.hold.cap_ms, other.hold.cap_ms)
    return other


def check_lines(lines: int, settings: CommerceSettings) -> None:
    """Check the number of lines of a whole cart; raises LIMIT_REACHED."""
    maximum = settings.lines_per_cart_max
    if lines > maximum:
        raise limit_reached("lines_per_cart_max", maximum, f"A cart has {maximum} lines at most.")


def check_pieces(lines: Iterable[Line], settings: CommerceSettings, kits: Kits = NO_KITS) -> None:
    """Check the pieces of a whole cart; raises LIMIT_REACHED."""
    _check_pieces(_counts(lines, None, None, kits)[2], settings)


def _check_pieces(pieces: int, settings: CommerceSettings) -> None:
    maximum = settings.quantity_per_cart_max
    if pieces > maximum:
        raise limit_reached(
            "quantity_per_cart_max", maximum, f"A cart can have {maximum} pieces at most."
        )


def currency_of(cart: Cart, catalogue: Catalogue, default: str) -> str:
    """The currency of the first line; `default` for an empty cart."""
    for line in cart.lines.values():
        return catalogue.sku(line.sku)[0].currency
    return default


def check_same_currency(currencies: Iterable[str]) -> None:
    """Raises CURRENCY_MISMATCH when there is more than one."""
    found = sorted(set(currencies))
    if len(found) > 1:
        raise ConflictError(
            "CURRENCY_MISMATCH",
            f"A cart has one currency; this would be {' and '.join(found)}.",
            {"currencies": found},
        )


def hold_state(hold: Hold | None, *, holds_in_carts: bool = True) -> HoldState:
    """What people see of a hold. One whose time is over but which nobody took yet is still held."""
    if hold is None:
        return HoldState.EXPIRED if holds_in_carts else HoldState.NONE
    return HoldState.FIRM if hold.firm else HoldState.HELD


def view_of(
    cart: Cart, catalogue: Catalogue, settings: CommerceSettings, now_ms: int = 0
) -> CartView:
    """The cart as it is shown, at today's prices; `now_ms` tells whether its coupon works."""
    currency, total = settings.currency, 0
    holds_in_carts = settings.hold_from == "cart"
    entries: Iterable[Line] = cart.lines.values()
    if len(cart.lines) > 1:
        entries = sorted(entries, key=_position)
    lines = []
    # By place and in one go, because a cart is shown with every change of it.
    for line in entries:
        product, sku = catalogue.sku(line.sku)
        hold = line.hold
        lines.append(
            _line_view(
                line.line_id,
                line.sku,
                product.id,
                product.name,
                sku.options,
                line.quantity,
                sku.price_minor,
                line.owner_id,
                line.contributor_ids,
                hold_state(hold, holds_in_carts=holds_in_carts),
                None if hold is None else hold.expires_ms,
                sku.components,
            )
        )
        total += sku.price_minor * line.quantity
        currency = product.currency
    coupon = None
    if cart.coupon is not None:
        coupon = _coupon_view(cart.coupon, lines, total, currency, now_ms)
        total -= coupon.discount_minor
    return _cart_view(
        cart.cart_id,
        cart.version,
        currency,
        total,
        tuple(cart.members),
        tuple(lines),
        cart.checkout_id,
        coupon,
    )


def _position(line: Line) -> int:
    return line.position


def _coupon_view(
    coupon: Coupon, lines: Iterable[CartLineView], total_minor: int, currency: str, now_ms: int
) -> CouponView:
    why = coupon.end(now_ms)
    problem = None if why is None else ended(coupon.code, why).message
    if problem is None and not coupon.fits(total_minor, currency):
        problem = not_applicable(coupon).message
    amounts = [line.unit_price_minor * line.quantity for line in lines]
    discount_minor = 0 if problem else sum(coupon.discounts(amounts))
    return CouponView(coupon.code, discount_minor, coupon.ends_ms, problem)
