"""Runs the effects of paying together, gifts, hand-offs and waiting lines.

What everybody may see and what only one person may see never share a value: a checkout is read once
as the public sees it, and once for each person for whom there is more to see.
"""

from collections.abc import Callable, Sequence
from typing import Any

from commerce import CartView, CheckoutView, Commerce, CommerceError, NotFoundError
from rooms import effects
from rooms.basket import OwnCheckout
from rooms.commands import CartUpdated, CheckoutUpdated, Command, RequestCompleted, RequestFailed
from rooms.commands_together import GiftEnded, GiftsUpdated, HandOffReady, PlaceUpdated
from server import translate, translate_together
from server.origins import Origins

HAND_OFF_PAGE = "/pay/{code}"
HAND_OFF_QR = "/hand-off/{code}/qr.svg"

TogetherEffect = (
    effects.DivideCheckout
    | effects.ChangeCover
    | effects.CallOffPayment
    | effects.MakeHandOff
    | effects.GiveLine
    | effects.AcceptGift
    | effects.PassLine
    | effects.EnterLine
    | effects.QuitLine
)


class Together:
    """The use cases behind these effects. `name_of` gives the name a person goes by, `origins`
    where they come from."""

    def __init__(self, commerce: Commerce, name_of: Callable[[str], str], origins: Origins) -> None:
        self._commerce = commerce
        self._name_of = name_of
        self._origins = origins

    async def outcome(self, effect: TogetherEffect) -> list[Command]:
        """Do it; what the room is told. Raises CommerceError."""
        match effect:
            case effects.DivideCheckout():
                return await self._divide(effect)
            case effects.ChangeCover():
                return await self._cover(effect)
            case effects.CallOffPayment():
                view = await self._commerce.give_up(effect.person_id, effect.checkout_id)
                return await self._answered(effect, view, {"state": str(view.state)})
            case effects.MakeHandOff():
                return await self._hand_off(effect)
            case effects.GiveLine():
                return await self._give(effect)
            case effects.AcceptGift():
                return await self._accept(effect)
            case effects.PassLine():
                cart = await self._commerce.pass_line(
                    effect.person_id, effect.line_id, effect.to_person_id
                )
                completed = _completed(effect, {"cart_version": cart.version})
                # A line that was a gift is none any more.
                return [self._cart(cart), await self.gifts_updated(cart), completed]
            case effects.EnterLine():
                return await self._enter_line(effect)
            case effects.QuitLine():
                await self._commerce.drops.leave(effect.person_id, effect.sku)
                left = translate_together.no_place(effect.sku, "left")
                return [PlaceUpdated(effect.person_id, left), _completed(effect, {})]

    # --- checkout -------------------------------------------------------------------------------

    async def checkout_updated(self, checkout_id: str, members: Sequence[str]) -> CheckoutUpdated:
        """The command that shows a checkout in a room: to everybody, and to those of the members
        for whom there is more to see. Raises CHECKOUT_NOT_FOUND."""
        public = await self._commerce.public_checkout(checkout_id)
        shown = translate_together.checkout(public, self._name_of)
        own = []
        for person_id in sorted(_concerned(public) & set(members)):
            try:
                view = await self._commerce.checkout(person_id, checkout_id)
            except NotFoundError:
                # They have left the cart meanwhile.
                continue
            seen = translate_together.checkout(view, self._name_of, person_id)
            if seen != shown:
                own.append(OwnCheckout(person_id, seen))
        gifts = translate_together.accepted_gifts(public, self._name_of)
        return CheckoutUpdated(public.cart_id, shown, tuple(own), gifts)

    async def _divide(self, effect: effects.DivideCheckout) -> list[Command]:
        people, amounts = effect.person_ids, effect.amounts_minor
        view = await self._commerce.split(
            effect.person_id,
            effect.checkout_id,
            plan=effect.plan,
            people=people or None,
            amounts=dict(zip(people, amounts, strict=True)) if amounts else None,
        )
        return await self._answered(effect, view, {"state": str(view.state)})

    async def _cover(self, effect: effects.ChangeCover) -> list[Command]:
        view = await self._commerce.cover(
            effect.person_id,
            effect.checkout_id,
            for_person_id=effect.for_person_id,
            covers=effect.covers,
        )
        return await self._answered(effect, view, {"due_minor": view.due_minor or 0})

    async def _hand_off(self, effect: effects.MakeHandOff) -> list[Command]:
        made = await self._commerce.hand_off(effect.person_id, effect.checkout_id)
        return [
            HandOffReady(
                effect.avatar_id,
                effect.request_id,
                made.code,
                HAND_OFF_PAGE.format(code=made.code),
                HAND_OFF_QR.format(code=made.code),
                made.amount_minor,
                made.currency,
                made.expires_ms,
            )
        ]

    async def _answered(
        self, effect: TogetherEffect, view: CheckoutView, body: dict[str, Any]
    ) -> list[Command]:
        cart = await self._commerce.cart(view.cart_id)
        shown = await self.checkout_updated(view.id, cart.members)
        return [shown, _completed(effect, body)]

    # --- gifts ----------------------------------------------------------------------------------

    async def gifts_updated(self, cart: CartView) -> GiftsUpdated:
        """The command that shows the gifts of a cart. The cart is read before: so the gifts are
        never older than it."""
        found = await self._commerce.gifts_of_lines([line.line_id for line in cart.lines])
        gifts = translate_together.gifts_of(found, cart, self._name_of)
        return GiftsUpdated(cart.id, cart.version, gifts)

    async def _give(self, effect: effects.GiveLine) -> list[Command]:
        receiver = effect.to_person_id
        await self._commerce.offer_gift(
            effect.person_id, effect.line_id, receiver_id=receiver or None
        )
        cart = await self._commerce.cart_of(effect.person_id)
        news: Command = GiftEnded(cart.id, effect.line_id, "withdrawn")
        if receiver:
            news = await self.gifts_updated(cart)
        return [self._cart(cart), news, _completed(effect, {})]

    async def _accept(self, effect: effects.AcceptGift) -> list[Command]:
        try:
            await self._commerce.answer_gift(effect.person_id, effect.line_id, accept=effect.accept)
        except NotFoundError as error:
            # It was answered or taken back outside of the room, which must not go on showing it.
            over = GiftEnded(effect.party_id, effect.line_id, "over")
            return [over, _failed(effect, error)]
        cart = await self._commerce.cart_of(effect.person_id)
        outcome = "accepted" if effect.accept else "declined"
        return [
            GiftEnded(cart.id, effect.line_id, outcome),
            self._cart(cart),
            _completed(effect, {}),
        ]

    def _cart(self, cart: CartView) -> CartUpdated:
        return CartUpdated(cart.id, translate.cart(cart, self._name_of))

    # --- waiting lines --------------------------------------------------------------------------

    async def _enter_line(self, effect: effects.EnterLine) -> list[Command]:
        network = self._origins.of(effect.person_id).network
        standing = await self._commerce.drops.join(effect.person_id, effect.sku, network)
        place = translate_together.place(standing)
        body = {
            "ahead": place.ahead,
            "waiting": place.waiting,
            "estimate_ms": place.estimate_ms,
            "admitted_until_ms": place.admitted_until_ms,
        }
        return [PlaceUpdated(effect.person_id, place), _completed(effect, body)]

    async def look(self, effect: effects.LookAtLine) -> list[Command]:
        """Where these people stand now."""
        try:
            standings = await self._commerce.drops.standings(effect.sku, effect.person_ids)
        except NotFoundError:
            standings = {}
        over = translate_together.no_place(effect.sku, "over")
        return [
            PlaceUpdated(p, translate_together.place(standings[p]) if p in standings else over)
            for p in effect.person_ids
        ]


def _concerned(public: CheckoutView) -> set[str]:
    """For whom there is more to see than for everybody: payers, and whom a bank has answered."""
    people = {person for s in public.shares for person in (s.person_id, s.covered_by) if person}
    for said in (public.challenge, public.last_failure):
        if said is not None and said.person_id is not None:
            people.add(said.person_id)
    return people


def _completed(effect: effects.PersonEffect, body: dict[str, Any]) -> RequestCompleted:
    return RequestCompleted(effect.avatar_id, effect.request_id, body)


def _failed(effect: effects.PersonEffect, error: CommerceError) -> RequestFailed:
    return RequestFailed(
        effect.avatar_id, effect.request_id, error.code, error.message, dict(error.data)
    )
