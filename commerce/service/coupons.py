"""Coupons: made and withdrawn by staff, put into carts, looked at again at the till."""

from collections.abc import Sequence
from dataclasses import replace

from commerce import cart as cart_rules
from commerce.cart import Cart
from commerce.checkout import QuoteLine, total_of
from commerce.db import carts as cart_rows
from commerce.db import coupons as rows
from commerce.db.unit import Unit
from commerce.errors import ConflictError
from commerce.problems import Problem, problem
from commerce.promotions import Coupon, coupon_code, ended, not_applicable
from commerce.service.context import Context
from commerce.validation import check_id, check_page, not_found
from commerce.views import CartView

COUPONS_MAX = 100_000
"""Coupons of a shop."""


class Coupons:
    """Use cases of coupons."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def create(self, coupon: Coupon) -> Coupon:
        """Make a coupon; what it takes off and its limits never change. For staff.

        Raises COUPON_EXISTS, or LIMIT_REACHED when there are too many.
        """
        fresh = replace(coupon, used=0, withdrawn=False)

        def create(unit: Unit) -> Coupon:
            if rows.find(unit.connection, (coupon.code,)):
                raise ConflictError(
                    "COUPON_EXISTS",
                    "There is a coupon with this code already.",
                    {"coupon": coupon.code},
                )
            if rows.count(unit.connection) >= COUPONS_MAX:
                raise cart_rules.limit_reached(
                    "coupons_max", COUPONS_MAX, f"A shop has {COUPONS_MAX} coupons at most."
                )
            rows.create(unit, fresh)
            return fresh

        return await self._context.store.write(create)

    async def withdraw(self, code: str) -> Coupon:
        """From now on nobody can use a coupon, not even at the till. For staff.

        Raises COUPON_NOT_FOUND.
        """
        wanted = coupon_code(code)

        def withdraw(unit: Unit) -> Coupon:
            coupon = _require(unit, wanted)
            rows.withdraw(unit, wanted)
            return replace(coupon, withdrawn=True)

        return await self._context.store.write(withdraw)

    async def all(self, limit: int = 100) -> tuple[Coupon, ...]:
        """The newest coupons, with how often they were used. For staff. Raises INVALID_PAGE."""
        check_page(1, limit, self._context.settings.page_size_max)
        return tuple(await self._context.store.read(lambda c: rows.newest(c, limit)))

    async def apply(self, person_id: str, code: str) -> CartView:
        """Put a coupon into the person's current cart, instead of the one in it.

        Raises INVALID_COUPON, COUPON_NOT_FOUND, COUPON_ENDED with the `reason`,
        COUPON_NOT_APPLICABLE with the `minimum_minor`, or CART_LOCKED.
        """
        check_id(person_id, "person_id")
        wanted = coupon_code(code)

        def apply(unit: Unit) -> Cart:
            cart = self._open_cart(unit, person_id)
            coupon = _require(unit, wanted)
            why = coupon.end(unit.now_ms)
            if why is not None:
                raise ended(coupon.code, why)
            view = self._view(replace(cart, coupon=None))
            if not coupon.fits(view.total_minor, view.currency):
                raise not_applicable(coupon)
            rows.put(unit, cart.cart_id, coupon.code, person_id)
            return self._touched(unit, cart, coupon)

        return self._view(await self._context.store.write(apply))

    async def remove(self, person_id: str) -> CartView:
        """Take the coupon out of the person's current cart, if there is one. Raises CART_LOCKED."""
        check_id(person_id, "person_id")

        def remove(unit: Unit) -> Cart:
            cart = self._open_cart(unit, person_id)
            if cart.coupon is None:
                return cart
            rows.take_out(unit, cart.cart_id)
            return self._touched(unit, cart, None)

        return self._view(await self._context.store.write(remove))

    def _open_cart(self, unit: Unit, person_id: str) -> Cart:
        cart_id = cart_rows.ensure_current(unit, [person_id], self._context.new_id)[person_id]
        cart = cart_rows.load(unit.connection, [cart_id])[cart_id]
        cart.require_open()
        return cart

    def _touched(self, unit: Unit, cart: Cart, coupon: Coupon | None) -> Cart:
        cart_rows.touch(unit, cart.cart_id)
        return replace(cart, coupon=coupon, version=cart.version + 1)

    def _view(self, cart: Cart) -> CartView:
        context = self._context
        return cart_rules.view_of(cart, context.catalogue, context.settings, context.clock())


def discounted(
    unit: Unit, coupon: Coupon, lines: Sequence[QuoteLine], currency: str, person_id: str
) -> tuple[list[QuoteLine], list[Problem]]:
    """The lines with the discounts of a coupon, whose use by this person is counted; or, as they
    were, with the problem: COUPON_ENDED or COUPON_NOT_APPLICABLE."""
    why = coupon.end(unit.now_ms)
    refusal = None
    if why is None and not coupon.fits(total_of(lines, currency), currency):
        refusal = not_applicable(coupon)
    elif why is not None or (why := rows.use(unit, coupon, person_id)) is not None:
        refusal = ended(coupon.code, why)
    if refusal is not None:
        return list(lines), [problem(refusal.code, None, refusal.message, **refusal.data)]
    amounts = [line.total_minor for line in lines]
    gifts = [line.gift_for is not None for line in lines]
    return [
        replace(line, discount_minor=discount_minor)
        for line, discount_minor in zip(lines, coupon.discounts(amounts, gifts), strict=True)
    ], []


def require_standing(unit: Unit, checkout_id: str, code: str | None) -> None:
    """Raises COUPON_ENDED when the coupon of a checkout was withdrawn since it was locked."""
    if code is not None and rows.withdrawn(unit.connection, checkout_id):
        raise ConflictError(
            "COUPON_ENDED",
            f"The coupon {code} was withdrawn. Release the lock, take it out, and lock again.",
            {"coupon": code, "reason": "withdrawn"},
        )


def _require(unit: Unit, code: str) -> Coupon:
    coupon = rows.find(unit.connection, (code,)).get(code)
    if coupon is None:
        raise not_found("coupon")
    return coupon
