"""A cart and the rules of its lines, without a database.

A cart belongs to the people who share it; everybody has exactly one current cart. Each line has an
owner, whose purchase limits it counts for, and contributors, who changed it. Any member may change
or remove any line.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from commerce.catalog import Catalogue
from commerce.errors import ConflictError
from commerce.money import Money, total
from commerce.settings import CommerceSettings
from commerce.validation import not_found
from commerce.views import CartLineView, CartView, HoldState


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
    """A cart as the database has it. `personal_of` is None for a shared one."""

    cart_id: str
    version: int
    personal_of: str | None
    checkout_id: str | None
    members: list[str] = field(default_factory=list)
    lines: dict[str, Line] = field(default_factory=dict)

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
    cart: Cart, owner_id: str, line: Line | None, quantity: int, settings: CommerceSettings
) -> None:
    """Check that `line` (None: a new one) of `owner_id` may have `quantity` pieces.

    Raises LIMIT_REACHED with the `limit` and its `maximum`.
    """
    if quantity > settings.quantity_per_line_max:
        maximum = settings.quantity_per_line_max
        raise limit_reached(
            "quantity_per_line_max", maximum, f"One line can have {maximum} pieces at most."
        )
    own = cart.owned_by(owner_id)
    pieces = sum(entry.quantity for entry in own if entry is not line) + quantity
    if pieces > settings.quantity_per_person_max:
        maximum = settings.quantity_per_person_max
        raise limit_reached(
            "quantity_per_person_max", maximum, f"One person can have {maximum} pieces at most."
        )
    if line is not None:
        return
    if len(own) >= settings.lines_per_person_max:
        maximum = settings.lines_per_person_max
        raise limit_reached(
            "lines_per_person_max", maximum, f"One person can have {maximum} lines at most."
        )
    check_lines(len(cart.lines) + 1, settings)


def check_lines(lines: int, settings: CommerceSettings) -> None:
    """Check the number of lines of a whole cart; raises LIMIT_REACHED."""
    maximum = settings.lines_per_cart_max
    if lines > maximum:
        raise limit_reached("lines_per_cart_max", maximum, f"A cart has {maximum} lines at most.")


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


def hold_state(hold: Hold | None) -> HoldState:
    """What people see of a hold. One whose time is over but which nobody took yet is still held."""
    if hold is None:
        return HoldState.EXPIRED
    return HoldState.FIRM if hold.firm else HoldState.HELD


def view_of(cart: Cart, catalogue: Catalogue, settings: CommerceSettings) -> CartView:
    """The cart as it is shown, at today's prices."""
    currency = currency_of(cart, catalogue, settings.currency)
    lines = tuple(
        _line_view(line, catalogue)
        for line in sorted(cart.lines.values(), key=lambda line: line.position)
    )
    amounts = (Money(line.unit_price_minor, currency).times(line.quantity) for line in lines)
    return CartView(
        id=cart.cart_id,
        version=cart.version,
        currency=currency,
        total_minor=total(amounts, currency).minor,
        members=tuple(cart.members),
        lines=lines,
        checkout_id=cart.checkout_id,
    )


def _line_view(line: Line, catalogue: Catalogue) -> CartLineView:
    product, sku = catalogue.sku(line.sku)
    return CartLineView(
        line_id=line.line_id,
        sku=line.sku,
        product_id=product.id,
        name=product.name,
        options=sku.options,
        quantity=line.quantity,
        unit_price_minor=sku.price_minor,
        owner_id=line.owner_id,
        contributor_ids=line.contributor_ids,
        hold_state=hold_state(line.hold),
        hold_expires_ms=line.hold.expires_ms if line.hold else None,
    )
