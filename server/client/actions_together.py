"""What friends do at the till, by name and with types: shares, gifts, the phone, waiting lines."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from server.client.errors import ClientError
from server.client.room import RoomModel

Answer = dict[str, Any]


class TogetherActions(ABC):
    """A part of `server.client.actions.Actions`."""

    room: RoomModel

    @abstractmethod
    async def request(self, name: str, /, **fields: Any) -> Answer:
        """Ask; the one answer, or RequestRefused, ConnectionLost or TimedOut."""

    def _checkout_id(self, checkout_id: str | None) -> str:
        if checkout_id is not None:
            return checkout_id
        checkout = self.room.checkout
        if checkout is None:
            raise ClientError("CHECKOUT_NOT_FOUND", "Your party has no open checkout; lock one.")
        return str(checkout["checkout_id"])

    # --- shares ---------------------------------------------------------------------------------

    async def split(
        self,
        plan: str = "equal",
        amounts: Mapping[str, int] | None = None,
        *,
        checkout_id: str | None = None,
    ) -> None:
        """Divide the locked total: "equal", "own_lines", or "custom" with minor units by person."""
        given = amounts or {}
        await self.request(
            "SplitCheckout",
            checkout_id=self._checkout_id(checkout_id),
            plan=plan,
            person_ids=list(given),
            amounts_minor=list(given.values()),
        )

    async def cover(
        self, person_id: str, *, covers: bool = True, checkout_id: str | None = None
    ) -> int:
        """Pay a friend's share too, or not any more; what you have to pay now, minor units."""
        answer = await self.request(
            "CoverShare",
            checkout_id=self._checkout_id(checkout_id),
            person_id=person_id,
            covers=covers,
        )
        return int(answer["due_minor"])

    async def give_up(self, checkout_id: str | None = None) -> str:
        """Call off a payment that waits for others; the state of the checkout now."""
        answer = await self.request("GiveUpPayment", checkout_id=self._checkout_id(checkout_id))
        return str(answer["state"])

    async def hand_off(self, checkout_id: str | None = None) -> Answer:
        """A code for your phone: code, path, qr_path, amount_minor, currency, expires_ms."""
        return await self.request("RequestHandOff", checkout_id=self._checkout_id(checkout_id))

    # --- gifts and holds ------------------------------------------------------------------------

    async def offer_gift(self, line_id: str, to_person_id: str) -> None:
        """Offer one of your lines as a gift; to nobody (empty): take the offer back."""
        await self.request("OfferGift", line_id=line_id, to_person_id=to_person_id)

    async def answer_gift(self, line_id: str, *, accept: bool) -> None:
        """Take a gift, or not."""
        await self.request("AnswerGift", line_id=line_id, accept=accept)

    async def pass_hold(self, line_id: str, to_person_id: str) -> int:
        """Make a line, with its hold, a friend's; the version of the cart."""
        answer = await self.request("PassHold", line_id=line_id, to_person_id=to_person_id)
        return int(answer["cart_version"])

    # --- waiting lines --------------------------------------------------------------------------

    async def join_line(self, sku: str) -> Answer:
        """Take a place in the line of a drop: ahead, waiting, estimate_ms, admitted_until_ms."""
        return await self.request("JoinLine", sku=sku)

    async def leave_line(self, sku: str) -> None:
        """Give the place up."""
        await self.request("LeaveLine", sku=sku)
