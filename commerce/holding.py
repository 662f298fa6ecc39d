"""Decides a batch of requests for stock in memory, in the order they came.

The combiner loads what a batch touches (`Bench`), `decide` is called for one request after the
other, and what came out is written back in bulk: the cost of a database round trip is shared by the
batch. A refused request changes nothing here, so it costs nothing there.

A light hold lasts `light_hold_ttl_ms` and is renewed by what its owner does in the cart, but never
beyond `light_hold_cap_ms` after it was taken. What a line holds already never stands in its own
way: only the difference is asked of the stock.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from commerce.cart import (
    Cart,
    Hold,
    Line,
    check_limits,
    check_purchase_limits,
    check_same_currency,
    currency_of,
)
from commerce.catalog import Catalogue, Product, Sku
from commerce.errors import ConflictError, IdempotencyKeyReusedError, SoldOutError
from commerce.ports import NewId
from commerce.settings import CommerceSettings
from commerce.validation import fingerprint, not_found
from commerce.waiting_line import wait_in_line

FINGERPRINTS_KEPT = 1_024
"""Fingerprints of requests that are made once."""


@dataclass(slots=True, eq=False)
class HoldRequest:
    """Somebody's wish; `scope` and `key` make it unique, `body_hash` tells twins from others.

    Nobody changes one. It is not frozen, because that would make it five times as dear to make.
    """

    person_id: str
    scope: str
    key: str
    body_hash: str
    quantity: int


@dataclass(slots=True, eq=False)
class AddLine(HoldRequest):
    """`quantity` more of a SKU in the person's current cart."""

    sku: str


@dataclass(slots=True, eq=False)
class SetQuantity(HoldRequest):
    """A line of the person's current cart shall have `quantity` pieces."""

    line_id: str


@lru_cache(maxsize=FINGERPRINTS_KEPT)
def add_line_fingerprint(sku: str, quantity: int) -> str:
    """What tells adding so many of a SKU from adding something else; in a sale all add the same."""
    return fingerprint({"sku": sku, "quantity": quantity})


def refuse_hopeless(
    requests: Sequence[HoldRequest],
    answered: Mapping[tuple[str, str], str],
    available: Mapping[str, int],
    catalogue: Catalogue,
    alternatives: Callable[[str], list[str]],
) -> dict[int, SoldOutError]:
    """By their place, the requests that want more of a SKU than there is.

    What somebody holds already makes no difference: whoever adds pieces needs at least as many.
    When a line may become smaller in the same batch, nobody is hopeless.
    """
    if any(isinstance(request, SetQuantity) for request in requests):
        return {}
    refused: dict[int, SoldOutError] = {}
    for number, request in enumerate(requests):
        if not isinstance(request, AddLine):
            continue
        left = available.get(request.sku, 0)
        if request.quantity <= left or (request.scope, request.key) in answered:
            continue
        product, sku = catalogue.sku(request.sku)
        if not sku.discontinued:
            refused[number] = SoldOutError(
                request.sku, product.name, left, alternatives(request.sku)
            )
    return refused


@dataclass(slots=True)
class Stock:
    """Stock of a SKU: how many are there, how many of these are held."""

    on_hand: int
    held: int

    @property
    def available(self) -> int:
        return self.on_hand - self.held


