"""Gifts: a line of the cart that its owner pays for somebody else in the party."""

from collections.abc import Sequence

from commerce.db import carts as cart_rows
from commerce.db import gifts as rows
from commerce.db.unit import Unit
from commerce.errors import InvalidRequestError, NotAllowedError
from commerce.gift import Gift
from commerce.service.context import Context
from commerce.validation import check_id, not_found


class Gifts:
    """Use cases of gifts."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def offer(self, person_id: str, line_id: str, receiver_id: str | None) -> None:
        """Offer a line of one's own to somebody who shares the cart; None takes the offer back."""
        check_id(person_id, "person_id")
        check_id(line_id, "line_id")

        def offer(unit: Unit) -> None:
            cart_id = cart_rows.current(unit.connection, [person_id]).get(person_id)
            cart = cart_rows.load_one(unit.connection, cart_id) if cart_id else None
            if cart is None or line_id not in cart.lines:
                raise not_found("line")
            cart.require_open()
            line = cart.lines[line_id]
            if line.owner_id != person_id:
                raise NotAllowedError(
                    "Only the one who put it in can give it away.", {"owner_id": line.owner_id}
                )
            if receiver_id is None:
                rows.take_back(unit, line_id)
            else:
                if receiver_id == person_id or receiver_id not in cart.members:
                    raise InvalidRequestError(
                        "INVALID_RECEIVER",
                        "A gift goes to somebody else who shares the cart.",
                        {"field": "receiver_id"},
                    )
                rows.offer(unit, Gift(line_id, cart.cart_id, person_id, receiver_id, None))
            cart_rows.touch(unit, cart.cart_id)

        await self._context.store.write(offer)

    async def answer(self, person_id: str, line_id: str, *, accept: bool) -> None:
        """Accept a gift, or decline it: then the line stays with its owner as it was."""
        check_id(person_id, "person_id")
        check_id(line_id, "line_id")

        def answer(unit: Unit) -> None:
            gift = rows.of_lines(unit.connection, [line_id]).get(line_id)
            if gift is None or gift.receiver_id != person_id:
                raise not_found("gift")
            cart = cart_rows.load_one(unit.connection, gift.cart_id)
            if cart is None or line_id not in cart.lines:
                raise not_found("gift")
            cart.require_open()
            rows.answer(unit, line_id, accepted=accept)
            cart_rows.touch(unit, cart.cart_id)

        await self._context.store.write(answer)

    async def of_lines(self, line_ids: Sequence[str]) -> tuple[Gift, ...]:
        """The gifts among these lines, offered or accepted."""
        for line_id in line_ids:
            check_id(line_id, "line_id")
        found = await self._context.store.read(lambda c: rows.of_lines(c, line_ids))
        return tuple(found[line_id] for line_id in line_ids if line_id in found)

    async def offered(self, person_id: str) -> tuple[Gift, ...]:
        """Gifts that wait for this person's answer."""
        check_id(person_id, "person_id")
        limit = self._context.settings.lines_per_cart_max
        return tuple(await self._context.store.read(lambda c: rows.offered_to(c, person_id, limit)))
