"""Locking a cart for the till, and letting it go again."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from commerce import checkout as rules
from commerce.cart import Cart, Line
from commerce.catalog import Catalogue
from commerce.checkout import CheckoutState, QuoteLine, ReleaseReason, Trigger
from commerce.db import carts as cart_rows
from commerce.db import checkouts as rows
from commerce.db import holds, idempotency, inventory
from commerce.db.checkouts import Checkout
from commerce.db.unit import UNNUMBERED, Unit
from commerce.errors import JSON, CheckoutProblemsError, NotAllowedError
from commerce.events import HoldExpired
from commerce.service.context import Context
from commerce.service.faults import FaultPoint
from commerce.service.once import Once
from commerce.validation import check_amount, check_id, check_key, fingerprint, not_found
from commerce.views import CheckoutView

Problem = Mapping[str, JSON]


class Checkouts:
    """Use cases of checkouts, apart from payment."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._once: Once[CheckoutView] = Once()

    async def lock(
        self, person_id: str, key: str, expected_total_minor: int | None
    ) -> CheckoutView:
        """Hold every line firmly and freeze the prices, or say everything that is in the way."""
        check_id(person_id, "person_id")
        check_key(key)
        if expected_total_minor is not None:
            check_amount(expected_total_minor, "expected_total_minor")
        scope = f"lock:{person_id}"
        body = fingerprint({"expected_total_minor": expected_total_minor})

        async def run() -> CheckoutView:
            checkout_id = await self._context.store.write(
                lambda unit: self._lock(unit, person_id, scope, key, body, expected_total_minor)
            )
            self._context.faults(FaultPoint.LOCK_COMMITTED)
            return await self.view(person_id, checkout_id)

        return await self._once.run((scope, key), body, run)

    def _lock(
        self,
        unit: Unit,
        person_id: str,
        scope: str,
        key: str,
        body: str,
        expected_total_minor: int | None,
    ) -> str:
        context = self._context
        checkout_id = f"checkout-{context.new_id()}"
        before = idempotency.claim(unit, scope, key, body, checkout_id)
        if before is not None:
            return before
        cart_id = cart_rows.ensure_current(unit, [person_id], context.new_id)[person_id]
        cart = cart_rows.load(unit.connection, [cart_id])[cart_id]
        cart.require_open()
        expires_ms = unit.now_ms + context.settings.firm_hold_ttl_ms
        lines = sorted(cart.lines.values(), key=lambda line: line.position)
        quoted = [_quoted(line, context.catalogue) for line in lines]
        currency = context.catalogue.sku(lines[0].sku)[0].currency if lines else "XXX"
        problems = self._hold_all(unit, cart, expires_ms)
        quote = rules.quote(cart_id, currency, quoted, expires_ms)
        problems += _price_problems(lines, quote, expected_total_minor)
        if problems:
            # Raising rolls everything back: no line is held better or worse than before.
            raise CheckoutProblemsError(problems)
        rows.create(unit, checkout_id, quote, person_id)
        cart_rows.set_checkout(unit, cart_id, checkout_id)
        cart_rows.touch(unit, cart_id)
        context.faults(FaultPoint.LOCK_DECIDED)
        return checkout_id

    def _hold_all(self, unit: Unit, cart: Cart, expires_ms: int) -> list[Problem]:
        """Make all holds firm; what could not be held, as problems. SKUs in order, as always."""
        context, problems = self._context, list[Problem]()
        if not cart.lines:
            problems.append(_problem("CART_EMPTY", None, "The cart is empty."))
        for line in sorted(cart.lines.values(), key=lambda line: (line.sku, line.position)):
            product, sku = context.catalogue.sku(line.sku)
            if sku.discontinued:
                sentence = f"{product.name} is not sold any more in this form."
                problems.append(_problem("DISCONTINUED", line, sentence))
            elif not holds.firm(unit, line, expires_ms):
                left = inventory.available(unit, [line.sku]).get(line.sku, 0)
                problems.append(
                    _problem(
                        "SOLD_OUT",
                        line,
                        f"{product.name}: {left} left, {line.quantity} wanted.",
                        available=left,
                        quantity=line.quantity,
                        alternatives=inventory.in_stock(
                            unit, context.catalogue, line.sku, context.settings.alternatives_max
                        ),
                    )
                )
        return problems

    async def unlock(self, person_id: str, checkout_id: str) -> CheckoutView:
        """Let the lock go; the lines keep light holds for what is left of their time."""
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
            holds.lighten(unit, cart, self._context.settings.light_hold_ttl_ms)
            cart_rows.set_checkout(unit, checkout.cart_id, None)
            cart_rows.touch(unit, checkout.cart_id)

        await self._context.store.write(unlock)
        self._context.faults(FaultPoint.UNLOCK_COMMITTED)
        return await self.view(person_id, checkout_id)

    async def view(self, person_id: str, checkout_id: str) -> CheckoutView:
        """Raises CHECKOUT_NOT_FOUND for people it does not belong to as well."""
        check_id(person_id, "person_id")
        check_id(checkout_id, "checkout_id")
        return rows.view_of(
            await self._context.store.read(lambda c: require(c, checkout_id, person_id))
        )

    async def finish(self) -> None:
        """Wait for what is under way."""
        await self._once.finish()


def require(connection: Connection, checkout_id: str, person_id: str) -> Checkout:
    """A checkout of a cart this person shares, or which they locked or paid."""
    checkout = rows.load(connection, checkout_id)
    if checkout is None:
        raise not_found("checkout")
    payer_id = checkout.attempt.payer_id if checkout.attempt else None
    if person_id not in (checkout.locked_by, payer_id):
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
    cart_rows.set_checkout(unit, checkout.cart_id, None)
    cart_rows.touch(unit, checkout.cart_id)


def _quoted(line: Line, catalogue: Catalogue) -> QuoteLine:
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
    )


def _price_problems(
    lines: Sequence[Line], quote: rules.Quote, expected_total_minor: int | None
) -> list[Problem]:
    """What the shopper has to be told about prices, when they expected another total."""
    if expected_total_minor is None or expected_total_minor == quote.total_minor:
        return []
    problems = [
        _problem(
            "TOTAL_CHANGED",
            None,
            "The total is not what you saw last. Please look at the cart again.",
            expected_total_minor=expected_total_minor,
            total_minor=quote.total_minor,
            currency=quote.currency,
        )
    ]
    for line, quoted in zip(lines, quote.lines, strict=True):
        if line.price_at_add_minor != quoted.unit_price_minor:
            problems.append(
                _problem(
                    "PRICE_CHANGED",
                    line,
                    f"The price of {quoted.name} changed since it was put into the cart.",
                    price_at_add_minor=line.price_at_add_minor,
                    unit_price_minor=quoted.unit_price_minor,
                )
            )
    return problems


def _problem(code: str, line: Line | None, message: str, **data: JSON) -> Problem:
    return {
        "code": code,
        "line_id": line.line_id if line else None,
        "sku": line.sku if line else None,
        "message": message,
        **data,
    }
