"""Paying together: who pays how much of a locked checkout, and who pays it for whom."""

from collections.abc import Mapping, Sequence

from commerce.checkout import CheckoutState
from commerce.db import carts as cart_rows
from commerce.db import checkouts as rows
from commerce.db import shares
from commerce.db.checkouts import Checkout
from commerce.db.shares import Share
from commerce.db.unit import Unit
from commerce.errors import ConflictError, InvalidRequestError, NotAllowedError
from commerce.payment import LEFT, AttemptState
from commerce.service.books import Books, claim
from commerce.service.checkout import require
from commerce.service.context import Context
from commerce.service.faults import FaultPoint
from commerce.service.settlement import Settlement
from commerce.split import SplitPlan, divided, invalid_split
from commerce.validation import check_id, not_found


class Shares:
    """Use cases of shares."""

    def __init__(self, context: Context, settlement: Settlement) -> None:
        self._context = context
        self._settlement = settlement
        self._books = Books(context)

    async def split(
        self,
        person_id: str,
        checkout_id: str,
        plan: str,
        amounts: Mapping[str, int] | None,
        people: Sequence[str] | None,
    ) -> None:
        """Divide a locked checkout; only by the one who locked it, before anybody pays.

        Nobody owes anything by it: a share is what its person sees and then pays, or not.
        """
        check_id(person_id, "person_id")
        check_id(checkout_id, "checkout_id")
        try:
            kind = SplitPlan(plan)
        except ValueError as error:
            raise InvalidRequestError(
                "INVALID_SPLIT",
                "A checkout is divided by own_lines, equal or custom.",
                {"field": "plan"},
            ) from error

        def divide(unit: Unit) -> None:
            checkout = self._claimed(unit, checkout_id, person_id)
            if checkout.locked_by != person_id:
                raise NotAllowedError(
                    "Only the one who locked the cart can divide the total.",
                    {"locked_by": checkout.locked_by},
                )
            if checkout.state is not CheckoutState.LOCKED:
                raise _not_now(checkout)
            members = self._members(unit, checkout)
            payers = list(people) if people is not None else members
            if not set(payers) <= set(members):
                raise invalid_split("Only those who share the cart can pay a part.")
            parts = divided(kind, checkout.lines, checkout.total_minor, payers, amounts or {})
            shares.replace(unit, checkout_id, parts)
            rows.touch(unit, checkout)

        await self._context.store.write(divide)

    async def cover(
        self, person_id: str, checkout_id: str, for_person_id: str, *, covers: bool
    ) -> None:
        """Pay somebody else's share as well, or not any more, as long as nothing is paid of it."""
        check_id(person_id, "person_id")
        check_id(checkout_id, "checkout_id")
        check_id(for_person_id, "for_person_id")

        def change(unit: Unit) -> None:
            checkout = self._claimed(unit, checkout_id, person_id)
            share = _share_of(checkout, for_person_id)
            if person_id == for_person_id or person_id not in self._members(unit, checkout):
                raise NotAllowedError("Another one of the party can pay this part.", {})
            wanted = person_id if covers else None
            if share.covered_by == wanted:
                return
            if share.covered_by not in (None, person_id):
                raise NotAllowedError(
                    "Somebody else pays this part already.", {"covered_by": share.covered_by}
                )
            if _begun(checkout, share.payer_id):
                raise _not_now(checkout)
            receives = any(
                line.gift_for == person_id and line.owner_id == for_person_id
                for line in checkout.lines
            )
            if receives:
                raise NotAllowedError("Who receives a gift cannot pay for it.", {})
            shares.cover(unit, checkout_id, for_person_id, wanted)
            rows.touch(unit, checkout)

        await self._context.store.write(change)

    async def give_up(self, person_id: str, checkout_id: str) -> None:
        """Call a payment off that waits for others: every part is given back. For whoever has paid
        a part, and for the one who locked the cart."""
        check_id(person_id, "person_id")
        check_id(checkout_id, "checkout_id")

        def call_off(unit: Unit) -> None:
            checkout = self._claimed(unit, checkout_id, person_id)
            live = checkout.live_attempts
            if person_id not in (checkout.locked_by, *(attempt.payer_id for attempt in live)):
                raise NotAllowedError(
                    "Only somebody who pays, or who locked the cart, can call it off.",
                    {"locked_by": checkout.locked_by},
                )
            if checkout.state is CheckoutState.LOCKED:
                return
            waiting = (AttemptState.AUTHORISED, AttemptState.VOIDING)
            if checkout.state is not CheckoutState.PAYING or any(
                attempt.state not in waiting for attempt in live
            ):
                raise _not_now(checkout)
            self._books.call_off(unit, checkout, LEFT, person_id)

        await self._context.store.write(call_off)
        self._context.faults(FaultPoint.CALLED_OFF)
        await self._settlement.carry_out(checkout_id)

    def _claimed(self, unit: Unit, checkout_id: str, person_id: str) -> Checkout:
        claim(unit, checkout_id)
        return require(unit.connection, checkout_id, person_id)

    def _members(self, unit: Unit, checkout: Checkout) -> list[str]:
        cart = cart_rows.load(unit.connection, [checkout.cart_id])[checkout.cart_id]
        return list(cart.members) or [checkout.locked_by]


def _share_of(checkout: Checkout, person_id: str) -> Share:
    for share in checkout.shares:
        if share.person_id == person_id:
            if checkout.state in (CheckoutState.LOCKED, CheckoutState.PAYING):
                return share
            raise _not_now(checkout)
    raise not_found("share")


def _begun(checkout: Checkout, payer_id: str) -> bool:
    """Whether this person is paying, or has paid while others still are."""
    return any(
        attempt.payer_id == payer_id and (attempt.live or attempt.attempt_id in checkout.captured)
        for attempt in checkout.attempts
    )


def _not_now(checkout: Checkout) -> ConflictError:
    return ConflictError(
        "CHECKOUT_STATE",
        "This part of the checkout cannot be changed just now.",
        {"state": str(checkout.state)},
    )
