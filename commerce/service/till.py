"""The till: checkout, payment by one or several, refunds, store credit. A part of `Commerce`."""

from collections.abc import Mapping, Sequence

from commerce.contact import Contact
from commerce.db import references, tries
from commerce.db.unit import Unit
from commerce.gift import Gift
from commerce.ports import KeptMethod
from commerce.service.checkout import Checkouts
from commerce.service.contacts import Contacts
from commerce.service.context import Context
from commerce.service.credit import Credit
from commerce.service.gifts import Gifts
from commerce.service.hand_offs import HandOffs
from commerce.service.notices import Notices
from commerce.service.payment import Payments
from commerce.service.reconcile import Reconciler
from commerce.service.refunds import Refunds
from commerce.service.settlement import Settlement
from commerce.service.shares import Shares
from commerce.views import CheckoutView, CreditView, GiftCardView, HandOffView, RefundView


class Till:
    """What can be asked at the till. People are known by ids that the caller vouches for; what is
    for staff says so, and the caller has to see to it."""

    def __init__(self, context: Context) -> None:
        """For `Commerce`; the parts share the context."""
        self._context = context
        settlement = Settlement(context)
        self._checkouts = Checkouts(context)
        self._contacts = Contacts(context)
        self._payments = Payments(context, settlement)
        self._shares = Shares(context, settlement)
        self._gifts = Gifts(context)
        self._hand_offs = HandOffs(context, self._payments)
        self._refunds = Refunds(context)
        self._credit = Credit(context)
        self._notices = Notices(context, self._payments)
        self._reconciler = Reconciler(context, settlement, self._refunds)

    # --- checkout -------------------------------------------------------------------------------

    async def lock(
        self,
        person_id: str,
        *,
        idempotency_key: str,
        expected_total_minor: int | None = None,
        contact: Contact | None = None,
    ) -> CheckoutView:
        """Lock the current cart: stock held firmly, prices frozen, a countdown.

        Raises CHECKOUT_PROBLEMS with every problem at once (CART_EMPTY, SOLD_OUT, DISCONTINUED,
        WAIT_IN_LINE, COUPON_ENDED, COUPON_NOT_APPLICABLE, TOTAL_CHANGED, PRICE_CHANGED,
        BELOW_MINIMUM, CONTACT_MISSING, SHIPPING_NOT_POSSIBLE, GIFT_NOT_ACCEPTED, LIMIT_REACHED of a
        purchase limit); the cart is as it was. CART_LOCKED when it is locked already.

        Without a `contact`, the kept one is taken.
        """
        return await self._checkouts.lock(person_id, idempotency_key, expected_total_minor, contact)

    async def buy_now(
        self,
        person_id: str,
        sku: str,
        quantity: int,
        *,
        idempotency_key: str,
        contact: Contact | None = None,
    ) -> CheckoutView:
        """Lock a checkout of this alone; the person's cart keeps its lines. When nothing else is
        left, what it holds of the same is taken.

        Raises like `lock`, and SKU_NOT_FOUND, INVALID_QUANTITY, LIMIT_REACHED.
        """
        return await self._checkouts.buy_now(person_id, sku, quantity, idempotency_key, contact)

    async def unlock(self, person_id: str, checkout_id: str) -> CheckoutView:
        """Release a lock; only by the one who locked. Raises NOT_ALLOWED, CHECKOUT_STATE."""
        return await self._checkouts.unlock(person_id, checkout_id)

    async def checkout(self, person_id: str, checkout_id: str) -> CheckoutView:
        """A checkout of a cart the person shares, as they may see it. Raises CHECKOUT_NOT_FOUND."""
        return await self._checkouts.view(person_id, checkout_id)

    async def public_checkout(self, checkout_id: str) -> CheckoutView:
        """A checkout as everybody in the room may see it: no bank's words, no price of a gift."""
        return await self._checkouts.public(checkout_id)

    async def keep_contact(self, person_id: str, contact: Contact) -> None:
        """Keep who gets this person's orders and where, for whoever locks without an address."""
        await self._contacts.keep(person_id, contact)

    async def contact_of(self, person_id: str) -> Contact:
        """The kept address. Raises CONTACT_NOT_FOUND."""
        return await self._contacts.of_person(person_id)

    async def forget_contact(self, person_id: str) -> None:
        """Keep this person's address no longer; orders have theirs."""
        await self._contacts.forget(person_id)

    # --- payment --------------------------------------------------------------------------------

    async def pay(
        self,
        person_id: str,
        checkout_id: str,
        *,
        payment_method: str,
        expected_total_minor: int,
        idempotency_key: str,
        amount_minor: int | None = None,
        address: str | None = None,
        step_up: bool = False,
    ) -> CheckoutView:
        """Pay a locked checkout, or one's part of it.

        `expected_total_minor` is all that this person pays in the end: the total, or their shares.
        `amount_minor` is how much of it with this method; the rest with another one afterwards.
        `address` is where the request came from, for the limit of tries. `step_up`: store credit
        and gift cards pay only after a challenge, for where a slip of the hand could ask for it.

        The answer's `state` is `paid`, `locked` with `last_failure` (declined), or `paying` with a
        `challenge`, `in_doubt`, or because other parts are missing. Raises CHECKOUT_NOT_FOUND,
        CHECKOUT_STATE, CHECKOUT_EXPIRED, TOTAL_CHANGED, NOTHING_TO_PAY, TOO_MANY_PAYMENTS,
        COUPON_ENDED, PAYMENT_METHOD_UNKNOWN, IDEMPOTENCY_KEY_REUSED.
        """
        return await self._payments.pay(
            person_id,
            checkout_id,
            payment_method,
            expected_total_minor,
            idempotency_key,
            amount_minor=amount_minor,
            address=address,
            step_up=step_up,
        )

    async def confirm(
        self, person_id: str, checkout_id: str, *, challenge_id: str, response: str
    ) -> CheckoutView:
        """Answer the bank's question with `approve` or `reject`; only the payer can. When it was
        answered elsewhere (on the bank's page, in a wallet), `approve` looks how it went.

        Raises CHALLENGE_NOT_FOUND, NOT_ALLOWED, INVALID_RESPONSE.
        """
        return await self._payments.confirm(person_id, checkout_id, challenge_id, response)

    async def take_notice(self, provider: str, body: bytes, signature: str) -> str:
        """Take a webhook of a provider: `taken`, `doubled` or `unknown`. Raises WEBHOOK_REFUSED,
        PROVIDER_NOT_FOUND."""
        return await self._notices.take(provider, body, signature)

    def notice_counts(self) -> Mapping[str, int]:
        """How many webhooks were taken, doubled, unknown and refused since the start."""
        return dict(self._notices.counts)

    # --- paid together --------------------------------------------------------------------------

    async def split(
        self,
        person_id: str,
        checkout_id: str,
        *,
        plan: str,
        amounts: Mapping[str, int] | None = None,
        people: Sequence[str] | None = None,
    ) -> CheckoutView:
        """Divide a locked checkout by `own_lines`, `equal` or `custom` amounts among its members,
        or some of them. Only by the one who locked. Raises INVALID_SPLIT, NOT_ALLOWED,
        CHECKOUT_STATE."""
        await self._shares.split(person_id, checkout_id, plan, amounts, people)
        return await self.checkout(person_id, checkout_id)

    async def cover(
        self, person_id: str, checkout_id: str, *, for_person_id: str, covers: bool = True
    ) -> CheckoutView:
        """Pay somebody else's share too, or not any more. Raises SHARE_NOT_FOUND, NOT_ALLOWED,
        CHECKOUT_STATE."""
        await self._shares.cover(person_id, checkout_id, for_person_id, covers=covers)
        return await self.checkout(person_id, checkout_id)

    async def give_up(self, person_id: str, checkout_id: str) -> CheckoutView:
        """Give back all parts that wait for others; the cart stays locked while its time lasts.
        Raises NOT_ALLOWED, CHECKOUT_STATE while a bank is being asked."""
        await self._shares.give_up(person_id, checkout_id)
        return await self.checkout(person_id, checkout_id)

    async def offer_gift(self, person_id: str, line_id: str, *, receiver_id: str | None) -> None:
        """Offer a line to somebody who shares the cart; None takes the offer back. Raises
        LINE_NOT_FOUND, NOT_ALLOWED, INVALID_RECEIVER, CART_LOCKED."""
        await self._gifts.offer(person_id, line_id, receiver_id)

    async def answer_gift(self, person_id: str, line_id: str, *, accept: bool) -> None:
        """Accept or decline a gift. Raises GIFT_NOT_FOUND, CART_LOCKED."""
        await self._gifts.answer(person_id, line_id, accept=accept)

    async def gifts_of_lines(self, line_ids: Sequence[str]) -> tuple[Gift, ...]:
        """The gifts among these lines of a cart, offered or accepted."""
        return await self._gifts.of_lines(line_ids)

    async def gifts_for(self, person_id: str) -> tuple[Gift, ...]:
        """Gifts that wait for this person's answer."""
        return await self._gifts.offered(person_id)

    # --- to the phone ---------------------------------------------------------------------------

    async def hand_off(self, person_id: str, checkout_id: str) -> HandOffView:
        """A code by which a phone pays what this person has to pay. Raises NOTHING_TO_PAY,
        LIMIT_REACHED."""
        return await self._hand_offs.create(person_id, checkout_id)

    async def open_hand_off(self, code: str) -> CheckoutView:
        """What is to be paid by a code. Raises HAND_OFF_NOT_FOUND, HAND_OFF_ENDED."""
        return await self._hand_offs.open(code)

    async def credit_of_hand_off(self, code: str) -> CreditView | None:
        """Store credit of the one who asked for a code, if it pays for all of it (`credit:`).
        Raises HAND_OFF_NOT_FOUND, HAND_OFF_ENDED."""
        return await self._hand_offs.credit(code)

    async def pay_hand_off(
        self,
        code: str,
        *,
        payment_method: str,
        idempotency_key: str,
        address: str | None = None,
    ) -> CheckoutView:
        """Pay by a code, once, as the one who asked for it; when the payment fails, the code works
        until its end. Raises like `pay`, and HAND_OFF_NOT_FOUND, HAND_OFF_ENDED."""
        return await self._hand_offs.pay(code, payment_method, idempotency_key, address)

    async def payment_methods(self, person_id: str) -> tuple[KeptMethod, ...]:
        """The methods that providers keep for this person; `pay` takes them. Raises
        PROVIDER_SILENT."""
        return await self._payments.kept_methods(person_id)

    # --- for staff ------------------------------------------------------------------------------

    async def refund(
        self,
        staff_id: str,
        order_id: str,
        *,
        idempotency_key: str,
        amount_minor: int | None = None,
        payment_id: str | None = None,
        reason: str = "",
    ) -> tuple[RefundView, ...]:
        """Give back so much of an order, or all that is left: of one of its payments, or of all,
        the newest first. All refunds of the order are the answer. For staff.

        Raises ORDER_NOT_FOUND, PAYMENT_NOT_FOUND, REFUND_TOO_LARGE, INVALID_AMOUNT,
        IDEMPOTENCY_KEY_REUSED.
        """
        return await self._refunds.refund(
            staff_id,
            order_id,
            idempotency_key,
            amount_minor=amount_minor,
            payment_id=payment_id,
            reason=reason,
        )

    async def refunds(self, order_id: str) -> tuple[RefundView, ...]:
        """All refunds of an order. For staff."""
        return await self._refunds.of_order(order_id)

    async def grant_credit(
        self, person_id: str, *, amount_minor: int, currency: str, idempotency_key: str
    ) -> CreditView:
        """Add to somebody's store credit. Raises PERSON_NOT_FOUND for one who was erased. For
        staff."""
        return await self._credit.grant(person_id, amount_minor, currency, idempotency_key)

    async def issue_gift_card(
        self, *, amount_minor: int, currency: str, expires_ms: int | None = None
    ) -> GiftCardView:
        """Make a gift card; its code is told once. For staff."""
        return await self._credit.issue_card(amount_minor, currency, expires_ms)

    async def credit(self, person_id: str, currency: str) -> CreditView:
        """Somebody's store credit. Raises CREDIT_NOT_FOUND."""
        return await self._credit.of_person(person_id, currency)

    async def gift_card(self, code: str) -> CreditView:
        """What is on a gift card. Raises CREDIT_NOT_FOUND."""
        return await self._credit.of_card(code)

    # --- upkeep ---------------------------------------------------------------------------------

    async def prune_payments(self) -> None:
        """Forget old webhooks and tries to pay."""
        settings = self._context.payment

        def prune(unit: Unit) -> None:
            references.forget_events(unit, unit.now_ms - settings.webhook_retention_ms)
            tries.forget(unit, unit.now_ms - settings.tries_window_ms)

        await self._context.store.write(prune)

    async def finish_payments(self) -> None:
        """Wait for what is under way."""
        for part in (self._checkouts, self._payments, self._refunds, self._credit):
            await part.finish()
