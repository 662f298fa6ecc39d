"""Locking a cart for the till, buying one thing without a cart, and letting go again."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from commerce import checkout as rules
from commerce.cart import Cart, Line, limit_reached
from commerce.catalog import Catalogue
from commerce.checkout import CheckoutState, QuoteLine, ReleaseReason, Trigger
from commerce.contact import Contact
from commerce.db import carts as cart_rows
from commerce.db import checkouts as rows
from commerce.db import (
    contacts,
    coupons,
    drops,
    gifts,
    holds,
    idempotency,
    inventory,
    purchases,
    shares,
    single,
)
from commerce.db.checkout_views import view_of
from commerce.db.checkouts import Checkout
from commerce.db.shares import Share
from commerce.db.unit import UNNUMBERED, Unit
from commerce.errors import (
    JSON,
    CheckoutProblemsError,
    ConflictError,
    NotAllowedError,
    PurchaseLimitError,
)
from commerce.events import HoldExpired
from commerce.gift import Gift
from commerce.problems import Problem, limit_problem, order_problems, price_problems, problem
from commerce.service.context import Context
from commerce.service.coupons import discounted
from commerce.service.faults import FaultPoint
from commerce.service.once import Once
from commerce.split import SplitPlan, divided
from commerce.validation import (
    check_amount,
    check_id,
    check_key,
    check_quantity,
    fingerprint,
    not_found,
)
from commerce.views import CheckoutView

BUY_NOW_PREFIX = "now-"
"""Carts that exist for one thing bought at once; nobody is a member of them."""


@dataclass(frozen=True, slots=True)
class _Lock:
    """A checked request to lock. `sku` and `quantity`: that alone, instead of the cart."""

    person_id: str
    scope: str
    key: str
    body: str
    expected_minor: int | None
    contact: Contact | None
    sku: str | None = None
    quantity: int = 0


class Checkouts:
    """Use cases of checkouts, apart from payment."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._once: Once[CheckoutView] = Once()

    async def lock(
        self,
        person_id: str,
        key: str,
        expected_minor: int | None,
        contact: Contact | None = None,
    ) -> CheckoutView:
        """Hold every line firmly and freeze the prices, or say everything that is in the way."""
        check_id(person_id, "person_id")
        check_key(key)
        if expected_minor is not None:
            check_amount(expected_minor, "expected_total_minor")
        body: dict[str, JSON] = {"expected_total_minor": expected_minor}
        if contact is not None:
            body["contact"] = contact.as_json()
        return await self._run(
            _Lock(person_id, f"lock:{person_id}", key, fingerprint(body), expected_minor, contact)
        )

    async def buy_now(
        self, person_id: str, sku: str, quantity: int, key: str, contact: Contact | None = None
    ) -> CheckoutView:
        """Lock a checkout of this alone. The cart of the person is not touched."""
        check_id(person_id, "person_id")
        check_key(key)
        check_quantity(quantity)
        self._context.catalogue.sku(check_id(sku, "sku"))
        maximum = self._context.settings.quantity_per_line_max
        if quantity > maximum:
            raise ConflictError(
                "LIMIT_REACHED",
                f"At most {maximum} pieces can be bought at once.",
                {"limit": "quantity_per_line_max", "maximum": maximum},
            )
        body: dict[str, JSON] = {"sku": sku, "quantity": quantity}
        if contact is not None:
            body["contact"] = contact.as_json()
        scope = f"buy:{person_id}"
        return await self._run(
            _Lock(person_id, scope, key, fingerprint(body), None, contact, sku, quantity)
        )

    async def _run(self, wish: _Lock) -> CheckoutView:
        async def run() -> CheckoutView:
            locked = await self._context.store.write(lambda unit: self._lock(unit, wish))
            self._context.faults(FaultPoint.LOCK_COMMITTED)
            if isinstance(locked, str):
                return await self.view(wish.person_id, locked)
            return view_of(locked, wish.person_id)

        return await self._once.run((wish.scope, wish.key), wish.body, run)

    def _lock(self, unit: Unit, wish: _Lock) -> Checkout | str:
        """The new checkout, or the id of the one that this key has locked before."""
        context = self._context
        checkout_id = f"checkout-{context.new_id()}"
        before = idempotency.claim(unit, wish.scope, wish.key, wish.body, checkout_id)
        if before is not None:
            return before
        cart, own = self._cart(unit, wish)
        cart.require_open()
        ttl_ms = context.settings.firm_hold_ttl_ms
        if len(cart.members) > 1:
            ttl_ms = max(ttl_ms, context.payment.shared_lock_ttl_ms)
        expires_ms = unit.now_ms + ttl_ms
        lines = sorted(cart.lines.values(), key=lambda line: line.position)
        given = gifts.of_lines(unit.connection, [line.line_id for line in lines])
        quoted = [_quoted(line, context.catalogue, given.get(line.line_id)) for line in lines]
        currency = context.catalogue.sku(lines[0].sku)[0].currency if lines else "XXX"
        unit.gather()
        problems = self._hold_all(unit, cart, expires_ms, own)
        coupon = cart.coupon if lines else None
        if coupon is not None:
            quoted, refused = discounted(unit, coupon, quoted, currency, wish.person_id)
            problems += refused
        code = coupon.code if coupon is not None else None
        quote = rules.quote(cart.cart_id, currency, quoted, expires_ms, code)
        problems += price_problems(lines, quote, wish.expected_minor)
        contact = wish.contact
        if contact is None and context.payment.shipping_countries:
            contact = contacts.of_person(unit.connection, wish.person_id)
        problems += order_problems(lines, quote, given, contact, context.payment)
        if problems:
            # Raising rolls everything back: no line is held better or worse than before.
            raise CheckoutProblemsError(problems)
        checkout = rows.create(unit, checkout_id, quote, wish.person_id)
        if code is not None:
            coupons.note(unit, code, checkout_id, wish.person_id)
        if wish.contact is not None:
            contacts.save(unit, checkout_id, wish.contact)
        else:
            contacts.save_kept(unit, checkout_id, wish.person_id)
        if any(line.gift_for in cart.members for line in quoted):
            # Who receives does not pay: everybody pays what they put in.
            parts = divided(SplitPlan.OWN_LINES, quoted, quote.total_minor, cart.members, {})
            shares.replace(unit, checkout_id, parts)
            checkout = replace(
                checkout, shares=tuple(Share(*part, covered_by=None) for part in parts.items())
            )
        cart_rows.set_checkout(unit, cart.cart_id, checkout_id)
        context.faults(FaultPoint.LOCK_DECIDED)
        return checkout

    def _cart(self, unit: Unit, wish: _Lock) -> tuple[Cart, Cart | None]:
        """The current cart; or one made for a single thing, and the current one beside it."""
        context, person_id = self._context, wish.person_id
        # Found and locked in any case: nobody does two of these at the same time.
        current = cart_rows.ensure_current(unit, [person_id], context.new_id)[person_id]
        own = cart_rows.load(unit.connection, [current])[current]
        if wish.sku is None:
            return own, None
        self._check_hoarding(unit, wish, wish.sku, own)
        cart_id = BUY_NOW_PREFIX + context.new_id()
        _, sku = context.catalogue.sku(wish.sku)
        line = Line(
            f"line-{context.new_id()}", sku.sku, person_id, wish.quantity, sku.price_minor, 0
        )
        single.create(unit, cart_id, line)
        return cart_rows.load(unit.connection, [cart_id])[cart_id], own

    def _check_hoarding(self, unit: Unit, wish: _Lock, sku: str, own: Cart) -> None:
        """What is bought at once, side by side, and what is held in the cart are limited together.
        Raises LIMIT_REACHED."""
        size = self._context.catalogue.kits.size
        maximum = self._context.settings.quantity_per_person_max
        locked = rows.at_once_by(unit.connection, wish.person_id, BUY_NOW_PREFIX)
        pieces = sum(size(name) * quantity for name, quantity in locked.items())
        pieces += sum(
            size(line.sku) * line.hold.quantity
            for line in own.owned_by(wish.person_id)
            if line.hold is not None
        )
        if pieces + size(sku) * wish.quantity > maximum:
            raise limit_reached(
                "quantity_per_person_max",
                maximum,
                f"One person can have {maximum} pieces at most.",
            )

    def _hold_all(self, unit: Unit, cart: Cart, expires_ms: int, own: Cart | None) -> list[Problem]:
        """Make all holds firm; what could not be held, as problems. SKUs in order, as always.

        `own` is the cart of who buys something beside it.
        """
        context, problems = self._context, list[Problem]()
        if not cart.lines:
            problems.append(problem("CART_EMPTY", None, "The cart is empty."))
        lines = sorted(cart.lines.values(), key=lambda line: (line.sku, line.position))
        inventory.lock_for_kits(unit, [line.sku for line in lines])
        waited_for = self._waited_for(unit, lines)
        for line in lines:
            product, sku = context.catalogue.sku(line.sku)
            if sku.discontinued:
                sentence = f"{product.name} is not sold any more in this form."
                problems.append(problem("DISCONTINUED", line, sentence))
            elif line.line_id in waited_for:
                sentence = f"There is a waiting line for {product.name}. Join it first."
                drop_sku = waited_for[line.line_id]
                problems.append(problem("WAIT_IN_LINE", line, sentence, drop_sku=drop_sku))
            else:
                problems += self._hold(unit, line, expires_ms, own)
        return problems

    def _hold(self, unit: Unit, line: Line, expires_ms: int, own: Cart | None) -> list[Problem]:
        """Make the hold of one line firm, or say why not."""
        context = self._context
        try:
            held = holds.firm(unit, line, expires_ms)
            if not held and own is not None and self._make_way(unit, line, own):
                held = holds.firm(unit, line, expires_ms)
        except PurchaseLimitError as error:
            return [limit_problem(line, error)]
        if held:
            return []
        product, _ = context.catalogue.sku(line.sku)
        left = inventory.available(unit, [line.sku]).get(line.sku, 0)
        return [
            problem(
                "SOLD_OUT",
                line,
                f"{product.name}: {left} left, {line.quantity} wanted.",
                available=left,
                quantity=line.quantity,
                alternatives=inventory.in_stock(
                    unit, context.catalogue, line.sku, context.settings.alternatives_max
                ),
            )
        ]

    def _make_way(self, unit: Unit, line: Line, own: Cart) -> bool:
        """Let go of what the buyer holds of the same in their cart: nobody is in their own way.
        Whether there was anything."""
        other = own.line_of(line.sku, line.owner_id)
        if other is None or other.hold is None or other.hold.firm:
            return False
        holds.release(unit, [other])
        cart_rows.touch(unit, own.cart_id)
        # It was counted when it could not be held, and will be again.
        purchases.give_back(unit, [line])
        return True

    def _waited_for(self, unit: Unit, lines: Sequence[Line]) -> dict[str, str]:
        """By line: the SKU that its owner has to wait for. What is held already may be bought."""
        kits = self._context.catalogue.kits
        counted = {line.line_id: kits.counted(line.sku) for line in lines if line.hold is None}
        if not counted:
            return {}
        skus = sorted({sku for names in counted.values() for sku in names})
        owners = sorted({line.owner_id for line in lines})
        let_in = drops.admitted(unit.connection, skus, owners, unit.now_ms)
        return {
            line.line_id: sku
            for line in lines
            for sku in counted.get(line.line_id, ())
            if line.owner_id not in let_in.get(sku, {line.owner_id})
        }

    async def unlock(self, person_id: str, checkout_id: str) -> CheckoutView:
        """Let the lock go; the lines keep light holds for what is left of their time, unless only
        the till holds anything."""
        check_id(person_id, "person_id")
        check_id(checkout_id, "checkout_id")

        def unlock(unit: Unit) -> None:
            checkout = require(unit.connection, checkout_id, person_id)
            if checkout.locked_by != person_id:
                raise NotAllowedError(
                    "Only the one who locked the cart can release it.",
                    {"locked_by": checkout.locked_by},
                )
            if checkout.state is CheckoutState.RELEASED:
                return
            rows.step(unit, checkout, Trigger.UNLOCK, ReleaseReason.UNLOCKED)
            cart = cart_rows.load(unit.connection, [checkout.cart_id])[checkout.cart_id]
            if cart.members and self._context.settings.hold_from == "cart":
                holds.lighten(unit, cart, self._context.settings.light_hold_ttl_ms)
            else:
                holds.release(unit, list(cart.lines.values()))
            coupons.give_back(unit, checkout_id, checkout.coupon_code)
            cart_rows.set_checkout(unit, checkout.cart_id, None)

        await self._context.store.write(unlock)
        self._context.faults(FaultPoint.UNLOCK_COMMITTED)
        return await self.view(person_id, checkout_id)

    async def view(self, person_id: str, checkout_id: str) -> CheckoutView:
        """Raises CHECKOUT_NOT_FOUND for people it does not belong to as well."""
        check_id(person_id, "person_id")
        check_id(checkout_id, "checkout_id")
        return view_of(
            await self._context.store.read(
                lambda c: require(c, checkout_id, person_id), alone=True
            ),
            person_id,
        )

    async def public(self, checkout_id: str) -> CheckoutView:
        """A checkout as everybody in the room may see it. Raises CHECKOUT_NOT_FOUND."""
        check_id(checkout_id, "checkout_id")
        found = await self._context.store.read(lambda c: rows.load(c, checkout_id))
        if found is None:
            raise not_found("checkout")
        return view_of(found)

    async def finish(self) -> None:
        """Wait for what is under way."""
        await self._once.finish()


