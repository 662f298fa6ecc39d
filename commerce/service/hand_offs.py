"""Handing a payment over to a phone: the headset asks, the phone confirms.

The headset shows a short code (or a QR of a link with it). Whoever opens it sees what is to be paid
and pays as the one who asked, once, exactly this amount, while the code lives. So paying takes a
deliberate act on a device with a screen of its own, never a gesture in the room. A payment that
failed by itself does not count: another card can be tried, as often as `tries_per_person_max` and
`tries_per_address_max` allow.
"""

from sqlalchemy import Connection

from commerce.checkout import CheckoutState
from commerce.codes import code_from, normal
from commerce.db import checkouts as checkout_rows
from commerce.db import credit as credit_rows
from commerce.db import hand_offs as rows
from commerce.db.checkout_views import view_of
from commerce.db.checkouts import Checkout
from commerce.db.hand_offs import HandOff
from commerce.db.unit import Unit
from commerce.errors import ConflictError, HandOffEndedError, NothingToPayError
from commerce.service.books import claim
from commerce.service.checkout import require
from commerce.service.context import Context
from commerce.service.payment import Payments
from commerce.validation import check_id, not_found
from commerce.views import CheckoutView, CreditView, HandOffView

CODE_LENGTH = 10
"""50 random bits: at a thousand guesses a second for the two minutes of a code, the chance to hit
one of a thousand live codes is about one in ten million."""


class HandOffs:
    """Use cases of hand-offs."""

    def __init__(self, context: Context, payments: Payments) -> None:
        self._context = context
        self._payments = payments

    async def create(self, person_id: str, checkout_id: str) -> HandOffView:
        """A code for what this person has to pay; an earlier one does not work any more."""
        check_id(person_id, "person_id")
        check_id(checkout_id, "checkout_id")
        code, settings = code_from(self._context.new_id(), CODE_LENGTH), self._context.payment

        def create(unit: Unit) -> HandOff:
            claim(unit, checkout_id)
            checkout = require(unit.connection, checkout_id, person_id)
            due_minor = checkout.due_from(person_id)
            if due_minor <= 0 or checkout.state not in (
                CheckoutState.LOCKED,
                CheckoutState.PAYING,
            ):
                raise NothingToPayError({"state": str(checkout.state)})
            if rows.count(unit.connection, checkout_id) >= settings.hand_offs_per_checkout_max:
                maximum = settings.hand_offs_per_checkout_max
                raise ConflictError(
                    "LIMIT_REACHED",
                    "There were too many codes for this checkout.",
                    {"limit": "hand_offs_per_checkout_max", "maximum": maximum},
                )
            expires_ms = min(unit.now_ms + settings.hand_off_ttl_ms, checkout.expires_ms)
            hand_off = HandOff(
                checkout_id, person_id, due_minor, checkout.currency, expires_ms, None
            )
            rows.create(unit, code, hand_off)
            return hand_off

        made = await self._context.store.write(create)
        return HandOffView(code, checkout_id, made.amount_minor, made.currency, made.expires_ms)

    async def open(self, code: str) -> CheckoutView:
        """What is to be paid by a code, as the one who asked sees it. Raises HAND_OFF_NOT_FOUND or
        HAND_OFF_ENDED."""

        def look(connection: Connection) -> tuple[HandOff, Checkout | None]:
            hand_off = self._found(connection, code)
            return hand_off, checkout_rows.load(connection, hand_off.checkout_id)

        hand_off, checkout = await self._context.store.read(look)
        if checkout is None:
            raise not_found("checkout")
        if checkout.due_from(hand_off.person_id) != hand_off.amount_minor:
            raise HandOffEndedError("amount changed")
        return view_of(checkout, hand_off.person_id)

    async def credit(self, code: str) -> CreditView | None:
        """Store credit of the one who asked, as far as it pays for all of it; else None. Raises
        HAND_OFF_NOT_FOUND or HAND_OFF_ENDED."""

        def look(connection: Connection) -> CreditView | None:
            hand_off = self._found(connection, code)
            account_id = credit_rows.account_of(connection, hand_off.person_id, hand_off.currency)
            found = None if account_id is None else credit_rows.view(connection, account_id)
            enough = found is not None and found.available_minor >= hand_off.amount_minor
            return found if enough else None

        return await self._context.store.read(look)

    async def pay(
        self, code: str, payment_method: str, key: str, address: str | None
    ) -> CheckoutView:
        """Pay by a code, which is used up by it unless the payment fails by itself."""
        hand_off = await self._context.store.read(lambda c: self._found(c, code, used_is_fine=True))
        part = await self._context.store.read(
            lambda c: require(c, hand_off.checkout_id, hand_off.person_id).part_of(
                hand_off.person_id
            )
        )
        return await self._payments.pay(
            hand_off.person_id,
            hand_off.checkout_id,
            payment_method,
            part,
            f"hand-off:{rows.hash_of(normal(code))}:{key}"[:200],
            amount_minor=hand_off.amount_minor,
            address=address,
            hand_off=normal(code),
        )

    def _found(self, connection: Connection, code: str, *, used_is_fine: bool = False) -> HandOff:
        found = rows.find(connection, normal(code))
        if found is None:
            raise not_found("hand_off")
        if found.used_ms is not None and not used_is_fine:
            raise HandOffEndedError("used")
        if found.expires_ms <= self._context.clock() and not used_is_fine:
            raise HandOffEndedError("over")
        return found