@dataclass(slots=True)
class Bench:
    """What a batch works on, and what it has changed so far.

    `answered` has the fingerprints of keys that were used before, `bought` the pieces by SKU and
    person of those SKUs that one person can buy only so many of, `admitted` the people who were let
    in for each SKU that has a waiting line. `alternatives` gives SKUs that
    can be had instead of one that is sold out.
    """

    catalogue: Catalogue
    settings: CommerceSettings
    now_ms: int
    new_id: NewId
    carts: dict[str, Cart]
    cart_of: dict[str, str]
    stock: dict[str, Stock]
    answered: dict[tuple[str, str], str]
    bought: Mapping[tuple[str, str], int]
    admitted: Mapping[str, set[str]]
    alternatives: Callable[[str], list[str]]
    deltas: dict[str, int] = field(default_factory=dict)
    lines_new: dict[str, tuple[str, Line]] = field(default_factory=dict)
    quantities_changed: dict[str, Line] = field(default_factory=dict)
    lines_changed: dict[str, Line] = field(default_factory=dict)
    holds_new: dict[str, Line] = field(default_factory=dict)
    holds_changed: dict[str, Line] = field(default_factory=dict)
    keys_used: list[HoldRequest] = field(default_factory=list)
    carts_changed: set[str] = field(default_factory=set)

    def decide(self, request: HoldRequest) -> Cart:
        """Do what is asked, or raise why not. Returns the person's cart.

        Raises SOLD_OUT, CART_LOCKED, LIMIT_REACHED, CURRENCY_MISMATCH, DISCONTINUED, SKU_NOT_FOUND,
        LINE_NOT_FOUND or IDEMPOTENCY_KEY_REUSED.
        """
        cart = self.carts[self.cart_of[request.person_id]]
        claim = (request.scope, request.key)
        before = self.answered.get(claim)
        if before is not None:
            if before != request.body_hash:
                raise IdempotencyKeyReusedError
            return cart
        match request:
            case AddLine():
                self._add(cart, request)
            case SetQuantity():
                self._set(cart, request)
            case _:
                raise TypeError(f"no rule for {type(request).__name__}")
        if len(cart.lines) > 1:
            self._renew(cart, request.person_id)
        self.answered[claim] = request.body_hash
        self.keys_used.append(request)
        self.carts_changed.add(cart.cart_id)
        return cart

    def _add(self, cart: Cart, request: AddLine) -> None:
        cart.require_open()
        product, sku = self.catalogue.sku(request.sku)
        if self.admitted:
            self._require_admission(request.sku, request.person_id)
        line = cart.line_of(request.sku, request.person_id)
        quantity = request.quantity + (line.quantity if line else 0)
        kits = self.catalogue.kits
        check_limits(cart, request.person_id, line, quantity, self.settings, kits, request.sku)
        if line is None:
            currency = currency_of(cart, self.catalogue, product.currency)
            if currency != product.currency:
                check_same_currency((product.currency, currency))
        if self.catalogue.limits:
            self._check_purchase_limit(cart, line, request.sku, request.person_id, quantity)
        needed = self._require_stock(product, sku, line, quantity)
        if line is None:
            line = Line(
                line_id=self.new_id(),
                sku=request.sku,
                owner_id=request.person_id,
                quantity=quantity,
                price_at_add_minor=sku.price_minor,
                position=cart.next_position(),
            )
            cart.lines[line.line_id] = line
            self.lines_new[line.line_id] = (cart.cart_id, line)
        else:
            self._mark_quantity(line)
        self._hold(line, quantity, needed)

    def _set(self, cart: Cart, request: SetQuantity) -> None:
        line = cart.lines.get(request.line_id)
        if line is None:
            raise not_found("line")
        cart.require_open()
        kits = self.catalogue.kits
        check_limits(cart, line.owner_id, line, request.quantity, self.settings, kits)
        if request.quantity > line.quantity:
            if self.admitted:
                self._require_admission(line.sku, line.owner_id)
            if self.catalogue.limits:
                self._check_purchase_limit(cart, line, line.sku, line.owner_id, request.quantity)
        product, sku = self.catalogue.sku(line.sku)
        needed = self._require_stock(product, sku, line, request.quantity)
        if request.person_id != line.owner_id and request.person_id not in line.contributor_ids:
            line.contributor_ids = (*line.contributor_ids, request.person_id)
            self._mark_contributors(line)
        else:
            self._mark_quantity(line)
        self._hold(line, request.quantity, needed)

    def _require_admission(self, sku: str, owner_id: str) -> None:
        """What is in a kit may have a waiting line too: a kit is no way around it."""
        for name in self.catalogue.kits.counted(sku):
            if owner_id not in self.admitted.get(name, {owner_id}):
                raise wait_in_line(name)

    def _check_purchase_limit(
        self, cart: Cart, line: Line | None, sku: str, owner_id: str, quantity: int
    ) -> None:
        limits, kits = self.catalogue.limits, self.catalogue.kits
        wanted = kits.counted(sku, quantity)
        others = [entry for entry in cart.owned_by(owner_id) if entry is not line]
        bought = {name: self.bought.get((name, owner_id), 0) for name in wanted}
        check_purchase_limits(wanted, others, bought, limits, kits)

    def _require_stock(self, product: Product, sku: Sku, line: Line | None, quantity: int) -> int:
        """Pieces to take from (or, below 0, give back to) the stock; raises when there are not."""
        needed = quantity - (line.hold.quantity if line and line.hold else 0)
        if needed <= 0:
            return needed
        if sku.discontinued:
            raise ConflictError(
                "DISCONTINUED",
                f"{product.name} is not sold any more in this form.",
                {"sku": sku.sku},
            )
        available = self._available(sku.sku)
        if needed > available:
            raise SoldOutError(sku.sku, product.name, available, self.alternatives(sku.sku))
        return needed

    def _available(self, sku: str) -> int:
        kits = self.catalogue.kits
        if not kits or sku not in kits.components:
            stock = self.stock.get(sku)
            return 0 if stock is None else stock.available
        there = {
            name: self.stock[name].available for name in kits.pieces(sku) if name in self.stock
        }
        return kits.available(sku, there)

    def _hold(self, line: Line, quantity: int, needed: int) -> None:
        """Give the line this quantity and a hold on all of it, if carts hold anything."""
        line.quantity = quantity
        if self.settings.hold_from == "checkout" and line.hold is None:
            return
        self._take(line.sku, needed)
        settings, hold = self.settings, line.hold
        fresh_cap_ms = self.now_ms + settings.light_hold_cap_ms
        if hold is None:
            expires_ms = self.now_ms + settings.light_hold_ttl_ms
            line.hold = Hold(quantity, False, expires_ms, fresh_cap_ms)
            self.holds_new[line.line_id] = line
            return
        # Time over but not swept yet: as if it had been let go and taken anew.
        cap_ms = fresh_cap_ms if hold.expires_ms <= self.now_ms else hold.cap_ms
        hold.quantity, hold.cap_ms = quantity, cap_ms
        hold.expires_ms = min(self.now_ms + settings.light_hold_ttl_ms, cap_ms)
        self._mark_hold(line)

    def _take(self, sku: str, needed: int) -> None:
        """Count pieces as held."""
        kits = self.catalogue.kits
        for name, pieces in kits.pieces(sku, needed).items() if kits else ((sku, needed),):
            self.stock[name].held += pieces
            self.deltas[name] = self.deltas.get(name, 0) + pieces

    def _renew(self, cart: Cart, person_id: str) -> None:
        """Lengthen the holds of this person's other lines that still run."""
        for line in cart.lines.values():
            hold = line.hold
            if line.owner_id != person_id or hold is None:
                continue
            if hold.firm or hold.expires_ms <= self.now_ms:
                continue
            expires_ms = min(self.now_ms + self.settings.light_hold_ttl_ms, hold.cap_ms)
            if expires_ms > hold.expires_ms:
                hold.expires_ms = expires_ms
                self._mark_hold(line)

    def _mark_quantity(self, line: Line) -> None:
        # Each row is written once.
        if line.line_id not in self.lines_new and line.line_id not in self.lines_changed:
            self.quantities_changed[line.line_id] = line

    def _mark_contributors(self, line: Line) -> None:
        if line.line_id not in self.lines_new:
            self.quantities_changed.pop(line.line_id, None)
            self.lines_changed[line.line_id] = line

    def _mark_hold(self, line: Line) -> None:
        if line.line_id not in self.holds_new:
            self.holds_changed[line.line_id] = line