def require(connection: Connection, checkout_id: str, person_id: str) -> Checkout:
    """A checkout of a cart this person shares, or which they locked or paid."""
    checkout = rows.load(connection, checkout_id)
    if checkout is None:
        raise not_found("checkout")
    payers = {attempt.payer_id for attempt in checkout.attempts}
    if person_id != checkout.locked_by and person_id not in payers:
        cart_of = cart_rows.current(connection, [person_id])
        if cart_of.get(person_id) != checkout.cart_id:
            raise not_found("checkout")
    return checkout


def end(unit: Unit, checkout: Checkout) -> None:
    """Open the cart of a released checkout and let its stock go; the lines stay in the cart."""
    cart = cart_rows.load(unit.connection, [checkout.cart_id])[checkout.cart_id]
    held = [line for line in cart.lines.values() if line.hold is not None and line.hold.firm]
    product_of = {line.line_id: line.product_id for line in checkout.lines}
    holds.release(unit, held)
    unit.events += [
        HoldExpired(
            UNNUMBERED,
            checkout.cart_id,
            line.line_id,
            line.sku,
            product_of.get(line.line_id, ""),
            line.quantity,
        )
        for line in held
    ]
    coupons.give_back(unit, checkout.checkout_id, checkout.coupon_code)
    cart_rows.set_checkout(unit, checkout.cart_id, None)


def _quoted(line: Line, catalogue: Catalogue, gift: Gift | None) -> QuoteLine:
    product, sku = catalogue.sku(line.sku)
    return QuoteLine(
        line_id=line.line_id,
        sku=line.sku,
        product_id=product.id,
        name=product.name,
        options=sku.options,
        quantity=line.quantity,
        unit_price_minor=sku.price_minor,
        owner_id=line.owner_id,
        gift_for=gift.receiver_id if gift is not None and gift.accepted else None,
        components=sku.components,
    )
